"""The record of the sheets of proofs."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_gallery.errors import StoreError
from neural_gallery.store.sheets import Sheets


def test_a_sheet_keeps_its_paintings_while_it_is_there(tmp_path: Path) -> None:
    """A sheet drawn again shows what it shows now; a deleted one nothing."""
    store, one, other = tmp_path / "store", tmp_path / "one.html", tmp_path / "other.html"
    for sheet, keys in ((one, ["a", "b"]), (other, ["b", "c"]), (one, ["d"])):
        Sheets(store).add(sheet, keys)
        sheet.touch()
    assert Sheets(store).paintings() == {"b", "c", "d"}
    other.unlink()
    assert Sheets(store).paintings() == {"d"}


def test_known_sheets(tmp_path: Path) -> None:
    """A sheet is known before it is written; one that has gone is forgotten with the next."""
    store = tmp_path / "store"
    Sheets(store).add(tmp_path / "one.html", [])
    assert Sheets(store).has(tmp_path / "one.html")
    assert not Sheets(store).has(tmp_path / "other.html")
    Sheets(store).add(tmp_path / "other.html", [])
    assert not Sheets(store).has(tmp_path / "one.html")


def test_a_site_may_be_moved(tmp_path: Path) -> None:
    """Sheets are found from the store."""
    Sheets(tmp_path / "old/store").add(tmp_path / "old/proof.html", ["a"])
    (tmp_path / "old/proof.html").touch()
    (tmp_path / "old").rename(tmp_path / "new")
    assert Sheets(tmp_path / "new/store").paintings() == {"a"}


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    """The worst that comes of it is that some proofs are painted once more."""
    (tmp_path / "proofs.json").write_text("{}")
    assert Sheets(tmp_path).paintings() == set()


def test_an_unreadable_record_is_told(tmp_path: Path) -> None:
    """What the disk refuses is told in words."""
    (tmp_path / "proofs.json").mkdir()
    with pytest.raises(StoreError, match=r"cannot read .*proofs\.json: "):
        Sheets(tmp_path)
