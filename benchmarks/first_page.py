"""How long a newcomer waits: from `neural-gallery init` in an empty folder to the first page that can be opened.

    python benchmarks/first_page.py [--rounds 3]

The real engine paints the pair of the site that `init` writes, as that site asks for it. In each round first with
nothing compiled before, then in another empty folder with the programs that the first one compiled. Installing the
program is not counted. Seconds, medians.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import shutil
import statistics
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from build import PROGRAM, cold_build, machine, run, timed

from neural_gallery.store import STORE_FOLDER

COMPILED = Path(STORE_FOLDER) / "compiled"


@dataclass(frozen=True, slots=True)
class Start:
    """What one start took, in seconds."""

    init: float
    first_steps: float  # of painting, since the build began
    build: float

    @property
    def whole(self) -> float:
        """From nothing to a page."""
        return self.init + self.build


def start(folder: Path, compiled: Path | None) -> Start:
    """Begin in an empty folder, with what is compiled already if there is something."""
    folder.mkdir()
    init = timed(lambda: run((*PROGRAM, "init"), folder))
    if compiled:
        shutil.copytree(compiled, folder / COMPILED)
    built = cold_build(folder, (*PROGRAM, "build", "--json"))
    if not (folder / "public" / "index.html").is_file():
        raise SystemExit("The build wrote no public/index.html: correct this benchmark.")
    return Start(init, built.first, built.wall)


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    starts: dict[str, list[Start]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        run((*PROGRAM, "--version"), folder)  # compiles the program to bytecode, as an installation does
        for number in range(options.rounds):
            starts["none"].append(start(folder / f"cold-{number}", None))
            starts["kept"].append(start(folder / f"warm-{number}", folder / f"cold-{number}" / COMPILED))
    print(f"{machine()}, JAX {importlib.metadata.version('jax')}, rounds: {options.rounds}\n")
    print("| compilations | init s | first steps after s | build s | from init to the page s |")
    print("| --- | --- | --- | --- | --- |")
    for compilations, taken in starts.items():
        columns = ("init", "first_steps", "build", "whole")
        medians = (statistics.median(getattr(one, column) for one in taken) for column in columns)
        print(f"| {compilations} | {' | '.join(f'{median:.1f}' for median in medians)} |")


if __name__ == "__main__":
    main()
