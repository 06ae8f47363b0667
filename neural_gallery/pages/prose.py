"""Markdown for posts and captions: what becomes HTML once per text, and is the same for every page and target.

A post's blocks become slots, to be filled by `fill` when it is known how pictures are linked. Raw HTML in a post is
the author's own and passes through; in a caption it is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from neural_gallery.errors import Location, Problem, abridged
from neural_gallery.pages.placeholders import SLOT, cleaned, without_held
from neural_gallery.pages.placements import Placement
from neural_gallery.site.model import Post, Site

if TYPE_CHECKING:
    from markdown import Markdown

_FIRST_HEADING = re.compile(r"\s*<h1(?:\s[^>]*)?>.*?</h1>\s*", re.DOTALL)
_COSTLY, _MOST_COSTLY = "<`", 5000  # in one paragraph
_MOST_OPEN = 500  # brackets
_PARAGRAPH = re.compile(r"<p(?=[\s>])|</p>", re.IGNORECASE)
_LINK = re.compile('<a href="([^"]*)"')
_SCHEMES = ("http:", "https:", "mailto:")  # of the links that captions may have
_SLOT = re.compile(f"<figure>{SLOT.pattern}</figure>")


@dataclass(frozen=True, slots=True)
class Prose:
    """A post's body as HTML, with a slot for each placement."""

    html: str
    placements: tuple[Placement, ...]
    summary: str  # the first paragraph, as plain text
    problems: tuple[Problem, ...]

    def fill(self, render: Callable[[Placement], str]) -> str:
        """The body with every slot filled."""
        return _SLOT.sub(lambda match: render(self.placements[int(match[1])]), self.html)


def read_prose(post: Post, site: Site, *, protect: Callable[[str], str] = str) -> Prose:
    """Convert a post's body. `protect` may hide parts of the text from Markdown, line by line."""
    from markdown import Markdown

    from neural_gallery.pages.blocks import GalleryExtension

    placements: list[Placement] = []
    problems: list[Problem] = []

    def place(placement: Placement) -> str:
        placements.append(placement)
        return f"<figure>{SLOT(len(placements) - 1)}</figure>"

    def report(line: int, column: int, message: str, remedy: str) -> None:
        problems.append(Problem(Location(post.file, post.body_line + line - 1, column), message, remedy))

    blocks = GalleryExtension(site, place, report)
    extensions = [blocks, *_post_extensions({pair.id for pair in site.pairs})]
    if crowded := _crowded(post):
        return Prose("", (), "", (crowded,))
    try:
        html = Markdown(extensions=extensions, output_format="html").convert(protect(cleaned(post.body)))
    except RecursionError:
        message = "something in the post is nested too deeply to be read."
        deep = Problem(Location(post.file, post.body_line), message, "Look for long runs of '>' or '<', or of lists.")
        return Prose("", (), "", (deep,))
    except (TypeError, ValueError, LookupError, AttributeError, AssertionError) as error:
        # Extensions raise whatever unusual text makes them trip over.
        message = f"Markdown stumbles over something in the post: {abridged(str(error)) or type(error).__name__}."
        remedy = "Look at its footnotes, definitions and raw HTML; leave one out after the other to find it."
        return Prose("", (), "", (Problem(Location(post.file, post.body_line), message, remedy),))
    if not post.front_matter.get("title"):  # then a heading at the top was taken as title, which the page shows itself
        html = html.removeprefix(match[0]) if (match := _FIRST_HEADING.match(html)) else html
    return Prose(html, tuple(placements), _first_paragraph(html), tuple(sorted(problems)))


def _crowded(post: Post) -> Problem | None:
    """A paragraph for which Markdown would take minutes, because that takes the square of some characters' number."""
    line = post.body_line
    for paragraph in post.body.split("\n\n"):
        if _open_brackets(paragraph) > _MOST_OPEN:
            message = f"the paragraph that begins here has more than {_MOST_OPEN} brackets '[' that are open at once."
            return Problem(Location(post.file, line), message, "Close them with ']', or leave them out.")
        for character in _COSTLY:
            if paragraph.count(character) > _MOST_COSTLY:
                message = f"the paragraph that begins here has more than {_MOST_COSTLY} times '{character}'."
                return Problem(Location(post.file, line), message, "Divide it by empty lines.")
        line += paragraph.count("\n") + 2
    return None


