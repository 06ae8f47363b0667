"""Encoding beside painting: it happens, it is told once, and a failure there changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neural_gallery.corridor import meanwhile
from neural_gallery.corridor.encoding import result_is_encoded
from neural_gallery.corridor.events import EncodingStarted, PairDone
from neural_gallery.corridor.planning import painting_keys
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import EncodeError, Problem
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painter

WriteSite = Callable[..., Path]


def test_a_finished_pair_is_encoded_while_the_next_is_painted(write_site: WriteSite, painter: Painter):
    """The second pair is not finished before the store has every file of the first."""
    manifest = write_site()
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    first = site.pair("sky-sun")
    seen = []

    def patient(job: Job) -> Iterator[Message]:
        if job.name == "sea-sun":
            key = painting_keys(site, workshop)[first.id]
            ends = time.monotonic() + 30
            while not result_is_encoded(site, store, first, key) and time.monotonic() < ends:
                time.sleep(0.01)
            seen.append(result_is_encoded(site, store, first, key))
        yield from painter(job)

    workshop = Workshop(patient, weights_sha256="0" * 64)
    events = list(build(site, store, workshop))
    assert seen == [True]
    told = [Path(event.path).name for event in events if isinstance(event, EncodingStarted)]
    assert told == ["sea-sun.png", "sea-sun-24w.webp", "sea-sun-48w.webp", "sea-sun-5fps.gif", "sea-sun-5fps.webp"]


def test_what_fails_meanwhile_is_done_at_the_end(
    write_site: WriteSite, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
):
    """The build is the same, and says nothing of it."""

    def broken(*_: object, **__: object) -> Iterator[EncodingStarted]:
        raise EncodeError(Problem(None, "no"))
        yield

    monkeypatch.setattr(meanwhile, "encode", broken)
    manifest = write_site()
    events = list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    told = [Path(event.path).name for event in events if isinstance(event, EncodingStarted)]
    assert {"sky.png", "sky-sun.png", "sea-sun.png"} <= set(told)
    assert (manifest.parent / "public" / "static" / "img" / "sky-sun-5fps.gif").exists()


def test_a_run_that_is_left_waits_for_its_encoder(write_site: WriteSite, workshop: Workshop):
    """After a build was closed in the middle, nothing is written any more: the lock is free for the next."""
    manifest = write_site()
    store = Store(manifest.parent / STORE_FOLDER)
    run = build(load_site(manifest), store, workshop)
    next(event for event in run if isinstance(event, PairDone))
    run.close()
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    time.sleep(0.3)
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before
