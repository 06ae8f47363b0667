"""Commands that exchange paintings with other machines: store push, store pull."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from neural_gallery.cli import words
from neural_gallery.cli.options import Function, Request, json_option, painting_options, quiet_option, workshop_of
from neural_gallery.cli.problems import error_line
from neural_gallery.cli.records import event_line
from neural_gallery.corridor.events import ExchangePlanned, Note, Transfer, Transferred
from neural_gallery.errors import UsageError
from neural_gallery.site.sizes import size

if TYPE_CHECKING:
    from neural_gallery.corridor.events import ExchangeEvent
    from neural_gallery.corridor.exchange import Wanted
    from neural_gallery.store.remote import Remote

QUIET_SECONDS = 10.0
"""Lines about transfers are at least so far apart."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What both commands are asked for."""

    request: Request
    url: str
    everything: bool
    storage_options: Mapping[str, object]
    dry_run: bool
    as_json: bool
    quiet: bool

    def remote(self) -> Remote:
        """The place at the URL."""
        from neural_gallery.store.remote import Remote

        return Remote(self.url, self.storage_options)

    def wanted(self, context: click.Context) -> Wanted | None:
        """What the manifest's pairs need; None for everything, and then no manifest is read."""
        from neural_gallery.corridor.exchange import wanted_by

        return None if self.everything else wanted_by(self.request.load(), workshop_of(context, self.request))


def exchange_options(function: Function) -> Function:
    """Their argument and options: the command gets an Exchange."""

    @functools.wraps(function)
    def command(
        *arguments: object,
        request: Request,
        url: str,
        everything: bool,
        storage_options: tuple[str, ...],
        dry_run: bool,
        as_json: bool,
        quiet: bool,
        **keywords: object,
    ) -> object:
        given = dict(map(_storage_option, storage_options))
        exchange = Exchange(request, url, everything, given, dry_run, as_json, quiet)
        return function(*arguments, exchange=exchange, **keywords)

    options = [
        click.argument("url"),
        painting_options,
        click.option("--all", "everything", is_flag=True, help="Everything, not only what the manifest's pairs need."),
        click.option(
            "--storage-option",
            "storage_options",
            multiple=True,
            metavar="KEY=VALUE",
            help="For the file system behind the URL, such as endpoint_url=…; may be given several times.",
        ),
        click.option("--dry-run", is_flag=True, help="Only tell what would be transferred."),
        json_option(error_line),
        quiet_option,
    ]
    wrapped: Function = command
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@click.group()
def store() -> None:
    """Exchange paintings with other machines, through a folder or an object store that all of them reach.

    URL is a folder or anything that fsspec has a file system for: s3://bucket/folder, gs://bucket/folder, …
    Credentials are looked for where that file system's package looks for them.

    \b
    Example:
        neural-gallery store push ~/shared/gallery
        neural-gallery store pull ~/shared/gallery
    """


@store.command()
@click.option("--replace", is_flag=True, help="Send finished paintings even where URL has them already.")
@exchange_options
@click.pass_context
def push(context: click.Context, exchange: Exchange, replace: bool) -> None:
    """Send to URL what the manifest's pairs have here and URL lacks: paintings, and those on their way.

    \b
    Example:
        neural-gallery store push ~/shared/gallery
        neural-gallery store push s3://our-bucket/gallery --quality draft
        neural-gallery store push s3://our-bucket/gallery --all --dry-run
    """
    from neural_gallery.corridor.exchange import push as push_to

    wanted = exchange.wanted(context)
    run = push_to(exchange.request.store(), exchange.remote(), wanted, dry_run=exchange.dry_run, replace=replace)
    follow(run, exchange, "pushed", there="there")


@store.command()
@exchange_options
@click.pass_context
def pull(context: click.Context, exchange: Exchange) -> None:
    """Fetch from URL what the manifest's pairs need and is not here: paintings, and those on their way.

    All of it is verified before it is stored. What is damaged counts as absent, and is told.

    \b
    Example:
        neural-gallery store pull ~/shared/gallery
        neural-gallery store pull s3://our-bucket/gallery --storage-option profile=gallery
    """
    from neural_gallery.corridor.exchange import pull as pull_from

    wanted = exchange.wanted(context)
    run = pull_from(exchange.request.store(), exchange.remote(), wanted, dry_run=exchange.dry_run)
    follow(run, exchange, "pulled", there="here")


def follow(run: Generator[ExchangeEvent], exchange: Exchange, done: str, *, there: str) -> None:
    """Show every event of `run` until it ends, then what it came to. `done`: "pushed"."""
    tally = _Tally(done, there)
    try:
        with closing(run):
            for event in run:
                line = tally.count(event)
                if exchange.as_json:
                    click.echo(event_line(event))
                elif line and (not exchange.quiet or isinstance(event, Note)):
                    click.echo(line, err=True)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(f"stopped: {tally.told()}; run the same command again to go on") from interrupt
    if exchange.as_json or exchange.quiet:
        return
    if exchange.dry_run and tally.planned:
        for transfer in tally.planned.transfers:
            click.echo(f"{transfer.pair}: {_finished(transfer.finished)}, {size(transfer.bytes)}")
    click.echo(tally.summary(dry_run=exchange.dry_run))


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


def _storage_option(given: str) -> tuple[str, object]:
    """`anon=true` as a name and a value: JSON where it is some, else a text."""
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise UsageError.at(None, f"--storage-option {name} has no value.", "Write KEY=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
