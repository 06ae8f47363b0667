"""What is minimised, every term relative to its target, so that nothing depends on size, picture or weights file.

Features are (1, H, W, C); statistics are over the H x W positions, each counted by its weight in a mask (1, H, W, 1):
the margin of a canvas counts nothing, or it would take up what the picture lacks.

With G the Gram matrix and m the channel means, the style term of a layer is |G - Gs|^2 / |Gs|^2 + |m - ms|^2 / |ms|^2:
Gatys et al. 2016, equations 3 to 5, with their unequal scales divided out, and the means beside it so that palettes
hold. The content term is |F - Fc|^2 / |Fc|^2 (their equation 1, made relative). Total variation keeps neighbouring
pixels together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from neural_gallery.studio.convolution import average_pool

LEAST_WEIGHT = 1e-6
"""Positions that count less than this in all have no statistics: a mask may vanish where it has few pixels left."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Statistics:
    """What a style is, at one layer."""

    gram: jax.Array  # (C, C)
    mean: jax.Array  # (C,)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture and the style that is wanted there."""

    style: dict[str, Statistics]  # by layer; a layer that is not in it is free here
    mask: jax.Array  # (1, H, W, 1) at the size of the canvas, in [0, 1]; 0 on the margin
    area: jax.Array  # its share of the picture: what its terms are weighted by


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Targets:
    """What a painting is drawn to: the styles' statistics by region, and the content's features by layer."""

    regions: tuple[Region, ...]
    content: dict[str, jax.Array]
    mask: jax.Array  # (1, H, W, 1) at the size of the canvas: 1 on the picture, 0 on the margin


def masks(mask: jax.Array, layers: Collection[str]) -> dict[str, jax.Array]:
    """A mask of the picture at the size of each layer's features: `relu3_1` lies two poolings down."""
    by_block = {"1": mask}
    for block in "2345":
        by_block[block] = average_pool(by_block[str(int(block) - 1)])
    return {layer: by_block[layer[4]] for layer in layers}


@jax.custom_vjp
def statistics(features: jax.Array, mask: jax.Array) -> Statistics:
    """Gram matrix F^T F and channel means of one layer's features, over the positions that the mask counts.

    Differentiable with respect to the features alone.
    """
    flat, weights = features.reshape(-1, features.shape[-1]), mask.reshape(-1, 1)
    weighted, total = flat * weights, jnp.maximum(weights.sum(), LEAST_WEIGHT)
    return Statistics(weighted.T @ flat / total, weighted.sum(0) / total)


def _statistics_forward(features: jax.Array, mask: jax.Array) -> tuple[Statistics, tuple[jax.Array, jax.Array]]:
    return statistics(features, mask), (features, mask)


def _statistics_backward(saved: tuple[jax.Array, jax.Array], cotangent: Statistics) -> tuple[jax.Array, None]:
    # One product where a derivation step by step makes two, since it does not know that F^T F is symmetric.
    features, mask = saved
    flat, weights = features.reshape(-1, features.shape[-1]), mask.reshape(-1, 1)
    both = cotangent.gram + cotangent.gram.T
    gradient = (flat @ both + cotangent.mean) * (weights / jnp.maximum(weights.sum(), LEAST_WEIGHT))
    return gradient.reshape(features.shape), None


statistics.defvjp(_statistics_forward, _statistics_backward)


def blend(parts: list[tuple[Statistics, float]]) -> Statistics:
    """The weighted mean of several styles' statistics; the weights sum to 1."""
    return Statistics(
        gram=sum((weight * part.gram for part, weight in parts[1:]), parts[0][1] * parts[0][0].gram),
        mean=sum((weight * part.mean for part, weight in parts[1:]), parts[0][1] * parts[0][0].mean),
    )


def relative_distance(found: jax.Array, wanted: jax.Array, weights: jax.Array | float = 1.0) -> jax.Array:
    """|found - wanted|^2 / |wanted|^2, a scalar. A target of nothing but zeros counts as if it had norm 1e-6."""
    return jnp.sum(weights * (found - wanted) ** 2) / jnp.maximum(jnp.sum(weights * wanted**2), 1e-12)


def total_variation(image: jax.Array) -> jax.Array:
    """Mean squared difference of neighbouring pixels, down and across: (1, H, W, 3) -> scalar.

    A checkerboard of 0 and 1 has 2.
    """
    down, across = jnp.diff(image, axis=1), jnp.diff(image, axis=2)
    return jnp.mean(down**2) + jnp.mean(across**2)


def style_loss(features: Mapping[str, jax.Array], targets: Targets, weights: Mapping[str, float]) -> jax.Array:
    """The weighted style terms of all layers and regions, divided by the sum of the weights: a scalar."""
    total = jnp.zeros(())
    for region in targets.regions:
        mask = masks(region.mask, region.style)
        for layer, wanted in region.style.items():
            found = statistics(features[layer], mask[layer])
            distance = relative_distance(found.gram, wanted.gram) + relative_distance(found.mean, wanted.mean)
            total += region.area * weights[layer] * distance
    return total / sum(weights.values())


def content_loss(features: Mapping[str, jax.Array], targets: Targets, weights: Mapping[str, float]) -> jax.Array:
    """The weighted content terms of all layers: a scalar."""
    total, mask = jnp.zeros(()), masks(targets.mask, weights)
    for layer, weight in weights.items():
        total += weight * relative_distance(features[layer], targets.content[layer], mask[layer])
    return total
