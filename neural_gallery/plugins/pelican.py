"""A plugin of Pelican: adds the Markdown extension, and the files that figures name.

PLUGINS = ["neural_gallery.plugins.pelican"]
NEURAL_GALLERY_MANIFEST = "site.yaml"
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pelican import Pelican, signals

from neural_gallery.errors import NeuralGalleryError
from neural_gallery.plugins.markdown import FiguresExtension, RootedLinks

_log = logging.getLogger(__name__)


def register() -> None:
    """Called by Pelican."""
    signals.initialized.connect(add_extension)
    signals.finalized.connect(add_files)


def add_extension(pelican: Pelican) -> None:
    """Let Pelican's Markdown know the blocks. Links begin with SITEURL, as those of its themes.

    Ends the program where the manifest is wrong: nothing could be placed on any page.
    """
    extension = FiguresExtension(
        links=RootedLinks(pelican.settings["SITEURL"]),
        manifest=pelican.settings.get("NEURAL_GALLERY_MANIFEST", "site.yaml"),
    )
    with _told():
        _ = extension.finished  # now: later, Pelican would report it once for each text, with tracebacks
    pelican.settings["MARKDOWN"].setdefault("extensions", []).append(extension)


def add_files(pelican: Pelican) -> None:
    """The site is written: add the files that its figures name. Ends the program where one is not ours."""
    from neural_gallery.corridor.run import OUTPUTS
    from neural_gallery.store.output import Output

    for extension in pelican.settings["MARKDOWN"]["extensions"]:
        if isinstance(extension, FiguresExtension):
            finished = extension.finished
            output = Output(Path(pelican.output_path), finished.store.folder / OUTPUTS)
            with _told():
                output.write_all(finished.files())


@contextmanager
def _told() -> Iterator[None]:
    """Tells what is wrong as Pelican tells its own errors, and ends the program with the code that ours ends with."""
    try:
        yield
    except NeuralGalleryError as error:
        _log.critical("%s", error)
        raise SystemExit(error.exit_code) from error
