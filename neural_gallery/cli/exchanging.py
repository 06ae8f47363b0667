"""Commands that exchange paintings with other machines: store push, store pull."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from neural_gallery.cli.options import (
    Function,
    Request,
    json_option,
    painting_options,
    quiet_option,
    with_options,
    workshop_of,
)
from neural_gallery.cli.problems import error_line
from neural_gallery.errors import UsageError

if TYPE_CHECKING:
    from neural_gallery.corridor.exchange import Wanted
    from neural_gallery.store.remote import Remote


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
    return with_options(command, options)


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
    from neural_gallery.cli.transfers import follow
    from neural_gallery.corridor.exchange import push as push_to

    wanted = exchange.wanted(context)
    run = push_to(exchange.request.store(), exchange.remote(), wanted, dry_run=exchange.dry_run, replace=replace)
    follow(run, "pushed", there="there", dry_run=exchange.dry_run, as_json=exchange.as_json, quiet=exchange.quiet)


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
    from neural_gallery.cli.transfers import follow
    from neural_gallery.corridor.exchange import pull as pull_from

    wanted = exchange.wanted(context)
    run = pull_from(exchange.request.store(), exchange.remote(), wanted, dry_run=exchange.dry_run)
    follow(run, "pulled", there="here", dry_run=exchange.dry_run, as_json=exchange.as_json, quiet=exchange.quiet)


def _storage_option(given: str) -> tuple[str, object]:
    """`anon=true` as a name and a value: JSON where it is some, else a text."""
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise UsageError.at(None, f"--storage-option {name} has no value.", "Write KEY=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
