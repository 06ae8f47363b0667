"""How large the site will be, before it is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.checking import check
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import OUTPUTS, build
from neural_gallery.corridor.sizing import ANIMATIONS, PAGES_PER_PAIR, STILLS, THEME, SiteSize, expected_size
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.output import Output
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]


def sized(manifest: Path, workshop: Workshop) -> SiteSize:
    """What `plan` says."""
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    output = Output(site.output, store.folder / OUTPUTS)
    return expected_size(site, store, make_plan(site, store, workshop), check(site).used(), output)


def built(manifest: Path, workshop: Workshop) -> dict[str, int]:
    """The sizes of what a build publishes, by path."""
    for _ in build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop):
        pass
    public = manifest.parent / "public"
    return {path.relative_to(public).as_posix(): path.stat().st_size for path in public.rglob("*") if path.is_file()}


def test_before_anything_is_encoded_defaults_say_it(write_site: WriteSite, workshop: Workshop) -> None:
    """So many bytes for a pixel, and for a pixel of a frame; everything that pages show counts once."""
    found = sized(write_site(), workshop)
    # Two results of 48 x 32 pixels, and the two pictures at their left: WebP at 24 and 48 pixels, PNG at 48.
    stills = 4 * (STILLS["webp"] * (24 * 16 + 48 * 32) + STILLS["png"] * 48 * 32)
    moving = 2 * (ANIMATIONS["gif"] + ANIMATIONS["webp"]) * 48 * 32 * 4
    assert found.encoded == 0
    assert found.expected == pytest.approx(stills + moving, abs=1)
    assert found.pages == THEME + 2 * PAGES_PER_PAIR
    assert found.total == found.expected + found.pages


def test_what_is_encoded_counts_to_the_byte(write_site: WriteSite, workshop: Workshop) -> None:
    """After a build it is exactly what stands there."""
    manifest = write_site()
    files = built(manifest, workshop)
    found = sized(manifest, workshop)
    assert found.encoded == sum(size for path, size in files.items() if path.startswith("static/img/"))
    assert found.expected == 0
    assert found.total == sum(files.values())


def test_what_is_not_encoded_is_judged_by_what_is(write_site: WriteSite, workshop: Workshop) -> None:
    """A pair that is painted anew: its former files, and those of the others, say what a pixel takes."""
    manifest = write_site()
    files = built(manifest, workshop)
    write_site(("strength: 0.7", "strength: 0.6"))
    found = sized(manifest, workshop)
    stale = sum(size for path, size in files.items() if path.startswith("static/img/sea-sun"))
    assert found.encoded == sum(size for path, size in files.items() if "/img/" in path) - stale
    assert found.expected == pytest.approx(stale, rel=0.5)
    assert sized(manifest, workshop) == found, "looking changes nothing"


def test_a_former_painting_counts_where_there_is_no_other(write_site: WriteSite, workshop: Workshop) -> None:
    """With everything painted anew, and every picture encoded, the former files are all that is known of animations."""
    manifest = write_site()
    files = built(manifest, workshop)
    write_site(("size: 48", "size: 48\n  seed: 1"))
    stale = sum(size for path, size in files.items() if "-sun" in path and "/img/" in path)
    # Stills are judged with the pictures' own, whose pixels take less or more: animations are most of it.
    assert sized(manifest, workshop).expected == pytest.approx(stale, rel=0.2)


def test_no_animation_is_expected_beyond_its_budget(write_site: WriteSite, workshop: Workshop) -> None:
    """It will step down."""
    full = sized(write_site(), workshop).expected
    budget = 100
    less = sized(write_site(("version: 1\n", "version: 1\nbudgets: {animation: 0.1kB}\n")), workshop).expected
    moving = 2 * (ANIMATIONS["gif"] + ANIMATIONS["webp"]) * 48 * 32 * 4
    assert full - less == pytest.approx(moving - 4 * budget, abs=1)
