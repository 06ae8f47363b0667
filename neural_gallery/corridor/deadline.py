"""When painting has to stop, so that a command ends within the time that it was given. Seconds.

Whoever paints asks: is there time to begin another pair (`Deadline.allows`), and, at every sign of progress, is there
time to go on with this one (`Watch.has_to_stop`). Several painters may each have a watch of their own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from neural_gallery.corridor.estimate import RELIABLE

Clock: TypeAlias = Callable[[], float]
Reserve: TypeAlias = Callable[[], float]
"""What is needed after painting, as things stand."""

LEAST = 30.0
"""In that time a pair comes to its first checkpoint, its network compiled: to begin with less left is of no use, unless
the whole pair takes less."""

CHECKPOINT_EVERY = 5.0
"""How far apart checkpoints are where a pair may have to be stopped: what stopping it can cost."""

MISJUDGED = 3.0
"""So many times longer than expected a pair may take before one is surprised."""

ENDING = 3.0
"""What a command needs that only paints: a painter that is stopped first ends what it is just computing."""


def _ending() -> float:
    return ENDING


@dataclass(frozen=True, slots=True)
class Deadline:
    """So many seconds from `begun` on, the reserve for what comes after painting included."""

    budget: float = math.inf
    clock: Clock = time.monotonic
    begun: float = 0.0
    reserve: Reserve = field(default=_ending, repr=False)

    @classmethod
    def after(cls, seconds: float, *, clock: Clock = time.monotonic) -> Deadline:
        """So many seconds from now."""
        return cls(seconds, clock, clock())

    def keeping(self, reserve: Reserve) -> Deadline:
        """The same, with something to do after painting."""
        return replace(self, reserve=reserve)

    @property
    def is_set(self) -> bool:
        """Whether there is any."""
        return math.isfinite(self.budget)

    def left(self) -> float:
        """For painting, from now on. The reserve takes half of the budget at the most, or nothing might ever begin."""
        if not self.is_set:
            return math.inf
        return self.budget - (self.clock() - self.begun) - min(self.reserve(), self.budget / 2)

    def allows(self, expected: float) -> bool:
        """Whether a pair that will take so long is worth beginning."""
        return self.left() >= min(expected, LEAST)

    def enough(self, expected: float) -> float:
        """The budget with which a pair that will take so long would be worth beginning now."""
        needed = self.clock() - self.begun + min(expected, LEAST)
        return needed + min(self.reserve(), needed)

    def watch(self, expected: float) -> Watch:
        """For a pair that is begun now and will take so long."""
        return Watch(self, expected)


NO_DEADLINE = Deadline()


class Watch:
    """The time of one pair that is being painted."""

    def __init__(self, deadline: Deadline, expected: float) -> None:
        self._clock = deadline.clock
        left = deadline.left()
        self._begun = self._clock()
        self._end = self._begun + left
        self.work = 0.0  # the share of the pair that is done
        self._before: float | None = None  # of it, by earlier runs: what the painter tells first
        self._heard = self._begun
        self._saved: float | None = None
        self._pace = CHECKPOINT_EVERY  # how long it took from one checkpoint to the next
        self.checkpoint_every = CHECKPOINT_EVERY if left < MISJUDGED * expected else None

    def has_to_stop(self, *, saved: bool, work: float) -> bool:
        """Whether painting is to be stopped now, after a sign of progress.

        `saved`: with it came a checkpoint, which is stored; `work` is the share of the pair that is done. It is stopped
        at a checkpoint where there will be no time for the next one, nor for the end: so hardly anything is lost.
        """
        now = self._heard = self._clock()
        self.work = work
        if self._before is None:
            self._before = work
        if now >= self._end:
            return True
        if not saved:
            return False
        if self._saved is not None:
            self._pace = now - self._saved
        self._saved = now
        return now + min(self._pace, self.rest()) > self._end

    def rest(self) -> float:
        """How long it will take from the last sign to the pair's end, by what was done so far.

        Infinite before that says anything: at first most of the time goes into compiling.
        """
        done = self.work - (self._before or 0.0)
        return (self._heard - self._begun) * (1 - self.work) / done if done >= RELIABLE else math.inf
