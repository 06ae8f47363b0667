"""What it costs to share out pairs to workers of a cluster, and what it costs when one of them is killed.

    python benchmarks/cluster.py [--workers 1 2 4 8] [--pairs 64] [--seconds 0.5] [--size 512] [--frames 24]
    python benchmarks/cluster.py --only kill            the second table alone; `--only share`: the first

Workers are those of `--cluster local:N`: processes on this machine, the scheduler in the process that measures. What
they paint with is a stand-in that sleeps: the cost that is measured is that of coordination, and a sleeping painter
leaves it the processors, as one on a GPU or on another machine does. What it sends is as large as what the engine does:
each frame is a photograph mixed with a painting, of the size that is asked for, packed by the worker and stored by the
run; a checkpoint is as long as the engine's, four pictures of float32, and comes every thirty seconds, as there. So a
pair of half a second has none; where a worker is killed, pairs take twelve times as long, and have two.

Time is counted from the first pair's beginning to the last one's end. A worker's time is lost where it does not sleep:
it packs, sends, or waits for the next pair. Bytes are those of jobs and of messages, as they are handed to Dask.
CPU seconds of the run are those of its main thread, which unpacks and stores, and of all its threads, the scheduler's
among them.
"""

from __future__ import annotations

import argparse
import os
import pickle
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from build import CHECKOUT, machine

from neural_gallery.corridor.events import Note, PairDone, PairProgress
from neural_gallery.corridor.run import paint
from neural_gallery.corridor.workshop import Workshop, with_cluster
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.link import Link
from neural_gallery.workers.messages import Job, Message, Painted, Progress

CONTENTS = ("astronaut", "chelsea", "coffee", "rocket")
STYLES = ("great-wave", "poppies", "mona-lisa", "the-librarian")


