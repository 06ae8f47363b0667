"""A store that has all of a site's paintings, for tests that send them elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.run import paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site
from neural_gallery.store.store import Store


@pytest.fixture
def site(write_site: Callable[..., Path]) -> Site:
    """Of two pairs."""
    return load_site(write_site())


@pytest.fixture
def here(tmp_path: Path, site: Site, workshop: Workshop) -> Store:
    """A store in which all of them are painted."""
    store = Store(tmp_path / "here")
    list(paint(site, store, workshop))
    return store
