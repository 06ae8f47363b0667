"""Sheets of proofs: what is painted, written, kept and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from neural_gallery.corridor.events import Event, PairDone, ProofLines, Rendered
from neural_gallery.corridor.proofs import proof, sheet_folder
from neural_gallery.corridor.run import build, collect_garbage
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.errors import PaintError, UsageError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Colors
from neural_gallery.site.proofs import Grid
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]
GRID = Grid("sky", ("sun", "sea"), (0.3, 0.7), (Colors.STYLE,), 24)


def proofs(manifest: Path, workshop: Workshop, *, grid: Grid = GRID, folder: Path | None = None) -> list[Event]:
    """Draw a sheet, as a new process would, and give what was told."""
    store = Store(manifest.parent / STORE_FOLDER)
    return list(proof(load_site(manifest), grid, folder or sheet_folder(store, "sky"), store, workshop))


def test_a_sheet(write_site: WriteSite, workshop: Workshop, painter):
    """Every proof is painted, and both files are written; the pages of the site are not touched."""
    manifest = write_site()
    *_, lines, end = proofs(manifest, workshop)
    assert painter.painted == ["sky-sun-style-0.3", "sky-sun-style-0.7", "sky-sea-style-0.3", "sky-sea-style-0.7"]
    assert isinstance(lines, ProofLines)
    assert list(lines.lines) == painter.painted
    assert end == Rendered(("proof.png", "proof.html"), 0, (), "proof.html")
    folder = manifest.parent / STORE_FOLDER / "proofs/sky"
    with Image.open(folder / "proof.png") as image:
        assert image.width > 2 * 240
    page = (folder / "proof.html").read_text()
    assert all(told in page for told in lines.lines.values())
    assert not (manifest.parent / "public").exists()


def test_drawn_again(write_site: WriteSite, workshop: Workshop, painter):
    """A second run paints and writes nothing; a wider grid only what is new in it."""
    manifest = write_site()
    proofs(manifest, workshop)
    painter.painted.clear()
    assert proofs(manifest, workshop)[-1] == Rendered((), 2, (), "proof.html")
    proofs(manifest, workshop, grid=Grid("sky", ("sun",), (0.3, 0.5), (Colors.STYLE,), 24))
    assert painter.painted == ["sky-sun-style-0.5"]


def test_interrupted(write_site: WriteSite, workshop: Workshop, painter):
    """What is painted when the user presses Ctrl-C is not painted again."""
    manifest = write_site()
    painter.stops_at = "sky-sea-style-0.3"
    with pytest.raises(KeyboardInterrupt):
        proofs(manifest, workshop)
    painter.stops_at = ""
    painter.painted.clear()
    proofs(manifest, workshop)
    assert painter.painted == ["sky-sea-style-0.3", "sky-sea-style-0.7"]


def test_failed(write_site: WriteSite, workshop: Workshop, painter):
    """A proof that fails leaves the others, and no sheet that lacks it."""
    manifest = write_site()
    painter.fails = {"sky-sun-style-0.7"}
    with pytest.raises(PaintError, match=r"'sky-sun-style-0\.7' diverged\."):
        proofs(manifest, workshop)
    assert len(painter.painted) == 3
    assert not (manifest.parent / STORE_FOLDER / "proofs").exists()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_garbage(write_site: WriteSite, workshop: Workshop, elsewhere: bool):
    """`gc` keeps the proofs of a sheet that is there, wherever that is, and takes them when it has gone."""
    manifest = write_site()
    folder = manifest.parent / ("elsewhere" if elsewhere else f"{STORE_FOLDER}/proofs/sky")
    proofs(manifest, workshop, folder=folder)
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    assert collect_garbage(site, store, workshop).paintings == ()
    (folder / "proof.html").unlink()
    assert len(collect_garbage(site, store, workshop).paintings) == 4
    assert proofs(manifest, workshop, folder=folder / "other")[-1] == Rendered(
        ("proof.png", "proof.html"), 0, (), "proof.html"
    )


def test_a_build_leaves_sheets_alone(write_site: WriteSite, workshop: Workshop):
    """Also one in its own output folder."""
    manifest = write_site()
    list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    proofs(manifest, workshop, folder=manifest.parent / "public")
    *_, end = build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop)
    assert isinstance(end, Rendered)
    assert (end.written, end.removed) == ((), ())
    assert (manifest.parent / "public/proof.html").exists()


def test_what_is_in_the_way(write_site: WriteSite, workshop: Workshop, painter):
    """A file that is no sheet is left alone, and that is told before anything is painted."""
    manifest = write_site()
    folder = manifest.parent / "mine"
    folder.mkdir()
    (folder / "proof.png").write_text("mine")
    with pytest.raises(UsageError) as caught:
        proofs(manifest, workshop, folder=folder)
    remedy = "Move it away, or name another folder with --output."
    assert str(caught.value) == f"'{folder / 'proof.png'}' is there already, and is no proof. {remedy}"
    with pytest.raises(UsageError) as caught:
        proofs(manifest, workshop, folder=folder / "proof.png")
    assert str(caught.value) == f"'{folder / 'proof.png'}' is not a folder. Name a folder with --output."
    assert painter.painted == []


def test_real_proofs(write_site: WriteSite):
    """The bundled weights paint each proof as it was asked for: no two are alike."""
    manifest = write_site()
    workshop = local_workshop(manifest.parent / "compiled")
    grid = Grid("sky", ("sun",), (0.2, 0.8), (Colors.STYLE, Colors.LUMINANCE), 32)
    events = proofs(manifest, workshop, grid=grid)
    assert sum(isinstance(event, PairDone) for event in events) == 4
    stills = {path.read_bytes() for path in (manifest.parent / STORE_FOLDER / "paintings").rglob("still.png")}
    assert len(stills) == 4
