"""The icon beside a page's title: browsers find it wherever the site is published, and ask for no other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ...support.browsing import opening
from ...support.serving import Served, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ICON = "static/icon.svg"


def icons_asked_for(served: Served) -> set[str]:
    """What a browser has asked for as an icon, once it has."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if asked := {path for path in served.recorder.requests if "icon" in path}:
            return asked
        time.sleep(0.05)
    return set()


@pytest.mark.parametrize("path", ["index.html", "night.html", "by-style/starry_night.html"])
@pytest.mark.parametrize("base_url", ["", "/repo"])
def test_the_icon_is_found(author, publish, browser: Browser, tmp_path: Path, base_url: str, path: str) -> None:
    """Relative or under a base URL, from pages at every depth."""
    author.usual().post("Text.")
    author.post("More.", name="me")
    folder = tmp_path / "served"
    for name, text in publish(author.site(base_url=base_url)).files.items():
        file = folder / base_url.lstrip("/") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    expected = f"{base_url}/{ICON}".lstrip("/")
    with serving(folder) as served, opening(browser) as open_page:
        # The pictures of this site are not there, of which the console tells.
        page = open_page(f"{served.address}{base_url}/{path}", quiet=False)
        assert icons_asked_for(served) == {expected}
        assert page.request.get(f"{served.address}/{expected}").headers["content-type"] == "image/svg+xml"


def test_a_page_without_an_icon_is_noticed(browser: Browser, tmp_path: Path) -> None:
    """The browser of these tests does ask, as a reader's does."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Bare</title>")
    with serving(tmp_path) as served, opening(browser) as open_page:
        open_page(f"{served.address}/index.html")
        assert icons_asked_for(served) == {"favicon.ico"}
