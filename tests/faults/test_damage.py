"""A flipped bit anywhere in the store: it is told where that matters, and the next run has nothing to tell."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from neural_gallery.store.sealed import seal, unseal

from ..support.killing import tree

Run = Callable[..., Result]

PAINTINGS = ".neural-gallery/paintings/*/*/"
ENCODED = ".neural-gallery/encoded/*/*"


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file, or in the checksum at the end of a JSON file."""
    data = bytearray(path.read_bytes())
    data[-10 if path.suffix == ".json" else len(data) // 2] ^= 1
    path.write_bytes(data)


def notes(result: Result) -> str:
    """What was told besides the course of things, keys left out."""
    told = "\n".join(line for line in result.stderr.splitlines() if line.startswith("note: "))
    return re.sub(r"[0-9a-f]{12,}…?", "KEY", told)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (PAINTINGS + "record.json", "is damaged (record.json does not match its checksum); it is painted again"),
        (PAINTINGS + "still.png", "is damaged (still.png does not match its checksum); it is painted again"),
        (PAINTINGS + "frame-001.webp", "is damaged (frame-001.webp does not match its checksum); it is painted again"),
        (ENCODED + ".gif", "is damaged (it does not match its checksum); it is made again"),
        (ENCODED + ".json", "is damaged (it does not match its checksum); it is made again"),
        (
            ".neural-gallery/outputs.json",
            "outputs.json, does not match its checksum; files that are there already count",
        ),
        (".neural-gallery/pictures.json", ""),
    ],
)
def test_a_flipped_bit(built: Path, run: Run, pattern: str, told: str) -> None:
    """Everything is published again as it was; a second run finds nothing."""
    before = tree(built / "public")
    for path in built.glob(pattern):
        flip(path)
    read_anew = "outputs.json" not in pattern and "pictures.json" not in pattern
    if read_anew:  # what is encoded and published already is not read
        for page in (built / "public").rglob("*.gif"):
            page.unlink()
    if pattern.startswith(PAINTINGS):
        for encoding in built.glob(ENCODED + ".gif"):
            encoding.unlink()
    result = run("build")
    assert result.exit_code == 0, result.output
    assert told in notes(result)
    assert tree(built / "public") == before
    again = run("build")
    assert (again.exit_code, notes(again)) == (0, "")
    assert "painted 0 pairs" in again.stdout


def test_pictures_whose_checksums_fit_and_that_are_none(built: Path, run: Run) -> None:
    """What another version or somebody else has written so is found when it is shown, and painted again."""
    before = tree(built / "public")
    for record in built.glob(PAINTINGS + "record.json"):
        still = record.with_name("still.png")
        still.write_bytes(still.read_bytes()[:60].ljust(400, b"\xff"))
        body = unseal(record.read_bytes())
        stored = {"bytes": 400, "sha256": hashlib.sha256(still.read_bytes()).hexdigest()}
        body["files"]["still.png"] = stored  # type: ignore[index]
        record.write_bytes(seal(body))
    for shelf in (".neural-gallery/encoded", "public"):
        shutil.rmtree(built / shelf)
    for _ in range(2):  # one for each painting
        result = run("build")
        assert result.exit_code == 1
        assert "(still.png cannot be unpacked). Run the command again: it is painted again." in result.stderr
    assert run("build").exit_code == 0
    assert tree(built / "public") == before


@pytest.mark.parametrize(
    "pattern",
    [
        PAINTINGS + "record.json",
        ENCODED + ".json",
        *(f".neural-gallery/{name}.json" for name in ("outputs", "pictures")),
    ],
)
def test_brackets_without_end(built: Path, run: Run, pattern: str) -> None:
    """What no parser can follow is damaged, like anything else that cannot be read."""
    before = tree(built / "public")
    for path in built.glob(pattern):
        path.write_text("[" * 100_000)
    result = run("build")
    assert (result.exit_code, result.exception) == (0, None)
    assert tree(built / "public") == before


def test_what_is_remembered_of_pictures_is_not_believed_when_it_is_damaged(built: Path, run: Run) -> None:
    """One wrong digit in a picture's hash would have its pairs painted anew."""
    memory = built / ".neural-gallery" / "pictures.json"
    text = memory.read_text()
    digit = re.search(r'"sha256": "([0-9a-f])', text)
    assert digit is not None
    other = "1" if digit[1] == "0" else "0"
    memory.write_text(text[: digit.start(1)] + other + text[digit.end(1) :])
    assert "painted 0 pairs, reused 2" in run("build").stdout
    assert memory.read_text() == text


def test_a_killed_run_leaves_no_memory_that_gc_does_not_know(
    built: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was just writing goes with the other leftovers, after an hour."""
    folder = built / ".neural-gallery"
    (folder / "pictures.json").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda self, target: None)
        assert run("check").exit_code == 0
    (leftover,) = folder.glob(".neural-gallery-tmp-*")
    assert run("gc").exit_code == 0
    assert leftover.exists()
    os.utime(leftover, (0, 0))
    assert run("gc").exit_code == 0
    assert not leftover.exists()
