"""The other end: how one who paints for others takes a job, and tells of it over a line."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from neural_gallery.errors import NeuralGalleryError, OutOfMemoryError, PaintError, PictureError, Problem
from neural_gallery.workers.crew import Failed, Lost
from neural_gallery.workers.messages import Job, Message, Painted, Painter, Progress
from neural_gallery.workers.wire import Library, Packed, pack, unpack

AT_LEAST = 0.3
"""Seconds between two messages that carry nothing but where painting is."""

RAN_OUT = "ran out of memory"

PICTURES = Library()
"""Those that this process was sent."""


class Line(Protocol):
    """The way back."""

    def send(self, packed: Packed) -> None:
        """Sends a message. Raises OSError where nobody listens any more."""
        ...

    def is_cut(self) -> bool:
        """Whether nobody wants the job any more."""
        ...


@dataclass(frozen=True, slots=True)
class Unpaintable:
    """Painting ended in an error that concerns more than this job, such as missing weights."""

    error: NeuralGalleryError

    def told_of(self, worker: str) -> NeuralGalleryError:
        """The error, with whose it is."""
        problems = (Problem(one.location, f"{worker}: {one.message}", one.remedy) for one in self.error.problems)
        return type(self.error)(*problems)


def paint_for(painter: Painter, packed: Packed, line: Line) -> None:
    """Paints a job and tells of it, until it is finished or nobody wants it. Raises wire.LackingError, OSError."""
    job: Job = unpack(packed, PICTURES)
    try:
        _tell(painter(job), line)
    except OutOfMemoryError as error:  # of this machine: another one may have more
        line.send(pack(Lost("", RAN_OUT, told=error.problems[0])))
    except (PaintError, PictureError) as error:
        line.send(pack(Failed(error)))
    except NeuralGalleryError as error:
        line.send(pack(Unpaintable(error)))
    except MemoryError:
        line.send(pack(Lost("", RAN_OUT)))


def _tell(messages: Iterator[Message], line: Line) -> None:
    told = float("-inf")
    try:
        for message in messages:
            idle = isinstance(message, Progress) and not message.frames and message.checkpoint is None
            if idle and time.monotonic() - told < AT_LEAST:
                continue
            if line.is_cut():
                return
            line.send(pack(message))
            told = time.monotonic()
            if isinstance(message, Painted):
                return
    finally:
        if close := getattr(messages, "close", None):
            close()


@dataclass(frozen=True, slots=True)
class LocalHand:
    """`local_painter` in a process that others gave us: where it keeps compiled programs, how many cores it takes."""

    compiled: Path  # of the site, on the machine of that name; on others a folder that goes with the process
    machine: str
    number: int = 0  # of this one, among
    of: int = 1  # so many that share the machine's cores
    memory: int | None = None  # bytes that the process may have; None: as many as the machine has

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paints."""
        from neural_gallery.workers.local import painter_with_cache

        if self.of > 1:
            take_share(self.number, self.of)
        here = self.machine == machine_name() and self.compiled.parent.is_dir()
        yield from painter_with_cache(self.compiled if here else _own_folder(), memory=self.memory)(job)


def machine_name() -> str:
    """What tells this machine from others, as far as that is known."""
    import platform
    import uuid

    return f"{platform.node()}-{uuid.getnode():x}"


def take_share(number: int, of: int) -> None:
    """Lets this thread, and those that it starts from now on, run on a fair share of the cores, where systems can.

    XLA makes as many threads as it may use cores: without this, each process would make one for every core.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(os.getpid()))
        os.sched_setaffinity(0, set(cores[number % len(cores) :: of]) or {cores[number % len(cores)]})


@cache
def _own_folder() -> Path:
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="neural-gallery-compiled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