def _open_brackets(paragraph: str) -> int:
    """How many are open at once, at the most."""
    most = count = 0
    for bracket in re.findall(r"[\[\]]", paragraph):
        count = max(0, count + (1 if bracket == "[" else -1))
        most = max(most, count)
    return most


def caption_html(text: str) -> str:
    """A caption: inline Markdown on one line, raw HTML escaped."""
    converter = _caption_converter()
    converter.reset()
    html = converter.convert(" ".join(text.split()))
    return _LINK.sub(_harmless, html.removeprefix("<p>").removesuffix("</p>"))


def _harmless(link: re.Match[str]) -> str:
    """A link as it is, or without its address where that is none of a page, such as `javascript:`."""
    # Browsers drop white space and control characters from addresses before they look for a scheme.
    address = re.sub("[\x00-\x20\x7f-\xa0]", "", unescape(link[1]))
    scheme = re.match(r"[^/?#]*?:", address)
    return link[0] if scheme is None or scheme[0].lower() in _SCHEMES else "<a"


def plain_text(html: str) -> str:
    """The text of some HTML, on one line, without its tags, scripts and footnote marks."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.parts).split())


def shortened(text: str, longest: int = 160) -> str:
    """`text`, or as many whole words of it as fit into `longest` characters, with an ellipsis."""
    if len(text) <= longest:
        return text
    return text[:longest].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"


@cache
def _caption_converter() -> Markdown:
    from markdown import Markdown

    converter = Markdown(output_format="html")
    converter.preprocessors.deregister("html_block")
    converter.inlinePatterns.deregister("html")
    for processor in ("indent", "code", "hashheader", "setextheader", "hr", "olist", "ulist", "quote", "reference"):
        converter.parser.blockprocessors.deregister(processor)
    return converter


def _post_extensions(taken: Collection[str]) -> list:
    """Python-Markdown's own extensions that posts use. Headings get no id that is in `taken`."""
    from markdown.extensions.abbr import AbbrExtension
    from markdown.extensions.attr_list import AttrListExtension
    from markdown.extensions.def_list import DefListExtension
    from markdown.extensions.fenced_code import FencedCodeExtension
    from markdown.extensions.footnotes import FootnoteExtension
    from markdown.extensions.md_in_html import MarkdownInHtmlExtension
    from markdown.extensions.sane_lists import SaneListExtension
    from markdown.extensions.tables import TableExtension
    from markdown.extensions.toc import TocExtension, slugify_unicode

    def slugify(value: str, separator: str) -> str:
        slug = slugify_unicode(value, separator)
        return f"{slug}{separator}section" if slug in taken else slug

    # Given as instances: by name, each would search all installed packages for entry points.
    return [
        AbbrExtension(),
        AttrListExtension(),
        DefListExtension(),
        FencedCodeExtension(),
        FootnoteExtension(),
        MarkdownInHtmlExtension(),
        SaneListExtension(),
        TableExtension(),
        TocExtension(slugify=slugify),
    ]


def _first_paragraph(html: str) -> str:
    """The text of the first paragraph that has any. Markdown writes `<p>`; figures are still slots."""
    start = None
    for mark in _PARAGRAPH.finditer(html):
        if mark[0].startswith("</") and start is not None:
            _, _, inside = html[start : mark.start()].partition(">")
            if text := plain_text(without_held(inside)):
                return text
            start = None
        elif start is None and not mark[0].startswith("</"):
            start = mark.end()
    return ""


class _TextReader(HTMLParser):
    """Collects text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_footnote_mark = tag == "sup" and (dict(attrs).get("id") or "").startswith("fnref")
        if tag in ("script", "style") or is_footnote_mark or tag in self._hidden:
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
