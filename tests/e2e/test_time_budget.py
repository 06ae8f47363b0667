"""A site that ran out of time, as its readers see it: in real Jekyll and Hugo, and in Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
import yaml

from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.events import TimeUp
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

from ..support import hugo
from ..support.accessibility import violations
from ..support.browsing import opening
from ..support.jekyll import build_strictly
from ..support.layout import faults, load_pictures
from ..support.links import broken_links, parsed
from ..support.serving import serving
from ..support.slowly import Clock, SlowPainter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

ROOT = Path(__file__).parents[2]
PICTURES = {"chelsea": "a cat", "rocket": "a rocket", "great-wave": "The Great Wave", "poppies": "a field of poppies"}
POST = """\
---
title: Out of time
date: 2026-03-01
---
Two pictures, and one that is still to come.

/// pair | chelsea-great-wave
///

/// pair | rocket-poppies
    caption: It will rise from a field.
///
"""
SHIFTS = """() => new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(sum), 300);
})"""


def write_site(folder: Path, target: str) -> Path:
    """A site of two pairs and a post."""
    for name in PICTURES:
        shutil.copy(ROOT / f"content/images/{name}.jpg", folder)
    manifest = {
        "version": 1,
        "site": {"title": "Small", "target": target, "output": "public"},
        "defaults": {
            "size": 320,
            "animation": {"frames": 2, "formats": ["gif"]},
            "stills": {"formats": ["webp"], "widths": [320]},
        },
        "images": {name: {"file": f"{name}.jpg", "alt": alt} for name, alt in PICTURES.items()},
        "pairs": [{"content": "chelsea", "style": "great-wave"}, {"content": "rocket", "style": "poppies"}],
        "posts": ["post.md"],
    }
    (folder / "site.yaml").write_text(yaml.safe_dump(manifest))
    (folder / "post.md").write_text(POST)
    return folder / "site.yaml"


def build_in_time(manifest: Path) -> Path:
    """Build with time for the first pair only, and give the folder of the pages."""
    clock = Clock()
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    deadline = Deadline.after(70, clock=clock)
    events = list(build(site, store, Workshop(SlowPainter(clock), "0" * 64), deadline=deadline))
    (time_up,) = (event for event in events if isinstance(event, TimeUp))
    assert time_up.left == ("rocket-poppies",)
    return site.output


@pytest.mark.jekyll
def test_jekyll(tmp_path: Path) -> None:
    """Builds it without a warning, with no link that leads nowhere, and the pair waits in the page."""
    built = build_strictly(build_in_time(write_site(tmp_path, "jekyll")), tmp_path, "/repo")
    (page,) = (path for path in built.rglob("2026/**/index.html"))
    assert parsed(page.read_text()).xpath("//figure[@id='rocket-poppies']//*[@class='waiting-note']")
    assert (built / "static/img/rocket-poppies.png").is_file()
    assert "Still being painted" in (built / "pictures.html").read_text()


@pytest.mark.hugo
def test_hugo(tmp_path: Path) -> None:
    """The same."""
    folder = tmp_path / "hugo"
    hugo.write_site(folder)
    manifest = write_site(tmp_path, "hugo")
    manifest.write_text(manifest.read_text().replace("output: public", "output: hugo"))
    built = hugo.build_strictly(build_in_time(manifest), tmp_path, "https://example.org/")
    assert any("Still being painted" in path.read_text() for path in built.rglob("*.html"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the site as HTML, one pair of which waits."""
    return build_in_time(write_site(tmp_path_factory.mktemp("waiting"), "html"))


@pytest.fixture
def open_page(browser: Browser, folder: Path) -> Iterator[Open]:
    """Opens a page of it; the console must stay clean, so nothing may be missing."""
    with serving(folder) as served, opening(browser) as open_address:
        yield lambda name, **options: open_address(f"{served.address}/{name}.html", **options)


@pytest.mark.browser
@pytest.mark.parametrize(("name", "width", "scheme"), [("index", 320, "light"), ("pictures", 1280, "dark")])
def test_pages_that_wait(
    open_page: Open,
    pytestconfig: pytest.Config,
    name: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """Whole, accessible, with the word to be seen, and without a jump while they load."""
    page = open_page(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    load_pictures(page)
    note = page.get_by_text("Still being painted").first
    assert note.is_visible()
    assert page.evaluate(SHIFTS) == 0
    assert violations(page) == []
    assert faults(page) == []
    if shots := pytestconfig.getoption("--screenshots"):
        shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=shots / f"waiting-{name}-{width}-{scheme}.png", full_page=True)


@pytest.mark.browser
def test_there_is_nothing_to_play(open_page: Open, folder: Path) -> None:
    """The painted pair is a button, the other is none, and the window full of one picture leaves it out."""
    assert broken_links(folder) == []
    page = open_page("index")
    assert page.locator("#chelsea-great-wave button.swap").count() == 1
    assert page.locator("#rocket-poppies :is(a, button)").count() == 0
    page.locator("#chelsea-great-wave .tool.enlarge").press("Enter")
    assert page.locator("dialog p").inner_text().endswith("/3)")
