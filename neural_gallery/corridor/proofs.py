"""Sheets of proofs: one content in several styles, at several strengths and with several colours, small and quickly.

A proof is painted and kept as any pair is; only its pages are others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.corridor.events import ProofLines, Rendered
from neural_gallery.corridor.planning import painting_keys
from neural_gallery.corridor.run import Run, paint_locked
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import OutputError, PaintError, Problem, UsageError
from neural_gallery.pages.contact_sheet import contact_sheet
from neural_gallery.pages.proof_page import proof_page
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import ProofGroup, ProofRow, ProofView, Sheet
from neural_gallery.site.lines import proof_lines
from neural_gallery.site.model import Pair, Picture, Site
from neural_gallery.site.proofs import Grid, proof_pairs
from neural_gallery.store.files import told_as, write_file
from neural_gallery.store.pixels import image_of
from neural_gallery.store.sheets import Sheets
from neural_gallery.store.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from neural_gallery.store.paintings import Painting

PICTURE, PAGE = "proof.png", "proof.html"
"""The two files of a sheet."""

ASIDE = 440
"""How large the content and the styles stand beside the proofs: longest side in pixels, at the most."""


def sheet_folder(store: Store, content: str) -> Path:
    """Where the sheet of a content goes unless another folder is named."""
    return store.folder / "proofs" / content


def proof(site: Site, grid: Grid, folder: Path, store: Store, workshop: Workshop) -> Run:
    """Paint what is missing of the proofs, and write them into `folder` as a picture and as a page.

    Raises UsageError where the grid or the folder cannot be used, before anything is painted; PaintError at the end
    where a proof could not be painted: then no sheet is written, and the others are kept.
    """
    pairs = proof_pairs(site, grid)
    proofs = replace(site, pairs=pairs)
    with store.lock():
        _check_free(folder, Sheets(store.folder))
        yield from paint_locked(proofs, store, workshop)
        keys = painting_keys(proofs, workshop)
        paintings = {pair_id: store.painting(key, verify=True) for pair_id, key in keys.items()}
        sheet = _sheet(site, grid, pairs, _all_there(paintings))
        Sheets(store.folder).add(folder / PAGE, keys.values())
        files = {PICTURE: contact_sheet(sheet), PAGE: proof_page(Theme(site.theme, root=site.root), sheet).encode()}
        yield ProofLines({pair.id: proof_lines(pair) for pair in pairs})
        yield _written(folder, files)


def _check_free(folder: Path, sheets: Sheets) -> None:
    """Raises UsageError where the sheet would take the place of what is no sheet of ours."""
    if folder.exists() and not folder.is_dir():
        raise UsageError.at(None, f"'{folder}' is not a folder.", "Name a folder with --output.")
    if sheets.has(folder / PAGE):
        return
    remedy = "Move it away, or name another folder with --output."
    there = [folder / name for name in (PICTURE, PAGE) if (folder / name).exists()]
    if there:
        raise UsageError(*(Problem(None, f"'{path}' is there already, and is no proof.", remedy) for path in there))


def _all_there(paintings: Mapping[str, Painting | None]) -> dict[str, Painting]:
    """The same; one that was found damaged only now is painted by the next run."""
    if missing := [pair_id for pair_id, painting in paintings.items() if painting is None]:
        message = f"the stored painting of '{missing[0]}' is damaged."
        raise PaintError(Problem(None, message, "Run the command again: it is painted anew."))
    return {pair_id: painting for pair_id, painting in paintings.items() if painting is not None}


def _sheet(site: Site, grid: Grid, pairs: Sequence[Pair], paintings: Mapping[str, Painting]) -> Sheet:
    content = site.images[grid.content]
    views = [ProofView(pair, image_of(*paintings[pair.id].still()), proof_lines(pair)) for pair in pairs]
    return Sheet(content, _image(content), grid.strengths, tuple(_groups(views)))


def _groups(views: Sequence[ProofView]) -> Iterator[ProofGroup]:
    """The proofs in the order in which they are given, by style and by colours."""
    for _, of_style in groupby(views, key=lambda view: view.pair.styles[0].picture.name):
        group = list(of_style)
        rows = groupby(group, key=lambda view: view.pair.paint.colors)
        style = group[0].pair.styles[0].picture
        yield ProofGroup(style, _image(style), tuple(ProofRow(colors, tuple(row)) for colors, row in rows))


def _image(picture: Picture) -> Image:
    """A picture for the side, no larger than it is."""
    from neural_gallery.site.pictures import read_pixels

    pixels = read_pixels(picture, size=min(ASIDE, max(picture.width, picture.height)))
    return image_of(pixels.rgb, pixels.alpha)


def _written(folder: Path, files: Mapping[str, bytes]) -> Rendered:
    """Writes the files that differ from what is there."""
    with told_as(OutputError, f"cannot write to {folder}"):
        changed = [name for name, data in files.items() if not _has(folder / name, data)]
        for name in changed:
            write_file(folder / name, files[name])
    return Rendered(tuple(changed), len(files) - len(changed), (), PAGE)


def _has(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data
