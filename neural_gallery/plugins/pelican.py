"""A plugin of Pelican: adds the Markdown extension, and the files that figures name.

PLUGINS = ["neural_gallery.plugins.pelican"]
NEURAL_GALLERY_MANIFEST = "site.yaml"
"""

from __future__ import annotations

from pathlib import Path

from pelican import Pelican, signals

from neural_gallery.plugins.markdown import FiguresExtension, RootedLinks


def register() -> None:
    """Called by Pelican."""
    signals.initialized.connect(add_extension)
    signals.finalized.connect(add_files)


def add_extension(pelican: Pelican) -> None:
    """Let Pelican's Markdown know the blocks. Links begin with SITEURL, as those of its themes."""
    extension = FiguresExtension(
        links=RootedLinks(pelican.settings["SITEURL"]),
        manifest=pelican.settings.get("NEURAL_GALLERY_MANIFEST", "site.yaml"),
    )
    pelican.settings["MARKDOWN"].setdefault("extensions", []).append(extension)


def add_files(pelican: Pelican) -> None:
    """The site is written: add the files that its figures name. Raises OutputError where one is not ours."""
    from neural_gallery.corridor.run import OUTPUTS
    from neural_gallery.store.output import Output

    for extension in pelican.settings["MARKDOWN"]["extensions"]:
        if isinstance(extension, FiguresExtension):
            finished = extension.finished
            output = Output(Path(pelican.output_path), finished.store.folder / OUTPUTS)
            output.write_all(finished.files())
