"""What a run has come to, counted from its events: for the last words of a command, also of an interrupted one."""

from __future__ import annotations

import math
from pathlib import Path

from neural_gallery.cli import words
from neural_gallery.corridor.events import EncodingStarted, Event, PairDone, PlanReady, Rendered, TimeUp

TENS = 10
"""Seconds that a time budget is told in: not less than what is enough."""


class Tally:
    """Counts what happened."""

    def __init__(self) -> None:
        self.planned = False  # a run that only renders plans no painting
        self.pairs = 0  # in the manifest, or of those asked for
        self.reused = 0
        self.painted = 0
        self.encoded = 0
        self.shard = ""  # what is told of it
        self.time_up: TimeUp | None = None
        self.rendered: Rendered | None = None

    def count(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case PlanReady(plan):
                self.planned = True
                self.pairs = len(plan.pairs)
                self.reused = sum(planned.fresh for planned in plan.pairs)
                self.shard = "" if plan.shard.is_all else words.share(plan)
            case PairDone():
                self.painted += 1
            case TimeUp():
                self.time_up = event
            case EncodingStarted():
                self.encoded += 1
            case Rendered():
                self.rendered = event
            case _:
                pass

    def stopped(self) -> str:
        """What is told after Ctrl-C."""
        kept = self.reused + self.painted
        if not self.planned:
            return "stopped: run the same command again to go on"
        are = "is" if 1 in (kept, self.pairs) else "are"
        pairs = words.counted(self.pairs, "pair")
        return f"stopped: {kept} of {pairs} {are} painted and kept; run the same command again to go on"

    def summary(self, output: Path) -> list[str]:
        """What is told at the end of a run that went well. `output` is the folder of the pages, as people name it."""
        done = [self.shard] if self.shard else []
        if self.planned:
            done.append(f"painted {words.counted(self.painted, 'pair')}, reused {self.reused}")
        left = [] if self.time_up is None else [_left(self.time_up)]
        if self.rendered is None:
            return ["; ".join(done), *left] if done else left
        written, removed = len(self.rendered.written), len(self.rendered.removed)
        if written or removed:
            changes = f"wrote {words.counted(written, 'file')} in {output}"
            done.append(changes + (f", removed {removed}" if removed else ""))
        else:
            done.append(f"nothing changed in {output}")
        lines = ["; ".join(done), *left]
        if self.rendered.start:
            lines.append(f"open {output / self.rendered.start}")
        return lines


def _left(event: TimeUp) -> str:
    """What is told of pairs for which there was no time."""
    pairs, about = words.counted(len(event.left), "pair"), words.seconds(event.seconds)
    are = "is" if len(event.left) == 1 else "are"
    then = "the next run goes on"
    if event.enough is not None:
        least = words.seconds(TENS * math.ceil(event.enough / TENS))
        then = f"there was no time to begin one, which takes a time budget of {least} or more"
    return f"time is up: {pairs} {are} left, about {about}; {then}"
