"""The objective's terms in closed form."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.studio import losses


def test_the_gram_matrix_of_ones_is_one() -> None:
    """Divided by the number of positions, every entry is the mean of 1 * 1."""
    np.testing.assert_allclose(losses.gram(jnp.ones((1, 3, 5, 4))), np.ones((4, 4)))


def test_the_gram_matrix_of_separate_channels_is_diagonal() -> None:
    """Two channels that are never on together have nothing in common."""
    features = jnp.zeros((1, 2, 2, 2)).at[0, 0, :, 0].set(2).at[0, 1, :, 1].set(4)
    np.testing.assert_allclose(losses.gram(features), [[2, 0], [0, 8]])


def test_the_total_variation_of_a_checkerboard_is_two() -> None:
    """Every neighbour differs by one, down and across."""
    board = jnp.indices((8, 6)).sum(0) % 2
    image = jnp.repeat(board[None, :, :, None], 3, axis=3).astype(jnp.float32)
    assert losses.total_variation(image) == 2
    assert losses.total_variation(jnp.ones((1, 4, 4, 3))) == 0


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_relative_distance_knows_no_unit(scale: float) -> None:
    """Scaling what is found and what is wanted alike changes nothing; a found zero has distance 1."""
    found, wanted = jnp.array([3.0, 4.0]) * scale, jnp.array([0.0, 5.0]) * scale
    assert losses.relative_distance(found, wanted) == pytest.approx(10 / 25)
    assert losses.relative_distance(jnp.zeros(2), wanted) == pytest.approx(1)


def test_a_target_of_zeros_does_not_divide_by_zero() -> None:
    """A layer that is dead on the style gives a finite, if large, term."""
    assert jnp.isfinite(losses.relative_distance(jnp.ones(3), jnp.zeros(3)))


def test_a_picture_is_at_no_distance_from_itself() -> None:
    """Both losses vanish where the features are the targets."""
    features = {"relu1_1": jnp.arange(24.0).reshape(1, 2, 3, 4)}
    targets = {"relu1_1": losses.statistics(features["relu1_1"])}
    assert losses.style_loss(features, targets, {"relu1_1": 3.0}) == 0
    assert losses.content_loss(features, features, {"relu1_1": 3.0}) == 0


def test_layer_weights_are_shares() -> None:
    """Multiplying all layers' weights changes nothing; a layer counts by its share."""
    features = {"a": jnp.zeros((1, 2, 2, 3)), "b": jnp.ones((1, 2, 2, 3))}
    targets = {name: losses.statistics(jnp.ones((1, 2, 2, 3))) for name in features}
    # A layer of zeros is at distance 1 from its target in both its Gram matrix and its mean.
    assert losses.style_loss(features, targets, {"a": 1.0, "b": 3.0}) == pytest.approx(0.5)
    assert losses.style_loss(features, targets, {"a": 10.0, "b": 30.0}) == pytest.approx(0.5)


def test_a_blend_is_the_weighted_mean() -> None:
    """Gram matrices and means are mixed by the shares."""
    one, two = losses.statistics(jnp.ones((1, 2, 2, 2))), losses.statistics(3 * jnp.ones((1, 2, 2, 2)))
    mixed = losses.blend([(one, 0.25), (two, 0.75)])
    np.testing.assert_allclose(mixed.gram, np.full((2, 2), 0.25 + 0.75 * 9))
    np.testing.assert_allclose(mixed.mean, [2.5, 2.5])
