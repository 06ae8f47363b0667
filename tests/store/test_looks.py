"""Large stores and outputs: how often something is looked at, and that what is quick sees the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.store import output as output_module
from neural_gallery.store.output import Output
from neural_gallery.store.sealed import SealError, digest, seal, unseal
from neural_gallery.store.store import Store

KEY = "ab" + "0" * 62
_FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.0, -0.0, 1e5, 1e22, 2.5e300, 1.5])
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _FLOATS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, st.booleans())
def test_what_was_sealed_is_unsealed(value: object, for_people: bool) -> None:
    """The short way to a checksum is right for every number, laid out or on one line."""
    assert unseal(seal({"value": value}, for_people=for_people)) == {"value": value}


def test_whole_floats_are_as_they_were_in_older_records() -> None:
    """1.0 has the checksum of 1, and comes back as 1.0; another number does not pass for it."""
    data = seal({"share": 1.0, "name": "1e5 3.0"})
    assert repr(unseal(data)) == "{'share': 1.0, 'name': '1e5 3.0'}"
    assert digest({"share": 1.0}) == digest({"share": 1})
    with pytest.raises(SealError, match="does not match its checksum"):
        unseal(data.replace(b"1.0", b"2.0"))


def test_an_answer_is_given_again_once(store: Store) -> None:
    """Who asks next does not look at the disk; who asks then does."""
    store.add_encoded(KEY, b"picture", extension="png", width=4, height=3)
    found = store.encoded(KEY, again=True)
    assert found is not None
    found.path.unlink()
    assert store.encoded(KEY) is found
    assert store.encoded(KEY) is None
    assert len(store.notes) == 1


def test_sweeping_compares_no_path_with_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty files go and forty stay."""
    output = Output(tmp_path / "public", tmp_path / "record.json")
    output.write_all({f"{kind}{number}": b"x" for kind in "ab" for number in range(40)})
    folded: list[str] = []
    real = output_module.folded
    monkeypatch.setattr(output_module, "folded", lambda path: folded.append(path) or real(path))
    assert len(output.sweep([f"a{number}" for number in range(40)])) == 40
    assert len(folded) <= 3 * 80


def test_adopting_compares_no_path_with_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty files that are there already, as in a fresh clone, are taken into a new record."""
    files = {f"{number}.html": b"x" for number in range(80)}
    (tmp_path / "public").mkdir()
    for path, data in files.items():
        (tmp_path / "public" / path).write_bytes(data)
    output = Output(tmp_path / "public", tmp_path / "record.json")
    folded: list[str] = []
    real = output_module.folded
    monkeypatch.setattr(output_module, "folded", lambda path: folded.append(path) or real(path))
    assert output.write_all(files) == ()
    assert len(folded) <= 3 * 80
    assert set(output.owned) == set(files)


def test_folders_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a folder leads elsewhere is seen once for all files in it."""
    output = Output(tmp_path / "public", tmp_path / "record.json")
    files = {f"static/img/{number}.png": b"x" for number in range(30)}
    output.write_all(files)
    resolved: list[Path] = []
    real = Path.resolve
    monkeypatch.setattr(Path, "resolve", lambda path, *rest: resolved.append(path) or real(path, *rest))
    assert output.write_all(files) == ()
    assert len(resolved) <= 2


def test_files_held(tmp_path: Path) -> None:
    """Those that stand there as written; not one that was changed, is gone, or should be another."""
    output = Output(tmp_path / "public", tmp_path / "record.json")
    one, two = digest_of(b"one"), digest_of(b"two")
    output.write_all({"a": b"one", "b": b"two"})
    assert output.holds({"a": one, "b": two})
    assert not output.holds({"a": two})
    assert not output.holds({"c": one})
    (tmp_path / "public" / "b").write_bytes(b"2")
    assert not output.holds({"b": two})
    (tmp_path / "public" / "a").unlink()
    assert not output.holds({"a": one})


def digest_of(data: bytes) -> str:
    """SHA-256."""
    import hashlib

    return hashlib.sha256(data).hexdigest()
