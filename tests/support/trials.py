"""One hostile input, tried: read, or refused in the program's own words, and in time.

`python -m tests.support.trials KIND SEED COUNT` tries many within a limit of memory, and prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from neural_gallery.errors import InputError
from neural_gallery.pages.pages import Pages
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Picture, Site, Target
from neural_gallery.site.pictures import probe, read_covering, read_mask, read_pixels
from neural_gallery.site.posts import read_post

from . import hostile, hostile_pictures
from .galleries import gallery_of

SECONDS = 2.0
"""The time of the processor that one input may take."""

MEMORY = 3_000_000_000
"""Bytes of address space that all inputs of a run may take together, the libraries included."""


MOST_PIXELS = 2_000_000
"""A damaged header can make a good picture of a hundred million pixels, which take their time: it is only looked at."""


class TooSlow(BaseException):
    """An input took longer than it may. No `except Exception` on the way takes it for something else."""


@contextmanager
def in_time(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TooSlow after so many seconds of the processor's time."""

    def stop(*_: object) -> None:
        raise TooSlow(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Bench:
    """A small site in a folder, beside which hostile files are laid."""

    def __init__(self, folder: Path) -> None:
        from PIL import Image

        self.folder = folder
        Image.new("RGB", (40, 20), "brown").save(folder / "cat.png")
        Image.new("RGB", (64, 48), "teal").save(folder / "sea.jpg")
        left = Image.new("L", (40, 20))
        left.paste(255, (0, 0, 20, 20))
        left.save(folder / "left.png")
        (folder / "weights.npz").write_bytes(b"x")
        (folder / "theme" / "static").mkdir(parents=True)
        (folder / "posts").mkdir()
        (folder / "posts" / "a.md").write_text("# A\n")
        (folder / "loop").symlink_to(".")
        (folder / "posts" / "loop").symlink_to("..")
        (folder / "out").symlink_to(folder.parent)
        self.cache = ProbeCache(folder / "cache.json")
        (folder / "good.yaml").write_text(hostile.MANIFESTS[0].replace("id: first, ", ""))
        self.site = load_site(folder / "good.yaml", cache=self.cache)
        self.samples = hostile_pictures.picture_samples()

    def manifest(self, data: bytes) -> None:
        """Read a manifest."""
        path = self.folder / "site.yaml"
        path.write_bytes(data)
        with told():
            load_site(path, cache=self.cache)

    def post(self, data: bytes) -> None:
        """Read a post, and make its pages for every target."""
        path = self.folder / "posts" / "2015-09-08-post.md"
        path.write_bytes(data)
        try:
            with told():
                found = read_post(path, self.folder)
                for target in Target:
                    self._pages(replace(self.site, posts=(found,), target=target))
        finally:
            path.unlink()

    def _pages(self, site: Site) -> None:
        Pages(site).render(gallery_of(site))

    def picture(self, name: str, data: bytes) -> None:
        """Look at a picture, and read its pixels in every way."""
        path = self.folder / name
        path.write_bytes(data)
        try:
            with told():
                seen = probe(path, None, name=name)
                values: dict[str, Any] = dict.fromkeys(("alt", "title", "credit", "license", "source"), "")
                values |= {"width": seen.width, "height": seen.height, "has_alpha": seen.has_alpha, "location": None}
                whole = Picture(name="p", path=path, file=name, sha256=seen.sha256, crop=None, **values)
                if seen.width * seen.height > MOST_PIXELS:
                    return
                read_pixels(whole, size=24)
                read_mask(whole, 24, 16)
                read_covering(whole, 16, 24)
        finally:
            path.unlink()


@contextmanager
def told() -> Iterator[None]:
    """Lets the program's own errors pass, whose problems have to be whole sentences of text that can be printed."""
    try:
        yield
    except InputError as error:
        problems = error.problems
    else:
        return
    for problem in problems:
        str(problem).encode()  # it can be printed
        assert problem.message.endswith("."), problem
        assert len(problem.message) < 3000, "a message too long to be read"


def cases(kind: str, bench: Bench, seed: int, count: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Cases of a kind, each with what tells it from others."""
    for number in range(count):
        name = f"{kind} {seed} {number}"
        rng = random.Random(name)
        if kind == "manifest":
            data = hostile.manifest(rng)
            yield name, lambda data=data: bench.manifest(data)
        elif kind == "post":
            data = hostile.post(rng)
            yield name, lambda data=data: bench.post(data)
        else:
            file, data = hostile_pictures.picture(rng, bench.samples)
            yield name, lambda file=file, data=data: bench.picture(file, data)


def tried(case: Callable[[], None]) -> str:
    """What a case did wrong; "" for nothing."""
    try:
        with in_time():
            case()
    except (TooSlow, Exception) as error:
        # Where it was raised, not where it passed through, tells one defect from another.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:300]} ({Path(frame.filename).name}:{frame.lineno})"
    return ""


def _peak_memory() -> int:
    """The most memory, in bytes, that this process has had; its `ru_maxrss` begins with what its parent had."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def main(kind: str, seed: str, count: str) -> None:
    """Try many, and print what came out."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        bench = Bench(Path(folder))
        wrong: dict[str, str] = {}
        start, done = time.process_time(), 0
        for name, case in cases(kind, bench, int(seed), int(count)):
            if what := tried(case):
                wrong[name] = what
            done += 1
        seconds = time.process_time() - start
        os.chdir("/")
    peak = _peak_memory()
    print(json.dumps({"kind": kind, "cases": done, "seconds": seconds, "peak": peak, "wrong": wrong}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
