"""Whether builds end within their time budget, and come to the site that one long build would have made.

    python benchmarks/budget.py [--budgets 30 60 120] [--quality draft] [--size 400]

For each budget, in a fresh copy of the example site, `build --time-budget` runs again and again until nothing is left;
nothing is compiled before the first. The longest run is told, and by how much it stayed below its budget or exceeded
it. Files are compared with those of a build without a budget, byte by byte; pages tell how long painting took, and so
they differ. Real engine: a few minutes with `draft`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from build import PROGRAM, copy_site, environment, machine

MOST_RUNS = 50
"""After so many runs of one budget something is wrong."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one build did."""

    seconds: float  # by the clock, from the command's start to its end
    painted: int
    left: int


def built(folder: Path, quality: str, budget: int | None) -> Run:
    """One build. It must succeed."""
    limit = ("--time-budget", str(budget)) if budget else ()
    command = (*PROGRAM, "build", "--json", "--quality", quality, *limit)
    began = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    left = [len(event["left"]) for event in events if event["event"] == "time-up"]
    return Run(seconds, sum(event["event"] == "pair-done" for event in events), left[0] if left else 0)


def chain(folder: Path, quality: str, budget: int) -> list[Run]:
    """Builds, one after another, until one leaves nothing."""
    runs: list[Run] = []
    while not runs or runs[-1].left:
        runs.append(built(folder, quality, budget))
        print(f"budget {budget} s: {runs[-1]}", file=sys.stderr, flush=True)
        if len(runs) == MOST_RUNS:
            raise SystemExit(f"After {MOST_RUNS} builds of {budget} s {runs[-1].left} pairs are left.")
    return runs


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of the output."""
    output = folder / "public"
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", type=int, nargs="+", default=[30, 60, 120], metavar="SECONDS")
    parser.add_argument("--quality", choices=["draft", "balanced", "best"], default="draft")
    parser.add_argument("--size", type=int, default=400, help="of the results: longest side")
    options = parser.parse_args()
    print(f"{machine()}, JAX {importlib.metadata.version('jax')}, {options.quality}, {options.size} pixels\n")
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(budget or "none") for budget in (None, *options.budgets)]
        for folder in folders:
            folder.mkdir()
            copy_site(folder, size=options.size)
        whole = built(folders[0], options.quality, None)
        wanted = tree(folders[0])
        print("| budget s | builds | the longest s | beyond its budget s | pairs painted in each | files that differ |")
        print("| --- | --- | --- | --- | --- | --- |")
        print(f"| none | 1 | {whole.seconds:.1f} | | {whole.painted} | |", flush=True)
        for budget, folder in zip(options.budgets, folders[1:], strict=True):
            runs = chain(folder, options.quality, budget)
            found, longest = tree(folder), max(run.seconds for run in runs)
            differ = Counter(Path(path).suffix for path in found | wanted if found.get(path) != wanted.get(path))
            told = ", ".join(f"{count} {suffix}" for suffix, count in differ.items()) or "none"
            painted = ", ".join(str(run.painted) for run in runs)
            row = f"{len(runs)} | {longest:.1f} | {longest - budget:+.1f} | {painted} | {told} of {len(wanted)}"
            print(f"| {budget} | {row} |", flush=True)


if __name__ == "__main__":
    main()
