"""How cost grows with the number of pairs: whole commands, each as a process of its own, on sites that nobody painted.

    python benchmarks/scale.py [--sizes 100 1000 10000 100000] [--form combinations listed]
                               [--commands check plan render build gc] [--as-usual] [--posts] [--painted-up-to 100000]
                               [--plot benchmarks/scale.svg] [--folder /dev/shm]

A site of n pairs has the square root of n contents and as many styles, pictures of 32 x 24 pixels. Its paintings are
put into the store as the program's own code writes them, all with the same pixels and without waiting for the disk; so
are its encoded files. That is not measured. `--as-usual` gives each pair the usual 24 frames and six encoded files;
without it there are two frames and two files, so that 100,000 pairs fit on a disk. `--posts` places a hundred pairs on
each of as many posts as that takes.

    check, plan      with nothing painted: what a look at the manifest and at an empty store costs
    render           everything painted and encoded, no page written yet
    build            nothing changed since
    gc               with one painting in a hundred that no entry asks for

Seconds are those of the processor, in the program and in the system, so that a busy machine counts little; those of
the clock stand beside them. Memory is the largest that the process had, in MB of 10^6 bytes. The exponent is the slope
of a straight line through the logarithms of sizes and seconds, what the command takes with the smallest site taken off:
1 is linear.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import growth
from build import PROGRAM, environment, machine

from neural_gallery.corridor.encoding import File, picture_keys, result_keys
from neural_gallery.corridor.naming import StillFile
from neural_gallery.corridor.planning import painting_keys
from neural_gallery.corridor.workshop import local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.store import STORE_FOLDER, paintings
from neural_gallery.store.records import describe
from neural_gallery.store.store import Store

COMMANDS = ("check", "plan", "render", "build", "gc")
FORMS = ("combinations", "listed")
ON_A_POST = 100
FACTS = {
    "steps": 160,
    "seconds": 40.0,
    "device": "cpu",
    "scales": [[200, 80], [400, 80]],
    "losses": [[0, 2.0], [80, 1]],
}
LIGHT = "{size: 32, animation: {frames: 2, formats: [gif]}, stills: {formats: [png], widths: [32]}}"
USUAL = "{size: 32}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    processor: float  # seconds
    wall: float  # seconds
    memory: float  # MB


def write_manifest(folder: Path, pairs: int, *, form: str, as_usual: bool = False, posts: bool = False) -> Path:
    """A site of that many pairs in `folder`, its pairs written as combinations or one by one; its manifest."""
    columns = math.isqrt(pairs - 1) + 1
    contents, styles = [f"c{i}" for i in range(-(-pairs // columns))], [f"s{i}" for i in range(columns)]
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate([*contents, *styles]):
        (folder / "pictures" / f"{name}.png").write_bytes(picture(number))
    lines = ["version: 1", "site: {title: Many, target: html}", f"defaults: {USUAL if as_usual else LIGHT}", "images:"]
    lines += [f"  {name}: {{file: pictures/{name}.png, alt: The picture {name}}}" for name in [*contents, *styles]]
    lines.append("pairs:")
    if form == "listed":
        both = ((content, style) for content in contents for style in styles)
        lines += [
            f"  - {{content: {one}, style: {other}}}" for (one, other), _ in zip(both, range(pairs), strict=False)
        ]
    else:
        # A row of combinations for each content, as long lists are bounded; the last one may be shorter.
        for row, content in enumerate(contents):
            mine = styles[: pairs - row * columns]
            lines.append(f"  - {{content: {content}, styles: [{', '.join(mine)}]}}")
    if posts:
        ids = [f"{content}-{style}" for content in contents for style in styles][:pairs]
        (folder / "posts").mkdir(exist_ok=True)
        for number, first in enumerate(range(0, pairs, ON_A_POST)):
            blocks = "\n\n".join(f"/// pair | {pair_id}\n///" for pair_id in ids[first : first + ON_A_POST])
            (folder / "posts" / f"p{number}.md").write_text(f"---\ntitle: Post {number}\n---\nWords.\n\n{blocks}\n")
        lines.append("posts: [posts/*.md]")
    manifest = folder / "site.yaml"
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return manifest


def picture(number: int) -> bytes:
    """A PNG of one colour, another for each number."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (32, 24), (number % 256, number // 256 % 256, number // 65536)).save(file, "PNG")
    return file.getvalue()


