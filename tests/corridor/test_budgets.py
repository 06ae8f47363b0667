"""Budgets: animations that would be too large are made smaller, and what was given up is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from neural_gallery.corridor.events import EncodingStarted, Event, Note, Rendered
from neural_gallery.corridor.run import build, collect_garbage, render
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import RunError
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]


def built(manifest: Path, workshop: Workshop, *, strict: bool = False) -> list[Event]:
    """The events of a build, as a new process would run it."""
    return list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop, strict=strict))


def notes(events: list[Event]) -> list[str]:
    """What was told."""
    return [event.message for event in events if isinstance(event, Note)]


def animations(manifest: Path) -> dict[str, int]:
    """The animations' sizes, by name."""
    return {path.name: path.stat().st_size for path in (manifest.parent / "public").rglob("*-5fps.*")}


def within(write_site: WriteSite, budget: int) -> Path:
    """A site whose animations may have so many bytes."""
    return write_site(("version: 1\n", f"version: 1\nbudgets: {{animation: {budget / 1000}kB}}\n"))


def test_what_is_small_enough_stays_as_it_is(write_site: WriteSite, workshop: Workshop):
    """Under a budget that nothing exceeds, files and keys are those without one."""
    manifest = write_site()
    built(manifest, workshop)
    before = animations(manifest)
    within(write_site, max(before.values()))
    events = built(manifest, workshop)
    assert not any(isinstance(event, EncodingStarted) for event in events)
    assert notes(events) == []
    assert animations(manifest) == before


def test_what_is_too_large_is_made_smaller(write_site: WriteSite, workshop: Workshop):
    """Step by step, until it fits; what is left is told, in every run, and nothing is encoded twice."""
    manifest = write_site()
    built(manifest, workshop)
    full = animations(manifest)
    budget = int(0.8 * full["sky-sun-5fps.gif"])
    within(write_site, budget)
    told = notes(built(manifest, workshop))
    lighter = animations(manifest)
    assert lighter["sky-sun-5fps.gif"] <= budget
    assert lighter.keys() == full.keys()
    pattern = r"sky-sun-5fps\.gif has .* B: of \d+ frames, \d+ frames, \d+ colours are left by the budget of .* B\."
    assert any(re.fullmatch(pattern.replace(" B", " k?B"), note) for note in told), told
    with Image.open(next((manifest.parent / "public").rglob("sky-sun-5fps.gif"))) as image:
        assert getattr(image, "n_frames", 1) >= 2

    again = built(manifest, workshop)
    assert notes(again) == told
    assert not any(isinstance(event, EncodingStarted) for event in again)
    assert [event.written for event in again if isinstance(event, Rendered)] == [()]


def test_what_cannot_be_small_enough(write_site: WriteSite, workshop: Workshop):
    """It is published as small as can be borne, and told; with `strict` it fails, and no page is written."""
    manifest = within(write_site, 10)
    with pytest.raises(RunError) as caught:
        built(manifest, workshop, strict=True)
    message = str(caught.value)
    assert "sky-sun-5fps.gif has " in message
    assert "and the budget of an animation is 10 B." in message
    assert "Paint the pair smaller, or raise budgets.animation." in message
    assert not (manifest.parent / "public").exists()
    with pytest.raises(RunError):
        list(render(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop, strict=True))

    told = notes(built(manifest, workshop))
    assert any("and the budget of an animation is 10 B." in note for note in told)
    assert len(animations(manifest)) == 4


def test_garbage_is_what_no_budget_asks_for(write_site: WriteSite, workshop: Workshop):
    """Steps on the way to a smaller file are kept, or every build would make them again; without a budget they go."""
    manifest = within(write_site, 10)
    built(manifest, workshop)
    store = Store(manifest.parent / STORE_FOLDER)
    swept = collect_garbage(load_site(manifest), store, workshop)
    assert (swept.paintings, swept.encoded) == ((), ())
    write_site()
    assert collect_garbage(load_site(manifest), store, workshop).encoded
