"""How long painting takes: a guess before it starts, and a better one while it goes on. Seconds, pixels.

A step costs as much as its scale has pixels, and so does a look at a picture. So a guess is a cost per pixel and step,
times how fast this machine has proved to be, and some time for compiling where a shape comes first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COMPILING = 15.0
"""Seconds that the first painting of a shape takes longer than the others: the network is compiled for its scales."""

SECONDS_PER_PIXEL_STEP = 1.1e-5
"""On two processor cores. Only a first guess: every painting on this machine corrects it."""

CONTENT_LOOK, STYLE_LOOK = 0.5, 0.8
"""What a look at the content and one at a style cost, in steps; at each scale there is one at each."""

RECENT = 10
"""How many of the newest paintings tell the machine's speed: it may have changed."""

RELIABLE = 0.1
"""From this share of a pair on its pace is extrapolated; what comes before is mostly compiling."""


@dataclass(frozen=True, slots=True)
class Experience:
    """One former painting: how much work it was, and how long it took."""

    work: float
    seconds: float


def work_of(scales: Iterable[tuple[int, int]], width: int, height: int, *, styles: int) -> float:
    """Pixels times steps of a painting whose scales have these longest sides and steps, looks counted as steps."""
    longest, looks = max(width, height), CONTENT_LOOK + STYLE_LOOK * styles
    return sum((steps + looks) * width * height * (size / longest) ** 2 for size, steps in scales)


def pace_of(past: Sequence[Experience]) -> float:
    """Seconds for each pixel and step, judged by `past` paintings, newest first."""
    import statistics  # not cheap, and needed only where something is to be painted

    paces = [one.seconds / one.work for one in past[:RECENT] if one.seconds > 0 and one.work > 0]
    return statistics.median(paces) if paces else SECONDS_PER_PIXEL_STEP


def expected_seconds(work: float, pace: float, *, compiling: bool) -> float:
    """What one painting will take at that pace."""
    return pace * work + (COMPILING if compiling else 0.0)


class Pace:
    """How much longer, or shorter, paintings prove to take than was expected."""

    def __init__(self) -> None:
        self._expected = self._taken = 0.0

    def learn(self, expected: float, taken: float) -> None:
        """One painting is done."""
        self._expected += expected
        self._taken += taken

    def corrected(self, expected: float) -> float:
        """What another one will take."""
        return expected * self._taken / self._expected if self._expected else expected


class Forecast:
    """The time that a run still needs: each pair's guess, corrected by the pace of the pairs seen so far.

    `now` is any clock in seconds; it is handed in, so that a test needs no waiting.
    """

    def __init__(self, expected: Iterable[float]) -> None:
        self._waiting = [*expected][::-1]  # the last one first
        # What each takes with all behind it: that is asked for at every step of every pair, and there may be many.
        self._together = [0.0, *itertools.accumulate(self._waiting)]
        self._current = 0.0  # the guess for the pair that is being painted
        self._started: float | None = None
        self._fraction = 0.0
        self._seen_at = 0.0  # when the fraction was told
        self._guessed = 0.0  # of the finished pairs together
        self._taken = 0.0

    def start(self, now: float) -> None:
        """The next pair begins."""
        self._current = self._waiting.pop()
        self._together.pop()
        self._started, self._fraction, self._seen_at = now, 0.0, now

    def progress(self, fraction: float, now: float) -> None:
        """`fraction` of the current pair is done, between 0 and 1."""
        self._fraction, self._seen_at = fraction, now

    def finish(self, now: float) -> None:
        """The current pair is over."""
        if self._started is not None:
            self._guessed += self._current
            self._taken += now - self._started
        self._started = None

    def remaining(self, now: float) -> float:
        """Seconds until the last pair is finished; never below 0."""
        current, pace = 0.0, self._pace()
        if self._started is not None:
            current = self._current_remaining(now, pace)
        return current + pace * self._together[-1]

    def _pace(self) -> float:
        """Seconds taken for each second guessed, the current pair counting by what is done of it."""
        guessed, taken = self._guessed, self._taken
        if self._started is not None and self._fraction >= RELIABLE:
            guessed += self._current * self._fraction
            taken += self._seen_at - self._started
        return taken / guessed if guessed else 1.0

    def _current_remaining(self, now: float, pace: float) -> float:
        assert self._started is not None
        elapsed = self._seen_at - self._started
        if self._fraction >= RELIABLE:
            left = elapsed * (1 - self._fraction) / self._fraction
        else:  # a start that takes longer than the whole guess makes the guess wrong, by as much again
            left = max(pace * self._current, elapsed) * (1 - self._fraction)
        return max(0.0, left - (now - self._seen_at))
