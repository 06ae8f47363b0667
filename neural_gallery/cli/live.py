"""Showing what `serve` tells: painting as any other run, the rest as lines of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from neural_gallery.cli import words
from neural_gallery.cli.console import Display
from neural_gallery.cli.following import display_for
from neural_gallery.cli.problems import line, problem_records
from neural_gallery.live.events import AllPainted, LiveEvent, Mended, ProblemsFound, Refreshed, Serving

Show = Callable[[LiveEvent], None]


@contextmanager
def show_live(*, as_json: bool, quiet: bool) -> Iterator[Show]:
    """Within this, a function that shows one event."""
    shown = _Shown(as_json, quiet)
    try:
        yield shown.show
    finally:
        shown.rest()


class _Shown:
    """The display of painting is there only while something is painted."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._display: Display | None = None

    def show(self, event: LiveEvent) -> None:
        """Show one event."""
        if isinstance(event, Serving | Refreshed | ProblemsFound | Mended | AllPainted):
            if self._as_json:
                click.echo(line(_record(event)))
            else:
                self._say(event)
            return
        if self._display is None:
            self._display = display_for(as_json=self._as_json, quiet=self._quiet).__enter__()
        self._display.show(event)

    def rest(self) -> None:
        """Take the display of painting down."""
        if self._display is not None:
            self._display.__exit__(None, None, None)
            self._display = None

    def _say(self, event: Serving | Refreshed | ProblemsFound | Mended | AllPainted) -> None:
        match event:
            case Serving(url):
                click.echo(f"serving at {url} (Ctrl-C stops)")
            case ProblemsFound(problems):
                for problem in problems:
                    click.echo(str(problem), err=True)
                click.echo(words.counted(len(problems), "problem"), err=True)
            case AllPainted():
                self.rest()
            case _ if self._quiet:
                pass
            case Mended():
                click.echo("mended", err=True)
            case Refreshed(sources, _, seconds):
                changed = ", ".join(sources[:3]) + (", …" if len(sources) > 3 else "")
                click.echo(f"changed: {changed or 'a folder'}; shown after {seconds:.2f} s", err=True)


def _record(event: Serving | Refreshed | ProblemsFound | Mended | AllPainted) -> dict[str, object]:
    match event:
        case Serving(url):
            return {"event": "serving", "url": url}
        case Refreshed(sources, files, seconds):
            listed = {"sources": list(sources), "files": list(files), "seconds": round(seconds, 3)}
            return {"event": "refreshed", **listed}
        case ProblemsFound(problems):
            return {"event": "problems", "problems": problem_records(problems)}
        case Mended():
            return {"event": "mended"}
        case AllPainted():
            return {"event": "all-painted"}
