"""How good other programs' results are for the time they take, on the pairs and by the judge of `quality.py`.

    python benchmarks/compare.py [--programs gatys wasserstein] [--strengths 0.5] [--size 256] [--pairs 1 2 3 4 5 6]
                                 [--evaluations 1000] [--init noise] [--steps 500] [--threads 2] [--device cuda]
                                 [--keep FOLDER]

The programs are those in `references/`; they need PyTorch. At strength 0.5 each has its own settings; at others its
content weight changes by the factor by which the studio's does.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from judge import LAYERS, Judge
from quality import PAIRS, Outcome, keep, machine, picture, print_means, print_pairs

from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.recipe import STRENGTH_EXPONENT
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

Painter = Callable[[Bytes, Bytes], Bytes]  # content, style -> result


def painter(network: VGG, program: str, strength: float, options: argparse.Namespace) -> Painter:
    """One of the programs with its settings."""
    from references import gatys, wasserstein  # not before it is known that there is PyTorch

    factor = ((1 - strength) / strength) ** STRENGTH_EXPONENT
    if program == "gatys":
        plain = gatys.Settings(evaluations=options.evaluations, init=options.init)
        plain = replace(plain, content_weight=factor * plain.content_weight)
        return lambda content, style: gatys.paint(network, content, style, plain)
    scaled = wasserstein.Settings(steps=options.steps)
    scaled = replace(scaled, content_weight=factor * scaled.content_weight)
    return lambda content, style: wasserstein.paint(network, content, style, scaled)


def outcomes(network: VGG, judge: Judge, options: argparse.Namespace) -> Iterator[list[Outcome]]:
    """The outcomes of the pairs, for each program and strength."""
    for program, strength in itertools.product(options.programs, options.strengths):
        paint, found = painter(network, program, strength, options), []
        for content_name, style_name in (PAIRS[number - 1] for number in options.pairs):
            content, style = picture(content_name, size=options.size), picture(style_name)
            began = time.perf_counter()
            rgb = paint(content, style)
            seconds = time.perf_counter() - began
            name = f"{content_name}-{style_name}"
            found.append(Outcome(name, program, strength, judge(rgb, content, style), seconds))
            print(found[-1], file=sys.stderr)  # since all together take hours
            keep(rgb, options.keep, f"{name}-{program}-{strength}")
        yield found


def main() -> None:
    """Prints a Markdown table of means, then one of all pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["gatys", "wasserstein"]
    parser.add_argument("--programs", nargs="+", choices=names, default=names)
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.5], help="between 0 and 1")
    parser.add_argument("--size", type=int, default=256, help="longest side of the results, in pixels")
    numbers = range(1, len(PAIRS) + 1)
    parser.add_argument("--pairs", nargs="+", type=int, choices=numbers, default=list(numbers))
    parser.add_argument("--evaluations", type=int, default=1000, help="of the objective, by gatys")
    parser.add_argument("--init", choices=["content", "noise"], default="noise", help="what gatys starts with")
    parser.add_argument("--steps", type=int, default=500, help="of wasserstein at a scale; twice as many at the first")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of PyTorch")
    parser.add_argument("--device", default="cpu", help="of PyTorch: cpu, cuda")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if not all(0 < strength < 1 for strength in options.strengths):
        parser.error("strengths lie between 0 and 1, both left out: there the programs' weights have no meaning")
    if not importlib.util.find_spec("torch"):
        parser.error("PyTorch is not installed, which the programs are written in: pip install torch")
    import torch  # optional, as the message above says

    torch.set_num_threads(options.threads)
    torch.set_default_device(options.device)
    network = bundled_network(LAYERS, dtype="float32")
    where = f"{options.threads} threads" if options.device == "cpu" else torch.cuda.get_device_name()
    library = f"PyTorch {torch.__version__} on {where}"
    print(f"{machine(library)}, longest side {options.size} pixels, ", end="")
    print(f"{options.evaluations} evaluations from {options.init}, {options.steps} steps a scale\n")
    print_pairs(print_means(outcomes(network, Judge(network), options), "program"), "program")


if __name__ == "__main__":
    main()
