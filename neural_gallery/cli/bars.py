"""The live display on a terminal: a bar for the whole run and one for each pair that is being painted.

Rich redraws it ten times a second from its own thread, so the clock and the time left move even where the painter
is silent, as it is while the network is compiled.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from neural_gallery.cli import words
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
    TimeUp,
)


class _TimeLeft(ProgressColumn):
    """The time left, at the bar of the whole run."""

    def __init__(self, bars: Bars) -> None:
        super().__init__()
        self._bars = bars

    def render(self, task: Task) -> Text:
        """The text at this moment."""
        return Text(self._bars.time_left() if task.fields.get("whole") else "", style="progress.remaining")


class Bars:
    """Draws on `console`, which stands for standard error."""

    def __init__(self, console: Console) -> None:
        self._forecast = Forecast(())
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            _TimeLeft(self),
            console=console,
            transient=True,
        )
        self._whole = self._progress.add_task("pairs", total=None, state="", whole=True, visible=False)
        self._pairs: dict[str, TaskID] = {}  # those under way
        self._over = 0  # pairs that are
        self._encoding = self._progress.add_task("encoding", total=None, state="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def refresh(self) -> None:
        """Redraw now."""
        self._progress.refresh()

    def time_left(self) -> str:
        """The forecast, in words."""
        return f"{words.seconds(self._forecast.remaining(time.monotonic()))} left"

    def show(self, event: Event) -> None:
        """Move the bars."""
        now = time.monotonic()
        match event:
            case PlanReady(plan):
                missing = plan.to_paint
                self._forecast = Forecast(planned.seconds for planned in missing)
                self._progress.update(
                    self._whole, total=len(missing), state=f"0 of {len(missing)}", visible=bool(missing)
                )
            case PairStarted(pair, expected_seconds=expected):
                self._forecast.start(now, pair, expected)
                self._pairs[pair] = self._progress.add_task(pair, total=None, state="starting")
            case PairProgress(pair, step, steps, stage, _, work):
                self._forecast.progress(work, now, pair)
                self._progress.update(self._pairs[pair], completed=work, total=1.0, state=f"{step}/{steps} {stage}")
            case PairDone() | PairFailed():
                self._remove(event.pair, now)
                self._finished(event)
            case PairStopped(pair, work=work):
                self._remove(pair, now)
                self._progress.console.print(Text(f"stopped {pair} at {work:.0%}, and kept it"))
            case TimeUp():
                self._progress.update(self._whole, visible=False)
            case EncodingStarted(path):
                self._progress.update(self._encoding, description="encoding", state=path, visible=True)
            case Note(message):
                self._progress.console.print(Text(f"note: {message}"))
            case _:
                pass

    def _remove(self, pair: str, now: float) -> None:
        """The bar of a pair that is not painted any more."""
        self._forecast.finish(now, pair)
        self._progress.remove_task(self._pairs.pop(pair))

    def _finished(self, event: PairDone | PairFailed) -> None:
        """One pair is over: a line that stays, above the bars."""
        self._over += 1
        self._progress.update(self._whole, completed=self._over, state=f"{self._over} of {event.total}")
        if self._over == event.total:
            self._progress.update(self._whole, visible=False)
        told = f"painted {event.pair} in {words.seconds(event.seconds)}" if isinstance(event, PairDone) else ""
        self._progress.console.print(Text(told or f"failed  {event.pair}"))
