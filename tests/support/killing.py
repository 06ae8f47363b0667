"""Builds that are killed at a random moment and run again: what stands on the disk then, and what comes out.

A round begins with an empty folder of output, or, every second one, with a site that was built as its manifest was
before: another title, fewer pairs, one that has gone since. It is killed once (every third round twice), then runs to
its end. The moment is drawn: while the program starts, shortly after some sign of progress, or while pages are written.
It goes by what the process has told, not by the clock, so that a busy machine kills at the same places.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

import neural_gallery
from neural_gallery.errors import StoreError
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.sealed import unseal
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import read_unfinished
from neural_gallery.temporaries import is_temporary

FRAMES = 5
MANIFEST = """\
version: 1
site: {{title: {title}, target: html}}
defaults:
  size: {size}
  quality: draft
  animation: {{fps: 5, frames: {frames}, formats: [gif, webp]}}
  stills: {{formats: [webp], widths: [{size}]}}
images:
  sky: {{file: sky.png, alt: a sky}}
  sea: {{file: sea.png, alt: a sea}}
  oak: {{file: oak.png, alt: an oak}}
  elm: {{file: elm.png, alt: an elm}}
  sun: {{file: sun.png, alt: a sun}}
  ice: {{file: ice.png, alt: some ice}}
pairs:
{pairs}"""
Pairs: TypeAlias = Sequence[tuple[str, str]]
PAIRS: Pairs = [(content, style) for style in ("sun", "ice") for content in ("sky", "sea", "oak", "elm")]
TREE = Path(neural_gallery.__file__).parents[1]
QUICK = [sys.executable, str(Path(__file__).with_name("quick_gallery.py"))]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a round begins with, and when an undisturbed build of it tells something: seconds since it was started."""

    folder: Path
    told: Sequence[float]

    def moment(self, share: float, chance: float) -> tuple[int, float]:
        """The moment at that share of a build: after how many lines, and how many seconds after those."""
        if share < 0.15:
            return 0, chance * self.told[0]
        if share < 0.7:
            return 1 + int((share - 0.15) / 0.55 * (len(self.told) - 2)), chance * 0.03
        return len(self.told) - 1, chance * (self.told[-1] - self.told[-2])


@dataclass(slots=True)
class Tally:
    """What all rounds have come to."""

    rounds: int = 0
    kills: int = 0
    runs: int = 0  # after a kill, to the end
    seconds: float = 0.0
    phases: Counter[str] = field(default_factory=Counter)  # in which runs were killed
    torn: list[str] = field(default_factory=list)  # files that are neither absent nor whole
    repainted: list[str] = field(default_factory=list)  # pairs that were painted though they were there
    resumed: int = 0  # paintings that went on from a checkpoint
    wrong: list[str] = field(default_factory=list)  # runs that did not come to the right end

    def table(self) -> str:
        """For people."""
        rows = {
            "rounds": self.rounds,
            "kills": self.kills,
            "runs after them": self.runs,
            "went on from a checkpoint": self.resumed,
            "torn files": len(self.torn),
            "pairs painted again": len(self.repainted),
            "wrong ends": len(self.wrong),
            "seconds": round(self.seconds, 1),
        }
        rows |= {f"killed: {phase}": count for phase, count in sorted(self.phases.items())}
        return "\n".join(f"{name:28}{value:>8}" for name, value in rows.items())

    @property
    def faults(self) -> list[str]:
        """Everything that should not have happened."""
        return self.torn + self.repainted + self.wrong


