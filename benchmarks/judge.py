"""How near a painted picture is to its style, its content and its style's palette, judged on the 8-bit pixels.

Lower is better. Style and content distances are relative, so that pairs can be compared. The judge sees the picture as
plain VGG-19 does, zeros around it, and knows nothing of how it was painted.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neural_gallery.site.model import fit
from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.vgg import VGG

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"
LAYERS = frozenset({*STYLE_LAYERS, CONTENT_LAYER})

DIRECTIONS = 64
QUANTILES = 999

# sRGB (IEC 61966-2-1) with D65 -> CIE XYZ, and that white.
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three distances."""

    style: float  # S: mean over the style layers of |G_out - G_style| / |G_style|
    content: float  # C: |F_out - F_content| / |F_content| at the content layer
    palette: float  # P: sliced Wasserstein-1 distance of the CIELAB pixels


class Judge:
    """Judges results with one network, whose features should be float32: accelerators may round them otherwise."""

    def __init__(self, network: VGG) -> None:
        self._see = jax.jit(lambda image: network(image, LAYERS, replicate_edges=False))

    @jax.default_matmul_precision("float32")
    def __call__(self, result: Bytes, content: Bytes, style: Bytes) -> Verdict:
        """Judges (H, W, 3). The content is scaled to its size, the style to its longest side."""
        height, width, _ = result.shape
        fitted = fitted_to(style, max(height, width))
        found, kept, wanted = (self._features(image) for image in (result, resized(content, height, width), fitted))
        return Verdict(
            float(np.mean([_relative(_gram(found[layer]), _gram(wanted[layer])) for layer in STYLE_LAYERS])),
            _relative(found[CONTENT_LAYER], kept[CONTENT_LAYER]),
            palette_distance(result, fitted),
        )

    def _features(self, image: Bytes) -> dict[str, jax.Array]:
        return self._see(jnp.asarray(image[None] / np.float32(255)))


def resized(image: Bytes, height: int, width: int) -> Bytes:
    """An 8-bit picture at another size."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def fitted_to(image: Bytes, longest: int) -> Bytes:
    """An 8-bit picture with that longest side."""
    width, height = fit(image.shape[1], image.shape[0], longest)
    return resized(image, height, width)


def palette_distance(one: Bytes, other: Bytes) -> float:
    """Sliced Wasserstein-1 distance of two pictures' colours in CIELAB: 64 fixed directions, 999 quantiles."""
    directions = np.random.default_rng(0).normal(size=(3, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    at = np.linspace(0, 1, QUANTILES)
    quantiles = [np.quantile(lab(image).reshape(-1, 3) @ directions, at, axis=0) for image in (one, other)]
    return float(np.abs(quantiles[0] - quantiles[1]).mean())


def lab(rgb: Bytes) -> NDArray[np.float64]:
    """8-bit sRGB -> CIELAB, (…, 3): L in [0, 100]."""
    encoded = rgb / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _WHITE
    root = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _gram(features: jax.Array) -> jax.Array:
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat / flat.shape[0]


def _relative(found: jax.Array, wanted: jax.Array) -> float:
    return float(jnp.linalg.norm((found - wanted).ravel()) / jnp.linalg.norm(wanted.ravel()))
