"""The `pair`, `picture` and `gallery` blocks, as an extension of Python-Markdown (syntax of pymdownx.blocks).

The extension knows the site and nothing of templates: for each block it asks `place` for the HTML to put there.
Everything wrong with a block is reported with its line and column in the text; the block then leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from pymdownx.blocks import BlocksExtension, BlocksProcessor
from pymdownx.blocks.block import Block

from neural_gallery.errors import abridged, did_you_mean
from neural_gallery.pages.headers import (
    Header,
    mark_headers,
    marked_lines,
    unmark,
    without_options,
)
from neural_gallery.pages.placements import OPTIONS, Placement, Report, read_placement
from neural_gallery.site.model import Site


@dataclass
class Desk:
    """What the parts of the extension share while one text is converted."""

    site: Site
    place: Callable[[Placement], str]  # the HTML of a placement: one block-level element
    report: Report
    only: Collection[str] = ()  # the blocks to look at; all that look like one, unless given
    headers: dict[int, Header] = field(default_factory=dict)
    open: dict[int, Header] = field(default_factory=dict)  # begun, not yet closed

    def begin(self, line: int) -> None:
        """A block begins."""
        self.open[line] = self.headers[line]

    def end(self, line: int, content: str) -> str:
        """The block that began at `line` ends: the HTML that stands in its place."""
        header = self.open.pop(line)
        if marked_lines(content):
            self.report_unclosed(header)
            return ""
        if stray := content.strip():
            first = abridged(unmark(stray).split("\n")[0])
            under = f"four spaces in, right under `{abridged(header.text)}`"
            remedy = f"Write options as `name: value`, {under}; close with `///`."
            self.report(header.line, header.column, f"a {header.name} block cannot hold text: '{first}'.", remedy)
            return ""
        placement = read_placement(header, self.site, self.report)
        return "" if placement is None else self.place(placement)

    def report_unclosed(self, header: Header) -> None:
        """A block has no end of its own."""
        remedy = "Write `///` on a line of its own after its options."
        self.report(header.line, header.column, f"the {header.name} block is not closed.", remedy)

    def report_unknown(self, header: Header) -> None:
        """A header that no block has taken."""
        if header.name in OPTIONS:
            message, remedy = f"the {header.name} block cannot stand here.", "Put an empty line before it."
        elif not header.name:
            name, _, rest = header.text.strip("/ ").partition(" ")
            message = f"'{abridged(header.text)}' does not begin a block."
            remedy = "Write a block's name, a bar and its argument: `/// pair | ID`."
            if name in OPTIONS:
                remedy = f"Put a bar before the argument: `/// {name} | {abridged(rest)}`."
        else:
            message = f"there is no block '{abridged(header.name)}'."
            remedy = did_you_mean(header.name, OPTIONS) or "The blocks are 'pair', 'picture' and 'gallery'."
        self.report(header.line, header.column, message, remedy)


class _PlacedBlock(Block):
    """A block that holds options only, and becomes one element."""

    ARGUMENT = None  # with or without: the desk tells what is missing

    def on_markdown(self) -> str:
        return "raw"

    def on_create(self, parent: Element) -> Element:
        (self.line,) = marked_lines(self.argument)
        self.config["desk"].begin(self.line)
        paragraph = SubElement(parent, "p")
        paragraph.text = ""  # the extension for footnotes adds to it, even where the block has no end
        return paragraph

    def on_end(self, block: Element) -> None:
        html = self.config["desk"].end(self.line, without_options(block.text or ""))
        # Markdown drops the paragraph around a stored block-level element, and leaves what is stored alone.
        block.text = self.md.htmlStash.store(html or "<div></div>")


class PairBlock(_PlacedBlock):
    """`/// pair | ID`: a pair."""

    NAME = "pair"


class PictureBlock(_PlacedBlock):
    """`/// picture | NAME`: a source picture."""

    NAME = "picture"


class GalleryBlock(_PlacedBlock):
    """`/// gallery | TERMS`: several pairs."""

    NAME = "gallery"


class _Mark(Preprocessor):
    """Marks the headers, before fenced code and raw HTML are taken out of the text."""

    def __init__(self, md: Markdown, desk: Desk) -> None:
        super().__init__(md)
        self.desk = desk

    def run(self, lines: list[str]) -> list[str]:
        marked, self.desk.headers = mark_headers(lines, only=self.desk.only)
        self.desk.open = {}
        return marked


class _FindLeftOver(Treeprocessor):
    """Reports headers that no block has taken and blocks without an end."""

    def __init__(self, md: Markdown, desk: Desk) -> None:
        super().__init__(md)
        self.desk = desk

    def run(self, root: Element) -> None:
        for element in root.iter():
            texts = [element.tail or "", "" if element.tag in ("pre", "code") else element.text or ""]
            for line in marked_lines("\n".join(texts)):
                if not self.desk.open:
                    self.desk.report_unknown(self.desk.headers[line])
        for header in self.desk.open.values():
            self.desk.report_unclosed(header)


class _Unmark(Postprocessor):
    """Takes the marks off what only looked like a header."""

    def run(self, text: str) -> str:
        return unmark(text)


class _Blocks(BlocksExtension):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:  # noqa: N802 (their name)
        for block in (PairBlock, PictureBlock, GalleryBlock):
            block_mgr.register(block, {"desk": self.desk})
        _keep_going(block_mgr)


def _keep_going(manager: BlocksProcessor) -> None:
    """Mends what makes pymdownx try for ever: a block right below the end of one that is in a quotation.

    It reads what stands above the second block first, and forgets the second over the first.
    """
    run = manager.run

    def careful(parent: Element, blocks: list[str]) -> bool | None:
        before = list(blocks)
        run(parent, blocks)
        if blocks != before:
            return None
        start = manager.start.search(blocks[0])
        if start is None or not start.start():
            return False  # let other processors have it
        blocks[0] = blocks[0][start.start() :].lstrip("\n")
        return None

    setattr(manager, "run", careful)  # noqa: B010  (a method, which type checkers would keep)


class GalleryExtension(Extension):
    """Pairs, pictures and galleries in Markdown.

    `place` gives the HTML of each placement, one block-level element; `report` is told of every problem with line and
    column in the text (from 1), a message and a remedy. `only` names the blocks to look at, where other extensions have
    blocks too; else every block must be one of ours.
    """

    def __init__(
        self, site: Site, place: Callable[[Placement], str], report: Report, *, only: Collection[str] = ()
    ) -> None:
        super().__init__()
        self.desk = Desk(site, place, report, only)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (their name)
        """Register all parts. Called by Python-Markdown."""
        _Blocks(self.desk).extendMarkdown(md)
        md.preprocessors.register(_Mark(md, self.desk), "neural_gallery_mark", 29)  # after whitespace, before code
        md.treeprocessors.register(_FindLeftOver(md, self.desk), "neural_gallery_left_over", 30)  # before inline
        md.postprocessors.register(_Unmark(md), "neural_gallery_unmark", -10)  # last
