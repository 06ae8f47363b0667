"""A result whose lightest animation is a video: it lies on the still while it plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ...support.browsing import wait_for_still
from .reading import colour, result, showing, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from ...support.serving import Served

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

MP4, WEBP = "img/colours-5fps.mp4", "img/colours-5fps.webp"
PLAYING = "video => !video.paused && video.readyState >= 3 && video.currentTime > 0"


def test_a_click_plays_the_video_and_the_next_brings_the_still_back(open_page: OpenPage, gallery: Served) -> None:
    """Without sound, again and again, exactly on the still; nothing else is fetched, and nothing before the click."""
    page = open_page("video")
    button = result(page, "colours")
    wait_for_still(button)
    before, still, box = button.locator("picture").inner_html(), showing(button), button.bounding_box()
    assert gallery.recorder.animations() == {}
    button.click()
    wait_for(button, pressed=True)
    video = button.locator("video")
    page.wait_for_function(PLAYING, arg=video.element_handle())
    assert colour(button) == pytest.approx((255, 0, 0), abs=16)
    assert video.evaluate("video => [video.muted, video.loop, video.playsInline, video.ariaHidden]") == [
        True,
        True,
        True,
        "true",
    ]
    assert video.bounding_box() == button.locator("img").bounding_box()
    assert button.bounding_box() == box
    assert button.locator("picture").inner_html() == before
    assert set(gallery.recorder.animations()) == {MP4}
    button.click()
    wait_for(button, pressed=False)
    assert video.count() == 0
    assert showing(button) == still
    assert colour(button) == pytest.approx((0, 0, 255), abs=9)


def test_a_replay_begins_with_the_first_frame(open_page: OpenPage) -> None:
    """Also where it was stopped in its last."""
    page = open_page("video")
    button = result(page, "colours")
    button.click()
    wait_for(button, pressed=True)
    page.wait_for_function("video => video.currentTime > 3.2", arg=button.locator("video").element_handle())
    assert colour(button) == pytest.approx((0, 255, 0), abs=16)
    for pressed in (False, True):
        button.click()
        wait_for(button, pressed=pressed)
    assert button.locator("video").evaluate("video => video.currentTime") < 2
    assert colour(button) == pytest.approx((255, 0, 0), abs=16)


def test_the_next_format_is_played_where_the_video_fails(open_page: OpenPage, gallery: Served) -> None:
    """A video that cannot be loaded gives way."""
    gallery.recorder.missing.add(MP4)
    page = open_page("video", quiet=False)
    button = result(page, "colours")
    button.click()
    wait_for(button, pressed=True)
    assert showing(button) == WEBP
    assert button.locator("video").count() == 0


def test_a_browser_without_h264_does_not_fetch_it(open_page: OpenPage, gallery: Served) -> None:
    """It is asked first what it plays."""
    page = open_page("video")
    page.evaluate("HTMLMediaElement.prototype.canPlayType = () => ''")
    button = result(page, "colours")
    button.click()
    wait_for(button, pressed=True)
    assert showing(button) == WEBP
    assert set(gallery.recorder.animations()) == {WEBP}


def test_what_loads_can_be_cancelled(open_page: OpenPage, gallery: Served) -> None:
    """A second click ends the download; the video does not turn up late, and no other format is tried."""
    release = gallery.recorder.hold(MP4)
    page = open_page("video")
    button = result(page, "colours")
    button.click()
    assert button.get_attribute("aria-busy") == "true"
    button.click()
    assert button.get_attribute("aria-busy") is None
    release.set()
    page.wait_for_timeout(300)
    assert button.get_attribute("aria-pressed") == "false"
    assert button.locator("video").count() == 0
    assert set(gallery.recorder.animations()) <= {MP4}
