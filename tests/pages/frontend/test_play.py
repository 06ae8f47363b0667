"""A result plays how it was painted: what a reader can do, and what the script does to the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ...support.browsing import wait_for_still
from .reading import FAILED, GIF, WEBP, colour, result, showing, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from ...support.serving import Served

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

NAME = "Play how it was painted: Rocket Great Wave, painted"


@pytest.mark.parametrize(
    "activate",
    [
        pytest.param(lambda button: button.click(), id="mouse"),
        pytest.param(lambda button: button.press("Enter"), id="Enter"),
        pytest.param(lambda button: button.press("Space"), id="Space"),
        pytest.param(lambda button: button.tap(), id="touch"),
    ],
)
def test_an_activation_plays_and_the_next_brings_the_still_back(
    open_page: OpenPage, activate: Callable[[Locator], None]
) -> None:
    """Mouse, keyboard and touch all play the animation, and then restore the picture's markup to the letter."""
    page = open_page("post", has_touch=True)
    button = result(page)
    wait_for_still(button)
    before = button.locator("picture").inner_html()
    still = showing(button)
    assert still in ("img/rocket-great-wave-400w.webp", "img/rocket-great-wave-800w.webp")

    activate(button)
    wait_for(button, pressed=True)
    assert showing(button) == WEBP

    activate(button)
    wait_for(button, pressed=False)
    assert "".join(button.locator("picture").inner_html().split()) == "".join(before.split())
    assert showing(button) == still


def test_the_button_has_a_name_and_the_picture_keeps_its_own(open_page: OpenPage) -> None:
    """A result is announced as a toggle button named after its picture, whose alternative text stays."""
    page = open_page("post")
    button = page.get_by_role("button", name=NAME, exact=True, pressed=False)
    assert button.count() == 1
    assert button.get_attribute("type") == "button"
    assert button.locator("img").get_attribute("alt") == "Rocket Great Wave, painted"


def test_a_site_in_another_language_gives_its_own_words(open_page: OpenPage, gallery: Served) -> None:
    """Name and failure message come from the script's tag where it has them."""
    page = open_page("translated", quiet=False)
    gallery.recorder.missing.update({GIF, WEBP})
    button = page.get_by_role("button", name="So wurde es gemalt: Rocket Great Wave, painted", exact=True)
    button.click()
    page.get_by_role("status").get_by_text("Nicht gefunden", exact=True).wait_for()


def test_a_replay_begins_with_the_first_frame(open_page: OpenPage) -> None:
    """The animation starts over, even when it was stopped in its last frame.

    Chromium would do so by itself; Firefox only under another address, of which the fragment is part.
    """
    page = open_page("colours")
    button = result(page, "colours")
    button.click()
    wait_for(button, pressed=True)
    address = button.locator("img").get_attribute("src")
    assert colour(button) == pytest.approx((255, 0, 0), abs=9)
    page.wait_for_timeout(2600)
    assert colour(button) == pytest.approx((0, 255, 0), abs=9)
    button.click()
    assert colour(button) == pytest.approx((0, 0, 255), abs=9)
    button.click()
    wait_for(button, pressed=True)
    assert colour(button) == pytest.approx((255, 0, 0), abs=9)
    assert button.locator("img").get_attribute("src") != address


def test_one_plays_at_a_time(open_page: OpenPage) -> None:
    """Starting one stops the other."""
    page = open_page("post")
    first, second = result(page), result(page, "astronaut-poppies")
    first.click()
    wait_for(first, pressed=True)
    second.click()
    wait_for(second, pressed=True)
    wait_for(first, pressed=False)
    assert "5fps" not in showing(first)


def test_escape_stops(open_page: OpenPage) -> None:
    """Escape brings the still back, wherever the focus is."""
    page = open_page("post")
    button = result(page)
    button.click()
    wait_for(button, pressed=True)
    page.get_by_role("link", name="Night studies").focus()
    page.keyboard.press("Escape")
    wait_for(button, pressed=False)
    assert "5fps" not in showing(button)


