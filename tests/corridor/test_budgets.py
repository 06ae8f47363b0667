"""Budgets: animations that would be too large are made smaller, and what was given up is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from neural_gallery.corridor.events import EncodingStarted, Event, Note, Rendered
from neural_gallery.corridor.run import build, collect_garbage, render
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import RunError
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

from ..support.browsing import opening
from ..support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def pages(manifest: Path) -> dict[str, int]:
    """What a view of each page costs before any click, read from the pages by other means than the program's own."""
    public = manifest.parent / "public"
    files = [path for path in (public / "static").rglob("*") if path.suffix in (".css", ".js") or path.stem == "icon"]
    parts = sum(path.stat().st_size for path in files)
    weights = {}
    for page in public.rglob("*.html"):
        text = page.read_text()
        # In this site every still is shown 48 pixels wide or less, and WebP is the only format on offer.
        shown = {page.parent / address for address in re.findall(r"([^ \"]+\.webp) 48w", text)}
        own = len(text.encode()) + parts
        weights[page.relative_to(public).as_posix()] = own + sum(file.stat().st_size for file in shown)
    return weights


def everything(manifest: Path) -> int:
    """The bytes of all that is published."""
    return sum(path.stat().st_size for path in (manifest.parent / "public").rglob("*") if path.is_file())


def budgets(write_site: WriteSite, **most: float) -> Path:
    """A site with those budgets in bytes."""
    written = ", ".join(f"{name}: {count / 1000:.6f}kB" for name, count in most.items())
    return write_site(("version: 1\n", f"version: 1\nbudgets: {{{written}}}\n"), ("size: 48", "size: 48"))


def test_pages_and_a_site_within_their_budgets_stay_as_they_are(write_site: WriteSite, workshop: Workshop):
    """The budget is the very weight: not a byte is counted that is not fetched, and none is left out."""
    manifest = write_site()
    built(manifest, workshop)
    budgets(write_site, page=max(pages(manifest).values()), site=everything(manifest))
    events = built(manifest, workshop, strict=True)
    assert notes(events) == []
    assert not any(isinstance(event, EncodingStarted) for event in events)
    budgets(write_site, page=max(pages(manifest).values()) - 1)
    assert any(isinstance(event, EncodingStarted) for event in built(manifest, workshop))


@pytest.mark.browser
def test_a_page_weighs_what_a_browser_fetches(write_site: WriteSite, workshop: Workshop, browser: Browser):
    """Scrolled to its end in Chromium, at one pixel to a CSS pixel: those very files, on every page."""
    manifest = write_site()
    built(manifest, workshop)
    public = manifest.parent / "public"
    with serving(public) as served, opening(browser) as open_page:
        for path, weight in pages(manifest).items():
            served.recorder.reset()
            page = open_page(f"{served.address}/{path}")
            for image in page.locator("main img").all():
                image.scroll_into_view_if_needed()
            page.wait_for_function("[...document.images].every(image => image.currentSrc && image.complete)")
            for _ in range(50):  # the tab's icon is fetched when Chromium has nothing better to do
                fetched = [public / name for name in served.recorder.requests]
                if sum(file.stat().st_size for file in fetched) >= weight:
                    break
                page.wait_for_timeout(100)
            assert sum(file.stat().st_size for file in fetched) == weight, path


def test_the_stills_of_a_heavy_page_lose_quality(write_site: WriteSite, workshop: Workshop):
    """Until the page is light enough; that is told for each page, in every run, and nothing is encoded twice."""
    manifest = write_site()
    built(manifest, workshop)
    full, before = pages(manifest), everything(manifest)
    heaviest = max(full, key=lambda path: full[path])
    budgets(write_site, page=full[heaviest] - 60)
    told = notes(built(manifest, workshop, strict=True))
    assert max(pages(manifest).values()) <= full[heaviest] - 60
    assert everything(manifest) < before
    pattern = (
        rf"{re.escape(heaviest)} weighs .* kB before any click: its stills have quality \d+ as AVIF, "
        r"\d+ as WebP and \d+ as JPEG by the budget of .* kB\."
    )
    assert any(re.fullmatch(pattern, note) for note in told), told
    again = built(manifest, workshop)
    assert notes(again) == told
    assert not any(isinstance(event, EncodingStarted) for event in again)
    assert [event.written for event in again if isinstance(event, Rendered)] == [()]


