"""Where an Adam step goes: every part of the network by itself, beside the machine's matrix product and a whole step.

    python benchmarks/layers.py [--size 400x250] [--rounds 7]

Each part is a program of its own, forward and backward, on features of the shape that it has in a step. All of them run
once a round, so that a machine that drifts drifts for all; the table quotes medians. GFLOP are those of the direct
computation, two for a product and its sum: a convolution that runs as Winograd's filtering does a quarter of that work
and can so be faster than the matrix product's peak. The parts may add up to more than a step: in one program, what lies
between two convolutions is fused.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from step import STEPS, jax_steps, matmul_peak, once, timed

from neural_gallery.studio import losses
from neural_gallery.studio.architecture import needed_convolutions
from neural_gallery.studio.convolution import inside, max_pool
from neural_gallery.studio.pyramid import Canvas
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a step, as two programs."""

    name: str
    shape: str
    gflop: float  # of one direction
    forward: Run
    backward: Run


def part_of(
    name: str, function: Callable[..., object], features: jax.Array, *constants: object, gflop: float = 0.0
) -> Part:
    """A function of features (and of what is constant) as two programs: what it gives, and the gradient of a sum of it.

    Constants are arguments of the programs, as they are in a step: compiled in, they might be computed with beforehand.
    """
    forward = jax.jit(function)
    outcome, pullback = jax.jit(lambda x, *of: jax.vjp(lambda x: function(x, *of), x))(features, *constants)
    backward, cotangent = jax.jit(lambda pull, of: pull(of)), jax.tree.map(jnp.ones_like, outcome)
    _, height, width, channels = features.shape
    return Part(
        name,
        f"{width} x {height} x {channels}",
        gflop,
        lambda: forward(features, *constants),
        lambda: backward(pullback, cotangent),
    )


def _convolve(
    graph: nnx.GraphDef, image: jax.Array, state: nnx.State, covered: jax.Array, *, replicate_edges: bool
) -> jax.Array:
    return nnx.merge(graph, state)(image, replicate_edges=replicate_edges) * covered


def _statistics(features: jax.Array, total: jax.Array) -> losses.Statistics:
    return losses.share_of_statistics(features, None, total)  # as in a step whose styles have no masks


def parts_of(network: VGG, canvas: Canvas, method: Method) -> list[Part]:
    """The parts of a step on that canvas, from the picture down to the deepest layer."""
    random = np.random.default_rng(0)
    height, width = canvas.shape
    extent = jnp.asarray(canvas.extent)
    parts, channels = [], 3

    def features() -> jax.Array:
        seen = random.random((1, height, width, channels), np.float32)
        return jnp.asarray(seen, jnp.float32 if channels == 3 else network.dtype)

    for name in needed_convolutions(network.architecture, method.layers):
        if name.endswith("_1") and name != "conv1_1":
            parts.append(part_of(f"pooling to block {name[4]}", max_pool, features()))
            height, width, extent = height // 2, width // 2, extent // 2
        graph, state = nnx.split(getattr(network, name))
        covered = inside((height, width), extent)
        convolve = functools.partial(_convolve, graph, replicate_edges=name == "conv1_1")
        wide = network.architecture.shape(name)[3]
        gflop = 2 * 9 * height * width * channels * wide / 1e9
        parts.append(part_of(name, convolve, features(), state, covered, gflop=gflop))
        channels, layer = wide, name.replace("conv", "relu")
        if layer in dict(method.style_layers):
            gflop = 2 * height * width * channels**2 / 1e9
            parts.append(part_of(f"Gram matrix of {layer}", _statistics, features(), covered.sum(), gflop=gflop))
    return parts


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="400x250")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    method = Method()
    network = bundled_network(method.layers)
    random = np.random.default_rng(0)
    whole = jax_steps(network, *(random.random((height, width, 3), np.float32) for _ in range(2)), method)
    whole()
    parts = parts_of(network, Canvas(height, width), method)
    seconds: dict[tuple[str, str], list[float]] = {}
    steps, peaks = [], []
    for _ in range(options.rounds + 1):
        for part in parts:
            for way, run in (("forward", part.forward), ("backward", part.backward)):
                once(run)  # its buffers are at hand after that, as they are in a loop
                seconds.setdefault((part.name, way), []).append(once(run))
        peaks.append(matmul_peak(network.dtype))
        steps.append(timed(whole))
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, JAX {jax.__version__} on {jax.default_backend()}, "
        f"{options.size}: ",
        end="",
    )
    step, peak = statistics.median(steps), statistics.median(peaks)
    print(f"a step {step:.3f} s (mean of {STEPS}), matrix product {peak:.0f} GFLOP/s\n")
    print("| part | what goes in | forward ms | backward ms | GFLOP | GFLOP/s, both ways | share of the parts |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    medians = {key: statistics.median(values[1:]) for key, values in seconds.items()}
    total = sum(medians.values())
    for part in parts:
        there, back = medians[part.name, "forward"], medians[part.name, "backward"]
        speed = f"{2 * part.gflop / (there + back):.0f}" if part.gflop else ""
        print(
            f"| {part.name} | {part.shape} | {1000 * there:.1f} | {1000 * back:.1f} | "
            f"{2 * part.gflop:.1f} | {speed} | {(there + back) / total:.1%} |"
        )
    print(f"| all | | | {1000 * total:.0f} | {sum(2 * part.gflop for part in parts):.0f} | | |")


if __name__ == "__main__":
    main()
