"""A result compared with its photograph, and pictures in a window of their own."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ...support.browsing import wait_for_still
from .reading import result, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

PAIR = "rocket-great-wave"


def press(page: Page, name: str, pair: str = PAIR) -> Locator:
    """Press one of a result's small buttons, as a keyboard would."""
    button = page.locator(f"#{pair} .tool.{name}")
    button.press("Enter")
    return button


def shot(locator: Locator) -> Image.Image:
    """What the browser has painted there."""
    return Image.open(io.BytesIO(locator.screenshot())).convert("RGB")


def difference(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Mean difference of two pictures' levels within a box."""
    levels = [image.crop(box).tobytes() for image in (one, other)]
    return sum(abs(a - b) for a, b in zip(*levels, strict=True)) / len(levels[0])


def test_the_photograph_lies_over_its_painting(open_page: OpenPage) -> None:
    """Left of the slider is the photograph, right of it the painting; the keyboard moves it; Compare ends it."""
    page = open_page("post")
    wait_for_still(result(page))
    page.locator(f"#{PAIR} img.source").scroll_into_view_if_needed()
    left = shot(page.locator(f"#{PAIR} img.source"))
    frame = page.locator(f"#{PAIR} .swap-frame")
    right = shot(frame)

    button = press(page, "compare")
    assert button.get_attribute("aria-pressed") == "true"
    slider = page.get_by_role("slider", name="How much of the photograph is shown", exact=True)
    assert slider.evaluate("slider => document.activeElement === slider")
    page.wait_for_function("document.querySelector('.comparison img').complete")
    both = shot(frame)
    assert difference(both, left, (20, 150, 160, 250)) < 3
    assert difference(both, right, (240, 150, 340, 250)) < 3
    assert difference(left, right, (20, 150, 160, 250)) > 10

    slider.press("End")
    assert difference(shot(frame), left, (60, 150, 340, 250)) < 3
    slider.press("Home")
    assert difference(shot(frame), right, (60, 150, 340, 250)) < 3

    press(page, "compare")
    assert button.get_attribute("aria-pressed") == "false"
    assert slider.count() == 0


def test_comparing_stops_what_plays_and_playing_still_works(open_page: OpenPage) -> None:
    """A photograph is compared with the still, not with a frame of the animation."""
    page = open_page("post")
    button = result(page)
    button.press("Enter")
    wait_for(button, pressed=True)
    press(page, "compare")
    wait_for(button, pressed=False)
    press(page, "compare")
    button.click()
    wait_for(button, pressed=True)


def test_pictures_of_other_shapes_are_not_compared(open_page: OpenPage) -> None:
    """A print that stands at the left of a result cannot lie on it."""
    page = open_page("post")
    assert page.locator("#chelsea-mona-lisa .tool.compare").count() == 0
    assert page.locator("#chelsea-mona-lisa .tool.enlarge").count() == 1


def test_nothing_moves_when_a_result_is_compared(open_page: OpenPage) -> None:
    """Neither the buttons nor the slider take room of their own."""
    page = open_page("post")
    height = page.evaluate("document.documentElement.scrollHeight")
    press(page, "compare")
    assert page.evaluate("document.documentElement.scrollHeight") == height


@pytest.mark.parametrize("size", [(360, 640), (1280, 800), (2560, 1440)])
def test_a_picture_fills_the_window(open_page: OpenPage, size: tuple[int, int]) -> None:
    """As far as its shape allows, but not beyond three times its size; nothing scrolls."""
    page = open_page("post", viewport={"width": size[0], "height": size[1]})
    press(page, "enlarge")
    image = page.get_by_role("dialog").locator("img")
    box = image.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert box["y"] + box["height"] <= size[1]
    assert box["width"] / box["height"] == pytest.approx(400 / 267, rel=0.01)
    room = (min(size[0], 1200), min(size[1], 800))
    assert box["width"] == pytest.approx(room[0], abs=1) or box["height"] > 0.85 * room[1]


def test_the_keyboard_leads_through_all_pictures(open_page: OpenPage) -> None:
    """Arrows go round through the pictures of the page, Escape closes, and the focus is where it was."""
    page = open_page("post")
    button = press(page, "enlarge")
    dialog = page.get_by_role("dialog")
    caption = dialog.locator("p")
    names = page.locator("figure img").evaluate_all("images => images.map(image => image.alt)")
    assert caption.text_content() == f"{names[1]} (2/7)"
    page.keyboard.press("ArrowRight")
    assert caption.text_content() == f"{names[2]} (3/7)"
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert caption.text_content() == f"{names[6]} (7/7)"
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert button.evaluate("button => document.activeElement === button")


def test_buttons_lead_through_all_pictures(open_page: OpenPage) -> None:
    """A mouse gets everywhere too; a click beside the picture closes."""
    page = open_page("post", viewport={"width": 1600, "height": 700})
    press(page, "enlarge")
    dialog = page.get_by_role("dialog")
    before = dialog.locator("p").text_content()
    dialog.get_by_role("button", name="Next picture", exact=True).click()
    assert dialog.locator("p").text_content() != before
    dialog.get_by_role("button", name="Previous picture", exact=True).click()
    assert dialog.locator("p").text_content() == before
    dialog.get_by_role("button", name="Close", exact=True).click()
    assert page.locator("dialog[open]").count() == 0
    press(page, "enlarge")
    page.mouse.click(20, 200)
    assert page.locator("dialog[open]").count() == 0


def test_small_buttons_have_names_of_their_own(open_page: OpenPage) -> None:
    """Each says what it does, and to which picture."""
    page = open_page("post")
    for name in ("Compare with the photograph", "Show large"):
        assert page.get_by_role("button", name=f"{name}: Rocket Great Wave, painted", exact=True).count() == 1


def test_small_buttons_come_with_the_mouse_or_the_keyboard(open_page: OpenPage) -> None:
    """Hidden until it comes near, or the focus does; always there for fingers."""
    page = open_page("post")
    tools = page.locator(f"#{PAIR} .tools")

    def opacity() -> float:
        page.wait_for_timeout(300)
        return float(tools.evaluate("tools => getComputedStyle(tools).opacity"))

    assert opacity() == 0
    page.locator(f"#{PAIR} .swap-frame").hover()
    assert opacity() == 1
    page.mouse.move(0, 0)
    assert opacity() == 0
    page.locator(f"#{PAIR} .tool.enlarge").focus()
    assert opacity() == 1
    touched = open_page("post", has_touch=True, is_mobile=True)
    assert touched.locator(f"#{PAIR} .tools").evaluate("tools => getComputedStyle(tools).opacity") == "1"


def test_a_tiny_result_has_no_small_buttons(open_page: OpenPage) -> None:
    """They would cover it, and nothing would be left to click on."""
    page = open_page("tiny")
    assert page.locator(".tools").count() == 0
    button = result(page)
    button.click()
    wait_for(button, pressed=True)
