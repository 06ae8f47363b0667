"""A sheet of proofs as one picture: a row for each style and colours, a column for each strength, all labelled.

Lengths are pixels. Labels are names of pictures and settings, which the font that comes with Pillow can write; titles,
which may be in any script, stand on the page.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from neural_gallery.pages.views import ProofGroup, ProofRow, Sheet

if TYPE_CHECKING:
    from PIL.Image import Image

PAPER, INK, FAINT = "#f7f5f0", "#1d1b18", "#6b665d"

MARGIN, GAP, PADDING = 40, 16, 36
"""Around the sheet; between two proofs; between two styles."""

LEGIBLE = 240
"""Proofs are enlarged, twice, three times, until their longest side is at least that long."""

ASIDE = 200
"""The width of the column at the left, where the content and the styles are."""

TITLE, HEADING, LABEL = 32, 18, 15
"""Sizes of the letters."""

LINE = LABEL + 8
"""The height of a label with the space below it."""

_FOOT = "The lines of each proof for site.yaml are in proof.html."


def contact_sheet(sheet: Sheet) -> bytes:
    """The sheet as PNG."""
    from PIL import Image

    drawing = _Drawing(sheet)
    image = Image.new("RGB", drawing.size, PAPER)
    drawing.draw_on(image)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    return file.getvalue()


class _Drawing:
    """Where everything stands on one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        scale = max(1, -(-LEGIBLE // max(sheet.size)))
        self._cell = (sheet.size[0] * scale, sheet.size[1] * scale)
        self._left = MARGIN + ASIDE + PADDING  # of the first column of proofs
        self._top = MARGIN + max(self._fitted(sheet.image).height, TITLE + LINE + HEADING + PADDING)  # of the rows
        rows = sum(map(self._height, sheet.groups))
        right = self._column(len(sheet.strengths) - 1) + self._cell[0]
        foot = self._left + _width_of(_FOOT, LABEL)
        self.size = (max(right, foot) + MARGIN, self._top + PADDING + rows + LABEL + MARGIN)

    def draw_on(self, image: Image) -> None:
        """Draw everything."""
        self._draw_head(image)
        top = self._top + PADDING
        for group in self._sheet.groups:
            self._draw_group(image, group, top)
            top += self._height(group)
        _write(image, (self._left, top), _FOOT, LABEL, FAINT)

    def _height(self, group: ProofGroup) -> int:
        """The height of one style's rows, and of the space below them."""
        rows = len(group.rows) * (LINE + self._cell[1] + GAP) - GAP
        return max(rows, LINE + self._fitted(group.image).height + GAP + HEADING) + PADDING

    def _draw_head(self, image: Image) -> None:
        sheet = self._sheet
        _paste(image, self._fitted(sheet.image), (MARGIN, MARGIN))
        _write(image, (self._left, MARGIN), sheet.content.name, TITLE, INK)
        proofs = sum(len(row.proofs) for group in sheet.groups for row in group.rows)
        told = f"{proofs} proof{'s' if proofs > 1 else ''}, {max(sheet.size)} pixels, draft"
        _write(image, (self._left, MARGIN + TITLE + GAP // 2), told, LABEL, FAINT)
        for column, strength in enumerate(sheet.strengths):
            _write(image, (self._column(column), self._top - HEADING), f"strength: {strength}", HEADING, INK)

    def _draw_group(self, image: Image, group: ProofGroup, top: int) -> None:
        aside = self._fitted(group.image)
        _paste(image, aside, (MARGIN, top + LINE))  # level with the proofs, which have a label above them
        _write(image, (MARGIN, top + LINE + aside.height + GAP // 2), group.style.name, HEADING, INK, width=ASIDE)
        for row in group.rows:
            self._draw_row(image, row, top)
            top += LINE + self._cell[1] + GAP

    def _draw_row(self, image: Image, row: ProofRow, top: int) -> None:
        from PIL.Image import Resampling

        _write(image, (self._left, top), f"colors: {row.colors.value}", LABEL, FAINT)
        for column, proof in enumerate(row.proofs):
            enlarged = proof.image.resize(self._cell, Resampling.BICUBIC)
            _paste(image, enlarged, (self._column(column), top + LINE))

    def _column(self, index: int) -> int:
        return self._left + index * (self._cell[0] + GAP)

    def _fitted(self, image: Image) -> Image:
        """A picture for the column at the left: no wider, and no higher than a square there."""
        from PIL.Image import Resampling

        scale = ASIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.resize(size, Resampling.LANCZOS)


def _write(image: Image, place: tuple[int, int], text: str, size: int, color: str, *, width: int = 0) -> None:
    """One line of text, its top left at `place`; in smaller letters where it would be wider than `width`, if given."""
    from PIL import ImageDraw, ImageFont

    if width and (needed := _width_of(text, size)) > width:
        size = max(9, size * width // needed)
    ImageDraw.Draw(image).text(place, text, fill=color, font=ImageFont.load_default(size))


def _width_of(text: str, size: int) -> int:
    from PIL import ImageFont

    return round(ImageFont.load_default(size).getlength(text))


def _paste(image: Image, picture: Image, place: tuple[int, int]) -> None:
    """What is transparent in `picture` shows the paper."""
    image.paste(picture, place, picture if picture.mode == "RGBA" else None)
