"""A sheet of proofs as a picture and as a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import lxml.html
import numpy as np
import pytest
from PIL import Image, ImageColor

from neural_gallery.pages.contact_sheet import PAPER, contact_sheet
from neural_gallery.pages.proof_page import proof_page
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import ProofGroup, ProofRow, ProofView, Sheet
from neural_gallery.site.model import Colors

from ..support.accessibility import violations
from ..support.browsing import opening
from .conftest import Author

TINTS = ("#804000", "#008040", "#400080", "#408000", "#004080", "#800040")


def sheet_of(author: Author, *, mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Sheet:
    """One content in two styles, the first with two ways with colours, in plain tints."""
    author.usual()
    content, tints = author.images["me"], iter(TINTS)
    groups = []
    for name, ways in (("starry_night", [Colors.STYLE, Colors.MATCH]), ("the_scream", [Colors.STYLE])):
        style = author.images[name]
        rows = [
            ProofRow(
                colors,
                tuple(
                    ProofView(
                        author.pair(content, style, id=f"me-{name}-{colors.value}-{strength}"),
                        Image.new(mode, size, next(tints)),
                        f"- content: me\n  style: {name}\n",
                    )
                    for strength in (0.2, 0.8)
                ),
            )
            for colors in ways
        ]
        groups.append(ProofGroup(style, Image.new("RGB", (20, 90), "gray"), tuple(rows)))
    return Sheet(content, Image.new("RGB", (90, 60), "silver"), (0.2, 0.8), tuple(groups))


def test_every_proof_is_on_the_picture(author: Author) -> None:
    """Each is enlarged by a whole number, and none covers another; around them there is paper."""
    pixels = np.asarray(Image.open(io.BytesIO(contact_sheet(sheet_of(author)))))
    for tint in TINTS:
        assert (pixels == ImageColor.getrgb(tint)).all(axis=-1).sum() == 240 * 160
    paper = ImageColor.getrgb(PAPER)
    edges = (pixels[:40], pixels[-20:], pixels[:, :40], pixels[:, -40:])
    assert all((edge == paper).all() for edge in edges)


def test_the_picture_is_the_same_every_time(author: Author) -> None:
    """So that a second run has nothing to write."""
    sheet = sheet_of(author)
    assert contact_sheet(sheet) == contact_sheet(sheet)


def test_transparency_shows_the_paper(author: Author) -> None:
    """A proof takes over the transparency of its content."""
    sheet = sheet_of(author, mode="RGBA")
    for group in sheet.groups:
        for proof in group.rows[0].proofs:
            proof.image.putalpha(0)
    pixels = np.asarray(Image.open(io.BytesIO(contact_sheet(sheet))))
    assert (pixels == ImageColor.getrgb(TINTS[2])).all(axis=-1).any()
    assert not (pixels == ImageColor.getrgb(TINTS[0])).all(axis=-1).any()


def test_the_page_needs_nothing_beside_it(author: Author) -> None:
    """Pictures and style sheet are in it, there is no script, and every proof has its text and its lines."""
    page = lxml.html.fromstring(proof_page(Theme(None, root=author.root), sheet_of(author)))
    assert page.xpath("//script | //link") == []
    pictures = page.xpath("//figure/img")
    for picture, tint in zip(pictures, TINTS, strict=True):
        head, data = picture.get("src").split(",")
        assert head == "data:image/webp;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert image.size == (60, 40)
            colour = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert colour == pytest.approx(ImageColor.getrgb(tint), abs=6)
        assert picture.get("alt").startswith("me")
    assert [pre.text_content() for pre in page.xpath("//pre")] == [
        *["- content: me\n  style: starry_night\n"] * 4,
        *["- content: me\n  style: the_scream\n"] * 2,
    ]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(author: Author, browser, tmp_path: Path, scheme: str) -> None:
    """axe-core finds nothing, light and dark; on a telephone nothing is wider than the screen."""
    file = tmp_path / "proof.html"
    file.write_text(proof_page(Theme(None, root=author.root), sheet_of(author)))
    with opening(browser) as open_it:
        page = open_it(file.as_uri(), color_scheme=scheme, viewport={"width": 320, "height": 640})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 320