def fill_store(folder: Path) -> None:
    """Puts a painting of every pair, and all that is encoded of it, into the store. One in a hundred is nobody's."""
    import numpy as np

    site = load_site(folder / "site.yaml", cache=ProbeCache(folder / STORE_FOLDER / "pictures.json"))
    store = Store(folder / STORE_FOLDER)
    workshop = local_workshop(store.folder)
    keys, rgb = painting_keys(site, workshop), np.zeros((24, 32, 3), np.uint8)
    still, frame = paintings.pack_still(rgb, None), paintings.pack_frame(rgb)
    with (
        mock.patch.object(os, "fsync"),
        mock.patch.object(paintings, "pack_still", return_value=still),
        mock.patch.object(paintings, "pack_frame", return_value=frame),
    ):
        for number, pair in enumerate(site.pairs):
            facts = FACTS | {"frames_asked_for": pair.animation.frames}
            origin = describe(pair, engine=workshop.engine, weights_sha256=workshop.weights_sha256, facts=facts)
            frames = [rgb] * pair.animation.frames
            store.add_painting(keys[pair.id], rgb, None, frames, origin)
            if number % 100 == 0:
                store.add_painting(keys[pair.id][:-8] + "0" * 8, rgb, None, frames, origin)
            _encode(store, result_keys(site, pair, keys[pair.id]))
        for one in site.images.values():
            _encode(store, picture_keys(site, one))


def _encode(store: Store, keys: Mapping[File, Sequence[str]]) -> None:
    for file, of_file in keys.items():
        width = file.width if isinstance(file, StillFile) else 32
        store.add_encoded(of_file[0], b"x" * 600, extension=file.format, width=width, height=24)


def cost(folder: Path, *arguments: str) -> Cost:
    """What the program takes with these arguments. It must succeed."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen((*PROGRAM, *arguments), cwd=folder, env=environment(), stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode()[-2000:])
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit / 1e6)


def measure(folder: Path, pairs: int, options: argparse.Namespace) -> Iterator[tuple[str, Cost]]:
    """What each command costs on a site of that size, one after another."""
    for form in options.form:
        write_manifest(folder, pairs, form=form, as_usual=options.as_usual, posts=options.posts)
        cost(folder, "check")  # remembers the pictures
        for command in [one for one in ("check", "plan") if one in options.commands]:
            yield f"{command}, {form}", cost(folder, command)
    if not {"render", "build", "gc"} & {*options.commands} or pairs > options.painted_up_to:
        return
    # A process of its own: what this one has in memory would count as the largest that its children had.
    subprocess.run((sys.executable, __file__, "--fill", str(folder)), check=True, env=environment())
    yield "render, nothing written yet", cost(folder, "render", "-q")
    if "build" in options.commands:
        yield "build, nothing changed", cost(folder, "build", "-q")
    if "gc" in options.commands:
        yield "gc", cost(folder, "gc")


def main() -> None:
    """Prints a table of costs and one of exponents, in Markdown, and draws them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--form", nargs="+", choices=FORMS, default=[*FORMS])
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=[*COMMANDS])
    parser.add_argument("--painted-up-to", type=int, default=100_000, help="larger sites are only checked and planned")
    parser.add_argument("--as-usual", action="store_true", help="24 frames and all formats for each pair")
    parser.add_argument("--posts", action="store_true", help="posts with a hundred pairs each, not a page of all")
    parser.add_argument("--plot", type=Path, help="an SVG to write")
    parser.add_argument("--folder", type=Path, help="where to put the sites; many small files")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill_store(options.fill)
        return
    costs: dict[str, dict[int, Cost]] = defaultdict(dict)
    print(
        f"{machine()}\n\n| command | pairs | processor s | wall s | peak memory MB |\n| --- | --- | --- | --- | --- |"
    )
    for pairs in sorted(options.sizes):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for command, one in measure(Path(folder), pairs, options):
                costs[command][pairs] = one
                told = f"{one.processor:.2f} | {one.wall:.2f} | {one.memory:.0f}"
                print(f"| {command} | {pairs:,} | {told} |", flush=True)
    lines = {name: {pairs: one.processor for pairs, one in of.items()} for name, of in costs.items()}
    print("\n| command | exponent |\n| --- | --- |")
    for name, points in lines.items():
        print(f"| {name} | {growth.exponent(points):.2f} |")
    if options.plot:
        options.plot.write_text(growth.drawing(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
