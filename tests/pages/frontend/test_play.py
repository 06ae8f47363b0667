"""A result plays how it was painted: what a reader can do, what is fetched for it, and what happens when that fails."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .conftest import Gallery

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

NAME = "Play how it was painted: Rocket Great Wave, painted"
GIF = "img/rocket-great-wave-5fps.gif"
WEBP = "img/rocket-great-wave-5fps.webp"
FAILED = "The animation could not be loaded"


def result(page: Page, pair: str = "rocket-great-wave") -> Locator:
    """The button of a pair."""
    return page.locator(f"#{pair} button.swap")


def wait_for(button: Locator, *, pressed: bool) -> None:
    """Wait until the button says that it is pressed, or not, and is busy no more."""
    value = "true" if pressed else "false"
    button.page.wait_for_function(
        "([button, value]) => button.getAttribute('aria-pressed') === value && !button.hasAttribute('aria-busy')",
        arg=[button.element_handle(), value],
    )


def showing(button: Locator) -> str:
    """The path of the file that the button's picture shows now."""
    address: str = button.locator("img").evaluate("image => image.currentSrc")
    return "img/" + address.rpartition("/")[2]


def colour(button: Locator) -> tuple[int, ...]:
    """The colour that the browser has painted a little inside the upper left corner."""
    from PIL import Image

    with Image.open(io.BytesIO(button.screenshot())) as shot:
        pixel = shot.convert("RGB").getpixel((20, 20))
    assert isinstance(pixel, tuple)
    return pixel


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
    button.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
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


def test_a_site_in_another_language_gives_its_own_words(open_page: OpenPage, gallery: Gallery) -> None:
    """Name and failure message come from the script's tag where it has them."""
    page = open_page("translated", quiet=False)
    gallery.recorder.missing.update({GIF, WEBP})
    button = page.get_by_role("button", name="So wurde es gemalt: Rocket Great Wave, painted", exact=True)
    button.click()
    page.get_by_role("status").get_by_text("Nicht gefunden", exact=True).wait_for()


def test_the_animation_is_fetched_on_the_first_click_once(open_page: OpenPage, gallery: Gallery) -> None:
    """No animation is requested before a click, exactly one for it, and none for a replay."""
    page = open_page("post")
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    assert gallery.recorder.animations() == {}

    button = result(page)
    for _ in range(3):
        button.click()
        wait_for(button, pressed=True)
        button.click()
        wait_for(button, pressed=False)
    assert gallery.recorder.animations() == {WEBP: 1}


def test_playing_fetches_no_other_still(open_page: OpenPage, gallery: Gallery) -> None:
    """Taking the sources away and putting them back never makes the browser fetch a second still."""
    page = open_page("post")
    button = result(page)
    button.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    stills = gallery.recorder.requests.copy()
    for pressed in (True, False):
        button.click()
        wait_for(button, pressed=pressed)
    page.wait_for_load_state("networkidle")
    assert gallery.recorder.requests - stills == {WEBP: 1}
    assert stills["img/rocket-great-wave.png"] == 0


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
    page.wait_for_timeout(1600)
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


@pytest.mark.parametrize("cancel", ["click", "Escape", "another"])
def test_what_loads_can_be_cancelled(open_page: OpenPage, gallery: Gallery, cancel: str) -> None:
    """A second click, Escape or another result ends the download; the animation then does not turn up late."""
    release = gallery.recorder.hold(WEBP)
    page = open_page("post")
    button = result(page)
    button.click()
    assert button.get_attribute("aria-busy") == "true"
    assert button.get_attribute("aria-pressed") == "false"
    with page.expect_event("requestfailed", lambda request: request.url.endswith(WEBP)):
        if cancel == "click":
            button.click()
        elif cancel == "Escape":
            page.keyboard.press("Escape")
        else:
            result(page, "astronaut-poppies").click()
    assert button.get_attribute("aria-busy") is None
    release.set()
    page.wait_for_timeout(300)
    assert button.get_attribute("aria-pressed") == "false"
    assert "5fps" not in showing(button)
    assert gallery.recorder.animations()[GIF] == 0, "giving up is no reason to try the next format"


def test_rapid_clicks_end_in_the_state_that_their_number_says(open_page: OpenPage) -> None:
    """Five clicks in one breath play, six do not."""
    page = open_page("post")
    button = result(page)
    for clicks, pressed in ((5, True), (1, False), (6, False)):
        button.evaluate("(button, clicks) => { for (let i = 0; i < clicks; i++) button.click(); }", clicks)
        wait_for(button, pressed=pressed)
        page.wait_for_timeout(200)
        wait_for(button, pressed=pressed)


