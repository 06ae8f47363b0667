"""How soon a saved source is seen in the browser while `neural-gallery serve` runs.

    python benchmarks/reload.py [SITE] [--rounds 10] [--paint]

SITE is a folder with a site.yaml, the example site unless given; a copy of it is served, with what is painted already.
A post, a caption in the manifest and the theme's stylesheet are saved with something else in them, again and again.
"Heard" is from the save to the moment when the page begins to load anew, "seen" to that when Chromium has parsed it and
the change stands in it. Nothing is painted, unless `--paint` is given: then painting what is missing goes on meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from page import FLAGS, find_chromium
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
STYLE = "/* round {} */\n:root {{ --round: {}; }}\n"


def copied(site: Path, folder: Path) -> Path:
    """A copy of the site that may be changed, with a theme of its own."""
    for name in ("content", ".neural-gallery"):
        if (site / name).is_dir():
            shutil.copytree(site / name, folder / name)
    text = (site / "site.yaml").read_text("utf-8")
    (folder / "theme/static/css").mkdir(parents=True)
    shutil.copy(ROOT / "static/css/gallery.css", folder / "theme/static/css/gallery.css")
    (folder / "site.yaml").write_text(text.replace("  output: public\n", "  output: public\n  theme: theme\n"), "utf-8")
    return folder


@contextmanager
def served(folder: Path, *, paint: bool) -> Iterator[str]:
    """The address of the site while it is served, as a process of its own."""
    command = [sys.executable, "-m", "neural_gallery", "serve", "--port", "0", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, *([] if paint else ["--no-paint"])],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(url) as answer:
            answer.read()
        print(f"From the start of the program to the first page: {time.perf_counter() - begun:.2f} s\n")
        # What is told has to be read, or the program waits for its reader.
        reader = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        try:
            yield url
        finally:
            process.terminate()
            process.wait(30)
            reader.wait(5)


def save(path: Path, text: str) -> float:
    """Save, and say when."""
    path.write_text(text, "utf-8")
    return time.time()


def sources(folder: Path) -> dict[str, tuple[Callable[[int], float], str]]:
    """For each kind of source: what saves round N of it, and what is true in the page that shows that round."""
    (post,) = sorted(folder.glob("content/posts/*.md"))[:1]
    manifest, style = folder / "site.yaml", folder / "theme/static/css/gallery.css"
    written, told, dressed = (path.read_text("utf-8") for path in (post, manifest, style))
    alt = "An espresso in a red cup on a red saucer"
    assert alt in told
    shows = "document.documentElement.innerHTML.includes"
    return {
        "post": (lambda number: save(post, f"{written}\nRound {number}.\n"), f"{shows}('Round %d.')"),
        "manifest": (lambda number: save(manifest, told.replace(alt, f"Cup {number}.")), f"{shows}('Cup %d.')"),
        "stylesheet": (
            lambda number: save(style, dressed + STYLE.format(number, number)),
            "getComputedStyle(document.documentElement).getPropertyValue('--round').trim() === '%d'",
        ),
    }


def measure(page: Page, saved: Callable[[int], float], shown: str, number: int) -> tuple[float, float]:
    """Seconds until a browser has heard, and until it shows that round."""
    page.evaluate("window.former = true")
    begun = saved(number)
    page.wait_for_function(
        f"!window.former && document.readyState !== 'loading' && ({shown % number})", polling=5, timeout=30_000
    )
    seen = time.time()
    heard = page.evaluate("performance.timeOrigin / 1000")  # the beginning of loading the page anew
    page.wait_for_load_state("networkidle")
    return heard - begun, seen - begun


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--paint", action="store_true")
    options = parser.parse_args()
    program = find_chromium()
    if program is None:
        parser.error("no Chromium was found on this machine")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as running:
        folder = copied(options.site, Path(temporary))
        browser = running.chromium.launch(executable_path=program, args=FLAGS)
        with served(folder, paint=options.paint) as url:
            page = browser.new_page()
            page.goto(url, wait_until="load")
            page.wait_for_timeout(3000)
            print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
            print(f"Chromium {browser.version}; {options.rounds} rounds, seconds\n")
            print("| saved | heard, median | seen, median | seen, worst |\n| --- | --- | --- | --- |")
            for name, (saved, shown) in sources(folder).items():
                measure(page, saved, shown, 0)
                rounds = [measure(page, saved, shown, number + 1) for number in range(options.rounds)]
                heard, seen = zip(*rounds, strict=True)
                medians = f"{statistics.median(heard):.3f} | {statistics.median(seen):.3f}"
                print(f"| {name} | {medians} | {max(seen):.3f} |")
        browser.close()


if __name__ == "__main__":
    main()
