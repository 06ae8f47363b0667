"""Time of one Adam step, beside the same graph in PyTorch where torch is installed.

    python benchmarks/step.py [--sizes 400x250 256x192] [--rounds 7]
    python benchmarks/step.py --sizes 512x512 256x256 --together 1 4 16 --qualities draft balanced best

The roofline is what the step's convolutions and Gram matrices, computed the direct way, would take at the pace of a
large matrix product on the same device, of the type that the features have; Winograd's filtering needs fewer operations
and may be below it.

With `--together`, so many pictures are painted in one program; times are those of one picture's step. With
`--qualities`, whole pairs are painted, from arrays to the result, twice: the first time compiles.

Both programs take the gradient of the same objective (style at relu1_1 … relu5_1, content at relu4_2) with respect to
the picture and make one step of Adam with clipping. They run in turn, chunk by chunk, so that a machine that drifts
drifts for both; the table quotes medians and the ratio of each round.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike

from neural_gallery.studio import losses, optimizers, painting
from neural_gallery.studio.architecture import needed_convolutions
from neural_gallery.studio.device import device_name
from neural_gallery.studio.paint import paint
from neural_gallery.studio.parts import outcome
from neural_gallery.studio.pyramid import Canvas, to_bytes
from neural_gallery.studio.recipe import Method, Recipe, scales_for
from neural_gallery.studio.targets import Eye, Source, Style, parts
from neural_gallery.studio.together import stacked
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

STEPS = painting.CHUNK if jax.default_backend() == "cpu" else painting.LONG_CHUNK


def jax_steps(
    network: VGG, image: np.ndarray, style: np.ndarray, method: Method, *, together: int | None = None
) -> Callable[[], None]:
    """A function that makes `STEPS` steps with the studio's own program, or the one for several pictures at once."""
    graph, state = nnx.split(network)
    canvas = Canvas(*image.shape[:2])
    source, eye = Source(style, Style(to_bytes(style))), Eye(network, method)
    targets = outcome(eye.targets(image, parts([source]), canvas, longest=max(style.shape[:2])))
    easel = optimizers.begin(jax.device_put(canvas.mount(image)), method)
    shares = (jnp.float32(1.0), jnp.float32(0.2))
    program = optimizers.paint_chunk
    if together is not None:
        easel, targets, shares = (stacked([tree] * together) for tree in (easel, targets, shares))
        program = optimizers.paint_chunk_together

    def run() -> None:
        nonlocal easel
        easel, (found, _) = program(
            easel, state, targets, shares, network_graph=graph, method=method, steps=1000, chunk=STEPS
        )
        jax.block_until_ready(found)

    return run


def torch_steps(network: VGG, image: np.ndarray, style: np.ndarray, method: Method) -> Callable[[], None]:
    """A function that makes `STEPS` steps of the same objective in PyTorch, channels last."""
    import torch
    from references.network import Network

    torch.set_num_threads(os.cpu_count() or 1)
    torch.set_default_device("cpu" if jax.default_backend() == "cpu" or not torch.cuda.is_available() else "cuda")
    see = Network(network, method.layers, replicate_edges=True)
    style_layers, content_layers = dict(method.style_layers), dict(method.content_layers)

    def features(x: torch.Tensor) -> dict[str, torch.Tensor]:
        return see(see.prepare(x))

    def stats(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat = x.flatten(2)[0]
        return flat @ flat.T / flat.shape[1], flat.mean(1)

    def relative(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return (((found - wanted) ** 2).sum() / (wanted**2).sum() + losses.NEGLIGIBLE**2).sqrt()

    def tensor(rgb: np.ndarray) -> torch.Tensor:
        image = torch.from_numpy(rgb[None]).to(torch.get_default_device())
        return image.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)

    with torch.no_grad():
        seen = features(tensor(style))
        wanted_style = {layer: stats(seen[layer]) for layer in style_layers}
        seen = features(tensor(image))
        wanted_content = {layer: seen[layer] for layer in content_layers}
    picture = tensor(image).clone().requires_grad_()
    adam = torch.optim.Adam([picture], lr=method.learning_rate, betas=(method.momentum, method.second_momentum))

    def run() -> None:
        for _ in range(STEPS):
            adam.zero_grad()
            found = features(picture)
            style_terms = sum(
                share * sum(relative(a, b) for a, b in zip(stats(found[layer]), wanted_style[layer], strict=True))
                for layer, share in style_layers.items()
            )
            content_terms = sum(relative(found[layer], wanted_content[layer]) for layer in content_layers)
            loss = style_terms / sum(style_layers.values()) + 0.2 * content_terms
            loss.backward()
            adam.step()
            with torch.no_grad():
                picture.clamp_(0, 1)
        if picture.is_cuda:
            torch.cuda.synchronize()

    return run


def timed(run: Callable[[], None]) -> float:
    """Seconds per step of one chunk."""
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) / STEPS


