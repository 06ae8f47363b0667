"""A painter for crews, picklable: it paints in small steps, notes what it does in a folder, and fails as it is told to.

What it paints depends on the job and nothing else, whoever paints it and however often it was interrupted.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.errors import OutOfMemoryError, Problem
from neural_gallery.workers import hand
from neural_gallery.workers.messages import Job, Message, Painted, Progress
from neural_gallery.workers.wire import Library

STEPS, EVERY = 20, 5
"""Steps of each pair, and of those from one checkpoint to the next."""

HOARDED: list[bytes] = []
"""What this process never gives back."""


@dataclass(frozen=True)
class Stint:
    """One time that a pair was begun."""

    pair: str
    process: int
    since: int  # the steps that had been done before


@dataclass(frozen=True)
class Crewed:
    """Each fate befalls a pair after its step 12: `kills`, `hangs`, `starves`, `gorges` and `hoards` the first time,
    others each time.
    """

    notes: Path
    seconds: float = 0.01  # each step takes
    kills: tuple[str, ...] = ()
    hangs: tuple[str, ...] = ()
    deadly: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    starves: tuple[str, ...] = ()  # of memory
    famished: tuple[str, ...] = ()  # each time
    gorges: tuple[str, ...] = ()  # on memory, until the process is killed
    hoards: tuple[str, ...] = ()  # until the process has so many MB, for good
    megabytes: int = 0
    forgets: bool = False  # every picture that it was sent

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair."""
        done = int(job.checkpoint or b"0")
        if self.forgets:
            hand.PICTURES = Library()
        self._note("begun", f"{job.name} {os.getpid()} {done}")
        sampled = {round(k * STEPS / (job.frames - 1)) for k in range(job.frames)}
        if not done:
            yield Progress(0, STEPS, "starting", float("nan"), (self._frame(job, 0),))
        for step in range(done + 1, STEPS + 1):
            time.sleep(self.seconds)
            frames = (self._frame(job, step),) if step in sampled else ()
            state = str(step).encode() if step % EVERY == 0 and step < STEPS else None
            yield Progress(step, STEPS, "painting", 1 / step, frames, step / STEPS, state)
            if step == 12:
                self._befall(job.name)
        self._note("painted", f"{job.name} {os.getpid()} {done}")
        yield Painted(self._frame(job, STEPS), {"steps": STEPS, "seconds": 0.5, "device": "test"})

    def stints(self, kind: str = "begun") -> list[Stint]:
        """What was noted, in that order."""
        path = self.notes / kind
        lines = path.read_text().splitlines() if path.exists() else []
        return [Stint(pair, int(process), int(done)) for pair, process, done in map(str.split, lines)]

    def _befall(self, pair: str) -> None:
        first = sum(one.pair == pair for one in self.stints()) == 1
        if pair in self.raises:
            raise RuntimeError("out of luck")
        if pair in self.famished or (first and pair in self.starves):
            raise OutOfMemoryError(Problem(None, "Memory ran out while painting 48 x 32.", "Choose a smaller size."))
        if pair in self.deadly or (first and pair in self.kills):
            os.kill(os.getpid(), signal.SIGKILL)
        if first and pair in self.hangs:
            time.sleep(120)
        if first and pair in self.gorges:
            hoarded: list[bytes] = []
            for _ in range(100):  # 1.6 GB at most: where nobody minds, the test has failed
                hoarded.append(b"x" * 2**24)
                time.sleep(0.05)
        if first and pair in self.hoards:
            import psutil  # comes with distributed

            HOARDED.append(b"x" * (self.megabytes * 10**6 - psutil.Process().memory_info().rss))

    def _note(self, kind: str, line: str) -> None:
        with (self.notes / kind).open("a") as file:
            file.write(f"{line}\n")

    def _frame(self, job: Job, step: int):
        import numpy as np

        share = job.settings.strength * step / STEPS
        mean = sum(style.weight * style.rgb.mean((0, 1)) for style in job.styles)
        return ((1 - share) * job.content + share * mean).astype(np.uint8)
