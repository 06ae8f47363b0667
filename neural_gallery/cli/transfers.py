"""Following an exchange of paintings to its end: lines while it goes on, and the last words."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing

import click

from neural_gallery.cli import words
from neural_gallery.cli.records import event_line
from neural_gallery.corridor.events import ExchangeEvent, ExchangePlanned, Note, Transfer, Transferred
from neural_gallery.site.sizes import size

QUIET_SECONDS = 10.0
"""Lines about transfers are at least so far apart."""


def follow(run: Generator[ExchangeEvent], done: str, *, there: str, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Show every event of `run` until it ends, then what it came to. `done`: "pushed"."""
    tally = _Tally(done, there)
    try:
        with closing(run):
            for event in run:
                line = tally.count(event)
                if as_json:
                    click.echo(event_line(event))
                elif line and (not quiet or isinstance(event, Note)):
                    click.echo(line, err=True)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(f"stopped: {tally.told()}; run the same command again to go on") from interrupt
    if as_json or quiet:
        return
    if dry_run and tally.planned:
        for transfer in tally.planned.transfers:
            click.echo(f"{transfer.pair}: {_finished(transfer.finished)}, {size(transfer.bytes)}")
    click.echo(tally.summary(dry_run=dry_run))


class _Tally:
    """Counts what happened, and says which of it is worth a line now."""

    def __init__(self, done: str, there: str) -> None:
        self.planned: ExchangePlanned | None = None
        self._done, self._there = done, there
        self._transfers: list[Transfer] = []
        self._begun = self._told_at = time.monotonic()

    def count(self, event: ExchangeEvent) -> str:
        """Take one event into account; the line to tell, or nothing."""
        match event:
            case ExchangePlanned():
                self.planned = event
                return ""
            case Transferred(transfer, position, total):
                self._transfers.append(transfer)
                return self._progress(transfer, position, total)
            case Note(message):
                return f"note: {message}"

    def told(self) -> str:
        """What was transferred, in words."""
        return f"{self._done} {_counted(self._transfers)}"

    def summary(self, *, dry_run: bool) -> str:
        """The last words."""
        assert self.planned is not None, "a run that ends well begins with its plan"
        told = f"would have {self._done} {_counted(self.planned.transfers)}" if dry_run else self.told()
        parts = [told]
        if self.planned.already:
            parts.append(
                f"{self.planned.already} {'was' if self.planned.already == 1 else 'were'} {self._there} already"
            )
        if self.planned.missing:
            where = "not painted here yet" if self._there == "there" else "not there yet"
            parts.append(f"{words.counted(len(self.planned.missing), 'pair')} {where}")
        return "; ".join(parts)

    def _progress(self, transfer: Transfer, position: int, total: int) -> str:
        now = time.monotonic()
        if 1 < position < total and now - self._told_at < QUIET_SECONDS:
            return ""
        self._told_at = now
        assert self.planned is not None, "nothing is transferred without a plan"
        whole, done = (sum(one.bytes for one in some) for some in (self.planned.transfers, self._transfers))
        left = (now - self._begun) / max(1, done) * max(0, whole - done)
        rest = f"; {words.seconds(left)} left" if position < total else ""
        return f"[{position}/{total}] {transfer.pair}: {self._done}, {size(transfer.bytes)}{rest}"


def _counted(transfers: Sequence[Transfer]) -> str:
    """`2 paintings and 1 on its way, 4.1 MB`."""
    unfinished = sum(not one.finished for one in transfers)
    told = words.counted(len(transfers) - unfinished, "painting")
    if unfinished:
        told += f" and {unfinished} on {'its' if unfinished == 1 else 'their'} way"
    return f"{told}, {size(sum(one.bytes for one in transfers))}" if transfers else told


def _finished(finished: bool) -> str:
    return "finished" if finished else "on its way"
