"""Files that are not ours survive `gc` and builds wherever they lie, whatever they are called."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from neural_gallery.store.stills import FORMATS
from neural_gallery.store.sweep import ENCODED_AS
from neural_gallery.temporaries import temporary_beside

from ..support.killing import tree

Run = Callable[..., Result]
WriteSite = Callable[..., Path]

KEY = "ab" + "7" * 62
TEMPORARY = temporary_beside(Path("any")).name
LIKE_A_TEMPORARY = ".neural-gallery-tmp-0123456789abcdef0123"  # of the same form, but nobody of ours chose it
STORE = ".neural-gallery"
OTHER_PAINTINGS = ("defaults:", "defaults:\n  seed: 5")
"""A change of the manifest by which no painting that is there is used any more."""

IN_THE_STORE = [
    "mine.txt",
    ".hidden",
    KEY,
    f"{KEY}.png",
    f"{TEMPORARY}/mine.txt",
    f"{TEMPORARY[:-1]}",
    LIKE_A_TEMPORARY,
    f"paintings/ab/{LIKE_A_TEMPORARY}",
    "paintings/mine.txt",
    f"paintings/{KEY}",
    f"paintings/ab/{KEY}",
    f"paintings/ab/{KEY[:-1]}1/mine.png",
    f"paintings/ab/{KEY[:-1]}2/record.json/mine.txt",
    f"paintings/ab/{KEY[:-1]}3/record.json",
    f"paintings/ab/{KEY[:-1]}3/mine.txt",
    f"paintings/ab/{KEY[:-1]}4.bak/record.json",
    f"paintings/ab/{TEMPORARY}/mine.txt",
    f"paintings/ab/{TEMPORARY[:-1]}0/still.png/mine.txt",
    f"encoded/ab/{KEY}",
    f"encoded/ab/{KEY}.txt",
    f"encoded/ab/{KEY}.png.bak",
    f"encoded/ab/{KEY}.gif/mine.txt",
    f"encoded/cd/{KEY}.png",
    f"unfinished/ab/{KEY}/mine.txt",
    f"unfinished/ab/{KEY[:-1]}1/state/mine.txt",
    "unfinished/mine/state",
    "damaged/mine.txt",
    f"damaged/{KEY}",
    f"damaged/{KEY}-01234567/mine.txt",
    f"damaged/{KEY}-0123456",
    "compiled/mine.txt",
]


def place(folder: Path, paths: list[str]) -> dict[str, bytes]:
    """Files of somebody else's in a folder, as old as can be, each with its own contents."""
    placed = {}
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(placed.setdefault(path, f"mine: {path}".encode()))
        for old in (file, file.parent):
            os.utime(old, (0, 0))
    return placed


def left(folder: Path, placed: dict[str, bytes]) -> dict[str, bytes]:
    """What is left of them."""
    found = tree(folder)
    return {path: found[path] for path in placed if path in found}


def test_the_names_of_encodings_are_known() -> None:
    """What `gc` takes for an encoding is what the store gives: every format of stills and of animations, and facts."""
    assert {format.extension for format in FORMATS.values()} | {"gif", "webp", "avif", "mp4", "json"} == ENCODED_AS


def test_files_in_the_store_survive(built: Path, run: Run, write_site: WriteSite) -> None:
    """At every place, also where every painting of ours goes."""
    placed = place(built / STORE, IN_THE_STORE)
    write_site(OTHER_PAINTINGS)
    assert run("gc", "--dry-run").exit_code == 0
    result = run("gc")
    assert result.exit_code == 0
    assert result.stdout.startswith("removed 2 paintings and ")
    assert left(built / STORE, placed) == placed
    assert not [path for path in set(tree(built / STORE)) - set(placed) if path.startswith("paintings/")]


def test_what_lies_in_a_painting_of_ours_survives(built: Path, run: Run, write_site: WriteSite) -> None:
    """A note that somebody has put beside a painting keeps the whole folder."""
    for folder in (built / STORE / "paintings").glob("*/*"):
        (folder / "notes.txt").write_text("mine")
    write_site(OTHER_PAINTINGS)
    assert run("gc").stdout.startswith("removed 0 paintings and ")
    assert len(list((built / STORE / "paintings").rglob("notes.txt"))) == 2


def test_a_folder_that_bears_a_wanted_key_survives(built: Path, run: Run) -> None:
    """It is in the way of a painting: it is moved aside and told, and `gc` does not remove it from there."""
    painting, _ = sorted((built / STORE / "paintings").glob("*/*"))
    shutil.rmtree(painting)
    place(painting, ["mine.txt"])
    result = run("build")
    assert result.exit_code == 0
    assert "(record.json is missing); it is painted again" in result.stderr
    assert run("gc").exit_code == 0
    (moved,) = (built / STORE / "damaged").rglob("mine.txt")
    assert moved.read_bytes() == b"mine: mine.txt"


