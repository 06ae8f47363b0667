"""Nothing on a page keeps anybody from reading it, as far as axe-core can tell, in whatever state the page is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import pytest

from ...support.accessibility import violations
from .reading import result, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", ["post", "gallery", "index", "sheet", "plain"])
def test_pages(open_page: OpenPage, name: str, width: int, scheme: Literal["light", "dark"]) -> None:
    """Narrow and wide, light and dark, with every recipe open."""
    page = open_page(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert violations(page) == []


def test_states(open_page: OpenPage) -> None:
    """While a result plays, while one is compared, and in the window full of one picture."""
    page = open_page("post")
    button = result(page)
    button.press("Enter")
    wait_for(button, pressed=True)
    assert violations(page) == []
    page.locator("#rocket-great-wave .tool.compare").press("Enter")
    assert violations(page) == []
    page.locator("#rocket-great-wave .tool.enlarge").press("Enter")
    assert violations(page) == []


def test_without_a_script(open_page: OpenPage) -> None:
    """axe is a script itself, so the page's own is taken away instead."""
    page = open_page("noscript")
    assert page.locator("a.swap").count() == 1
    assert violations(page) == []


def test_what_is_wrong_is_found(open_page: OpenPage) -> None:
    """A picture without an alternative text, and text too pale to read."""
    page = open_page("post")
    page.evaluate("document.querySelector('img.source').removeAttribute('alt')")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert [found.partition(":")[0] for found in violations(page)] == ["color-contrast", "image-alt"]
