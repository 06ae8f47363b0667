"""3 x 3 convolutions and 2 x 2 pooling for a network whose weights are frozen.

Arrays are float32, NHWC; kernels are HWIO. Only gradients with respect to the picture are ever asked for, so the
kernels' cotangents are zero by construction, and both directions of a wide convolution can run as Winograd's minimal
filtering F(4 x 4, 3 x 3) (Lavin and Gray 2016, arXiv:1509.09308): 36 products for 16 outputs where the direct way
needs 144. Measured on CPUs it wins where many channels meet few pixels; elsewhere the gathering of tiles costs more
than the products that it saves.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neural_gallery.studio.arrays import Floats

# Evaluation at 0, +-1, +-2 and infinity; B and A transposed as in the paper's section 4.1.
_INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
_KERNEL = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    np.float32,
)
_OUTPUT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)

# A separable transform of a tile is one product with the Kronecker square of its one-dimensional matrix.
_INPUT_2D = np.kron(_INPUT, _INPUT)
_KERNEL_2D = np.kron(_KERNEL, _KERNEL)
_OUTPUT_2D = np.kron(_OUTPUT, _OUTPUT)


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
    return plain_convolution(cotangent, turned, padding=2 - padding), None, None


direct_convolution.defvjp(_direct_forward, _direct_backward)


def transform_kernel(kernel: Floats) -> Floats:
    """The kernel in Winograd's domain: (3, 3, I, O) -> (36, I, O).

    On the host, since it is done once for a network and a device's compiler would need several times the memory.
    """
    return np.matmul(_KERNEL_2D, kernel.reshape(9, -1), dtype=np.float32).reshape(36, *kernel.shape[2:])


def winograd_product(image: jax.Array, transformed: jax.Array) -> jax.Array:
    """What `plain_convolution` computes, from a transformed kernel: (N, H, W, I), (36, I, O) -> (N, H, W, O)."""
    batch, height, width, channels = image.shape
    rows, columns = -(-height // 4), -(-width // 4)
    padded = jnp.pad(image, ((0, 0), (1, 4 * rows - height + 1), (1, 4 * columns - width + 1), (0, 0)))
    # Two gathers with constant indices: as fast as 36 strided slices, and compiled in a tenth of the time.
    down = (4 * np.arange(rows)[:, None] + np.arange(6)).ravel()
    across = (4 * np.arange(columns)[:, None] + np.arange(6)).ravel()
    tiles = padded[:, down][:, :, across].reshape(batch, rows, 6, columns, 6, channels)
    tiles = tiles.transpose(2, 4, 0, 1, 3, 5).reshape(36, -1)
    spectrum = (jnp.asarray(_INPUT_2D) @ tiles).reshape(36, batch * rows * columns, channels)
    products = jnp.einsum("tpc,tco->tpo", spectrum, transformed)
    blocks = (jnp.asarray(_OUTPUT_2D) @ products.reshape(36, -1)).reshape(
        4, 4, batch, rows, columns, transformed.shape[2]
    )
    plane = blocks.transpose(2, 3, 0, 4, 1, 5).reshape(batch, 4 * rows, 4 * columns, -1)
    return plane[:, :height, :width]


def winograd_adjoint(cotangent: jax.Array, transformed: jax.Array) -> jax.Array:
    """The gradient of `winograd_product` with respect to the picture: (N, H, W, O), (36, I, O) -> (N, H, W, I).

    Every step of it transposed, in reverse, so that one transformed kernel serves both directions.
    """
    batch, height, width, channels = cotangent.shape
    rows, columns = -(-height // 4), -(-width // 4)
    padded = jnp.pad(cotangent, ((0, 0), (0, 4 * rows - height), (0, 4 * columns - width), (0, 0)))
    blocks = padded.reshape(batch, rows, 4, columns, 4, channels).transpose(2, 4, 0, 1, 3, 5).reshape(16, -1)
    spectrum = (jnp.asarray(_OUTPUT_2D.T) @ blocks).reshape(36, batch * rows * columns, channels)
    products = jnp.einsum("tpo,tco->tpc", spectrum, transformed)
    tiles = (jnp.asarray(_INPUT_2D.T) @ products.reshape(36, -1)).reshape(6, 6, batch, rows, columns, -1)
    plane = _overlap_add(_overlap_add(tiles.transpose(2, 3, 0, 4, 1, 5), 1), 3)
    plane = plane.reshape(batch, 4 * rows + 4, 4 * columns + 4, -1)
    return plane[:, 1 : 1 + height, 1 : 1 + width]


def _overlap_add(tiles: jax.Array, axis: int) -> jax.Array:
    """Tiles of 6 that stand 4 apart, laid over each other: (…, n, 6, …) -> (…, n + 1, 4, …), n being at `axis`."""

    def padding(*, at: int, before: int, after: int) -> list[tuple[int, int]]:
        return [(before, after) if dimension == at else (0, 0) for dimension in range(tiles.ndim)]

    body, overhang = jnp.split(tiles, [4], axis=axis + 1)
    body = jnp.pad(body, padding(at=axis, before=0, after=1))
    overhang = jnp.pad(jnp.pad(overhang, padding(at=axis, before=1, after=0)), padding(at=axis + 1, before=0, after=2))
    return body + overhang


@jax.custom_vjp
def winograd_convolution(image: jax.Array, transformed: jax.Array) -> jax.Array:
    """`winograd_product` whose gradient runs in Winograd's domain too; the kernel is a constant to differentiation."""
    return winograd_product(image, transformed)


def _winograd_forward(image: jax.Array, transformed: jax.Array) -> tuple[jax.Array, jax.Array]:
    return winograd_product(image, transformed), transformed


def _winograd_backward(transformed: jax.Array, cotangent: jax.Array) -> tuple[jax.Array, None]:
    return winograd_adjoint(cotangent, transformed), None


winograd_convolution.defvjp(_winograd_forward, _winograd_backward)


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