def test_only_what_heavy_pages_show_loses_quality(write_site: WriteSite, workshop: Workshop):
    """A picture that no heavy page shows keeps its quality, even in the same build."""
    short = "---\ntitle: One\n---\n/// picture | sea\n///\n/// pair | sea-sun\n///\n"
    long = "---\ntitle: Two\n---\n/// pair | sky-sun\n///\n" + 400 * "Prose. "
    posts = {"one.md": short, "two.md": long}
    listed = ("pairs:\n", "posts: ['*.md']\npairs:\n")
    alone = ("target: html", "target: html\n  indexes: false")
    manifest = write_site(listed, alone)
    for name, text in posts.items():
        (manifest.parent / name).write_text(text)
    built(manifest, workshop)
    images = {path.name: path.read_bytes() for path in (manifest.parent / "public/static/img").iterdir()}
    most = pages(manifest)["two.html"] - 1
    assert max(weight for path, weight in pages(manifest).items() if path != "two.html") < most
    write_site(listed, alone, ("version: 1\n", f"version: 1\nbudgets: {{page: {most / 1000}kB}}\n"))
    built(manifest, workshop)
    changed = {
        path.name
        for path in (manifest.parent / "public/static/img").iterdir()
        if path.read_bytes() != images[path.name]
    }
    assert {"sky-sun-48w.webp", "sky-48w.webp"} <= changed
    assert not any(name.startswith("sea") for name in changed)


def test_a_page_that_cannot_be_light_enough(write_site: WriteSite, workshop: Workshop):
    """It is published all the same, and told; with `strict` it fails, and no page is written."""
    manifest = budgets(write_site, page=5000)
    with pytest.raises(RunError) as caught:
        built(manifest, workshop, strict=True)
    assert re.search(
        r"index\.html weighs \d+ kB before any click, and the budget of a page is 5\.0 kB\.", f"{caught.value}"
    )
    assert "Show fewer pictures on it, or raise budgets.page." in str(caught.value)
    assert not (manifest.parent / "public").exists()
    assert any("and the budget of a page is 5.0 kB." in note for note in notes(built(manifest, workshop)))
    assert (manifest.parent / "public/index.html").exists()


def test_a_site_gives_up_animations_first_and_then_stills(write_site: WriteSite, workshop: Workshop):
    """All animations together, as far as it needs; then all stills; what is left is told, and nothing encoded twice."""
    manifest = write_site()
    built(manifest, workshop)
    full, moving = everything(manifest), sum(animations(manifest).values())
    budgets(write_site, site=full - moving * 0.2)
    told = notes(built(manifest, workshop, strict=True))
    assert everything(manifest) <= full - moving * 0.2
    assert len(told) == 1
    assert re.fullmatch(
        r"The site has .* kB: animations have .*, \d+ colours as GIF, quality \d+ as AVIF and \d+ as WebP, "
        r"rate factor \d+ as MP4 by the budget of .* kB\.",
        told[0],
    )
    again = built(manifest, workshop)
    assert notes(again) == told
    assert not any(isinstance(event, EncodingStarted) for event in again)
    assert [event.written for event in again if isinstance(event, Rendered)] == [()]

    least = everything(manifest)
    budgets(write_site, site=1000)
    with pytest.raises(RunError, match=r"the site has .* kB, and its budget is 1\.0 kB\."):
        built(manifest, workshop, strict=True)
    told = notes(built(manifest, workshop))
    assert everything(manifest) < least
    assert any(", and stills quality 36 as AVIF, 48 as WebP and 58 as JPEG by" in note for note in told), told
    assert any("Leave out formats, widths or pairs, or raise budgets.site." in note for note in told), told


def test_the_order_of_pairs_does_not_matter(write_site: WriteSite, workshop: Workshop):
    """The same files have the same bytes whichever pair comes first."""
    lines = ("  - {content: sky, style: sun}\n", "  - {content: sea, style: sun, strength: 0.7}\n")
    manifest = write_site()
    built(manifest, workshop)
    images = manifest.parent / "public/static/img"
    most = {"page": max(pages(manifest).values()) - 150, "site": everything(manifest) * 0.9}
    found = []
    for one, other in (lines, lines[::-1]):
        budgets(write_site, **most)
        text = manifest.read_text().replace("".join(lines), one + other)
        manifest.write_text(text)
        built(manifest, workshop)
        found.append({path.name: path.read_bytes() for path in images.iterdir()})
    assert found[0] == found[1]


def test_steps_of_stills_are_no_garbage(write_site: WriteSite, workshop: Workshop):
    """Steps on the way to a lighter page are kept as those of animations are."""
    manifest = budgets(write_site, page=5000, site=1000)
    built(manifest, workshop)
    store = Store(manifest.parent / STORE_FOLDER)
    swept = collect_garbage(load_site(manifest), store, workshop)
    assert (swept.paintings, swept.encoded) == ((), ())
