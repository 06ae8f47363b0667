"""A small site whose pairs are painted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.run import paint
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Painter


@pytest.fixture
def painted(write_site: Callable[..., Path], painter: Painter) -> Path:
    """The manifest of a site with two pairs, `sky-sun` and `sea-sun`, of which the first is painted."""
    manifest = write_site()
    folder = manifest.parent / STORE_FOLDER
    workshop = Workshop(painter, local_workshop(folder).weights_sha256)
    list(paint(load_site(manifest), Store(folder), workshop, pair_ids=["sky-sun"]))
    return manifest


@pytest.fixture
def notes(request: pytest.FixtureRequest, painted: Path) -> Path:
    """The folder of another program's site, the test module's `FILES`, beside the manifest."""
    files: dict[str, str] = request.module.FILES
    for name, text in files.items():
        (painted.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (painted.parent / name).write_text(text)
    return painted.parent
