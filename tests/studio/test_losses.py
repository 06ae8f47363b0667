"""The objective's terms in closed form."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.studio import losses


def _everywhere(features: jax.Array) -> jax.Array:
    return jnp.ones((*features.shape[:3], 1))


def _statistics(features: jax.Array) -> losses.Statistics:
    return losses.statistics(features, _everywhere(features))


def _targets(style: dict[str, jax.Array], content: dict[str, jax.Array]) -> losses.Targets:
    shape = next(iter((style | content).values())).shape
    wanted = {layer: _statistics(features) for layer, features in style.items()}
    region = losses.Region(wanted, jnp.ones((*shape[:3], 1)), jnp.float32(1))
    return losses.Targets((region,), content, jnp.array(shape[1:3]))


def test_the_gram_matrix_of_ones_is_one() -> None:
    """Divided by the number of positions, every entry is the mean of 1 * 1."""
    found = _statistics(jnp.ones((1, 3, 5, 4)))
    np.testing.assert_allclose(found.gram, np.ones((4, 4)))
    np.testing.assert_allclose(found.mean, np.ones(4))


def test_what_the_mask_leaves_out_does_not_count() -> None:
    """Statistics over a masked picture are those of the part that is left, whatever lies outside."""
    features = jax.random.normal(jax.random.key(0), (1, 4, 6, 3))
    mask = jnp.zeros((1, 4, 6, 1)).at[:, 1:3, 2:5].set(1)
    masked, part = losses.statistics(features, mask), _statistics(features[:, 1:3, 2:5])
    np.testing.assert_allclose(masked.gram, part.gram, atol=1e-6)
    np.testing.assert_allclose(masked.mean, part.mean, atol=1e-6)


def test_a_mask_of_ones_is_no_mask() -> None:
    """Where features are 0 beyond the picture, as a network's are, and with the positions that poolings leave of it."""
    extent, layers = jnp.array([13, 22]), ["relu1_1", "relu3_1"]
    features = {}
    for layer, shape in (("relu1_1", (16, 24)), ("relu3_1", (4, 6))):
        noise = jax.random.normal(jax.random.key(len(features)), (1, *shape, 3))
        features[layer] = noise * losses.inside(shape, extent * shape[0] // 16)
    ones = losses.statistics_at(features, jnp.ones((1, 16, 24, 1)), extent, layers)
    none = losses.statistics_at(features, None, extent, layers)
    for layer in layers:
        np.testing.assert_allclose(none[layer].gram, ones[layer].gram, rtol=1e-5)
        np.testing.assert_allclose(none[layer].mean, ones[layer].mean, rtol=1e-5, atol=1e-7)


def test_statistics_have_the_gradient_of_their_definition() -> None:
    """Written down for speed, it is what JAX derives from the plain formulas."""
    features = jax.random.normal(jax.random.key(0), (1, 4, 6, 3))
    mask = jnp.zeros((1, 4, 6, 1)).at[:, 1:3, 2:5].set(0.5)
    weights = jax.random.normal(jax.random.key(1), (3, 3))

    def plain(features: jax.Array) -> jax.Array:
        flat, share = features.reshape(-1, 3), mask.reshape(-1, 1) / mask.sum()
        return (weights * (flat.T @ (flat * share))).sum() + ((flat * share).sum(0) ** 2).sum()

    def ours(features: jax.Array) -> jax.Array:
        found = losses.statistics(features, mask)
        return (weights * found.gram).sum() + (found.mean**2).sum()

    np.testing.assert_allclose(ours(features), plain(features), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(ours)(features), jax.grad(plain)(features), atol=1e-6)


def test_masks_shrink_with_the_features() -> None:
    """Each block's mask is half as large; a position that a mask's edge cuts counts by its share."""
    mask = jnp.zeros((1, 8, 8, 1)).at[:, :6].set(1)
    shrunk = losses.masks(mask, jnp.array([8, 8]), ["relu1_1", "relu3_1", "relu4_2"])
    assert {layer: found.shape[1:3] for layer, found in shrunk.items()} == {
        "relu1_1": (8, 8),
        "relu3_1": (2, 2),
        "relu4_2": (1, 1),
    }
    assert shrunk["relu3_1"][0, :, 0, 0].tolist() == [1, 0.5]


def test_masks_end_where_the_picture_ends() -> None:
    """At each layer, at the rows and columns that pooling leaves of the picture; odd ones are rounded down."""
    shrunk = losses.masks(jnp.ones((1, 16, 16, 1)), jnp.array([13, 16]), ["relu1_1", "relu2_1", "relu3_1", "relu4_1"])
    assert [int(plane[0, :, 0, 0].sum()) for plane in shrunk.values()] == [13, 6, 3, 1]
    assert all(bool((plane[0, 0] == 1).all()) for plane in shrunk.values())


def test_the_gram_matrix_of_separate_channels_is_diagonal() -> None:
    """Two channels that are never on together have nothing in common."""
    features = jnp.zeros((1, 2, 2, 2)).at[0, 0, :, 0].set(2).at[0, 1, :, 1].set(4)
    np.testing.assert_allclose(_statistics(features).gram, [[2, 0], [0, 8]])


def test_the_total_variation_of_a_checkerboard_is_two() -> None:
    """Every neighbour differs by one, down and across; what lies beyond the picture does not count."""
    board = jnp.indices((8, 6)).sum(0) % 2
    image = jnp.repeat(board[None, :, :, None], 3, axis=3).astype(jnp.float32)
    assert losses.total_variation(image, jnp.array([8, 6])) == 2
    assert losses.total_variation(jnp.ones((1, 4, 4, 3)), jnp.array([4, 4])) == 0
    larger = jnp.pad(image, ((0, 0), (0, 3), (0, 5), (0, 0)), constant_values=9)
    assert losses.total_variation(larger, jnp.array([8, 6])) == 2


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_squared_distance_knows_no_unit(scale: float) -> None:
    """Scaling what is found and what is wanted alike changes nothing; a found zero has distance 1."""
    found, wanted = jnp.array([3.0, 4.0]) * scale, jnp.array([0.0, 5.0]) * scale
    assert losses.squared_distance(found, wanted) == pytest.approx(10 / 25)
    assert losses.squared_distance(jnp.zeros(2), wanted) == pytest.approx(1)


def test_a_target_of_zeros_does_not_divide_by_zero() -> None:
    """A layer that is dead on the style gives a finite, if large, term."""
    assert jnp.isfinite(losses.squared_distance(jnp.ones(3), jnp.zeros(3)))


def test_a_distance_is_the_root_of_its_square() -> None:
    """But near 0, where its slope stays finite: an objective that is reached has a gradient."""
    assert losses.distance(jnp.float32(0.25)) == pytest.approx(0.5, abs=2e-3)
    assert losses.distance(jnp.float32(0)) == 0
    assert jnp.isfinite(jax.grad(losses.distance)(jnp.float32(0)))


def test_a_picture_is_at_no_distance_from_itself() -> None:
    """Both losses vanish where the features are the targets."""
    features = {"relu1_1": jnp.arange(24.0).reshape(1, 2, 3, 4)}
    targets = _targets(features, features)
    found = losses.seen(features, targets)
    assert losses.style_loss(found, targets, {"relu1_1": 3.0}) == 0
    assert losses.content_loss(found, {"relu1_1": 3.0}) == 0


def test_layer_weights_are_shares() -> None:
    """Multiplying all layers' weights changes nothing; a layer counts by its share."""
    features = {"relu1_1": jnp.zeros((1, 2, 2, 3)), "relu1_2": jnp.ones((1, 2, 2, 3))}
    ones = {layer: jnp.ones((1, 2, 2, 3)) for layer in features}
    targets = _targets(ones, ones)
    found = losses.seen(features, targets)
    # A layer of zeros is at distance 1 from its target: in its Gram matrix, its mean and its features.
    for weights in ({"relu1_1": 1.0, "relu1_2": 3.0}, {"relu1_1": 10.0, "relu1_2": 30.0}):
        assert losses.style_loss(found, targets, weights) == pytest.approx(0.5, abs=2e-3)
        assert losses.content_loss(found, weights) == pytest.approx(0.25, abs=2e-3)


def test_regions_count_by_their_area() -> None:
    """Half of the picture at distance 1 from its style, half at distance 0."""
    features = {"relu1_1": jnp.zeros((1, 2, 2, 3)).at[:, :, 1].set(1)}
    wanted = {"relu1_1": _statistics(jnp.ones((1, 2, 2, 3)))}
    halves = [jnp.zeros((1, 2, 2, 1)).at[:, :, column].set(1) for column in (0, 1)]
    regions = tuple(losses.Region(wanted, half, jnp.float32(0.5)) for half in halves)
    targets = losses.Targets(regions, {}, jnp.array([2, 2]))
    found = losses.style_loss(losses.seen(features, targets), targets, {"relu1_1": 1.0})
    assert found == pytest.approx(0.5 * 2, abs=2e-3)


def test_a_blend_is_the_weighted_mean() -> None:
    """Gram matrices and means are mixed by the shares."""
    one, two = _statistics(jnp.ones((1, 2, 2, 2))), _statistics(3 * jnp.ones((1, 2, 2, 2)))
    mixed = losses.blend([(one, 0.25), (two, 0.75)])
    np.testing.assert_allclose(mixed.gram, np.full((2, 2), 0.25 + 0.75 * 9))
    np.testing.assert_allclose(mixed.mean, [2.5, 2.5])
