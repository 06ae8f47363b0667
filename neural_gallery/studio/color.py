"""Whose colours the result has. Arrays are float32 NumPy in [0, 1], (height, width, 3), sRGB as it is stored.

The three ways to keep the content's colours are those of Gatys et al. 2016, "Preserving Color in Neural Artistic Style
Transfer" (arXiv:1606.05897), and of the programs that followed it.
"""

from __future__ import annotations

import numpy as np

from neural_gallery.studio.arrays import Floats

# RGB -> luma and two colour differences (NTSC's YIQ); any such basis gives the same pictures here.
_TO_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]], np.float32
)
_FROM_YIQ = np.linalg.inv(_TO_YIQ)

TURNS = 8
"""Rotations of the colour space in `transport`: from eight on, palettes come no nearer that could be seen."""

LOOKED_AT = 65536
"""Pixels of a picture, at the most, from which `transport` learns where colours go."""


def luma(image: Floats) -> Floats:
    """(h, w, 3) -> (h, w), in [0, 1]."""
    return image @ _TO_YIQ[0]


def grey(image: Floats) -> Floats:
    """The picture's luma in all three channels."""
    return np.repeat(luma(image)[..., None], 3, axis=2)


def with_colors_of(image: Floats, content: Floats) -> Floats:
    """The luma of `image` with the colour differences of `content`, clipped to displayable colours."""
    mixed = content @ _TO_YIQ.T
    mixed[..., 0] = luma(image)
    return np.clip(mixed @ _FROM_YIQ.T, 0, 1).astype(np.float32)


def match_luma(style: Floats, content: Floats) -> Floats:
    """The grey style with its luma shifted and scaled to the content's mean and standard deviation (section 4.2)."""
    from_luma, to_luma = luma(style), luma(content)
    scale = to_luma.std() / max(float(from_luma.std()), 1e-6)
    moved = (from_luma - from_luma.mean()) * scale + to_luma.mean()
    return np.repeat(np.clip(moved, 0, 1)[..., None], 3, axis=2).astype(np.float32)


def match_colors(style: Floats, content: Floats) -> Floats:
    """The style recoloured to the content's mean and covariance, by symmetric square roots (section 4.1, eq. 6)."""
    source, wanted = style.reshape(-1, 3).astype(np.float64), content.reshape(-1, 3).astype(np.float64)
    from_mean, from_covariance = _moments(source)
    to_mean, to_covariance = _moments(wanted)
    recolor = _power(to_covariance, 0.5) @ _power(from_covariance, -0.5)
    moved = (source - from_mean) @ recolor.T + to_mean
    return np.clip(moved, 0, 1).reshape(style.shape).astype(np.float32)


def _moments(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of pixels: (n, 3) -> (3,), (3, 3)."""
    mean = pixels.mean(0)
    centred = pixels - mean
    # A little of every colour, so that a grey or one-coloured picture has an inverse too.
    return mean, centred.T @ centred / len(pixels) + 1e-5 * np.eye(3)


def _power(symmetric: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * values**exponent) @ vectors.T


def transport(image: Floats, wanted: Floats, *, counted: Floats | None = None) -> Floats:
    """The picture with the colours of `wanted`, as many of each: the whole distribution, not its mean and covariance.

    Along the axes of one rotation after the other, quantiles go to quantiles (iterative distribution transfer: Pitié,
    Kokaram and Dahyot 2007, doi:10.1016/j.cviu.2006.11.011). 64 pieces make each map, so that it cannot tear a smooth
    sky apart into bands. `counted` weights the pixels of `wanted`, (h, w) in [0, 1].
    """
    pixels, target = image.reshape(-1, 3).astype(np.float64), wanted.reshape(-1, 3).astype(np.float64)
    weights = np.ones(len(target)) if counted is None else counted.reshape(-1).astype(np.float64)
    if counted is not None and (counts := weights > 0).any():
        target, weights = target[counts], weights[counts]  # the extremes are those of what counts
    thinned = slice(None, None, -(-len(target) // LOOKED_AT))
    target, weights = target[thinned], weights[thinned]
    at, random = np.linspace(0, 1, 65), np.random.default_rng(0)
    for _ in range(TURNS):
        axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
        here, there = pixels @ axes, target @ axes
        for axis in range(3):
            before = np.quantile(here[:: -(-len(here) // LOOKED_AT), axis], at)
            after = _weighted_quantiles(there[:, axis], weights, at)
            here[:, axis] = np.interp(here[:, axis], before, after)
        pixels = here @ axes.T
    return np.clip(pixels, 0, 1).reshape(image.shape).astype(np.float32)


def _weighted_quantiles(values: np.ndarray, weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Values below which those shares of all weight lie: (n,), (n,), (k,) -> (k,)."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(at * weights.sum(), below, values[order])
