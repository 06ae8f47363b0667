"""Pairs shared out over several devices, and a large picture split over them, beside the same on one device.

    python benchmarks/devices.py [--size 1024x1024] [--small 256x256] [--steps 8] [--virtual 8]

With `--virtual`, the CPU is told to be so many devices: they share its cores, so that seconds mean little then, and
only the other columns count. Without, all devices that JAX finds are used. Everything is painted twice, and the second
time is told: the first compiles. Differences are those of the results on all devices and on one, in levels of 255: the
largest, and how many of a million values are more than one level apart.

Pictures are painted at a twelfth of the usual pace: at the full one, each step makes several times as much of a last
digit, on one device as well, and the differences would tell of that. Collectives are counted in the compiled
program of a step. Pictures are split here however small they are.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

IMAGES = Path(__file__).parent.parent / "content" / "images"

KINDS = "all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter|collective-broadcast"


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1024x1024", help="of the picture that is split")
    parser.add_argument("--small", default="256x256", help="of the pictures that are shared out")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--virtual", type=int, help="devices that the CPU is told to be")
    options = parser.parse_args()
    if options.virtual:
        os.environ["JAX_PLATFORMS"] = "cpu"
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={options.virtual}"
        os.environ["XLA_FLAGS"] = flags.strip()
    compare(options)  # JAX must not be imported before


def compare(options: argparse.Namespace) -> None:
    """Paints and prints."""
    import jax
    import numpy as np
    from PIL import Image

    from neural_gallery.studio import memory, optimizers, splitting
    from neural_gallery.studio.device import device_name
    from neural_gallery.studio.memory import Room, room_here
    from neural_gallery.studio.mesh import crew
    from neural_gallery.studio.paint import paint
    from neural_gallery.studio.painting import Painting, Result
    from neural_gallery.studio.recipe import Method, Recipe, Scale
    from neural_gallery.studio.targets import Style
    from neural_gallery.studio.together import paint_together
    from neural_gallery.studio.weights import bundled_network

    devices = len(crew())
    memory.BAND_PIXELS = 1  # however small it is
    one = Room(10**12, 10**12, 0)
    programs: list[str] = []

    files = itertools.cycle(sorted(IMAGES.glob("*.jpg")))

    def picture(size: str) -> np.ndarray:
        width, height = (int(side) for side in size.split("x"))
        with Image.open(next(files)) as image:
            return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))

    def recipe_for(size: str) -> Recipe:
        longest = max(int(side) for side in size.split("x"))
        method = Method(learning_rate=1 / 255, final_learning_rate=0.1 / 255)
        return Recipe((Scale(longest, options.steps),), 0.5, "style", "content", 1.0, 0, method)

    def timed(work: Callable[[], Sequence[Result]]) -> tuple[float, Sequence[Result]]:
        work()
        began = time.perf_counter()
        results = work()
        return (time.perf_counter() - began) / len(results), results

    def noting(module: object, name: str) -> None:
        original = getattr(module, name)

        def program(*arguments: object, **more: object) -> object:
            if not programs:
                programs.append(original.lower(*arguments, **more).compile().as_text())
            return original(*arguments, **more)

        setattr(module, name, program)

    noting(splitting, "paint_chunk_split")
    noting(optimizers, "paint_chunk_together")
    network = bundled_network(recipe_for(options.size).method.layers)

    def split(content: np.ndarray, style: np.ndarray, room: Room) -> list[Result]:
        *_, result = paint(network, content, [Style(style)], recipe_for(options.size), room=lambda: room)
        assert isinstance(result, Result)
        return [result]

    def shared(pairs: list[tuple[np.ndarray, np.ndarray]], count: int) -> Sequence[Result]:
        recipe = recipe_for(options.small)
        paintings = [Painting(network, content, [Style(style)], recipe, room=lambda: one) for content, style in pairs]
        *_, results = paint_together(paintings, frames=[2] * len(pairs), devices=count)
        return [result for result in results if isinstance(result, Result)]

    def apart(results: Sequence[Result], others: Sequence[Result]) -> str:
        pairs = zip(results, others, strict=True)
        levels = np.stack([np.abs(result.rgb.astype(int) - other.rgb) for result, other in pairs])
        return f"{levels.max()} | {1e6 * (levels > 1).mean():.0f}"

    def collectives() -> str:
        found = Counter(re.findall(rf" ({KINDS})(?:-start)?\(", programs.pop())) if programs else Counter()
        return ", ".join(f"{count} {kind}" for kind, count in sorted(found.items())) or "none"

    print(f"JAX {jax.__version__} on {device_name(devices)}, {os.cpu_count()} cores, {options.steps} steps\n")
    if options.virtual:
        print("These devices are virtual and share the cores: their seconds say nothing about several devices.\n")
    print("| what | devices | pictures at once | s a picture | collectives | largest difference | beyond one level |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    content, style = picture(options.size), picture(options.size)
    seconds, wanted = timed(lambda: split(content, style, one))
    print(f"| {options.size} | 1 | 1 | {seconds:.2f} | {collectives()} | | |", flush=True)
    several = dataclasses.replace(room_here(), free=10**12, at_once=10**12, devices=devices)
    seconds, found = timed(lambda: split(content, style, several))
    told = f"{collectives()} | {apart(found, wanted)}"
    print(f"| {options.size}, split | {found[0].devices} | 1 | {seconds:.2f} | {told} |", flush=True)
    pairs = [(picture(options.small), picture(options.small)) for _ in range(devices)]
    seconds, wanted = timed(lambda: shared(pairs, 1))
    print(f"| {options.small} | 1 | {len(pairs)} | {seconds:.2f} | {collectives()} | | |", flush=True)
    seconds, found = timed(lambda: shared(pairs, devices))
    told = f"{collectives()} | {apart(found, wanted)}"
    print(f"| {options.small}, shared out | {found[0].devices} | {len(pairs)} | {seconds:.2f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
