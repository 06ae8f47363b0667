"""Live pages in Chromium: they fill in while pairs are painted, follow their sources, and say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neural_gallery.corridor.events import PairProgress
from neural_gallery.live.events import AllPainted, Refreshed

from ..support.accessibility import violations
from ..support.browsing import opening
from .conftest import HeldPainter, Living

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

Live = Callable[..., Living]
WriteSite = Callable[..., Path]

PROGRESS = "figure.pair > .live-progress"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens an address; the console must stay clean."""
    with opening(browser) as open_it:
        yield open_it


def saved(living: Living, name: str, old: str, new: str) -> None:
    """A source, saved with something else in it."""
    path = living.folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def long_post(words: str) -> str:
    """A post higher than any window, with a pair at its end."""
    return f"---\ntitle: Long\n---\n{words}\n\n" + "Word.\n\n" * 200 + "/// pair | sky-sun\n///\n"


def test_a_pair_fills_in(live: Live, write_site: WriteSite, held: HeldPainter, open_page: Callable[..., Page]):
    """First its content, pale; then frame after frame, with step, loss and time left; then it is as it will be."""
    living = live(write_site())
    page = open_page(living.url)
    figure = page.locator("figure#sky-sun")
    image = figure.locator("img.result")
    page.wait_for_selector("figure#sea-sun .live-progress span:text-is('waiting to be painted')")
    assert figure.locator(".swap").evaluate("swap => getComputedStyle(swap, '::after').display") == "none"
    box = image.bounding_box()
    sources = []
    for step in (1, 2, 3):
        held.let(1)
        page.wait_for_function(
            f"document.querySelector('#sky-sun .live-progress')?.innerText.startsWith('step {step} ')"
        )
        page.wait_for_function(
            "number => document.querySelector('#sky-sun img.result').src.endsWith(`sky-sun?${number}`)", arg=step
        )
        sources.append(image.get_attribute("src"))
    assert sources == [f"/_live/frames/sky-sun?{number}" for number in (1, 2, 3)]
    words = figure.locator(".live-progress").inner_text()
    assert re.fullmatch(r"step 3 of 4, loss 0\.33, \d+ s left", words)
    assert page.locator(".live-pill").inner_text() == "Painting 1 of 2: sky-sun"
    assert page.locator(".live-pill").get_attribute("role") == "status"
    figure.locator("button.swap").click()  # which there is nothing for yet
    assert figure.locator("button.swap").get_attribute("aria-pressed") == "false"
    held.let()
    page.wait_for_function("!document.querySelector('.live-progress')")
    assert image.get_attribute("src") == "static/img/sky-sun.png"
    assert image.bounding_box() == box
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    figure.locator("button.swap").click()
    page.wait_for_selector("figure#sky-sun button[aria-pressed=true]")
    page.wait_for_function("document.querySelector('.live-pill').textContent === ''")


def test_pictures_elsewhere_fill_in_too(live: Live, write_site: WriteSite, held: HeldPainter, open_page):
    """Thumbnails on the sheet of all results, which no figure surrounds."""
    living = live(write_site())
    page = open_page(f"{living.url}pictures.html")
    held.let(1)
    page.wait_for_selector("img[src^='/_live/frames/sky-sun?']")
    held.let()
    living.until(AllPainted)
    page.wait_for_function("!document.querySelector('img[src*=_live], img.live-waiting')")


def test_a_page_that_comes_late(live: Live, write_site: WriteSite, held: HeldPainter, open_page):
    """What has been told before it came, it hears at once."""
    living = live(write_site())
    held.let(2)
    living.until(PairProgress, lambda event: event.step == 2)
    page = open_page(living.url)
    page.wait_for_selector("figure#sky-sun .live-progress span:text('step 2 of 4, loss 0.50')")


def test_a_saved_post_is_loaded_where_it_was_read(live: Live, write_site: WriteSite, open_page):
    """The page is loaded anew, and scrolled to where it was."""
    living = live(write_site(posts={"long.md": long_post("First words.")}), paints=False)
    page = open_page(f"{living.url}posts/long.html" if living.site.find("posts/long.html") else living.url)
    page.wait_for_function("document.querySelector('.live-waiting')")
    page.evaluate("scrollTo({top: 3000, behavior: 'instant'})")
    saved(living, "long.md", "First words.", "Other words.")
    page.wait_for_selector("text=Other words.", state="attached")
    page.wait_for_function("scrollY === 3000")


