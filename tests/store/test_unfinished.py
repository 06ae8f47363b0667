"""Paintings on their way: kept in one step, read back whole or not at all, gone when they are finished."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished

KEY, OTHER = "ab" * 32, "cd" * 32


def frames(count: int) -> list[np.ndarray]:
    """Noise, 6 x 5 pixels."""
    return list(np.random.default_rng(count).integers(0, 256, (count, 5, 6, 3), np.uint8))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")


def test_what_is_kept_is_read_back(store: Store) -> None:
    """The state and the frames, also after it was kept a second time with more of them."""
    unfinished = Unfinished(24, b"first", frames(2))
    store.keep_unfinished(KEY, unfinished)
    unfinished.state, unfinished.frames = b"second", [*unfinished.frames, *frames(3)]
    store.keep_unfinished(KEY, unfinished)
    found = store.unfinished(KEY, asked=24)
    assert found is not None
    assert found.state == b"second"
    np.testing.assert_array_equal(found.frames, unfinished.frames)


def test_what_does_not_fit_is_not_there(store: Store) -> None:
    """Another key, another number of frames, or nothing at all."""
    store.keep_unfinished(KEY, Unfinished(24, b"state", frames(1)))
    assert store.unfinished(OTHER, asked=24) is None
    assert store.unfinished(KEY, asked=12) is None
    assert Store(store.folder / "nowhere").unfinished(KEY, asked=24) is None


@pytest.mark.parametrize("name", ["state", "frame-000.webp", "record.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_one_counts_as_absent(store: Store, name: str, damage: str) -> None:
    """A flipped bit, a torn or a missing file: the painting begins anew, and nothing is in the way of the next one."""
    store.keep_unfinished(KEY, Unfinished(24, b"state", frames(1)))
    path = store.folder / "unfinished" / "ab" / KEY / name
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    if damage == "remove":
        path.unlink()
    assert store.unfinished(KEY, asked=24) is None
    store.keep_unfinished(KEY, Unfinished(24, b"again", frames(1)))
    found = store.unfinished(KEY, asked=24)
    assert found is not None
    assert found.state == b"again"


def test_sweeping_keeps_what_the_manifest_wants(store: Store) -> None:
    """`gc` removes unfinished paintings of no pair, and only those."""
    for key in (KEY, OTHER):
        store.keep_unfinished(key, Unfinished(24, b"state", frames(1)))
    store.gc([KEY], dry_run=True)
    assert store.unfinished(OTHER, asked=24) is not None
    swept = store.gc([KEY])
    assert [path.name for path in swept.paths] == [OTHER]
    assert swept.bytes > 0
    assert store.unfinished(KEY, asked=24) is not None
    assert store.unfinished(OTHER, asked=24) is None
