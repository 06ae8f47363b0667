"""What is minimised, every term relative to its target, so that nothing depends on size, picture or weights file.

Features are (1, H, W, C); statistics are over the H x W positions. With G the Gram matrix and m the channel means,
the style term of a layer is |G - Gs|^2 / |Gs|^2 + |m - ms|^2 / |ms|^2: Gatys et al. 2016, equations 3 to 5, with
Gatys' unequal scales divided out, and the means beside it so that palettes hold. The content term is
|F - Fc|^2 / |Fc|^2 (their equation 1, made relative), and a squared total variation keeps pixels together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Statistics:
    """What a style is, at one layer."""

    gram: jax.Array  # (C, C)
    mean: jax.Array  # (C,)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Targets:
    """What a painting is drawn to: the style's statistics and the content's features, by layer."""

    style: dict[str, Statistics]
    content: dict[str, jax.Array]


def gram(features: jax.Array) -> jax.Array:
    """F^T F over the positions, divided by their number: (1, H, W, C) -> (C, C)."""
    flat = features.reshape(-1, features.shape[-1])
    return flat.T @ flat / flat.shape[0]


def statistics(features: jax.Array) -> Statistics:
    """Gram matrix and channel means of one layer's features."""
    return Statistics(gram(features), features.mean((0, 1, 2)))


def blend(parts: list[tuple[Statistics, float]]) -> Statistics:
    """The weighted mean of several styles' statistics; the weights sum to 1."""
    return Statistics(
        gram=sum((weight * part.gram for part, weight in parts[1:]), parts[0][1] * parts[0][0].gram),
        mean=sum((weight * part.mean for part, weight in parts[1:]), parts[0][1] * parts[0][0].mean),
    )


def relative_distance(found: jax.Array, wanted: jax.Array) -> jax.Array:
    """|found - wanted|^2 / |wanted|^2, a scalar. A target of nothing but zeros counts as if it had norm 1e-6."""
    return jnp.sum((found - wanted) ** 2) / jnp.maximum(jnp.sum(wanted**2), 1e-12)


def total_variation(image: jax.Array) -> jax.Array:
    """Mean squared difference of neighbouring pixels, down and across: (1, H, W, 3) -> scalar.

    A checkerboard of 0 and 1 has 2.
    """
    down, across = jnp.diff(image, axis=1), jnp.diff(image, axis=2)
    return jnp.mean(down**2) + jnp.mean(across**2)


def style_loss(features: Mapping[str, jax.Array], targets: Mapping[str, Statistics], weights: Mapping[str, float]):
    """The weighted style terms of all layers, divided by the sum of the weights: a scalar."""
    total = jnp.zeros(())
    for layer, weight in weights.items():
        found, wanted = statistics(features[layer]), targets[layer]
        total += weight * (relative_distance(found.gram, wanted.gram) + relative_distance(found.mean, wanted.mean))
    return total / sum(weights.values())


def content_loss(features: Mapping[str, jax.Array], targets: Mapping[str, jax.Array], weights: Mapping[str, float]):
    """The weighted content terms of all layers: a scalar."""
    return sum(
        (weight * relative_distance(features[layer], targets[layer]) for layer, weight in weights.items()),
        jnp.zeros(()),
    )