@dataclass(frozen=True)
class StandIn:
    """A painter that takes its time. It notes what it does in a folder."""

    notes: Path
    seconds: float  # for a pair
    checkpoint_every: float | None = None  # in the place of the seconds that a job asks for

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair: a step for each frame."""
        begun, done = time.time(), int(np.frombuffer(job.checkpoint or bytes(8), np.int64)[0])
        note, cpu = self.notes / f"{job.name} {os.getpid()} {done}", time.process_time()
        note.write_text(f"{begun} 0")
        style = np.resize(job.styles[0].rgb, job.content.shape).astype(np.int16)
        every = self.checkpoint_every or job.checkpoint_every or 30.0
        saved = time.monotonic()
        for step in range(done + 1, job.frames + 1):
            until = time.monotonic() + self.seconds / job.frames
            frame = (job.content + (style - job.content) * (step / 2 / job.frames)).astype(np.uint8)
            time.sleep(max(0.0, until - time.monotonic()))
            state = None
            if time.monotonic() - saved > every:
                noise = np.random.default_rng(step).bytes(4 * 4 * frame.size)
                state, saved = np.int64(step).tobytes() + noise, time.monotonic()
            yield Progress(step, job.frames, "painting", 1.0, (frame,), step / job.frames, state)
        note.write_text(f"{begun} {time.process_time() - cpu}")
        yield Painted(frame, {"seconds": self.seconds})


@dataclass
class Run:
    """What was measured of one run."""

    pairs: int
    seconds: float  # from the first pair's beginning to the last one's end
    sent: int = 0  # bytes of jobs
    received: int = 0  # bytes of messages
    main_cpu: float = 0.0  # seconds of the thread that stores
    cpu: float = 0.0  # of all of the process
    workers_cpu: float = 0.0  # while they had a pair
    stints: list[tuple[str, int, int]] = field(default_factory=list)  # pair, process, steps that it began with
    waited: float = 0.0  # seconds from the kill until that pair went on
    again: int = 0  # steps that had been told of, and were painted once more
    notes: list[str] = field(default_factory=list)


def write_site(folder: Path, arguments: argparse.Namespace, pairs: int) -> Path:
    """A site of so many pairs, each with settings of its own; the manifest."""
    names = CONTENTS + STYLES
    for name in names:
        shutil.copy(CHECKOUT / "content" / "images" / f"{name}.jpg", folder)
    images = "".join(f"  {name}: {{file: {name}.jpg, alt: a picture}}\n" for name in names)
    lines = "".join(
        f"  - {{content: {CONTENTS[index % 4]}, style: {STYLES[index // 4 % 4]}, seed: {index // 16}, id: p{index}}}\n"
        for index in range(pairs)
    )
    manifest = folder / "site.yaml"
    manifest.write_text(
        f"version: 1\nsite: {{title: Many, target: html}}\n"
        f"defaults: {{size: {arguments.size}, quality: draft, animation: {{frames: {arguments.frames}}}}}\n"
        f"images:\n{images}pairs:\n{lines}"
    )
    return manifest


def measure(arguments: argparse.Namespace, workers: int, pairs: int, painter: StandIn, *, kill: bool) -> Run:
    """Paint a site; with `kill`, end a worker in the middle of a pair, when half of the others are painted."""
    notes = painter.notes
    folder = notes.parent
    site = load_site(write_site(folder, arguments, pairs))
    workshop = with_cluster(Workshop(painter, "0" * 64), f"local:{workers}", None)
    run, done, at = Run(pairs, 0.0), 0, 0
    count_bytes(run)
    cpu = time.thread_time(), time.process_time()
    with closing(paint(site, Store(folder / STORE_FOLDER), workshop)) as events:
        for event in events:
            if isinstance(event, PairDone):
                done, run.seconds = done + 1, time.time()
            elif isinstance(event, Note):
                run.notes.append(event.message)
            elif kill and isinstance(event, PairProgress) and done >= pairs // 2 and 0.5 < event.work < 0.9:
                (note,) = notes.glob(f"{event.pair} *")
                os.kill(int(note.name.split()[1]), signal.SIGKILL)
                kill, at, run.waited = False, event.step, time.time()
    run.main_cpu, run.cpu = time.thread_time() - cpu[0], time.process_time() - cpu[1]
    noted = [(path.name.split(), [float(number) for number in path.read_text().split()]) for path in notes.iterdir()]
    run.seconds -= min(begun for _, (begun, _) in noted)
    run.workers_cpu = sum(cpu for _, (_, cpu) in noted)
    run.stints = [(pair, int(process), int(since)) for (pair, process, since), _ in noted]
    for (_, _, since), (begun, _) in noted:
        if int(since) > 0:
            run.waited, run.again = begun - run.waited, at - int(since)
    return run


def count_bytes(run: Run) -> None:
    """Have what passes through links from now on counted."""
    hand_out, receive = Link.paint, Link.received
    hand_out, receive = getattr(hand_out, "counted", hand_out), getattr(receive, "counted", receive)

    def handing_out(self: Link, address: str, painter: Any, packed: Any, number: int) -> Any:
        run.sent += len(pickle.dumps(packed))
        return hand_out(self, address, painter, packed, number)

    def receiving(self: Link, seconds: float) -> Any:
        found = receive(self, seconds)
        run.received += sum(len(pickle.dumps(one)) for one in found)
        return found

    handing_out.counted, receiving.counted = hand_out, receive  # type: ignore[attr-defined]
    Link.paint, Link.received = handing_out, receiving  # type: ignore[method-assign]


def share(arguments: argparse.Namespace) -> None:
    """Print the table of runs that nothing disturbs."""
    print("| workers | pairs/s | workers' time lost | MB to workers, a pair | MB back | ", end="")
    print("CPU s a pair: worker | main thread of the run | the run |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for workers in arguments.workers:
        with tempfile.TemporaryDirectory() as folder:
            (notes := Path(folder) / "notes").mkdir()
            run = measure(arguments, workers, arguments.pairs, StandIn(notes, arguments.seconds), kill=False)
        assert len(run.stints) == arguments.pairs, "a pair was begun twice"
        lost = 1 - arguments.pairs * arguments.seconds / (workers * run.seconds)
        cells = [f"{workers}", f"{run.pairs / run.seconds:.2f}", f"{lost:.0%}"]
        cells += [f"{number / run.pairs / 1e6:.2f}" for number in (run.sent, run.received)]
        cells += [f"{number / run.pairs:.2f}" for number in (run.workers_cpu, run.main_cpu, run.cpu)]
        print("|", " | ".join(cells), "|", flush=True)


def killed(arguments: argparse.Namespace) -> None:
    """Print the table of one killed worker of four."""
    pairs, seconds, workers = 16, 12 * arguments.seconds, 4
    print(f"{pairs} pairs of {seconds:g} s each, {workers} workers, a checkpoint every {seconds / 3:g} s\n")
    print("| run | seconds | begun from the beginning | begun from a checkpoint | that s after the kill ", end="")
    print(f"| steps painted again, of {arguments.frames} |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, kill in (("undisturbed", False), ("one worker killed (kill -9)", True)):
        with tempfile.TemporaryDirectory() as folder:
            (notes := Path(folder) / "notes").mkdir()
            run = measure(arguments, workers, pairs, StandIn(notes, seconds, seconds / 3), kill=kill)
        anew = [stint for stint in run.stints if stint[2] == 0]
        resumed = [stint for stint in run.stints if stint[2] > 0]
        assert len(anew) == pairs, "a pair was begun from its beginning again"
        assert len(resumed) == kill, "a worker was lost that nobody killed, or none was"
        waited = f"{run.waited:.1f}" if kill else "–"
        print(
            f"| {name} | {run.seconds:.1f} | {len(anew)} | {len(resumed)} | {waited} | {run.again} |",
            flush=True,
        )


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=0.5, help="that painting a pair takes")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--only", choices=["share", "kill"])
    arguments = parser.parse_args()
    print(f"{machine()}; {arguments.size} pixels, {arguments.frames} frames\n")
    if arguments.only != "kill":
        share(arguments)
        print()
    if arguments.only != "share":
        killed(arguments)


if __name__ == "__main__":
    main()