class Killing:
    """A site in `folder`, and what undisturbed builds of it give, now and before its manifest was changed."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        rounds: int,
        program: Sequence[str] = QUICK,
        pairs: Pairs = PAIRS,
        before: Pairs = (*PAIRS[:5], ("sky", "elm")),
        size: int = 32,
    ) -> None:
        self.folder, self.seed, self.rounds, self.program = folder, seed, rounds, program
        self.log = folder / "log"
        self.manifest = manifest("Night studies", pairs, size)
        empty = folder / "empty"
        empty.mkdir(parents=True)
        draw_pictures(empty)
        self.before, _ = self._undisturbed("before", empty, manifest("Before", before, size))
        self.after, begun = self._undisturbed("after", empty, self.manifest)
        changed, continued = self._undisturbed("changed", folder / "before", self.manifest)
        assert changed == self.after
        self.beginnings = (Beginning(empty, begun), Beginning(folder / "before", continued))
        self.allowed = {
            path: {tree[path] for tree in (self.before, self.after) if path in tree}
            for path in {*self.before, *self.after}
        }

    def round(self, number: int, tally: Tally) -> None:
        """One round, which depends on the seed, its number, and the machine's pace."""
        chance = random.Random(f"{self.seed} {number}")
        site = self.folder / f"round-{number}"
        beginning = self.beginnings[number % 2]
        shutil.copytree(beginning.folder, site)
        (site / "site.yaml").write_text(self.manifest)
        where = f"seed {self.seed}, round {number}"
        for kill in range(2 if number % 3 == 0 else 1):
            # Each round has its own stretch of a build, so that few rounds reach all of it.
            share = ((number * 7 + 3 * kill) % self.rounds + chance.random()) / self.rounds
            there = painted(site)
            phase = self._killed(site, *beginning.moment(share, chance.random()))
            tally.phases[phase] += 1
            tally.kills += phase != "not at all"
            self._painted_again(f"{where}, kill {kill}", there, tally)
            tally.torn += [f"{where}, kill {kill} ({phase}): {fault}" for fault in self._torn(site)]
        there = painted(site)
        tally.wrong += [f"{where}: {fault}" for fault in self._ends_well(site)]
        self._painted_again(where, there, tally)
        tally.rounds, tally.runs = tally.rounds + 1, tally.runs + 1
        shutil.rmtree(site)

    def run(self) -> Tally:
        """All rounds."""
        tally = Tally()
        begun = time.monotonic()
        for number in range(self.rounds):
            self.round(number, tally)
        tally.seconds = time.monotonic() - begun
        return tally

    def _undisturbed(self, name: str, folder: Path, text: str) -> tuple[dict[str, bytes], list[float]]:
        """What a build of a copy of that folder gives, and when it said something: seconds since it was started."""
        site = self.folder / name
        shutil.copytree(folder, site)
        (site / "site.yaml").write_text(text)
        begun = time.monotonic()
        with self._started(site) as process:
            assert process.stdout is not None
            told = [time.monotonic() - begun for _ in process.stdout]
        assert process.returncode == 0
        return tree(site / "public"), told

    def _started(self, site: Path) -> subprocess.Popen[str]:
        self.log.write_text("")
        return subprocess.Popen(
            [*self.program, str(self.log), "build", "--json"],
            cwd=site,
            env={"PYTHONPATH": str(TREE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _killed(self, site: Path, lines: int, seconds: float) -> str:
        """Builds the site and kills that, so many seconds after so many lines: in which phase it was."""
        with self._started(site) as process:
            assert process.stdout is not None
            told = list(itertools.islice(process.stdout, lines))
            time.sleep(seconds)
            process.kill()
            told += process.stdout
        return "not at all" if process.returncode == 0 else phase_of(told)

    def _run(self, site: Path) -> Iterator[str]:
        """Builds the site to its end; yields what was wrong with that."""
        with self._started(site) as process:
            told, _ = process.communicate(timeout=600)
        if process.returncode:
            yield f"exit code {process.returncode}: {told}"
        if '"note"' in told or not all(line.startswith("{") for line in told.splitlines()):
            yield f"it found something damaged, or complained: {told}"

    def _ends_well(self, site: Path) -> Iterator[str]:
        """What is wrong with a run that nobody disturbs any more, and with its outcome."""
        yield from self._run(site)
        found = tree(site / "public")
        if found != self.after:
            differing = [path for path in sorted({*found, *self.after}) if found.get(path) != self.after.get(path)]
            yield f"the output differs from an undisturbed build's: {', '.join(differing)}"

    def _painted_again(self, where: str, there: set[str], tally: Tally) -> None:
        for line in self.log.read_text().splitlines():
            name, done = line.split()
            tally.resumed += done != "0"
            if name in there:
                tally.repainted.append(f"{where}: '{name}' was painted again")

    def _torn(self, site: Path) -> Iterator[str]:
        """Everything on the disk that is not whole."""
        for path, data in tree(site / "public").items():
            if not is_temporary(path.rpartition("/")[2]) and data not in self.allowed.get(path, ()):
                yield f"the output has a file '{path}' that no build makes so"
        yield from torn_in_store(site / STORE_FOLDER)


def torn_in_store(folder: Path) -> Iterator[str]:
    """What the store would serve, or say, that is not whole."""
    store = Store(folder)
    for path in (folder / "paintings").glob("??/*"):
        if not is_temporary(path.name) and store.painting(path.name, verify=True) is None:
            yield f"painting {path.name[:12]}"
    for key in {path.name.split(".")[0] for path in (folder / "encoded").glob("??/*") if not is_temporary(path.name)}:
        try:
            if encoded := store.encoded(key):
                encoded.read()
        except StoreError as error:
            yield f"encoding {key[:12]}: {error}"
    for path in (folder / "unfinished").glob("??/*"):
        if not is_temporary(path.name) and read_unfinished(path, path.name, asked=FRAMES) is None:
            yield f"checkpoint {path.name[:12]}"
    yield from store.notes
    for name, read in (("outputs.json", unseal), ("pictures.json", json.loads)):
        try:
            if (folder / name).exists():
                read((folder / name).read_bytes())
        except ValueError as error:
            yield f"{name}: {error}"


def phase_of(told: Sequence[str]) -> str:
    """How far a run was by the last of its events."""
    event = json.loads(told[-1])["event"] if told and told[-1].endswith("\n") else ""
    if event == "encoding-started" and any('"pair-' in line for line in told[-3:]):
        return "painting"
    named = {"": "starting", "encoding-started": "encoding or writing", "rendered": "at its end"}
    return named.get(event, "painting")


def painted(site: Path) -> set[str]:
    """The pairs whose paintings are in the store of a site."""
    store = Store(site / STORE_FOLDER)
    keys = [path.name for path in (store.folder / "paintings").glob("??/*") if not is_temporary(path.name)]
    paintings = [store.painting(key, verify=True) for key in keys]
    return {painting.record.origin.pair for painting in paintings if painting}


def manifest(title: str, pairs: Pairs, size: int) -> str:
    """The text of a manifest with those pairs."""
    lines = "".join(f"  - {{content: {content}, style: {style}}}\n" for content, style in pairs)
    return MANIFEST.format(title=title, size=size, frames=FRAMES, pairs=lines)


def draw_pictures(folder: Path) -> None:
    """The six pictures that the manifest names."""
    rows, columns = np.mgrid[0:48, 0:64]
    for index, name in enumerate(("sky", "sea", "oak", "elm", "sun", "ice"), start=1):
        waves = np.stack([rows * 4 * index, columns * 3, (rows + columns) * index], axis=-1) % 256
        Image.fromarray(waves.astype(np.uint8)).save(folder / f"{name}.png")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, temporaries too, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
