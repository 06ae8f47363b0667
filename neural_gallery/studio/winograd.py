"""Convolutions as Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin and Gray 2016, arXiv:1509.09308).

36 products for 16 outputs, where the direct way needs 144. Arrays are float32, NHWC. Only gradients with respect to the
picture are ever asked for, so both directions run with one transformed kernel.

A picture is taken in strips of so few tiles that what lies between the transforms stays in a processor's cache: in one
piece, 25600 pixels of 128 channels take twice as long.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neural_gallery.studio.arrays import Floats

STRIP_TILES = 200
"""Tiles of 4 x 4 pixels in a strip, about. Measured: 100 to 400 do as well."""

FEW_TILES = 64
"""Up to so many tiles, the gradient's products are faster with channels before tiles in what comes out."""

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


def transform_kernel(kernel: Floats) -> Floats:
    """The kernel in Winograd's domain: (3, 3, I, O) -> (36, I, O).

    On the host, since it is done once for a network and a device's compiler would need several times the memory.
    """
    return np.matmul(_KERNEL_2D, kernel.reshape(9, -1), dtype=np.float32).reshape(36, *kernel.shape[2:])


@jax.custom_vjp
def winograd_convolution(image: jax.Array, transformed: jax.Array) -> jax.Array:
    """`winograd_product` whose gradient runs in Winograd's domain too; the kernel is a constant to differentiation."""
    return winograd_product(image, transformed)


def _winograd_forward(image: jax.Array, transformed: jax.Array) -> tuple[jax.Array, jax.Array]:
    return winograd_product(image, transformed), transformed


def _winograd_backward(transformed: jax.Array, cotangent: jax.Array) -> tuple[jax.Array, None]:
    return winograd_adjoint(cotangent, transformed), None


winograd_convolution.defvjp(_winograd_forward, _winograd_backward)


def winograd_product(image: jax.Array, transformed: jax.Array) -> jax.Array:
    """What `plain_convolution` computes, from a transformed kernel: (N, H, W, I), (36, I, O) -> (N, H, W, O)."""
    batch, height, width, _ = image.shape
    strips, rows, columns = _strips(image)
    below, right = 4 * strips * rows - height, 4 * columns - width
    padded = jnp.pad(image, ((0, 0), (1, 1 + below), (1, 1 + right), (0, 0)))
    products = _in_strips(lambda strip: _product(strip, transformed), padded, strips, rows, beyond=2)
    plane = products.transpose(1, 0, 2, 3, 4).reshape(batch, 4 * strips * rows, 4 * columns, -1)
    return plane[:, :height, :width]


def winograd_adjoint(cotangent: jax.Array, transformed: jax.Array) -> jax.Array:
    """The gradient of `winograd_product` with respect to the picture: (N, H, W, O), (36, I, O) -> (N, H, W, I).

    Every step of it transposed, in reverse, so that one transformed kernel serves both directions.
    """
    batch, height, width, _ = cotangent.shape
    strips, rows, columns = _strips(cotangent)
    below, right = 4 * strips * rows - height, 4 * columns - width
    padded = jnp.pad(cotangent, ((0, 0), (0, below), (0, right), (0, 0)))
    planes = _in_strips(lambda strip: _adjoint(strip, transformed), padded, strips, rows)
    # Each strip reaches over the first rows of the next.
    plane = _overlap_add(planes.transpose(1, 0, 2, 3, 4), axis=1, step=4 * rows)
    plane = plane.reshape(batch, 4 * (strips + 1) * rows, 4 * columns + 4, -1)
    return plane[:, 1 : 1 + height, 1 : 1 + width]


