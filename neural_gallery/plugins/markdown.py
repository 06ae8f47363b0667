"""Finished pairs in Markdown that another program renders: the extension `neural_gallery` of Python-Markdown.

    Markdown(extensions=["neural_gallery"], extension_configs={"neural_gallery": {"manifest": "site.yaml"}})

A block, as posts have it, becomes the figure of what the store has. Nothing is painted, and no file is written:
`FiguresExtension.finished` knows the files that the figures name. Everything wrong in a text is raised at once, when it
has been read: InputError, or RunError where all that is wrong is that a pair is not painted yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from neural_gallery.errors import InputError, Location, Problem, RunError
from neural_gallery.pages.blocks import GalleryExtension
from neural_gallery.pages.figures import Figures, Links, credited, pictures_of
from neural_gallery.pages.placeholders import cleaned
from neural_gallery.pages.placements import OPTIONS, Placement
from neural_gallery.pages.targets import SCRIPT, STYLESHEET

if TYPE_CHECKING:
    from neural_gallery.corridor.finished import Finished


@dataclass(frozen=True, slots=True)
class RootedLinks:
    """Links that are the same on every page: they begin with a base URL, or else at the host's root."""

    base_url: str = ""

    def url(self, path: str, page: str) -> str:
        """A link to the published file `path`."""
        return f"{self.base_url.rstrip('/')}/{quote(path)}"


@dataclass(frozen=True, slots=True)
class Text:
    """What is being converted: in messages, and where links lead from."""

    file: str = "text"
    first_line: int = 1  # of the text in its file
    page: str = ""  # the page's path in the published site


@dataclass
class _Conversion:
    """What one text has asked for so far."""

    figures: Figures
    wrong: list[Problem] = field(default_factory=list)
    unpainted: list[Problem] = field(default_factory=list)
    placed: list[Placement] = field(default_factory=list)
    read: bool = False  # to its end: what is rendered from then on is the text, and before that only parts of it


class FiguresExtension(Extension):
    """Places finished pairs. Its user may say what text comes next (`begin`), and how links are made (`links`)."""

    def __init__(self, *, links: Links | None = None, **options: object) -> None:
        self.config = {
            "manifest": ["site.yaml", "The manifest's path."],
            "base_url": ["", "Where the files stand that figures name; else the manifest's base_url."],
            "assets": [True, "Whether a text with figures brings the stylesheet and the script along."],
        }
        super().__init__(**options)
        self._links = links
        self._text = Text()

    @cached_property
    def finished(self) -> Finished:
        """The finished pairs. Raises InputError with every problem of the manifest."""
        from neural_gallery.corridor.finished import open_finished

        return open_finished(Path(self.getConfig("manifest")))

    @cached_property
    def links(self) -> Links:
        """How figures link."""
        return self._links or RootedLinks(self.getConfig("base_url") or self.finished.site.base_url)

    def begin(self, text: Text) -> None:
        """Say what is converted next."""
        self._text = text
        self.reset()

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (their name)
        """Register all parts. Called by Python-Markdown."""
        # Other extensions may have blocks of their own, and those are left to them.
        GalleryExtension(self.finished.site, self._place, self._report, only=OPTIONS).extendMarkdown(md)
        md.preprocessors.register(_Clean(md), "neural_gallery_clean", 40)  # before all others
        md.treeprocessors.register(_Read(md, self), "neural_gallery_read", -20)  # after all others
        md.postprocessors.register(_Finish(md, self), "neural_gallery_finish", -20)  # when the marks are gone
        md.registerExtension(self)

    def reset(self) -> None:
        """Forget the last text. Called by Python-Markdown."""
        self._conversion = _Conversion(
            Figures(self.finished.gallery, self.finished.theme, self.links, self._text.page),
        )

    def all_read(self) -> None:
        """Know that the whole text has been read."""
        self._conversion.read = True

    def finish(self, html: str) -> str:
        """A text's HTML, with what its figures need. Raises InputError or RunError with all that is wrong with it.

        Headings, which the extension `toc` renders by themselves while the text is read, stay as they are.
        """
        done = self._conversion
        if not done.read:
            return html
        self.reset()
        if done.wrong:
            raise InputError(*sorted(done.wrong), *done.unpainted)
        if done.unpainted:
            raise RunError(*done.unpainted)
        if credits := credited(pictures_of(done.placed)):
            html = f"{html}\n{self.finished.theme.render('partials/credits.html', credits=credits)}"
        if done.placed and self.getConfig("assets"):
            stylesheet, script = (self.links.url(path, self._text.page) for path in (STYLESHEET, SCRIPT))
            html = f'<link rel="stylesheet" href="{stylesheet}">\n<script defer src="{script}"></script>\n{html}'
        return html

    def _place(self, placement: Placement) -> str:
        try:
            self.finished.bring(placement)
        except RunError as error:
            self._conversion.unpainted += error.problems
            return ""
        self._conversion.placed.append(placement)
        return self._conversion.figures.render(placement)

    def _report(self, line: int, column: int, message: str, remedy: str) -> None:
        location = Location(self._text.file, self._text.first_line + line - 1, column)
        self._conversion.wrong.append(Problem(location, message, remedy))


class _Clean(Preprocessor):
    """Drops what could be taken for a placeholder."""

    def run(self, lines: list[str]) -> list[str]:
        return [cleaned(line) for line in lines]


class _Read(Treeprocessor):
    """Comes last of all that looks at the text as a tree."""

    def __init__(self, md: Markdown, extension: FiguresExtension) -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, root: Element) -> None:
        self.extension.all_read()


class _Finish(Postprocessor):
    """Ends a text."""

    def __init__(self, md: Markdown, extension: FiguresExtension) -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, text: str) -> str:
        return self.extension.finish(text)
