"""What is fetched to play a result, when, and what happens when that is slow or fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ...support.browsing import wait_for_still
from .reading import FAILED, GIF, WEBP, result, showing, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from ...support.serving import Served

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser


def test_the_animation_is_fetched_on_the_first_click_once(open_page: OpenPage, gallery: Served) -> None:
    """No animation is requested before a click, exactly one for it, and none for a replay."""
    page = open_page("post")
    for one in page.locator("button.swap").all():
        wait_for_still(one)
        one.hover()
    assert gallery.recorder.animations() == {}

    button = result(page)
    for _ in range(3):
        button.click()
        wait_for(button, pressed=True)
        button.click()
        wait_for(button, pressed=False)
    assert gallery.recorder.animations() == {WEBP: 1}


@pytest.mark.parametrize("caching", ["max-age=600", "no-store"])
def test_playing_fetches_no_still(open_page: OpenPage, gallery: Served, caching: str) -> None:
    """The fallback still is not wanted in between, nor the still again, even under a server that forbids caching."""
    gallery.recorder.caching = caching
    page = open_page("post")
    for one in page.locator("figure").all():
        one.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(image => image.currentSrc && image.complete)")
    stills = gallery.recorder.requests.copy()
    button = result(page)
    for pressed in (True, False):
        button.click()
        wait_for(button, pressed=pressed)
    page.wait_for_timeout(300)
    assert gallery.recorder.requests - stills == {WEBP: 1}
    assert stills["img/rocket-great-wave.png"] == 0


@pytest.mark.parametrize("cancel", ["click", "Escape", "another"])
def test_what_loads_can_be_cancelled(open_page: OpenPage, gallery: Served, cancel: str) -> None:
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


@pytest.mark.parametrize("outcome", ["resolve()", "reject(new Error())"])
def test_a_decoder_that_answers_after_the_stop_is_ignored(open_page: OpenPage, gallery: Served, outcome: str) -> None:
    """Stopped between download and decoding, nothing plays, and no other format is tried."""
    page = open_page("post")
    page.evaluate(
        f"""() => {{ HTMLImageElement.prototype.decode = () => new Promise((resolve, reject) => {{
            window.decoded = () => {outcome}; }}); }}"""
    )
    button = result(page)
    button.click()
    button.click()
    page.evaluate("window.decoded()")
    page.wait_for_timeout(200)
    assert button.get_attribute("aria-pressed") == "false"
    assert "5fps" not in showing(button)
    assert gallery.recorder.animations()[GIF] == 0


def test_a_slow_download_shows_that_it_loads(open_page: OpenPage, gallery: Served) -> None:
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


def test_the_gif_is_played_where_the_lighter_file_fails(open_page: OpenPage, gallery: Served) -> None:
    """A WebP that cannot be loaded gives way to the GIF, also at the next play."""
    gallery.recorder.missing.add(WEBP)
    page = open_page("post", quiet=False)
    button = result(page)
    for pressed in (True, False, True):
        button.click()
        wait_for(button, pressed=pressed)
    assert showing(button).partition("#")[0] == GIF
    assert gallery.recorder.animations() == {WEBP: 1, GIF: 1}


def test_the_gif_is_played_where_there_is_no_other(open_page: OpenPage, gallery: Served) -> None:
    """`data-alt` alone is enough."""
    page = open_page("plain")
    button = result(page)
    button.click()
    wait_for(button, pressed=True)
    assert gallery.recorder.animations() == {GIF: 1}


def test_a_failure_is_told_and_the_next_click_tries_again(open_page: OpenPage, gallery: Served) -> None:
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