def test_pages_that_did_not_change_stay(live: Live, write_site: WriteSite, open_page):
    """A reader of another page is not disturbed."""
    manifest = write_site(posts={"long.md": long_post("First words.")})
    (manifest.parent / "other.md").write_text("---\ntitle: Another post\n---\nAnother.\n\n/// pair | sea-sun\n///\n")
    manifest.write_text(manifest.read_text().replace("['long.md']", "['*.md']"))
    living = live(manifest, paints=False)
    page = open_page(living.url)
    page.get_by_role("link", name="Another post").first.click()
    page.wait_for_selector(".live-waiting")
    page.evaluate("window.here = true")
    saved(living, "long.md", "First words.", "Other words.")
    living.until(Refreshed)
    page.wait_for_timeout(1000)  # several times as long as a page that has changed takes
    assert page.evaluate("window.here") is True


def test_problems_stand_on_the_page_and_go(live: Live, write_site: WriteSite, open_page, monkeypatch):
    """With place and suggestion, announced, in every page that is open; the page below stays as it is."""
    manifest = write_site()
    monkeypatch.chdir(manifest.parent)
    living = live(manifest, paints=False)
    page = open_page(living.url)
    page.evaluate("window.here = true")
    saved(living, "site.yaml", "style: sun}", "style: sum}")
    panel = page.wait_for_selector("[role=alert] .live-panel[open]")
    assert panel.query_selector("summary").inner_text() == "1 problem"
    parts = {part: panel.query_selector(f".{part}").inner_text() for part in ("where", "message", "remedy")}
    assert parts == {
        "where": "site.yaml:14:27",
        "message": "pair 1 names the style 'sum', which is not declared under images.",
        "remedy": "Did you mean 'sun'?",
    }
    late = open_page(living.url)
    late.wait_for_selector(".live-panel")
    saved(living, "site.yaml", "style: sum}", "style: sun}")
    for one in (page, late):
        one.wait_for_selector(".live-panel", state="detached")
    assert page.evaluate("window.here") is True


def test_a_start_with_problems(live: Live, write_site: WriteSite, open_page, monkeypatch):
    """A page that says what is wrong, and becomes the site when it is mended."""
    manifest = write_site(("style: sun}", "style: sum}"), ("size: 48", "size: 4"))
    monkeypatch.chdir(manifest.parent)
    living = live(manifest, paints=False)
    page = open_page(living.url)
    assert page.locator("h1").inner_text() == "This site cannot be shown yet"
    assert page.locator("[role=alert] li .where").all_inner_texts() == ["site.yaml:6:9", "site.yaml:14:27"]
    saved(living, "site.yaml", "size: 4\n", "size: 48\n")
    page.wait_for_function("document.querySelectorAll('[role=alert] li').length === 1")
    saved(living, "site.yaml", "style: sum}", "style: sun}")
    page.wait_for_selector("figure#sky-sun")
    assert page.locator("[role=alert] li").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_accessible_and_in_place(live: Live, write_site: WriteSite, held, open_page, scheme: str, width: int):
    """No violation of WCAG 2.2 AA, nothing wider than the window, neither while painting nor with problems."""
    living = live(write_site())
    held.let(1)
    page = open_page(living.url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.wait_for_selector(f"{PROGRESS} progress:not([hidden])")
    saved(living, "site.yaml", "strength: 0.7", "strength: 7")
    page.wait_for_selector(".live-panel")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_server_that_stops(live: Live, write_site: WriteSite, browser: Browser):
    """The page says that nobody is there."""
    living = live(write_site(), paints=False)
    with opening(browser) as open_it:
        page = open_it(living.url, quiet=False)
        page.wait_for_selector(".live-waiting")
        living.site.broadcast.close()
        page.wait_for_function("document.querySelector('.live-pill').textContent.endsWith('has stopped')")
