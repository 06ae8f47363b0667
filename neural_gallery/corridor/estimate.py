"""How long painting takes: a guess before it starts, and a better one while it goes on. Seconds, pixels.

Starting and compiling take their time; what follows is nearly proportional to the pixels of the result and to the
number of steps, which belongs to the quality. So a guess is a start and a cost per pixel for each quality, times how
fast this machine has proved to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neural_gallery.site.model import Quality

START = 12.0
"""Seconds for a pair's first step: the network is compiled for its shapes."""

SECONDS_PER_PIXEL = {Quality.DRAFT: 0.12e-3, Quality.BALANCED: 0.5e-3, Quality.BEST: 1.6e-3}
"""On two processor cores. As the start, only a first guess: every painting on this machine corrects it."""

RECENT = 10
"""How many of the newest paintings tell the machine's speed: it may have changed."""

RELIABLE = 0.1
"""From this share of a pair on its pace is extrapolated; what comes before is mostly compiling."""


@dataclass(frozen=True, slots=True)
class Experience:
    """One former painting: how large, how good, how long."""

    quality: Quality
    pixels: int
    seconds: float


def expected_seconds(quality: Quality, pixels: int, past: Sequence[Experience]) -> float:
    """What one painting will take, judged by `past` paintings, newest first; those of the same quality count first."""
    import statistics  # not cheap, and needed only where something is to be painted

    alike = [experience for experience in past if experience.quality is quality] or past
    ratios = [
        experience.seconds / _first_guess(experience.quality, experience.pixels)
        for experience in alike[:RECENT]
        if experience.seconds > 0
    ]
    return _first_guess(quality, pixels) * (statistics.median(ratios) if ratios else 1.0)


def _first_guess(quality: Quality, pixels: int) -> float:
    return START + SECONDS_PER_PIXEL[quality] * pixels


class Forecast:
    """The time that a run still needs: each pair's guess, corrected by the pace of the pairs seen so far.

    `now` is any clock in seconds; it is handed in, so that a test needs no waiting.
    """

    def __init__(self, expected: Iterable[float]) -> None:
        self._waiting = list(expected)
        self._current = 0.0  # the guess for the pair that is being painted
        self._started: float | None = None
        self._fraction = 0.0
        self._seen_at = 0.0  # when the fraction was told
        self._guessed = 0.0  # of the finished pairs together
        self._taken = 0.0

    def start(self, now: float) -> None:
        """The next pair begins."""
        self._current = self._waiting.pop(0)
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
        return current + pace * sum(self._waiting)

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
