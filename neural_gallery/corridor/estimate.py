"""How long painting takes: a guess before it starts, and a better one while it goes on. Seconds, pixels.

A step costs as much as its scale has pixels, and so does a look at a picture. So a guess is a cost per pixel and step,
times how fast this machine has proved to be, and some time for compiling where a shape comes first.
"""

from __future__ import annotations

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


def spread(seconds: Sequence[float], hands: int) -> float:
    """How long all of these take where so many are at work: a fair share of them, or the longest."""
    return max(sum(seconds) / hands, *seconds) if seconds else 0.0


@dataclass(slots=True)
class _Current:
    """A pair that is being painted."""

    guess: float
    started: float
    fraction: float
    seen_at: float  # when the fraction was told

    def remaining(self, now: float, pace: float) -> float:
        """Seconds until it is finished; never below 0."""
        elapsed = self.seen_at - self.started
        if self.fraction >= RELIABLE:
            left = elapsed * (1 - self.fraction) / self.fraction
        else:  # a start that takes longer than the whole guess makes the guess wrong, by as much again
            left = max(pace * self.guess, elapsed) * (1 - self.fraction)
        return max(0.0, left - (now - self.seen_at))


class Forecast:
    """The time that a run still needs: each pair's guess, corrected by the pace of the pairs seen so far.

    As many work on it, it is taken, as have been seen at work at once. Pairs are told apart by any name; where they
    come one after the other, they need none. `now` is any clock in seconds; it is handed in, so that a test needs no
    waiting.
    """

    def __init__(self, expected: Iterable[float]) -> None:
        self._waiting = list(expected)
        self._together = sum(self._waiting)  # asked for at every step of every pair, and many may be waiting
        self._current: dict[str, _Current] = {}
        self._hands = 1
        self._guessed = 0.0  # of the finished pairs together
        self._taken = 0.0

    def start(self, now: float, pair: str = "", guess: float | None = None) -> None:
        """A pair begins: the one with that guess, or else the next one."""
        index = self._waiting.index(guess) if guess in self._waiting else 0
        begun = self._waiting.pop(index)
        self._together = self._together - begun if self._waiting else 0.0
        self._current[pair] = _Current(begun, now, 0.0, now)
        self._hands = max(self._hands, len(self._current))

    def progress(self, fraction: float, now: float, pair: str = "") -> None:
        """`fraction` of a pair is done, between 0 and 1."""
        current = self._current[pair]
        current.fraction, current.seen_at = fraction, now

    def finish(self, now: float, pair: str = "") -> None:
        """A pair is over."""
        if current := self._current.pop(pair, None):
            self._guessed += current.guess
            self._taken += now - current.started

    def remaining(self, now: float) -> float:
        """Seconds until the last pair is finished; never below 0."""
        pace = self._pace()
        current = [one.remaining(now, pace) for one in self._current.values()]
        # That is `spread` of all of them.
        longest = max([*current, pace * max(self._waiting, default=0.0)])
        return max((sum(current) + pace * self._together) / self._hands, longest)

    def _pace(self) -> float:
        """Seconds taken for each second guessed, current pairs counting by what is done of them."""
        guessed, taken = self._guessed, self._taken
        for one in self._current.values():
            if one.fraction >= RELIABLE:
                guessed += one.guess * one.fraction
                taken += one.seen_at - one.started
        return taken / guessed if guessed else 1.0