@pytest.mark.parametrize("shelf", ["paintings", "encoded", "unfinished", "damaged"])
def test_a_shelf_that_is_a_link_is_not_swept(
    built: Path, run: Run, tmp_path_factory: pytest.TempPathFactory, shelf: str
):
    """Where it leads, another site may keep what it needs."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / shelf
    paths = [f"ab/{KEY}/record.json", f"ab/{KEY}.png", f"{KEY}-01234567", f"ab/{TEMPORARY}"]
    placed = place(elsewhere, paths)
    if (built / STORE / shelf).exists():
        shutil.move(built / STORE / shelf, elsewhere / "before")
    (built / STORE / shelf).symlink_to(elsewhere, target_is_directory=True)
    assert run("gc").exit_code == 0
    assert left(elsewhere, placed) == placed


def test_links_in_the_store_are_neither_followed_nor_removed(
    built: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever they are called and wherever they lead; what a hard link names is there under its other name."""
    outside = tmp_path_factory.mktemp("outside")
    placed = place(outside, ["record.json", "still.png", "file"])
    folder = built / STORE
    links = [
        folder / TEMPORARY,
        folder / "paintings" / "ab",
        folder / "encoded" / "ab",
        folder / "unfinished" / "ab" / KEY,
        folder / "damaged" / f"{KEY}-01234567",
    ]
    for link in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(outside, target_is_directory=True)
    (folder / "encoded" / "cd").mkdir(exist_ok=True)
    os.link(outside / "file", folder / "encoded" / "cd" / f"cd{KEY[2:]}.png")
    (folder / "encoded" / "cd" / f"cd{KEY[2:]}.gif").symlink_to(outside / "file")
    assert run("gc").exit_code == 0
    assert all(link.exists() for link in links)
    assert (folder / "encoded" / "cd" / f"cd{KEY[2:]}.gif").is_symlink()
    assert left(outside, placed) == placed


def test_files_in_the_output_folder_survive(
    built: Path, run: Run, write_site: WriteSite, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """While pairs come and go: hidden ones, ones that look like ours, folders with the names of our temporaries."""
    outside = tmp_path_factory.mktemp("outside")
    there = place(outside, ["mine.txt", "sea-sun.png", TEMPORARY])
    output = built / "public"
    images = next(output.rglob("sea-sun.png")).parent
    inside = images.relative_to(output).as_posix()
    paths = [
        "mine.html",
        ".nojekyll-mine",
        f"{KEY}.png",
        f"{inside}/sea-sun.png.bak",
        f"{inside}/sea-sun-2.png",
        f"{inside}/.sea-sun.png",
        f"{inside}/{TEMPORARY}/mine.txt",
        f"{inside}/{TEMPORARY}0",
        f"{TEMPORARY}/mine.txt",
        f"{inside}/{LIKE_A_TEMPORARY}",
        LIKE_A_TEMPORARY,
    ]
    placed = place(output, paths)
    (images / "outside").symlink_to(outside, target_is_directory=True)
    (images / f"{TEMPORARY[:-1]}0").symlink_to(outside / "mine.txt")
    os.link(images / "sea-sun.png", images / "my-copy.png")
    painting = (images / "sea-sun.png").read_bytes()
    write_site(("  - {content: sea, style: sun, strength: 0.7}\n", ""))
    result = run("build")
    assert result.exit_code == 0, result.stderr
    assert not (images / "sea-sun.png").exists()
    assert (images / "my-copy.png").read_bytes() == painting
    assert left(output, placed) == placed
    assert left(outside, there) == there
    assert (images / f"{TEMPORARY[:-1]}0").is_symlink()


def test_a_page_that_somebody_has_edited(built: Path, run: Run, write_site: WriteSite) -> None:
    """While it is made, a build brings it back; when it is not made any more it stays, and that is told once."""
    still = next((built / "public").rglob("sea-sun.png"))
    painting = still.read_bytes()
    still.write_bytes(b"edited")
    assert run("build").exit_code == 0
    assert still.read_bytes() == painting
    still.write_bytes(b"edited")
    write_site(("  - {content: sea, style: sun, strength: 0.7}\n", ""))
    result = run("build")
    words = f"note: {still} is not made any more, but was changed by somebody else, and so it stays\n"
    assert (result.exit_code, result.stderr) == (0, words)
    assert still.read_bytes() == b"edited"
    assert run("build").stderr == ""
