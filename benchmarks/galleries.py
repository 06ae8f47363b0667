"""Beside other makers of static galleries, on the same pictures: weight of the page, time to build it, and again.

    python benchmarks/galleries.py --sigal .venv-sigal/bin/sigal --thumbsup node_modules/.bin/thumbsup [--rounds 5]

Neither is a dependency: install them somewhere else, from PyPI (`pip install sigal`) and npm (`npm install thumbsup`,
with GraphicsMagick and ExifTool, which it runs); they are used with their own settings.

The pictures are fifteen results of 400 pixels, five photographs by three paintings. A stand-in paints them, so nothing
here is about painting: all is painted before the clock starts. The others get the results as PNG files. What we build
of them is more than what they do: the photographs, three formats in two widths, and an animation of every result in
three formats. The second line leaves out what can be: stills in WebP only, and a GIF of two frames.

Every round builds once from nothing but the pictures, then again with nothing changed, one program after the other.
"Before any click" is what a browser fetches of the page with all pictures on it until it is quiet, and "scrolled" what
it has fetched after scrolling to the end. Seconds, medians; kB of 1000 bytes.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from build import PROGRAM, copy_site, machine, replaced, run, stand_in, timed
from page import FLAGS, find_chromium, served, visit
from playwright.sync_api import sync_playwright

from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

CONTENTS = "[rocket, coffee, chelsea, astronaut, hubble-deep-field]"
STYLES = "[village-street-in-auvers, great-wave, poppies]"
PAIRS = f"  - {{contents: {CONTENTS}, styles: {STYLES}}}\n"
COUNT = 15
LEAN = "  animation: {frames: 2, formats: [gif]}\n  stills: {formats: [webp]}\n"


@dataclass
class Gallery:
    """A program with a folder, and what it took."""

    name: str
    folder: Path
    command: tuple[str, ...]
    made: tuple[str, ...]  # what a first build must not find
    output: str
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Build from nothing, then with nothing changed."""
        for name in self.made:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.first.append(timed(lambda: run(self.command, self.folder)))
        self.again.append(timed(lambda: run(self.command, self.folder)))


def ours(folder: Path, name: str, settings: str = "") -> Gallery:
    """The example's pictures in a site without posts, all pairs of it painted."""
    folder.mkdir()
    manifest = copy_site(folder)
    text = manifest.read_text(encoding="utf-8")
    text = text[: text.index("\npairs:\n")] + f"\npairs:\n{PAIRS}"
    manifest.write_text(replaced(text, "\ndefaults:\n", f"\ndefaults:\n{settings}"), encoding="utf-8")
    workshop = Workshop(stand_in, local_workshop(folder).weights_sha256)
    collections.deque(build(load_site(manifest), Store(folder / STORE_FOLDER), workshop), maxlen=0)
    return Gallery(name, folder, (*PROGRAM, "build"), ("public", f"{STORE_FOLDER}/encoded"), "public")


def results(folder: Path) -> list[Path]:
    """The results of a built site, one PNG each."""
    found = sorted(path for path in (folder / "public/static/img").glob("*.png") if _is_result(path))
    if len(found) != COUNT:
        raise SystemExit(f"There are {len(found)} results instead of {COUNT}: correct this benchmark.")
    return found


def _is_result(path: Path) -> bool:
    return path.with_name(f"{path.stem}-5fps.gif").exists()


def copied(pictures: Sequence[Path], folder: Path) -> Path:
    """A folder with an album of these pictures."""
    album = folder / "pictures" / "results"
    album.mkdir(parents=True)
    for picture in pictures:
        shutil.copy(picture, album)
    return folder


def sigal(program: str, folder: Path) -> Gallery:
    """Sigal, with its own settings."""
    (folder / "sigal.conf.py").write_text("source = 'pictures'\n")
    command = (program, "build", "pictures", "out")
    return Gallery(f"sigal {version(program)}", folder, command, ("out",), "out/results")


def thumbsup(program: str, folder: Path) -> Gallery:
    """thumbsup, with its own settings."""
    command = (program, "--input", "pictures", "--output", "out")
    return Gallery(f"thumbsup {version(program)}", folder, command, ("out",), "out")


def version(program: str) -> str:
    """What a program says of its version."""
    told = subprocess.run((program, "--version"), capture_output=True, text=True, check=True).stdout
    return told.replace(",", " ").split()[-1]


def print_table(galleries: Sequence[Gallery]) -> None:
    """Look at each built page, and print everything."""
    print("| gallery | first build s | nothing changed s | before any click kB | requests | scrolled kB |")
    print("| --- | --- | --- | --- | --- | --- |")
    with sync_playwright() as running:
        program = find_chromium()
        browser = running.chromium.launch(executable_path=program, args=FLAGS)
        for gallery in galleries:
            with served(gallery.folder / gallery.output.partition("/")[0]) as address:
                page = visit(browser, f"{address}{_page_of(gallery)}")
            times = f"{statistics.median(gallery.first):.2f} | {statistics.median(gallery.again):.2f}"
            weights = f"{page.at_once / 1000:.0f} | {page.requests} | {page.scrolled / 1000:.0f}"
            print(f"| {gallery.name} | {times} | {weights} |")
        browser.close()


def _page_of(gallery: Gallery) -> str:
    """The page with all the pictures: the album where there are pages for albums."""
    root = gallery.folder / gallery.output.partition("/")[0]
    found = [root / "results" / "index.html", root / "results.html", root / "index.html"]
    return next(path for path in found if path.is_file()).relative_to(root).as_posix()


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    others = {"sigal": sigal, "thumbsup": thumbsup}
    for name in others:
        parser.add_argument(f"--{name}", metavar="PROGRAM")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        galleries = [ours(folder / "whole", "neural-gallery"), ours(folder / "lean", "neural-gallery, lean", LEAN)]
        pictures = results(folder / "whole")
        for name, other in others.items():
            if given := getattr(options, name):
                program = str(Path(given).absolute())
                galleries.append(other(program, copied(pictures, folder / name)))
            else:
                print(f"{name} is left out: say where it is with --{name}.")
        for _ in range(options.rounds):
            for gallery in galleries:
                gallery.measure()
        size = sum(picture.stat().st_size for picture in pictures)
        print(f"\n{machine()}, rounds: {options.rounds}; {COUNT} PNG files, {size / 1000:.0f} kB\n")
        print_table(galleries)


if __name__ == "__main__":
    main()