def _strips(image: jax.Array) -> tuple[int, int, int]:
    """How many strips a picture is taken in; the rows and the columns of tiles in each."""
    _, height, width, _ = image.shape
    rows, columns = -(-height // 4), -(-width // 4)
    strips = -(-rows // max(1, STRIP_TILES // columns))
    return strips, -(-rows // strips), columns


def _in_strips(
    function: Callable[[jax.Array], jax.Array], padded: jax.Array, strips: int, rows: int, *, beyond: int = 0
) -> jax.Array:
    """The outcomes for strips of so many rows of tiles, and some rows of pixels beyond: (N, …) -> (strips, N, …)."""
    if strips == 1:
        return function(padded)[None]

    def one(start: jax.Array) -> jax.Array:
        return function(lax.dynamic_slice_in_dim(padded, start, 4 * rows + beyond, axis=1))

    return lax.map(one, 4 * rows * jnp.arange(strips))


def _product(padded: jax.Array, transformed: jax.Array) -> jax.Array:
    """(N, 4 rows + 2, 4 columns + 2, I) -> (N, 4 rows, 4 columns, O)."""
    batch, height, width, channels = padded.shape
    rows, columns = height // 4, width // 4
    # Two gathers with constant indices: as fast as 36 strided slices, and compiled in a tenth of the time.
    down = (4 * np.arange(rows)[:, None] + np.arange(6)).ravel()
    across = (4 * np.arange(columns)[:, None] + np.arange(6)).ravel()
    tiles = padded[:, down][:, :, across].reshape(batch, rows, 6, columns, 6, channels)
    tiles = tiles.transpose(2, 4, 0, 1, 3, 5).reshape(36, -1)
    spectrum = (jnp.asarray(_INPUT_2D) @ tiles).reshape(36, batch * rows * columns, channels)
    # The CPU's library multiplies faster from channels that come first; behind the barrier XLA leaves them there.
    spectrum = lax.optimization_barrier(spectrum.transpose(0, 2, 1))
    products = jnp.einsum("tcp,tco->tpo", spectrum, transformed)
    blocks = (jnp.asarray(_OUTPUT_2D) @ products.reshape(36, -1)).reshape(4, 4, batch, rows, columns, -1)
    return blocks.transpose(2, 3, 0, 4, 1, 5).reshape(batch, 4 * rows, 4 * columns, -1)


def _adjoint(padded: jax.Array, transformed: jax.Array) -> jax.Array:
    """(N, 4 rows, 4 columns, O) -> (N, 4 rows + 4, 4 columns + 4, I), one row and one column of padding included."""
    batch, height, width, channels = padded.shape
    rows, columns = height // 4, width // 4
    blocks = padded.reshape(batch, rows, 4, columns, 4, channels).transpose(2, 4, 0, 1, 3, 5).reshape(16, -1)
    spectrum = (jnp.asarray(_OUTPUT_2D.T) @ blocks).reshape(36, batch * rows * columns, channels)
    if batch * rows * columns <= FEW_TILES:
        products = jnp.einsum("tco,tpo->tcp", transformed, spectrum)
        tiles = (jnp.asarray(_INPUT_2D.T) @ products.reshape(36, -1)).reshape(6, 6, -1, batch, rows, columns)
        plane = _overlap_add(_overlap_add(tiles.transpose(2, 3, 4, 0, 5, 1), axis=2), axis=4)
        plane = plane.reshape(-1, batch, 4 * rows + 4, 4 * columns + 4)
        return lax.optimization_barrier(plane).transpose(1, 2, 3, 0)
    products = jnp.einsum("tpo,tco->tpc", spectrum, transformed)
    tiles = (jnp.asarray(_INPUT_2D.T) @ products.reshape(36, -1)).reshape(6, 6, batch, rows, columns, -1)
    plane = _overlap_add(_overlap_add(tiles.transpose(2, 3, 0, 4, 1, 5), axis=1), axis=3)
    return plane.reshape(batch, 4 * rows + 4, 4 * columns + 4, -1)


def _overlap_add(pieces: jax.Array, *, axis: int, step: int = 4) -> jax.Array:
    """Pieces that stand `step` apart and are longer, laid over each other: (…, n, length, …) -> (…, n + 1, step, …).

    n is at `axis`; a piece reaches no further than over the next one.
    """

    def padding(*, at: int, before: int, after: int) -> list[tuple[int, int]]:
        return [(before, after) if dimension == at else (0, 0) for dimension in range(pieces.ndim)]

    body, overhang = jnp.split(pieces, [step], axis=axis + 1)
    body = jnp.pad(body, padding(at=axis, before=0, after=1))
    overhang = jnp.pad(overhang, padding(at=axis, before=1, after=0))
    rest = step - overhang.shape[axis + 1]
    return body + jnp.pad(overhang, padding(at=axis + 1, before=0, after=rest))