def step_gflop(network: VGG, method: Method, height: int, width: int) -> float:
    """Operations of a step the direct way: each layer forward and backward to its input, each Gram matrix twice."""
    total = 0
    for name in needed_convolutions(network.architecture, method.layers):
        if name.endswith("_1") and name != "conv1_1":
            height, width = height // 2, width // 2
        *_, entering, leaving = network.architecture.shape(name)
        total += 2 * 2 * 9 * entering * leaving * height * width
        if name.replace("conv", "relu") in dict(method.style_layers):
            total += 2 * 2 * leaving**2 * height * width
    return total / 1e9


def matmul_peak(dtype: DTypeLike) -> float:
    """GFLOP/s of a large matrix product at the default precision, the best of five."""
    side = 2048 if jax.default_backend() == "cpu" else 8192
    a = jax.random.normal(jax.random.key(0), (side, side), dtype)  # ones would be quicker on some devices
    product = jax.jit(jnp.dot)
    product(a, a).block_until_ready()
    best = min(once(functools.partial(product, a, a)) for _ in range(5))
    return 2 * side**3 / best / 1e9


def once(function: Callable[[], object]) -> float:
    """Seconds until what the function computes is there."""
    began = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - began


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["400x250", "256x192"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--together", nargs="+", type=int, default=[], help="numbers of pictures painted at once")
    parser.add_argument("--qualities", nargs="+", choices=["draft", "balanced", "best"], default=[])
    options = parser.parse_args()
    method = Method()
    network = bundled_network(method.layers)
    peak = matmul_peak(network.dtype)
    print(f"{platform.machine()}, {os.cpu_count()} cores, JAX {jax.__version__} on {device_name()}, ", end="")
    print(f"matrix product {peak:.0f} GFLOP/s in {network.dtype}\n")
    print("| size | GFLOP | JAX ms/step | over the roofline | compile s | PyTorch ms/step | ratio, median of rounds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in options.sizes:
        image, style = pictures(size)
        height, width, _ = image.shape
        gflop = step_gflop(network, method, height, width)
        ours = jax_steps(network, image, style, method)
        began = time.perf_counter()
        ours()
        warm_up = time.perf_counter() - began
        try:
            theirs = torch_steps(network, image, style, method)
        except ImportError:
            seconds = statistics.median(timed(ours) for _ in range(options.rounds))
            print(f"{_row(size, gflop, seconds, peak, warm_up)} torch is not installed | |")
            continue
        theirs()
        rounds = [(timed(ours), timed(theirs)) for _ in range(options.rounds)]
        mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(a / b for a, b in rounds)
        print(f"{_row(size, gflop, mine, peak, warm_up)} {1000 * other:.4g} | {ratio:.2f} |")
    if options.together:
        print_together(network, method, options)
    if options.qualities:
        print_pairs(network, options)


def pictures(size: str) -> tuple[np.ndarray, np.ndarray]:
    """A content and a style of noise; `size` is width x height."""
    width, height = (int(side) for side in size.split("x"))
    random = np.random.default_rng(0)
    content, style = (random.random((height, width, 3), np.float32) for _ in range(2))
    return content, style


def print_together(network: VGG, method: Method, options: argparse.Namespace) -> None:
    """Prints a Markdown table of steps of several pictures in one program."""
    print("\n| size | pictures at once | ms/step of one picture |")
    print("| --- | --- | --- |")
    for size, count in itertools.product(options.sizes, options.together):
        run = jax_steps(network, *pictures(size), method, together=count)
        run()
        seconds = statistics.median(timed(run) for _ in range(options.rounds)) / count
        print(f"| {size} | {count} | {1000 * seconds:.4g} |")


def print_pairs(network: VGG, options: argparse.Namespace) -> None:
    """Prints a Markdown table of the seconds that a whole pair takes."""
    print("\n| size | quality | steps | s for a pair | s with compilation |")
    print("| --- | --- | --- | --- | --- |")
    for size, quality in itertools.product(options.sizes, options.qualities):
        content, style = (to_bytes(image) for image in pictures(size))
        recipe = Recipe(scales_for(quality, max(content.shape[:2])), 0.5, "style", "content", 1.0, 0)
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            *_, _ = paint(network, content, [Style(style)], recipe)
            seconds.append(time.perf_counter() - began)
        print(f"| {size} | {quality} | {recipe.steps} | {seconds[1]:.2f} | {seconds[0]:.1f} |", flush=True)


def _row(size: str, gflop: float, seconds: float, peak: float, warm_up: float) -> str:
    over = seconds * peak / gflop
    return f"| {size} | {gflop:.0f} | {1000 * seconds:.4g} | {over:.2f} | {warm_up - STEPS * seconds:.1f} |"


if __name__ == "__main__":
    main()
