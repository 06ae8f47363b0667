"""Chromium, and pages whose console must stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .programs import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        launched = running.chromium.launch(executable_path=program("browser"), args=FLAGS)
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def opening(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens an address; what a browser context accepts goes through.

    In the end nothing may stand in any console; pages opened with `quiet=False` may complain of missing files.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(address: str, *, quiet: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        if quiet:
            page.on("console", lambda message: said.append(message.text))
        page.goto(address, wait_until="load")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not said, f"the console must stay clean, and says {said}"


def wait_for_still(button: Locator) -> None:
    """Scroll to the button, and wait until its picture, which loads lazily, is there."""
    button.scroll_into_view_if_needed()
    button.page.wait_for_function(
        "image => image.currentSrc && image.complete", arg=button.locator("img").element_handle()
    )
