"""What is minimised, every term relative to its target, so that nothing depends on size, picture or weights file.

Features are (1, H, W, C), and 0 where a canvas is not the picture; statistics are over the H x W positions of the
picture, each counted by its weight in a mask (1, H, W, 1), where there is one. What is added up is float32, whatever
the features are.

With G the Gram matrix and m the channel means, the style term of a layer is |G - Gs| / |Gs| + |m - ms| / |ms|: Gatys et
al. 2016, equations 3 to 5, with their unequal scales divided out, and the means beside it so that palettes hold. The
content term is |F - Fc| / |Fc| (their equation 1, made relative). Distances are not squared: each layer then pulls with
its weight until it is there, where the square of a small distance hardly pulls and that of a large one drowns the
others. Total variation keeps neighbouring pixels together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import DTypeLike

from neural_gallery.studio.convolution import average_pool, inside

LEAST_WEIGHT = 1e-6
"""Positions that count less than this in all have no statistics: a mask may vanish where it has few pixels left."""

LEAST_NORM = 1e-12
"""The square of the norm that a target of nothing but zeros counts as having."""

NEGLIGIBLE = 1e-3
"""Relative distances far below this count by their square: a distance has no slope to follow at 0, its square has."""


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
    mask: jax.Array | None  # (1, H, W, 1) at the size of the canvas, in [0, 1]; None: all of the picture
    area: jax.Array  # its share of the picture: what its terms are weighted by


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Targets:
    """What a painting is drawn to: the styles' statistics by region, and the content's features by layer."""

    regions: tuple[Region, ...]
    content: dict[str, jax.Array]
    extent: jax.Array  # (2,): height and width of the picture on the canvas


def masks(mask: jax.Array, extent: jax.Array, layers: Collection[str]) -> dict[str, jax.Array]:
    """A mask of a canvas at the size of each layer's features: `relu3_1` lies two poolings down.

    Nothing counts that is not on the picture of that extent, (2,).
    """
    by_block = {"1": mask * inside(mask.shape[1:3], extent)}
    for block in "2345":
        pooled = average_pool(by_block[str(int(block) - 1)])
        by_block[block] = pooled * inside(pooled.shape[1:3], extent // 2 ** (int(block) - 1))
    return {layer: by_block[layer[4]] for layer in layers}


def statistics(features: jax.Array, mask: jax.Array) -> Statistics:
    """Gram matrix F^T F and channel means of one layer's features, over the positions that the mask counts.

    Differentiable with respect to the features alone.
    """
    return share_of_statistics(features, mask, mask.sum())


def statistics_at(
    features: Mapping[str, jax.Array], mask: jax.Array | None, extent: jax.Array, layers: Collection[str]
) -> dict[str, Statistics]:
    """`statistics` of a picture of that extent, (2,), at some of the layers; without a mask, of all of the picture."""
    if mask is not None:
        at = masks(mask, extent, layers)
        return {layer: statistics(features[layer], at[layer]) for layer in layers}
    # Not multiplying with ones spares 5% of a step.
    return {layer: share_of_statistics(features[layer], None, positions(extent, layer)) for layer in layers}


def positions(extent: jax.Array, layer: str) -> jax.Array:
    """How many positions a picture of that extent, (2,), has at a layer: a scalar."""
    return jnp.prod(extent // 2 ** (int(layer[4]) - 1)).astype(jnp.float32)


@jax.custom_vjp
def share_of_statistics(features: jax.Array, mask: jax.Array | None, total: jax.Array) -> Statistics:
    """What a part of a picture adds to its Gram matrix F^T F and its channel means at one layer.

    `total` is what the mask sums to over the whole picture. Without a mask every position counts.
    """
    flat = features.reshape(-1, features.shape[-1])
    weighted = flat if mask is None else flat * mask.reshape(-1, 1).astype(flat.dtype)
    total = jnp.maximum(total, LEAST_WEIGHT)
    return Statistics(_product(weighted.T, flat) / total, weighted.sum(0, dtype=jnp.float32) / total)


def _share_forward(
    features: jax.Array, mask: jax.Array | None, total: jax.Array
) -> tuple[Statistics, tuple[jax.Array, jax.Array | None, jax.Array]]:
    return share_of_statistics(features, mask, total), (features, mask, total)


def _share_backward(
    saved: tuple[jax.Array, jax.Array | None, jax.Array], cotangent: Statistics
) -> tuple[jax.Array, None, None]:
    # One product where a derivation step by step makes two, since it does not know that F^T F is symmetric.
    features, mask, total = saved
    flat = features.reshape(-1, features.shape[-1])
    weights = 1.0 if mask is None else mask.reshape(-1, 1)
    both = cotangent.gram + cotangent.gram.T
    # What goes back is rounded as the features are, once it has been added up.
    pulled = _product(flat, both.astype(flat.dtype), result=flat.dtype)
    gradient = (pulled + cotangent.mean) * (weights / jnp.maximum(total, LEAST_WEIGHT))
    return gradient.astype(features.dtype).reshape(features.shape), None, None


share_of_statistics.defvjp(_share_forward, _share_backward)


def _product(a: jax.Array, b: jax.Array, *, result: DTypeLike = jnp.float32) -> jax.Array:
    """A matrix product added up in float32. Float32 that goes in is not rounded, as accelerators would left alone."""
    return jnp.matmul(a, b, precision=lax.Precision.HIGHEST, preferred_element_type=result)


def blend(parts: list[tuple[Statistics, float]]) -> Statistics:
    """The weighted mean of several styles' statistics; the weights sum to 1."""
    if len(parts) == 1:
        return parts[0][0]
    return Statistics(
        gram=sum((weight * part.gram for part, weight in parts[1:]), parts[0][1] * parts[0][0].gram),
        mean=sum((weight * part.mean for part, weight in parts[1:]), parts[0][1] * parts[0][0].mean),
    )


