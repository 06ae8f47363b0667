"""The fixture site served, and a browser whose console must stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ...support.browsing import opening
from ...support.serving import Served, serving
from .fixture_site import write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="package")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site on disk, with the theme's own CSS and JavaScript."""
    folder = tmp_path_factory.mktemp("gallery")
    write_site(folder)
    return folder


@pytest.fixture(scope="package")
def server(site_folder: Path) -> Iterator[Served]:
    """The site served on a free port of this machine."""
    with serving(site_folder) as served:
        yield served


@pytest.fixture
def gallery(server: Served) -> Iterator[Served]:
    """The served site, its recorder fresh."""
    server.recorder.reset()
    yield server
    server.recorder.reset()


@pytest.fixture
def open_page(browser: Browser, gallery: Served) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the site; what the context accepts goes through. The console must stay clean."""
    with opening(browser) as open_address:

        def open_it(name: str, *, base: str = gallery.address, **options: Any) -> Page:
            return open_address(f"{base}/{name}.html", **options)

        yield open_it
