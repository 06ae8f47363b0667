"""What a reader sees and does, for the tests."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

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