def squared_distance(found: jax.Array, wanted: jax.Array, weights: jax.Array | float = 1.0) -> jax.Array:
    """|found - wanted|^2 / |wanted|^2, a scalar."""
    return jnp.sum(weights * squares(found, wanted)) / squared_norm(wanted, weights)


def squares(found: jax.Array, wanted: jax.Array) -> jax.Array:
    """(found - wanted)^2, one by one, in float32."""
    return (found.astype(jnp.float32) - wanted.astype(jnp.float32)) ** 2


def squared_norm(wanted: jax.Array, weights: jax.Array | float = 1.0) -> jax.Array:
    """|wanted|^2, a scalar."""
    return jnp.maximum(jnp.sum(weights * wanted.astype(jnp.float32) ** 2), LEAST_NORM)


def distance(squared: jax.Array) -> jax.Array:
    """The distance of that square: 0 at 0, with a slope that is finite there."""
    return jnp.sqrt(squared + NEGLIGIBLE**2) - NEGLIGIBLE


def total_variation(image: jax.Array, extent: jax.Array) -> jax.Array:
    """Mean squared difference of neighbouring pixels, down and across, of the picture of that extent on a canvas.

    (1, H, W, C), (2,) -> scalar. A checkerboard of 0 and 1 has 2.
    """
    counted = inside(image.shape[1:3], extent)
    steps = zip((1, 2), (counted[:, 1:], counted[:, :, 1:]), strict=True)
    return sum(
        (
            jnp.sum(here * jnp.diff(image, axis=axis) ** 2) / jnp.maximum(here.sum() * image.shape[3], 1)
            for axis, here in steps
        ),
        jnp.zeros(()),
    )


def share_of_variation(part: jax.Array, extent: jax.Array, whole: jax.Array) -> jax.Array:
    """What some rows of a picture add to its total variation, as a scalar; the row after them comes with them.

    (1, h + 1, W, C). `extent`, (2,), is that of the picture from the first of the rows on, `whole` its own.
    """
    counted = inside(part.shape[1:3], extent)
    down = jnp.sum(counted[:, 1:] * jnp.diff(part, axis=1) ** 2)
    across = jnp.sum(counted[:, :-1, 1:] * jnp.diff(part[:, :-1], axis=2) ** 2)
    height, width = whole
    steps = jnp.stack([(height - 1) * width, height * (width - 1)]) * part.shape[3]
    return jnp.sum(jnp.stack([down, across]) / jnp.maximum(steps, 1).astype(jnp.float32))


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Seen:
    """What the objective knows of a picture besides its total variation; parts of a picture add up to the whole."""

    style: tuple[dict[str, Statistics], ...]  # by region and layer
    content: dict[str, jax.Array]  # squared distances by layer, scalars


def seen(features: Mapping[str, jax.Array], targets: Targets) -> Seen:
    """What there is to know of a whole picture."""
    style = []
    for region in targets.regions:
        style.append(statistics_at(features, region.mask, targets.extent, region.style))
    # Beyond the picture both features are 0.
    content = {layer: squared_distance(features[layer], wanted) for layer, wanted in targets.content.items()}
    return Seen(tuple(style), content)


def style_loss(found: Seen, targets: Targets, weights: Mapping[str, float]) -> jax.Array:
    """The weighted style terms of all layers and regions, divided by the sum of the weights: a scalar."""
    total = jnp.zeros(())
    for region, here in zip(targets.regions, found.style, strict=True):
        for layer, wanted in region.style.items():
            gram = distance(squared_distance(here[layer].gram, wanted.gram))
            mean = distance(squared_distance(here[layer].mean, wanted.mean))
            total += region.area * weights[layer] * (gram + mean)
    return total / sum(weights.values())


def content_loss(found: Seen, weights: Mapping[str, float]) -> jax.Array:
    """The weighted content terms of all layers, divided by the sum of the weights: a scalar."""
    terms = (weight * distance(found.content[layer]) for layer, weight in weights.items())
    return sum(terms, jnp.zeros(())) / sum(weights.values())
