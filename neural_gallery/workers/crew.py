"""Painting by several at once: what the corridor and those who paint for it say to each other.

A `Crew` opens a `Shift`, a connection that lasts for one run. To a shift the corridor hands jobs, as long as somebody
is free, and asks for news: a painter's messages, as they come, from all jobs that are under way.

A crew tries nothing twice. Where whoever had a job is gone it says `Lost`, and the corridor begins that job again, from
the checkpoint that it has kept: it alone knows what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from neural_gallery.errors import PaintError, PictureError, Problem
from neural_gallery.workers.messages import Job, Message

PATIENCE = 300.0
"""Seconds without a sign of life after which a worker counts as hanging. Painters give one every ten seconds."""

CHECKPOINT_EVERY = 30.0
"""Seconds between two checkpoints that travel: what a lost worker can cost."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Whoever had the job will not finish it; somebody else may."""

    worker: str  # for people
    why: str  # goes on after the worker's name: "was killed"
    blames: bool = True  # whether the job may be to blame
    told: Problem | None = None  # what the painter itself had to say


@dataclass(frozen=True, slots=True)
class Failed:
    """The job cannot be painted, wherever that is tried."""

    error: PaintError | PictureError


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence for people, about the crew and no job."""

    text: str


News: TypeAlias = Message | Lost | Failed | Remark

NOBODY = -1
"""The ticket of a remark."""


class Shift(Protocol):
    """A crew at work. Jobs are known by tickets, which are the corridor's to give; one may be given again, once its job
    was told to be painted, lost or failed, or was left.
    """

    def free(self) -> int:
        """How many jobs could be begun now."""
        ...

    def suits(self, ticket: int) -> bool:
        """Whether who is free may have that job: not one that has lost it, as long as there are others."""
        ...

    def begin(self, ticket: int, job: Job) -> None:
        """Hands out a job. Only where somebody is free. Raises CrewError."""
        ...

    def news(self, seconds: float) -> Sequence[tuple[int, News]]:
        """What has come since, by ticket; nothing, where nothing comes for so long.

        Raises CrewError where nobody is there to paint any more, or WeightsError; each ends the run.
        """
        ...

    def leave(self, ticket: int) -> None:
        """Stops that job; there is no more news of it."""
        ...


class Crew(Protocol):
    """Those who paint."""

    def shift(self) -> AbstractContextManager[Shift]:
        """Entering it raises CrewError where nobody can be reached; leaving it stops every job that is under way."""
        ...


def unpainted(name: str, lost: Sequence[Lost]) -> PaintError:
    """What is told of a pair that has cost so many workers that it is given up."""
    whys = "; ".join(f"{one.worker} {one.why}" for one in lost)
    message = f"'{name}' was given up after {len(lost)} workers failed at it: {whys}."
    remedy = "If memory ran out, paint it smaller, or give each worker more; then run the same command again."
    if told := next((one.told for one in reversed(lost) if one.told), None):
        message, remedy = f"{message} {told.message}", told.remedy
    return PaintError(Problem(None, message, remedy))
