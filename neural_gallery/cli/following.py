"""Following a run to its end: showing it, counting it, and the last words, also where it is interrupted."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from neural_gallery.cli.console import Deferred, Display, JsonLines, PlainLines, Quiet
from neural_gallery.cli.tally import Tally

if TYPE_CHECKING:
    from neural_gallery.corridor.events import Event


def follow(run: Generator[Event], output: Path, *, as_json: bool, quiet: bool) -> Tally:
    """Show every event of `run` until it ends. `output` is the folder of the pages.

    Raises what the run raises; KeyboardInterrupt then carries the words to end with.
    """
    tally = Tally()
    try:
        with closing(run), display_for(as_json=as_json, quiet=quiet) as display:
            for event in run:
                tally.count(event)
                display.show(event)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(tally.stopped()) from interrupt
    if not (as_json or quiet):
        for line in tally.summary(_as_seen_from_here(output)):
            click.echo(line)
    return tally


def display_for(*, as_json: bool, quiet: bool) -> Display:
    """How events are shown, where they are."""
    if as_json:
        return JsonLines()
    if quiet:
        return Quiet()
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Deferred(_bars)
    return PlainLines()


def _bars() -> Display:
    from rich.console import Console

    from neural_gallery.cli.bars import Bars

    return Bars(Console(stderr=True))


def _as_seen_from_here(folder: Path) -> Path:
    """The path as short as it can be told."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
