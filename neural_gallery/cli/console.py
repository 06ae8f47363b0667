"""How a run is shown while it goes on: bars on a terminal, plain lines elsewhere, JSON lines for programs.

Each display takes the run's events one by one. Times are seconds of a monotonic clock, which tests replace.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import click

from neural_gallery.cli import words
from neural_gallery.cli.records import event_line
from neural_gallery.corridor.estimate import Forecast
from neural_gallery.corridor.events import (
    EncodingStarted,
    Event,
    Note,
    PairDone,
    PairFailed,
    PairProgress,
    PairStarted,
    PairStopped,
    PlanReady,
)

Clock = Callable[[], float]

QUIET_SECONDS = 10.0
"""Plain lines about one pair are at least so far apart."""


class Display(Protocol):
    """Shows events; a context, so that a live display is taken down however the run ends."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...

    def show(self, event: Event) -> None:
        """Show one event."""
        ...


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to take down."""

    def show(self, event: Event) -> None:
        """Not even this."""


class Deferred:
    """Another display, made when there is first something to wait for: Rich takes long to import."""

    def __init__(self, make: Callable[[], Display]) -> None:
        self._make = make
        self._before: list[Event] = []
        self._display: Display | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.__exit__(kind, error, trace)

    def show(self, event: Event) -> None:
        """Show the event, with those that came before the display was there."""
        if self._display is None:
            self._before.append(event)
            if isinstance(event, PairStarted | EncodingStarted | Note):
                self._display = self._make().__enter__()
                for earlier in self._before:
                    self._display.show(earlier)
        else:
            self._display.show(event)


class JsonLines(Quiet):
    """One JSON object a line on standard output, as soon as the event happens."""

    def show(self, event: Event) -> None:
        """Print the event."""
        click.echo(event_line(event))


class PlainLines(Quiet):
    """Lines on standard error: one when a pair starts and ends, and one about every ten seconds between.

    Where several pairs are under way, these tell of one after the other.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._forecast = Forecast(())
        self._told_at = clock()
        self._prefixes: dict[str, str] = {}  # of the pairs that are under way
        self._left = 0  # pairs that are not over
        self._encoding = False

    def show(self, event: Event) -> None:
        """Print a line where there is something worth one."""
        now = self._clock()
        line = self._line(event, now)
        if line:
            self._told_at = now
            click.echo(line, err=True)

    def _line(self, event: Event, now: float) -> str:
        match event:
            case PlanReady(plan):
                missing = plan.to_paint
                self._forecast = Forecast(planned.seconds for planned in missing)
                self._left = len(missing)
                about = f"painting {words.counted(len(missing), 'pair')}, about {words.seconds(plan.seconds)}"
                return about if missing else ""
            case PairStarted(pair, position, total, expected):
                self._forecast.start(now, pair, expected)
                self._prefixes[pair] = f"[{position}/{total}] {pair}"
                return f"{self._prefixes[pair]}: starting"
            case PairProgress(pair):
                self._forecast.progress(event.work, now, pair)
                if now - self._told_at < QUIET_SECONDS:
                    return ""
                left = words.seconds(self._forecast.remaining(now))
                return f"{self._prefixes[pair]}: step {event.step} of {event.steps}, {event.stage}; {left} left"
            case PairDone():
                prefix = self._over(event.pair, now)
                left = words.seconds(self._forecast.remaining(now))
                rest = f"; {left} left" if self._left else ""
                return f"{prefix}: painted in {words.seconds(event.seconds)}{rest}"
            case _:
                return self._other_line(event, now)

    def _other_line(self, event: Event, now: float) -> str:
        match event:
            case PairFailed(pair):
                return f"{self._over(pair, now)}: failed"
            case PairStopped(pair):
                return f"{self._over(pair, now)}: stopped at {event.work:.0%}, and kept"
            case EncodingStarted(path):
                told, self._encoding = self._encoding, True
                return f"encoding {path}" if not told or now - self._told_at >= QUIET_SECONDS else ""
            case Note(message):
                return f"note: {message}"
            case _:
                return ""

    def _over(self, pair: str, now: float) -> str:
        """Notes that a pair is; how its lines begin."""
        self._forecast.finish(now, pair)
        self._left -= 1
        return self._prefixes.pop(pair)
