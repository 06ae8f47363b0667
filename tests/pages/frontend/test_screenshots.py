"""Every kind of page as a picture: on a phone, a desk and a wall, light and dark, and what a program can say of them.

    pytest -m slow tests/pages/frontend/test_screenshots.py --screenshots shots --painted .neural-gallery

keeps the pictures in `shots`, to be looked at, and takes the paintings from the store of the example site. Without
these, pictures go to a temporary folder, and blends stand in for paintings.
"""

from __future__ import annotations

import collections
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from PIL import Image

from neural_gallery.corridor.proofs import proof
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Colors
from neural_gallery.site.proofs import Grid
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

from ...conftest import BlendPainter
from ...support.browsing import opening
from ...support.layout import faults, load_pictures
from ...support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
WINDOWS = {320: 640, 1280: 800, 2560: 1440}
HIGHEST = 4000  # pixels of a page that are taken: pictures of longer ones take long, and show more of the same
PAIR = "chelsea-great-wave"
SECOND_POST = """\
---
title: One cat, two prints
date: 2026-11-22 18:00:00 +00:00
---

The cat once more, beside the prints that lent her their ink.

/// gallery | content=chelsea
///
"""
FEW_FILES = "animation: {frames: 2, formats: [gif]}"  # nothing is played here
PROOFS = Grid("chelsea", ("great-wave", "poppies"), (0.2, 0.5, 0.8), (Colors.STYLE, Colors.MATCH), 128)


def compare(page: Page) -> None:
    """Lay the photograph over its painting."""
    page.locator(f"#{PAIR} .tool.compare").press("Enter")
    page.wait_for_function("document.querySelector('.comparison img').complete")


def enlarge(page: Page) -> None:
    """Show a result as large as the window."""
    page.locator(f"#{PAIR} .tool.enlarge").press("Enter")
    page.wait_for_function("document.querySelector('dialog img').complete")


def unfold(page: Page) -> None:
    """Show how everything was made."""
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


@dataclass(frozen=True)
class View:
    """Something that a reader sees: a page, what is done there, and the part of it to look at."""

    path: str
    act: Callable[[Page], None] = lambda page: None
    part: str = ""  # a selector; empty: the whole page


VIEWS = {
    "post": View("borrowed-brushes.html"),
    "index": View("index.html"),
    "sheet": View("pictures.html"),
    "by-style": View("by-style/poppies.html"),
    "by-content": View("by-content/rocket.html"),
    "proof": View("proof.html"),
    "compared": View("borrowed-brushes.html", compare, f"#{PAIR}"),
    "enlarged": View("borrowed-brushes.html", enlarge, "dialog"),
    "recipe": View("borrowed-brushes.html", unfold, f"#{PAIR}"),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The example site with a second post, and a sheet of proofs beside its pages."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(ROOT / "content", folder / "content")
    manifest = (ROOT / "site.yaml").read_text(encoding="utf-8")
    (folder / "content/posts/2026-11-22-one-cat-two-prints.md").write_text(SECOND_POST, encoding="utf-8")
    if painted := pytestconfig.getoption("--painted"):
        shutil.copytree(painted, folder / STORE_FOLDER)
    else:
        manifest = manifest.replace("\ndefaults:\n", f"\ndefaults:\n  {FEW_FILES}\n")
    (folder / "site.yaml").write_text(manifest, encoding="utf-8")
    workshop = Workshop(BlendPainter(), local_workshop(folder).weights_sha256)
    site, store = load_site(folder / "site.yaml"), Store(folder / STORE_FOLDER)
    collections.deque(build(site, store, workshop), maxlen=0)
    collections.deque(proof(site, PROOFS, folder / "proof", store, workshop), maxlen=0)
    shutil.copy(folder / "proof/proof.html", folder / "public")
    return folder / "public"


@pytest.fixture(scope="module")
def address(published: Path) -> Iterator[str]:
    """Where the site is served."""
    with serving(published) as served:
        yield served.address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page of the site. The console must stay clean."""
    with opening(browser) as open_address:

        def open_it(path: str, **options: Any) -> Page:
            return open_address(f"{address}/{path}", **options)

        yield open_it


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Where the pictures go."""
    folder: Path = pytestconfig.getoption("--screenshots") or tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WINDOWS)
@pytest.mark.parametrize("name", VIEWS)
def test_a_view(open_page: Open, shots: Path, name: str, width: int, scheme: Literal["light", "dark"]) -> None:
    """Nothing sticks out, lies on something else, or is too small or too long to be read; its picture is taken."""
    view = VIEWS[name]
    page = open_page(view.path, viewport={"width": width, "height": WINDOWS[width]}, color_scheme=scheme)
    load_pictures(page)
    view.act(page)
    path = shots / f"{name}-{width}-{scheme}.png"
    if view.part:
        page.locator(view.part).screenshot(path=path)
    else:
        height = min(page.evaluate("document.documentElement.scrollHeight"), HIGHEST)
        page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    with Image.open(path) as shot:
        assert shot.width == width if not view.part else shot.width <= width
        assert len(shot.convert("P", palette=Image.Palette.ADAPTIVE).getcolors() or []) > 16, "there is nothing on it"
    assert faults(page) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("document.querySelector('.post > p').style.fontSize = '10px'", "letters of 10 pixels"),
        ("document.body.style.setProperty('--measure', '60rem')", "characters a line"),
        ("document.querySelector('h1').style.marginBottom = '-3rem'", "lie on one another"),
        ("document.querySelector('h1').style.marginLeft = '-40rem'", "reaches from"),
        ("document.querySelector('figure img').style.height = '950px'", "larger than its window"),
        ("document.querySelector('main').style.width = '3000px'", "the page is 30"),
        ("document.querySelector('img').src = 'missing.png'", "is not there"),
    ],
)
def test_what_is_wrong_is_found(open_page: Open, change: str, found: str) -> None:
    """Each of the faults, brought about on a page that has none."""
    page = open_page("borrowed-brushes.html", quiet=False)
    load_pictures(page)
    page.evaluate("document.querySelectorAll('source').forEach(source => source.remove())")
    load_pictures(page)
    assert faults(page) == []
    page.evaluate(change)
    load_pictures(page)
    assert any(found in fault for fault in faults(page)), faults(page)
