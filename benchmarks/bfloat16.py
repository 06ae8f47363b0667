"""Whether a CPU's units for bfloat16 make convolutions faster: layers as the studio computes them, and in bfloat16.

    python benchmarks/bfloat16.py [--rounds 5]

bfloat16 is tried as nine matrix products, one for each position of the kernel, added up in float32: XLA gives products
of such a form to a library that knows the processor's units, but not convolutions. With `three`, the three columns of
the kernel lie beside each other in one product. All ways run one after another in each round, each several times within
one program, as in a painting's loop. The table quotes medians of the way forward, rectifier included.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from step import once

from neural_gallery.studio.vgg import Convolution

LAYERS = {
    "conv1_2": (256, 400, 64, 64),
    "conv2_1": (128, 200, 64, 128),
    "conv2_2": (128, 200, 128, 128),
    "conv3_2": (64, 100, 256, 256),
    "conv4_2": (32, 50, 512, 512),
    "conv5_1": (16, 25, 512, 512),
}
"""Height, width, channels that go in and come out, at 400 x 256 pixels."""

TIMES = 12
"""So many times a layer is computed in one program."""

SIDE = 2048
"""Of the matrices whose product is the machine's peak."""

Layer = Callable[[jax.Array], jax.Array]


def _product(pixels: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.matmul(pixels.reshape(-1, pixels.shape[-1]), kernel, preferred_element_type=jnp.float32)


def peak(dtype: DTypeLike) -> float:
    """GFLOP/s of a large matrix product that is added up in float32, the best of five."""
    square = jax.random.normal(jax.random.key(0), (SIDE, SIDE), dtype)
    product = functools.partial(jax.jit(_product), square, square)
    once(product)
    return 2 * SIDE**3 / min(once(product) for _ in range(5)) / 1e9


def in_nine(image: jax.Array, kernel: jax.Array) -> jax.Array:
    """(H, W, I), (3, 3, I, O) -> (H, W, O), float32."""
    height, width, _ = image.shape
    padded = jnp.pad(image, ((1, 1), (1, 1), (0, 0)))
    parts = (_product(padded[y : y + height, x : x + width], kernel[y, x]) for y in range(3) for x in range(3))
    return sum(parts, jnp.zeros(())).reshape(height, width, -1)


def in_three(image: jax.Array, kernel: jax.Array) -> jax.Array:
    """The same with a third of the products, each three times as wide."""
    height, width, channels = image.shape
    padded = jnp.pad(image, ((1, 1), (1, 1), (0, 0)))
    columns = jnp.concatenate([padded[:, x : x + width] for x in range(3)], axis=-1)
    parts = (_product(columns[y : y + height], kernel[y].reshape(3 * channels, -1)) for y in range(3))
    return sum(parts, jnp.zeros(())).reshape(height, width, -1)


def repeated(layer: Layer, image: jax.Array) -> Callable[[], float]:
    """A program that computes a layer several times; what it returns are the seconds of one of them."""
    pictures = jnp.stack([image, image + 1])

    @jax.jit
    def program(pictures: jax.Array) -> jax.Array:
        def again(index: int, before: jax.Array) -> jax.Array:
            # Behind the barrier no turn of the loop can be left out, or begun before the last.
            picture, _ = lax.optimization_barrier((pictures[index % 2], before))
            return layer(picture)

        return lax.fori_loop(1, TIMES, again, layer(pictures[0]))

    def seconds() -> float:
        began = time.perf_counter()
        program(pictures).block_until_ready()
        return (time.perf_counter() - began) / TIMES

    seconds()
    return seconds


def ways(height: int, width: int, channels: int, wide: int) -> dict[str, Callable[[], float]]:
    """The programs to compare."""
    random = np.random.default_rng(0)
    image = jnp.asarray(random.random((height, width, channels), np.float32))
    kernel, bias = random.normal(0, 0.05, (3, 3, channels, wide)).astype(np.float32), np.zeros(wide, np.float32)
    convolution = Convolution(kernel, bias)
    half = jnp.asarray(kernel, jnp.bfloat16)

    def product(way: Callable[[jax.Array, jax.Array], jax.Array]) -> Layer:
        return lambda image: jax.nn.relu(way(image, half) + jnp.asarray(bias)).astype(jnp.bfloat16)

    return {
        "float32": repeated(lambda image: convolution(image[None])[0], image),
        "nine": repeated(product(in_nine), image.astype(jnp.bfloat16)),
        "three": repeated(product(in_three), image.astype(jnp.bfloat16)),
    }


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    compared = {name: ways(*shape) for name, shape in LAYERS.items()}
    rounds = [{name: {way: run() for way, run in of.items()} for name, of in compared.items()}]
    peaks = []
    for _ in range(options.rounds):
        rounds.append({name: {way: run() for way, run in of.items()} for name, of in compared.items()})
        peaks.append([peak(dtype) for dtype in (jnp.float32, jnp.bfloat16)])
    single, half = (statistics.median(peak) for peak in zip(*peaks, strict=True))
    print(f"{platform.machine()}, {os.cpu_count()} cores, JAX {jax.__version__} on {jax.default_backend()}, ", end="")
    print(f"matrix product {single:.0f} GFLOP/s in float32, {half:.0f} in bfloat16\n")
    print("| layer | float32 ms | bfloat16, nine products, ms | bfloat16, three, ms |\n| --- | --- | --- | --- |")
    for name in LAYERS:
        medians = [1000 * statistics.median(one[name][way] for one in rounds[1:]) for way in compared[name]]
        print(f"| {name} | " + " | ".join(f"{median:.1f}" for median in medians) + " |")


if __name__ == "__main__":
    main()
