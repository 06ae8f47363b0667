"""3 x 3 convolutions and 2 x 2 pooling for a network whose weights are frozen.

Arrays are float32, NHWC; kernels are HWIO. Only gradients with respect to the picture are ever asked for, so the
kernels' cotangents are zero by construction. Wide convolutions have a faster way on CPUs (`winograd.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neural_gallery.studio.arrays import Floats


def plain_convolution(image: jax.Array, kernel: jax.Array, *, padding: int = 1) -> jax.Array:
    """Cross-correlation with that many rows and columns of zeros around the picture; with one, sizes are kept.

    (N, H, W, I), (3, 3, I, O) -> (N, H + 2 (padding - 1), W + 2 (padding - 1), O).
    """
    around = (padding, padding)
    return lax.conv_general_dilated(
        image, kernel, window_strides=(1, 1), padding=(around, around), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def turn_kernel(kernel: Floats) -> Floats:
    """The kernel of the gradient: turned by half a circle, channels exchanged. (3, 3, I, O) -> (3, 3, O, I)."""
    return np.ascontiguousarray(kernel[::-1, ::-1].swapaxes(2, 3))


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def direct_convolution(image: jax.Array, kernel: jax.Array, turned: jax.Array, padding: int = 1) -> jax.Array:
    """`plain_convolution` whose gradient is one too, with the turned kernel.

    Left to derive it, JAX turns the kernel inside the compiled convolution; on a CPU that is three times as slow.
    """
    del turned
    return plain_convolution(image, kernel, padding=padding)


def _direct_forward(
    image: jax.Array, kernel: jax.Array, turned: jax.Array, padding: int
) -> tuple[jax.Array, jax.Array]:
    return plain_convolution(image, kernel, padding=padding), turned


def _direct_backward(padding: int, turned: jax.Array, cotangent: jax.Array) -> tuple[jax.Array, None, None]:
    # The turned kernel's type is what the way back is computed in.
    back = plain_convolution(cotangent.astype(turned.dtype), turned, padding=2 - padding)
    return back.astype(cotangent.dtype), None, None


direct_convolution.defvjp(_direct_forward, _direct_backward)


def _windows(image: jax.Array) -> jax.Array:
    """The 2 x 2 windows of a picture, an odd last row or column left out: (N, H, W, C) -> (N, H/2, 2, W/2, 2, C)."""
    batch, height, width, channels = image.shape
    even = image[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(batch, height // 2, 2, width // 2, 2, channels)


def average_pool(image: jax.Array) -> jax.Array:
    """Mean over 2 x 2 windows: (N, H, W, C) -> (N, H // 2, W // 2, C)."""
    return _windows(image).mean((2, 4))


@jax.custom_vjp
def max_pool(image: jax.Array) -> jax.Array:
    """Largest value of each 2 x 2 window: (N, H, W, C) -> (N, H // 2, W // 2, C).

    Its gradient goes to every position that holds the maximum, shared evenly. XLA's own gradient of a window
    maximum scatters one element at a time on CPUs; comparing with the maximum vectorises.
    """
    windows = _windows(image)
    rows = jnp.maximum(windows[:, :, 0], windows[:, :, 1])
    return jnp.maximum(rows[:, :, :, 0], rows[:, :, :, 1])


def _max_pool_forward(image: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    windows, largest = _windows(image), max_pool(image)
    # One byte for each position is kept for the way back, not the picture.
    winners = windows == largest[:, :, None, :, None]
    _, height, width, _ = image.shape
    odd_edge = jnp.zeros((height % 2, width % 2), jnp.bool_)  # its shape is what is remembered
    return largest, (winners, odd_edge)


def _max_pool_backward(saved: tuple[jax.Array, jax.Array], cotangent: jax.Array) -> tuple[jax.Array]:
    winners, odd_edge = saved
    batch, rows, columns, channels = cotangent.shape
    # Added up one by one: XLA's CPU backend takes five times as long to reduce over axes of length 2.
    how_many = sum(winners[:, :, i, :, j].astype(cotangent.dtype) for i in (0, 1) for j in (0, 1))
    share = cotangent / how_many
    spread = jnp.where(winners, share[:, :, None, :, None], 0).reshape(batch, 2 * rows, 2 * columns, channels)
    return (jnp.pad(spread, ((0, 0), (0, odd_edge.shape[0]), (0, odd_edge.shape[1]), (0, 0))),)


max_pool.defvjp(_max_pool_forward, _max_pool_backward)

pad_edges = functools.partial(jnp.pad, pad_width=((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")


def inside(shape: Sequence[int], extent: jax.Array) -> jax.Array:
    """Which positions of a canvas of that height and width lie in the picture on it: (1, H, W, 1), 0 or 1."""
    rows, columns = (jnp.arange(length) < side for length, side in zip(shape, extent, strict=True))
    return (rows[:, None] & columns)[None, :, :, None].astype(jnp.float32)


def continued(image: jax.Array, extent: jax.Array) -> jax.Array:
    """The picture with its last row and column continued over the rest of the canvas, (N, H, W, C)."""
    rows, columns = (
        jnp.minimum(jnp.arange(length), side - 1) for length, side in zip(image.shape[1:3], extent, strict=True)
    )
    return image[:, rows][:, :, columns]


@dataclass(frozen=True, slots=True)
class Bands:
    """A picture in bands of equally many rows, one on each of `count` devices along the axis of that name.

    What is said here of a band is said on each device at the same time: it is for functions that `jax.shard_map` maps.
    """

    axis: str
    count: int

    def first(self, band: jax.Array) -> jax.Array:
        """The row of the picture that is the first of a band, (N, h, W, C)."""
        return lax.axis_index(self.axis) * band.shape[1]

    def extent(self, band: jax.Array, extent: jax.Array) -> jax.Array:
        """How many rows and columns from the band's first on are the picture's: more than it has, or less than none."""
        return extent - jnp.stack([self.first(band), 0])

    def with_neighbours(self, band: jax.Array) -> jax.Array:
        """A band with the row above it and the row below, (N, h + 2, W, C); around the canvas lie zeros."""
        upwards = [(index + 1, index) for index in range(self.count - 1)]
        downwards = [(index, index + 1) for index in range(self.count - 1)]
        above = lax.ppermute(band[:, -1:], self.axis, downwards)
        below = lax.ppermute(band[:, :1], self.axis, upwards)
        return jnp.concatenate([above, band, below], axis=1)

    def continued(self, band: jax.Array, extent: jax.Array) -> jax.Array:
        """A band with neighbours, (N, h + 2, W, C), where the picture's own edge goes on one row above and below it.

        `extent` is that of the whole picture from the band on. Columns go on over the rest of the canvas.
        """
        own = band[:, 1:-1]
        rows = jnp.clip(jnp.arange(band.shape[1]), 1 - self.first(own), extent[0])
        columns = jnp.minimum(jnp.arange(band.shape[2]), extent[1] - 1)
        # Of bands that lie further beyond the picture, nothing is looked at.
        return band[:, jnp.clip(rows, 0, band.shape[1] - 1)][:, :, columns]


def pad_columns(image: jax.Array, *, replicate: bool = False) -> jax.Array:
    """One more column at each side, of zeros or of the edge: (N, H, W, C) -> (N, H, W + 2, C)."""
    return jnp.pad(image, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="edge" if replicate else "constant")
