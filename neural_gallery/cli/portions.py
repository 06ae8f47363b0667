"""Options for painting only a portion: `--time-budget` and `--shard`."""

from __future__ import annotations

import functools
import re

import click

from neural_gallery.cli.options import Function
from neural_gallery.corridor.sharding import ALL, MOST, Shard
from neural_gallery.errors import UsageError

LONGEST = 30 * 24 * 3600
"""Seconds; no CI job may take as long."""

_PARTS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_SHARD = re.compile(r"(\d+)/(\d+)")


def time_budget_option(function: Function) -> Function:
    """`--time-budget`: the command gets a Deadline, counted from its start."""

    @functools.wraps(function)
    def command(*arguments: object, time_budget: str | None, **keywords: object) -> object:
        from neural_gallery.corridor.deadline import NO_DEADLINE, Deadline

        deadline = NO_DEADLINE if time_budget is None else Deadline.after(duration(time_budget))
        return function(*arguments, deadline=deadline, **keywords)

    text = "End within this time, as 90s, 40m or 1h30m; the next run goes on with what is not painted by then."
    return click.option("--time-budget", metavar="DURATION", help=text)(command)


def shard_option(doing: str) -> functools.partial[Function]:
    """`--shard`: the command gets a Shard. `doing` is what is done with it: "Paint"."""
    return functools.partial(_with_shard, doing)


def _with_shard(doing: str, function: Function) -> Function:
    @functools.wraps(function)
    def command(*arguments: object, shard: str | None, **keywords: object) -> object:
        return function(*arguments, shard=ALL if shard is None else shard_of(shard), **keywords)

    text = f"{doing} only the K-th of N fair shares, the same on every machine."
    return click.option("--shard", metavar="K/N", help=text)(command)


def duration(text: str, option: str = "--time-budget") -> float:
    """Seconds, from `90s`, `40m`, `1h30m`, or a number of seconds. Raises UsageError, which names the option."""
    written = text.strip().lower()
    parts = _PARTS.fullmatch(written)
    if _SECONDS.fullmatch(written):
        seconds = float(written)
    elif written and parts:
        hours, minutes, rest = (float(part or 0) for part in parts.groups())  # float: any number of digits
        seconds = 3600 * hours + 60 * minutes + rest
    else:
        remedy = "Write it as 90s, 40m or 1h30m, or as a number of seconds."
        raise UsageError.at(None, f"{option}: '{text}' is not a duration.", remedy)
    if not 0 < seconds <= LONGEST:
        raise UsageError.at(None, f"{option}: '{text}' is not a time to paint in.", "Give it from 1s to 720h.")
    return seconds


def shard_of(text: str) -> Shard:
    """The shard that `2/5` names. Raises UsageError."""
    written = _SHARD.fullmatch(text.strip())
    if written is None:
        remedy = "Write which share of how many, as 2/5."
        raise UsageError.at(None, f"--shard: '{text}' is not a share.", remedy)
    number, count = (int(part) if len(part) < 9 else MOST + 1 for part in written.groups())
    if not 1 <= count <= MOST:
        raise UsageError.at(None, f"--shard: '{text}' does not share anything out.", f"Shares are 1 to {MOST}.")
    if not 1 <= number <= count:
        remedy = f"Write a number from 1 to {count} before the stroke."
        raise UsageError.at(None, f"--shard: there is no share {written[1]} of {count}.", remedy)
    return Shard(number, count)
