"""A tiny random network that learns nothing and runs in milliseconds, and pictures to go with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neural_gallery.studio.architecture import Architecture, InputConvention
from neural_gallery.studio.recipe import Method, Recipe, Scale
from neural_gallery.studio.vgg import VGG

TINY = Architecture("a tiny network", depths=(2, 2), widths=(4, 8))

METHOD = Method(style_layers=(("relu1_1", 2.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),))


@pytest.fixture(scope="session")
def tiny_network() -> VGG:
    """Two blocks of random filters."""
    random = np.random.default_rng(7)
    parameters = [
        (name, *(random.normal(0, 0.3, shape).astype(np.float32) for shape in (TINY.shape(name), TINY.shape(name)[3:])))
        for name in TINY.convolutions
    ]
    return VGG(TINY, parameters, convention=InputConvention("RGB", 1.0, (0.5, 0.5, 0.5)))


@pytest.fixture
def content() -> np.ndarray:
    """A gradient with a bright square: 30 x 42 pixels, RGB."""
    rows, columns = np.mgrid[:30, :42]
    image = np.stack([rows * 6, columns * 5, np.full_like(rows, 90)], axis=-1).astype(np.uint8)
    image[8:16, 20:30] = 230
    return image


@pytest.fixture
def style() -> np.ndarray:
    """Diagonal stripes in two colours: 50 x 36 pixels, RGB."""
    rows, columns = np.mgrid[:50, :36]
    stripes = ((rows + columns) // 4 % 2)[..., None]
    return np.where(stripes, [200, 120, 20], [20, 40, 120]).astype(np.uint8)


@pytest.fixture(scope="session")
def tiny_recipe() -> Callable[..., Recipe]:
    """Makes recipes of two small scales with the tiny network's layers, some fields changed."""
    defaults = {
        "scales": (Scale(21, 8), Scale(42, 12)),
        "strength": 0.5,
        "colors": "style",
        "init": "content",
        "style_scale": 1.0,
        "seed": 0,
        "method": METHOD,
    }
    return lambda **changes: Recipe(**(defaults | changes))


@pytest.fixture(scope="session")
def real_pictures() -> tuple[np.ndarray, np.ndarray]:
    """A photograph and a painting of the example site, 96 pixels broad."""
    folder = Path(__file__).parents[2] / "content" / "images"
    pictures = []
    for name in ("chelsea.jpg", "great-wave.jpg"):
        with Image.open(folder / name) as image:
            pictures.append(np.asarray(image.convert("RGB").resize((96, 64), Image.Resampling.LANCZOS)))
    return pictures[0], pictures[1]
