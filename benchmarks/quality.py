"""How good results are for the time they take: each preset and strength on six pairs, judged on the saved pixels.

    python benchmarks/quality.py [--qualities draft balanced best] [--strengths 0.25 0.5 0.75] [--size 256]
                                 [--keep FOLDER]

S, C and P are those of `judge.py`; lower is better. The first pair is painted twice and the first time is not counted,
since it compiles; the others may compile what the shape of their style needs. `--keep` saves the pictures.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from pathlib import Path

import jax
import numpy as np
from judge import LAYERS, Judge, Verdict, fitted_to
from PIL import Image

from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.paint import Result, paint
from neural_gallery.studio.recipe import Recipe, scales_for
from neural_gallery.studio.targets import Style
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

PICTURES = Path(__file__).resolve().parents[1] / "content" / "images"
PAIRS = (
    ("rocket", "great-wave"),
    ("chelsea", "village-street-in-auvers"),
    ("astronaut", "bal-du-moulin-de-la-galette"),
    ("coffee", "poppies"),
    ("chelsea", "great-wave"),
    ("rocket", "benzaiten-shrine-in-snow"),
)


def picture(name: str, *, size: int | None = None) -> Bytes:
    """A picture of the example site, as it is or with the longest side `size`."""
    with Image.open(PICTURES / f"{name}.jpg") as opened:
        rgb = np.asarray(opened.convert("RGB"))
    return rgb if size is None else fitted_to(rgb, size)


def painted(network: VGG, content: Bytes, style: Bytes, *, quality: str, strength: float) -> Result:
    """The result of one preset."""
    recipe = Recipe(scales_for(quality, max(content.shape[:2])), strength, "style", "content", 1.0, 0)
    *_, result = paint(network, content, [Style(style)], recipe)
    assert isinstance(result, Result)
    return result


def main() -> None:
    """Prints a Markdown table of means, then one of all pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qualities", nargs="+", choices=["draft", "balanced", "best"], default=["draft", "balanced"])
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.25, 0.5, 0.75])
    parser.add_argument("--size", type=int, default=256, help="longest side of the results, in pixels")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    network = bundled_network(LAYERS)
    judge = Judge(network)
    print(f"{platform.machine()}, {os.cpu_count()} cores, JAX {jax.__version__}, longest side {options.size} pixels\n")
    print("| quality | strength | S | C | P | seconds, median |")
    print("| --- | --- | --- | --- | --- | --- |")
    found: dict[tuple[str, float, str], Verdict] = {}
    for quality in options.qualities:
        for strength in options.strengths:
            seconds = []
            for index, (content_name, style_name) in enumerate((PAIRS[0], *PAIRS)):
                content, style = picture(content_name, size=options.size), picture(style_name)
                began = time.perf_counter()
                result = painted(network, content, style, quality=quality, strength=strength)
                if index == 0:
                    continue
                seconds.append(time.perf_counter() - began)
                name = f"{content_name}-{style_name}"
                found[quality, strength, name] = judge(result.rgb, content, style)
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(result.rgb).save(options.keep / f"{name}-{quality}-{strength}.png")
            here = [verdict for (q, s, _), verdict in found.items() if (q, s) == (quality, strength)]
            columns = zip(*((verdict.style, verdict.content, verdict.palette) for verdict in here), strict=True)
            figures = " | ".join(f"{statistics.mean(column):.3f}" for column in columns)
            print(f"| {quality} | {strength} | {figures} | {statistics.median(seconds):.1f} |", flush=True)
    print("\n| pair | quality | strength | S | C | P |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (quality, strength, name), verdict in sorted(found.items(), key=lambda item: item[0][2]):
        figures = f"{verdict.style:.3f} | {verdict.content:.3f} | {verdict.palette:.2f}"
        print(f"| {name} | {quality} | {strength} | {figures} |")


if __name__ == "__main__":
    main()