def test_rapid_clicks_end_in_the_state_that_their_number_says(open_page: OpenPage) -> None:
    """Five clicks in one breath play, six do not."""
    page = open_page("post")
    button = result(page)
    for clicks, pressed in ((5, True), (1, False), (6, False)):
        button.evaluate("(button, clicks) => { for (let i = 0; i < clicks; i++) button.click(); }", clicks)
        wait_for(button, pressed=pressed)
        page.wait_for_timeout(200)
        wait_for(button, pressed=pressed)


def test_without_javascript_the_link_opens_the_animation(open_page: OpenPage) -> None:
    """A result is then a plain link to the GIF."""
    page = open_page("post", java_script_enabled=False)
    page.locator("#rocket-great-wave a.swap").click()
    page.wait_for_url(f"**/{GIF}")


def test_it_plays_from_a_file(open_page: OpenPage, gallery: Served) -> None:
    """A page opened straight from disk plays, stops and plays again."""
    page = open_page("post", base=gallery.folder.as_uri())
    button = result(page)
    for pressed in (True, False, True):
        button.click()
        wait_for(button, pressed=pressed)
    assert showing(button).partition("#")[0] == WEBP


def test_a_picture_without_an_animation_is_left_alone(open_page: OpenPage) -> None:
    """No `data-alt`, no button: the link stays as the page has it."""
    page = open_page("plain")
    assert page.locator("#colours a.swap img.result").count() == 1
    assert result(page, "colours").count() == 0


def test_the_script_may_be_there_twice(open_page: OpenPage, gallery: Served) -> None:
    """A second copy, as when two posts on one page each bring theirs, changes nothing."""
    page = open_page("post")
    markup = page.locator("main").inner_html()
    page.add_script_tag(url="js/gallery.js")
    assert page.locator("main").inner_html() == markup
    button = result(page)
    button.click()
    wait_for(button, pressed=True)
    page.keyboard.press("Escape")
    wait_for(button, pressed=False)


def test_the_script_leaves_no_global_behind(open_page: OpenPage, gallery: Served) -> None:
    """Nothing is added to `window`."""
    keys = "Object.getOwnPropertyNames(window)"
    gallery.recorder.missing.add("js/gallery.js")
    page = open_page("post", quiet=False)
    before = set(page.evaluate(keys))
    page.add_script_tag(path=gallery.folder / "js" / "gallery.js")
    assert page.locator("button.swap").count() == 3
    assert set(page.evaluate(keys)) == before


def test_the_focus_stays_on_the_result_when_the_link_becomes_a_button(open_page: OpenPage, gallery: Served) -> None:
    """A reader who was already there with the keyboard is not thrown back to the top of the page."""
    gallery.recorder.missing.add("js/gallery.js")
    page = open_page("post", quiet=False)
    page.locator("#rocket-great-wave a.swap").focus()
    page.add_script_tag(path=gallery.folder / "js" / "gallery.js")
    assert result(page).evaluate("button => document.activeElement === button")


def test_nothing_shifts(open_page: OpenPage, gallery: Served) -> None:
    """From the first paint through scrolling, playing, failing and stopping, the layout shift is zero."""
    gallery.recorder.missing.update({"img/astronaut-poppies-5fps.gif", "img/astronaut-poppies-5fps.webp"})
    page = open_page("post", quiet=False)
    page.evaluate(
        """() => { window.shifts = []; new PerformanceObserver(list => window.shifts.push(...list.getEntries()))
        .observe({type: "layout-shift", buffered: true}); }"""
    )
    for one in page.locator("button.swap").all():
        wait_for_still(one)
    for pair in ("rocket-great-wave", "chelsea-mona-lisa"):
        for pressed in (True, False):
            result(page, pair).click()
            wait_for(result(page, pair), pressed=pressed)
    result(page, "astronaut-poppies").click()
    page.get_by_role("status").get_by_text(FAILED).wait_for()
    page.wait_for_timeout(700)  # shifts within half a second of a click would be forgiven; these must not be there
    shifts = page.evaluate("window.shifts")
    assert shifts == [], json.dumps(shifts)
