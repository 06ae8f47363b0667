"""Pairs that are painted several at once: what is told and kept is as if they came one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neural_gallery.corridor.events import PairDone, PairFailed, PairProgress, PairStarted
from neural_gallery.corridor.planning import painting_keys
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, Problem
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painter, Progress

WriteSite = Callable[..., Path]
THREE = ("pairs:\n", "pairs:\n  - {content: sky, style: sea}\n")


class Alternating:
    """Paints several at once: a message of each in turn.

    `fails` says that it cannot, `stops` that Ctrl-C is pressed.
    """

    def __init__(self, painter: Painter, *, room: int = 8) -> None:
        self.painter = painter
        self.room = room
        self.groups: list[list[str]] = []
        self.fails = False
        self.stops = False

    def at_once(self, job: Job, waiting: int) -> int:
        """So many, whatever the job is and however many wait."""
        assert job.content.size
        assert waiting > 1
        return self.room

    def __call__(self, jobs: Sequence[Job]) -> Generator[tuple[int, Message], None, None]:
        """Paint them."""
        self.groups.append([job.name for job in jobs])
        for turn in zip(*(self.painter(job) for job in jobs), strict=True):
            for position, message in enumerate(turn):
                if isinstance(message, Progress) and message.step == 3 and self.stops:
                    yield position, replace(message, frames=(), checkpoint=b"3")
                    continue
                yield position, message
            if self.stops and isinstance(turn[0], Progress) and turn[0].step == 3:
                raise KeyboardInterrupt
            if self.fails:
                raise PaintError(Problem(None, "no"))


@pytest.fixture
def ensemble(painter: Painter) -> Alternating:
    """One that blends."""
    return Alternating(painter)


def run(manifest: Path, painter: Painter, ensemble: Alternating | None) -> tuple[list[object], Store]:
    """Build, with what was told."""
    store = Store(manifest.parent / STORE_FOLDER)
    workshop = Workshop(painter, weights_sha256="0" * 64, ensemble=ensemble)
    return list(build(load_site(manifest), store, workshop)), store


def pictures(manifest: Path) -> dict[str, bytes]:
    """All that was written for the pages."""
    folder = manifest.parent / "public"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(events: list[object]) -> list[tuple[str, str, int]]:
    """The beginnings and ends."""
    return [
        (type(event).__name__, event.pair, event.position)
        for event in events
        if isinstance(event, PairStarted | PairDone | PairFailed)
    ]


def test_a_site_is_the_same_and_told_one_by_one(
    write_site: WriteSite, painter: Painter, ensemble: Alternating, tmp_path_factory: pytest.TempPathFactory
):
    """Both pairs in one go; every file as it is without."""
    manifest = write_site()
    events, _ = run(manifest, painter, ensemble)
    assert ensemble.groups == [["sky-sun", "sea-sun"]]
    assert told(events) == [
        ("PairStarted", "sky-sun", 1),
        ("PairDone", "sky-sun", 1),
        ("PairStarted", "sea-sun", 2),
        ("PairDone", "sea-sun", 2),
    ]
    assert {event.pair for event in events if isinstance(event, PairProgress)} == {"sky-sun"}
    at_once = pictures(manifest)
    for folder in ("public", STORE_FOLDER):
        (manifest.parent / folder).rename(tmp_path_factory.mktemp("before") / folder)
    run(manifest, painter, None)
    assert pictures(manifest) == at_once


def test_only_as_many_as_there_is_room_for(write_site: WriteSite, painter: Painter, ensemble: Alternating):
    """And only those of one shape; one that is left over is painted by itself."""
    manifest = write_site(THREE)
    ensemble.room = 2
    events, _ = run(manifest, painter, ensemble)
    assert [name for name, *_ in told(events)] == ["PairStarted", "PairDone"] * 3
    assert [len(group) for group in ensemble.groups] == [2]


def test_one_by_one_where_that_is_best(write_site: WriteSite, painter, ensemble: Alternating):
    """As on a CPU."""
    ensemble.room = 1
    run(write_site(THREE), painter, ensemble)
    assert (len(painter.painted), ensemble.groups) == (3, [])


def test_a_group_that_fails_is_painted_one_by_one(write_site: WriteSite, painter, ensemble: Alternating):
    """So that the one which cannot be painted is named, and the other is there."""
    manifest = write_site()
    ensemble.fails = True
    painter.fails = {"sea-sun"}
    store = Store(manifest.parent / STORE_FOLDER)
    site = load_site(manifest)
    events = []
    with pytest.raises(PaintError, match="'sea-sun' diverged"):
        events.extend(build(site, store, Workshop(painter, weights_sha256="0" * 64, ensemble=ensemble)))
    assert [name for name, *_ in told(events)] == ["PairStarted", "PairDone", "PairStarted", "PairFailed"]


def test_an_interrupted_group_keeps_a_checkpoint_of_each(write_site: WriteSite, painter, ensemble: Alternating):
    """And each goes on from it, by itself."""
    manifest = write_site()
    ensemble.stops = True
    with pytest.raises(KeyboardInterrupt):
        run(manifest, painter, ensemble)
    store, site = Store(manifest.parent / STORE_FOLDER), load_site(manifest)
    keys = painting_keys(site, Workshop(painter, weights_sha256="0" * 64))
    for key in keys.values():
        found = store.unfinished(key, asked=4)
        assert found is not None
        assert (found.state, len(found.frames)) == (b"3", 2)
    begun: list[bytes | None] = []

    def watched(job: Job):
        begun.append(job.checkpoint)
        yield from painter(job)

    ensemble.groups = []
    run(manifest, watched, ensemble)
    assert begun == [b"3", b"3"]
    assert ensemble.groups == []


def test_a_picture_that_is_gone_is_told_at_its_own_turn(write_site: WriteSite, painter: Painter, ensemble: Alternating):
    """Not as a failure of the pair that it would have been painted along with."""
    manifest = write_site()
    store, site = Store(manifest.parent / STORE_FOLDER), load_site(manifest)
    (manifest.parent / "sea.png").write_bytes(b"no picture")
    events = []
    with pytest.raises(PaintError):
        events.extend(build(site, store, Workshop(painter, weights_sha256="0" * 64, ensemble=ensemble)))
    assert [name for name, *_ in told(events)] == ["PairStarted", "PairDone", "PairStarted", "PairFailed"]
    assert np.asarray(ensemble.groups).size == 0
