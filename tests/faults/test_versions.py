"""A store that another version of the program has written: older, newer, or one that left something out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from neural_gallery.store.sealed import digest, unseal

from ..support.killing import tree

Run = Callable[..., Result]
Change = Callable[[dict[str, Any]], None]

FILES = {
    "painting": ".neural-gallery/paintings/*/*/record.json",
    "encoding": ".neural-gallery/encoded/*/*.json",
    "outputs": ".neural-gallery/outputs.json",
}


def reseal(path: Path, change: Change, *, format: int = 1) -> None:
    """Writes a sealed file as another version would have."""
    body = {"format": format, **unseal(path.read_bytes())}
    change(body)
    path.write_text(json.dumps({**body, "checksum": digest(body)}))


def with_more(value: Any) -> None:
    """Every object in `value` gets a field that this version does not know."""
    if isinstance(value, dict):
        for inner in value.values():
            with_more(inner)
        if "sha256" in value or "origin" in value or "pair" in value:
            value["invented_later"] = {"by": "somebody"}


def without(name: str) -> Change:
    """Takes a field out wherever it stands."""

    def change(value: Any) -> None:
        if isinstance(value, dict):
            value.pop(name, None)
            for inner in value.values():
                change(inner)

    return change


@pytest.mark.parametrize("kind", FILES)
def test_fields_that_came_later_are_passed_over(built: Path, run: Run, kind: str) -> None:
    """Nothing is painted, made or written again, and there is nothing to tell."""
    before = tree(built / "public")
    for path in built.glob(FILES[kind]):
        reseal(path, with_more)
        assert b"invented_later" in path.read_bytes()
    result = run("build")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "painted 0 pairs, reused 2; nothing changed" in result.stdout
    assert tree(built / "public") == before


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("painting", "is damaged (record.json has format 2, and this version reads format 1); it is painted again"),
        ("encoding", "is damaged (it has format 2, and this version reads format 1); it is made again"),
        ("outputs", "outputs.json, has format 2, and this version reads format 1; files that are there already"),
    ],
)
def test_another_format_is_told(built: Path, run: Run, kind: str, told: str) -> None:
    """What cannot be read is made again, and the next run has nothing to tell."""
    before = tree(built / "public")
    for path in built.glob(FILES[kind]):
        reseal(path, lambda body: None, format=2)
    result = run("build")
    assert result.exit_code == 0
    assert told in result.stderr
    assert tree(built / "public") == before
    again = run("build")
    assert (again.exit_code, again.stderr) == (0, "")


@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [
        ("painting", "width", "is damaged (record.json is incomplete); it is painted again"),
        ("painting", "weights_sha256", "is damaged (record.json is incomplete); it is painted again"),
        ("encoding", "sha256", "is damaged (it is incomplete); it is made again"),
        ("encoding", "file", "is damaged (it is incomplete); it is made again"),
        ("outputs", "folders", "outputs.json, is incomplete; files that are there already count as somebody else's"),
        ("outputs", "bytes", "outputs.json, is incomplete; files that are there already count as somebody else's"),
    ],
)
def test_what_lacks_a_field_is_told(built: Path, run: Run, kind: str, field: str, told: str) -> None:
    """The seal is right, and yet it says too little."""
    before = tree(built / "public")
    for path in built.glob(FILES[kind]):
        reseal(path, without(field))
    result = run("build")
    assert result.exit_code == 0, result.stderr
    assert told in result.stderr
    assert tree(built / "public") == before
    again = run("build")
    assert (again.exit_code, again.stderr) == (0, "")


@pytest.mark.parametrize("text", ['{"version": 99, "pictures": 1}', "[]", "{}", "\x00", '{"version": 1}'])
def test_what_another_version_remembers_of_pictures(built: Path, run: Run, text: str) -> None:
    """It is begun anew, without a word: nothing but time is lost."""
    memory = built / ".neural-gallery" / "pictures.json"
    known = memory.read_text()
    memory.write_text(text)
    result = run("build")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "nothing changed" in result.stdout
    assert memory.read_text() == known


@pytest.mark.parametrize("sheets", [None, 5, {"sheet.html": 7}])
def test_sheets_of_another_version(built: Path, run: Run, sheets: object) -> None:
    """A list of sheets that says something else counts as none."""
    body = {"format": 1} | ({} if sheets is None else {"sheets": sheets})
    (built / ".neural-gallery" / "proofs.json").write_text(json.dumps({**body, "checksum": digest(body)}))
    result = run("gc")
    assert (result.exit_code, result.stdout) == (0, "removed 0 paintings and 0 encoded files, 0 B\n")
