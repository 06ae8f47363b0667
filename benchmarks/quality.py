"""How good results are for the time they take: each preset and strength on six pairs, judged on the saved pixels.

    python benchmarks/quality.py [--qualities draft balanced best] [--strengths 0.25 0.5 0.75] [--size 256]
                                 [--pairs 1 2 3 4 5 6] [--set learning_rate=0.05 …] [--content-share 0.5]
                                 [--levels 2] [--steps 40 80] [--keep FOLDER]

S, C and P are those of `judge.py`; lower is better. The first pair is painted twice and the first time is not counted,
since it compiles; the others may compile what the shape of their style needs. `--keep` saves the pictures. The other
options change the recipe, so that what was tried can be tried again: any field of `Method` by its name, the content's
share at strength 0.5, the scales and steps, coarsest first.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import os
import platform
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from judge import LAYERS, Judge, Verdict, fitted_to
from PIL import Image

from neural_gallery.studio import recipe
from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.device import device_name
from neural_gallery.studio.paint import paint
from neural_gallery.studio.painting import Result
from neural_gallery.studio.recipe import Method, Recipe, scales_for
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result, judged."""

    pair: str
    kind: str  # what painted it: a preset, or a program
    strength: float
    verdict: Verdict
    seconds: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What of the presets' recipes is other than they have it."""

    method: Mapping[str, Any]  # fields of `Method`
    levels: int | None
    steps: tuple[int, ...]


def setting(text: str) -> tuple[str, Any]:
    """`learning_rate=0.05` as a field of `Method` and its value. Raises ArgumentTypeError."""
    name, equals, value = text.partition("=")
    if not equals or name not in {field.name for field in fields(Method)}:
        raise argparse.ArgumentTypeError(f"'{text}' is no field of Method with a value")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value  # a word: lbfgs


def picture(name: str, *, size: int | None = None) -> Bytes:
    """A picture of the example site, as it is or with the longest side `size`."""
    with Image.open(PICTURES / f"{name}.jpg") as opened:
        rgb = np.asarray(opened.convert("RGB"))
    return rgb if size is None else fitted_to(rgb, size)


def painted(network: VGG, content: Bytes, style: Bytes, *, quality: str, strength: float, changes: Changes) -> Result:
    """The result of one preset, or of one that was changed."""
    scales = scales_for(quality, max(content.shape[:2]), levels=changes.levels, steps=changes.steps)
    asked = Recipe(scales, strength, "style", "content", 1.0, 0, replace(Method(), **changes.method))
    *_, result = paint(network, content, [Style(style)], asked)
    assert isinstance(result, Result)
    return result


def machine(library: str) -> str:
    """On what the results are painted."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {library}"


def keep(rgb: Bytes, folder: Path | None, name: str) -> None:
    """Saves a result, where there is a folder for it."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(folder / f"{name}.png")


def print_means(by_kind: Iterable[list[Outcome]], kinds: str) -> list[Outcome]:
    """Prints a Markdown table, one row for each list, which share their kind and strength; gives all outcomes."""
    print(f"| {kinds} | strength | S | C | P | seconds, median |")
    print("| --- | --- | --- | --- | --- | --- |")
    found = []
    for outcomes in by_kind:
        verdicts = [outcome.verdict for outcome in outcomes]
        columns = zip(*((verdict.style, verdict.content, verdict.palette) for verdict in verdicts), strict=True)
        figures = " | ".join(f"{statistics.mean(column):.3f}" for column in columns)
        seconds = statistics.median(outcome.seconds for outcome in outcomes)
        print(f"| {outcomes[0].kind} | {outcomes[0].strength} | {figures} | {seconds:.1f} |", flush=True)
        found += outcomes
    return found


def print_pairs(outcomes: Iterable[Outcome], kinds: str) -> None:
    """Prints a Markdown table of all outcomes, pair by pair."""
    print(f"\n| pair | {kinds} | strength | S | C | P | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for outcome in sorted(outcomes, key=lambda outcome: outcome.pair):
        figures = f"{outcome.verdict.style:.3f} | {outcome.verdict.content:.3f} | {outcome.verdict.palette:.2f}"
        print(f"| {outcome.pair} | {outcome.kind} | {outcome.strength} | {figures} | {outcome.seconds:.1f} |")


def outcomes(network: VGG, judge: Judge, options: argparse.Namespace) -> Iterator[list[Outcome]]:
    """The outcomes of all pairs, for each preset and strength."""
    changes = Changes(dict(options.set), options.levels, tuple(options.steps))
    for quality, strength in itertools.product(options.qualities, options.strengths):
        found = []
        pairs = [PAIRS[number - 1] for number in options.pairs]
        for index, (content_name, style_name) in enumerate((pairs[0], *pairs)):
            content, style = picture(content_name, size=options.size), picture(style_name)
            began = time.perf_counter()
            result = painted(network, content, style, quality=quality, strength=strength, changes=changes)
            seconds = time.perf_counter() - began
            if index == 0:
                continue
            name = f"{content_name}-{style_name}"
            found.append(Outcome(name, quality, strength, judge(result.rgb, content, style), seconds))
            keep(result.rgb, options.keep, f"{name}-{quality}-{strength}")
        yield found


def main() -> None:
    """Prints a Markdown table of means, then one of all pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qualities", nargs="+", choices=["draft", "balanced", "best"], default=["draft", "balanced"])
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.25, 0.5, 0.75])
    parser.add_argument("--size", type=int, default=256, help="longest side of the results, in pixels")
    numbers = range(1, len(PAIRS) + 1)
    parser.add_argument("--pairs", nargs="+", type=int, choices=numbers, default=list(numbers))
    parser.add_argument("--set", nargs="+", type=setting, default=[], metavar="FIELD=VALUE", help="as in Method")
    parser.add_argument("--content-share", type=float, default=recipe.MIDDLE_CONTENT_SHARE)
    parser.add_argument("--levels", type=int, help="how many scales, at the most")
    parser.add_argument("--steps", nargs="+", type=int, default=[], help="by scale, coarsest first")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    recipe.MIDDLE_CONTENT_SHARE = options.content_share
    network = bundled_network(LAYERS)
    print(f"{machine(f'JAX {jax.__version__} on {device_name()}')}, longest side {options.size} pixels\n")
    judge = Judge(bundled_network(LAYERS, dtype="float32"))
    print_pairs(print_means(outcomes(network, judge, options), "quality"), "quality")


if __name__ == "__main__":
    main()
