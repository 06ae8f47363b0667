"""Convolutions and pooling against the plain definitions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.studio import convolution


def _random(*shape: int, key: int = 0) -> jax.Array:
    return jax.random.normal(jax.random.key(key), shape)


@pytest.mark.parametrize("padding", [0, 1])
def test_the_direct_way_has_the_gradient_of_the_convolution(padding: int) -> None:
    """With the turned kernel it computes the same, forward and back, as what JAX derives."""
    image, kernel = _random(1, 10, 7, 6), _random(3, 3, 6, 5, key=1)
    turned = convolution.turn_kernel(np.asarray(kernel))
    found, ours = jax.vjp(lambda x: convolution.direct_convolution(x, kernel, turned, padding), image)
    expected, plain = jax.vjp(lambda x: convolution.plain_convolution(x, kernel, padding=padding), image)
    assert found.shape == (1, 8 + 2 * padding, 5 + 2 * padding, 5)
    np.testing.assert_array_equal(found, expected)
    cotangent = _random(*found.shape, key=2)
    np.testing.assert_allclose(ours(cotangent)[0], plain(cotangent)[0], atol=1e-4)


def test_a_kernel_of_a_single_one_copies_the_picture() -> None:
    """The convolution is a cross-correlation whose centre is the kernel's middle element."""
    kernel = jnp.zeros((3, 3, 1, 1)).at[1, 1].set(1)
    image = _random(1, 6, 5, 1)
    np.testing.assert_array_equal(convolution.plain_convolution(image, kernel), image)
    shifted = convolution.plain_convolution(image, jnp.zeros((3, 3, 1, 1)).at[0, 1].set(1))
    np.testing.assert_array_equal(shifted[:, 1:], image[:, :-1])


def test_max_pool_takes_the_largest_of_each_window_and_drops_the_odd_edge() -> None:
    """A 3 x 5 picture has two whole windows."""
    image = jnp.arange(15.0).reshape(1, 3, 5, 1)
    assert convolution.max_pool(image).ravel().tolist() == [6, 8]
    assert convolution.average_pool(image).ravel().tolist() == [3, 5]


def test_the_gradient_of_max_pool_goes_to_the_largest() -> None:
    """Each window hands its gradient to its maximum; the dropped edge gets none."""
    image = jnp.array([[1.0, 5, 9], [2, 3, 9]]).reshape(1, 2, 3, 1)
    gradient = jax.grad(lambda x: 7 * convolution.max_pool(x).sum())(image)
    assert gradient.ravel().tolist() == [0, 7, 0, 0, 0, 0]


def test_equal_maxima_share_the_gradient() -> None:
    """A flat window spreads its gradient evenly, so that its sum is kept."""
    gradient = jax.grad(lambda x: convolution.max_pool(x).sum())(jnp.ones((1, 2, 2, 1)))
    assert gradient.ravel().tolist() == [0.25] * 4


def test_max_pool_has_the_gradient_of_a_window_maximum() -> None:
    """On a picture without ties the gradient is that of JAX's own window maximum."""
    image = _random(2, 7, 6, 3)

    def window_maximum(x: jax.Array) -> jax.Array:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    ours = jax.grad(lambda x: (convolution.max_pool(x) ** 2).sum())(image)
    plain = jax.grad(lambda x: (window_maximum(x) ** 2).sum())(image)
    np.testing.assert_allclose(ours, plain, rtol=1e-6)