def test_a_slow_download_shows_that_it_loads(open_page: OpenPage, gallery: Gallery) -> None:
    """A ring appears on the badge, but not before a moment has passed."""
    ring = "button => getComputedStyle(button, '::before').borderTopColor"
    release = gallery.recorder.hold(WEBP)
    page = open_page("post")
    button = result(page)
    at_once = button.evaluate(f"button => {{ button.click(); return ({ring})(button); }}")
    assert at_once == "rgba(0, 0, 0, 0)"
    page.wait_for_function(f"button => ({ring})(button) === 'rgb(255, 255, 255)'", arg=button.element_handle())
    release.set()
    wait_for(button, pressed=True)
    assert button.evaluate(ring) == "rgba(0, 0, 0, 0)"


def test_the_gif_is_played_where_the_lighter_file_fails(open_page: OpenPage, gallery: Gallery) -> None:
    """A WebP that cannot be loaded gives way to the GIF, also at the next play."""
    gallery.recorder.missing.add(WEBP)
    page = open_page("post", quiet=False)
    button = result(page)
    for pressed in (True, False, True):
        button.click()
        wait_for(button, pressed=pressed)
    assert showing(button).partition("#")[0] == GIF
    assert gallery.recorder.animations() == {WEBP: 1, GIF: 1}


def test_the_gif_is_played_where_there_is_no_other(open_page: OpenPage, gallery: Gallery) -> None:
    """`data-alt` alone is enough."""
    page = open_page("plain")
    button = result(page)
    button.click()
    wait_for(button, pressed=True)
    assert gallery.recorder.animations() == {GIF: 1}


def test_a_failure_is_told_and_the_next_click_tries_again(open_page: OpenPage, gallery: Gallery) -> None:
    """The still stays, a status message says what happened, and a later click plays all the same."""
    gallery.recorder.missing.update({GIF, WEBP})
    page = open_page("post", quiet=False)
    button, status = result(page), page.locator("#rocket-great-wave").get_by_role("status")
    assert status.text_content() == ""
    button.click()
    status.get_by_text(FAILED, exact=True).wait_for()
    wait_for(button, pressed=False)
    assert "5fps" not in showing(button)
    frame = page.locator("#rocket-great-wave .swap-frame")
    assert frame.bounding_box() == button.bounding_box(), "the message lies on the picture and moves nothing"

    gallery.recorder.missing.clear()
    button.click()
    wait_for(button, pressed=True)
    assert status.text_content() == ""


def test_without_javascript_the_link_opens_the_animation(open_page: OpenPage) -> None:
    """A result is then a plain link to the GIF."""
    page = open_page("post", java_script_enabled=False)
    page.locator("#rocket-great-wave a.swap").click()
    page.wait_for_url(f"**/{GIF}")


def test_it_plays_from_a_file(open_page: OpenPage, gallery: Gallery) -> None:
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


def test_the_script_may_be_there_twice(open_page: OpenPage, gallery: Gallery) -> None:
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


def test_the_script_leaves_no_global_behind(open_page: OpenPage) -> None:
    """Apart from what the page itself names, nothing is added to `window`."""
    keys = "Object.getOwnPropertyNames(window)"
    page = open_page("index")
    before = set(page.evaluate(keys))
    page.add_script_tag(url="js/gallery.js")
    assert set(page.evaluate(keys)) == before


def test_the_focus_stays_on_the_result_when_the_link_becomes_a_button(open_page: OpenPage, gallery: Gallery) -> None:
    """A reader who was already there with the keyboard is not thrown back to the top of the page."""
    gallery.recorder.missing.add("js/gallery.js")
    page = open_page("post", quiet=False)
    page.locator("#rocket-great-wave a.swap").focus()
    page.add_script_tag(path=gallery.folder / "js" / "gallery.js")
    assert result(page).evaluate("button => document.activeElement === button")


def test_nothing_shifts(open_page: OpenPage, gallery: Gallery) -> None:
    """From the first paint through scrolling, playing, failing and stopping, the layout shift is zero."""
    gallery.recorder.missing.update({"img/astronaut-poppies-5fps.gif", "img/astronaut-poppies-5fps.webp"})
    page = open_page("post", quiet=False)
    page.evaluate(
        """() => { window.shifts = []; new PerformanceObserver(list => window.shifts.push(...list.getEntries()))
        .observe({type: "layout-shift", buffered: true}); }"""
    )
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    for pair in ("rocket-great-wave", "chelsea-mona-lisa"):
        for pressed in (True, False):
            result(page, pair).click()
            wait_for(result(page, pair), pressed=pressed)
    result(page, "astronaut-poppies").click()
    page.get_by_role("status").get_by_text(FAILED).wait_for()
    page.wait_for_timeout(700)  # shifts within half a second of a click would be forgiven; these must not be there
    shifts = page.evaluate("window.shifts")
    assert shifts == [], json.dumps(shifts)
