"""Winograd's filtering against the plain definition of a convolution."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from neural_gallery.studio import winograd
from neural_gallery.studio.convolution import plain_convolution


def _random(*shape: int, key: int = 0) -> jax.Array:
    return jax.random.normal(jax.random.key(key), shape)


@pytest.fixture(params=[200, 6, 1], ids=lambda tiles: f"strips of {tiles}")
def strip_tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """One strip as a rule; several with rows left over in the last; one for each row of tiles."""
    monkeypatch.setattr(winograd, "STRIP_TILES", request.param)
    return request.param


@pytest.fixture(params=[64, 0], ids=["channels first", "tiles first"])
def few_tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Both orders of the gradient's products."""
    monkeypatch.setattr(winograd, "FEW_TILES", request.param)
    return request.param


SIZES = [(4, 4), (5, 7), (12, 9), (1, 1), (2, 17), (37, 10)]


@pytest.mark.usefixtures("strip_tiles")
@pytest.mark.parametrize("size", SIZES)
def test_it_computes_the_convolution(size: tuple[int, int]) -> None:
    """Also for sizes that fill neither their tiles nor their strips."""
    image, kernel = _random(2, *size, 6), _random(3, 3, 6, 5, key=1)
    found = winograd.winograd_product(image, winograd.transform_kernel(np.asarray(kernel)))
    np.testing.assert_allclose(found, plain_convolution(image, kernel), atol=2e-4)


@pytest.mark.usefixtures("strip_tiles", "few_tiles")
@pytest.mark.parametrize("size", SIZES)
def test_it_has_the_gradient_of_the_convolution(size: tuple[int, int]) -> None:
    """With respect to the picture, as JAX derives it from the direct way."""
    image, kernel, cotangent = _random(2, *size, 6), _random(3, 3, 6, 5, key=1), _random(2, *size, 5, key=2)
    transformed = winograd.transform_kernel(np.asarray(kernel))
    _, ours = jax.vjp(lambda x: winograd.winograd_convolution(x, transformed), image)
    _, plain = jax.vjp(lambda x: plain_convolution(x, kernel), image)
    np.testing.assert_allclose(ours(cotangent)[0], plain(cotangent)[0], atol=2e-4)


def test_strips_are_about_as_large_as_asked_for() -> None:
    """As few as there can be, nearly equal, and a row of tiles at least."""
    assert winograd._strips(_random(1, 64, 100, 1)) == (2, 8, 25)
    assert winograd._strips(_random(1, 40, 32, 1)) == (1, 10, 8)
    assert winograd._strips(_random(1, 9, 2000, 1)) == (3, 1, 500)
