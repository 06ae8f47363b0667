"""The command line as a whole: its commands, and how every failure is told.

Exit codes: 0 all is well, 1 the run failed, 2 the input or the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import errno
import gc as cycles
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from neural_gallery import __version__
from neural_gallery.cli.asking import check, plan, schema
from neural_gallery.cli.completion import completion
from neural_gallery.cli.exchanging import store
from neural_gallery.cli.keeping import clean, gc, init
from neural_gallery.cli.making import build, paint, render
from neural_gallery.cli.problems import tell_problems
from neural_gallery.cli.proofs import proof
from neural_gallery.cli.serving import serve
from neural_gallery.cli.streams import prepare_streams
from neural_gallery.cli.weights import weights
from neural_gallery.errors import NeuralGalleryError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

_LESS_MEMORY = "Use smaller pictures, or give it more, then run the command again. Everything finished so far is kept."


class _Commands(click.Group):
    """A group that ends every foreseen failure in words on standard error and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        # Thousands of pairs are tens of thousands of records that live to the end: looking at them all again and again
        # for cycles takes a fifth of a plan.
        cycles.set_threshold(20_000, 20, 50)
        prepare_streams()
        with _terminated_like_interrupted():
            try:
                return super().invoke(ctx)
            except NeuralGalleryError as error:
                tell_problems(error)
                ctx.exit(error.exit_code)
            except KeyboardInterrupt as interrupt:
                click.echo(str(interrupt) or "stopped", err=True)
                ctx.exit(INTERRUPTED)
            except MemoryError:
                click.echo(f"memory ran out. {_LESS_MEMORY}", err=True)
                ctx.exit(1)
            except OSError as error:
                if error.errno == errno.EPIPE:
                    raise  # the reader of our output has gone: click ends quietly
                if not _is_somewhere():
                    click.echo(
                        "the current folder has been removed. Change to another one, then run the command again.",
                        err=True,
                    )
                    ctx.exit(1)
                click.echo(f"{error.filename or 'neural-gallery'}: {error.strerror or error}", err=True)
                ctx.exit(1)


def _is_somewhere() -> bool:
    """Whether the current folder is there yet."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, which schedulers and CI runners send, stops a run as cleanly as Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="neural-gallery", message="%(prog)s %(version)s")
def main() -> None:
    """Paint pairs of pictures by neural style transfer, and publish them as pages.

    A site is a folder with a site.yaml, which names pictures and pairs them.

    \b
    Example:
        neural-gallery init my-gallery
        cd my-gallery
        neural-gallery build
    """


for command in (init, check, plan, proof, build, paint, render, serve, gc, clean, store, weights, schema, completion):
    main.add_command(command)
