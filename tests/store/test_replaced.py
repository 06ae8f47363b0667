"""A build replaces what somebody else is reading, without a lock: nothing whole is moved away."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from neural_gallery.errors import StoreError
from neural_gallery.store import encodings, lock, paintings
from neural_gallery.store.quarantine import ReplacedError
from neural_gallery.store.records import Origin
from neural_gallery.store.store import Store

KEY = "ab" + "0" * 62
Frames = list[NDArray[np.uint8]]
Interrupt = Callable[[object, str, Callable[[], object]], None]


@pytest.fixture
def builder(store: Store, blend: Callable[..., Frames], origin: Origin) -> Store:
    """A build's store, where a painting of three frames stands."""
    frames = blend(3, 24, 16)
    store.add_painting(KEY, frames[-1], None, frames, origin)
    return store


@pytest.fixture
def finish(builder: Store, blend: Callable[..., Frames], origin: Origin) -> Callable[[], object]:
    """The build finishes the same painting with eight frames."""
    frames = blend(8, 24, 16)
    return lambda: builder.add_painting(KEY, frames[-1], None, frames, origin)


@pytest.fixture
def reader(builder: Store) -> Store:
    """Another process's look at the same store."""
    return Store(builder.folder)


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    """`interrupt(module, name, event)`: something happens once, just before that function is called."""

    def before(module: object, name: str, event: Callable[[], object]) -> None:
        real, left = getattr(module, name), [event]

        def call(*args: object) -> object:
            if left:
                left.pop()()
            return real(*args)

        monkeypatch.setattr(module, name, call)

    return before


def damaged(store: Store) -> list[Path]:
    """What has been moved out of the way."""
    return [*store.folder.glob("damaged/*")]


def frames_of(store: Store) -> int | None:
    """How many frames the painting has that is whole on the disk."""
    found = Store(store.folder).painting(KEY, verify=True)
    return found and found.record.frames


def test_packing_while_a_build_finishes_it_packs_the_new_one(
    builder: Store, reader: Store, finish: Callable[[], object], interrupt: Interrupt
) -> None:
    """The old record is read, then the new painting comes, then the files are read."""
    holding = reader.holding(KEY)
    assert holding is not None
    interrupt(paintings, "_read_file", finish)
    with builder.lock():
        packed = reader.pack(holding)
    assert packed is not None
    assert (packed[0].asked, packed[0].frames) == (8, 8)
    assert (frames_of(builder), damaged(builder), reader.notes) == (8, [], [])


@pytest.mark.parametrize("at_work", [True, False])
def test_planning_while_a_build_finishes_it_finds_the_new_one(
    builder: Store, reader: Store, finish: Callable[[], object], interrupt: Interrupt, at_work: bool
) -> None:
    """The record is that of the old one, the files are those of the new one; the build may be over by then."""
    interrupt(paintings, "_check_size", finish)
    if at_work:
        with builder.lock():
            found = reader.painting(KEY)
    else:
        found = reader.painting(KEY)
    assert found is not None
    assert found.record.frames == 8
    assert (frames_of(builder), damaged(builder), reader.notes) == (8, [], [])


def test_one_that_is_damaged_and_then_replaced_by_its_like_stays(
    builder: Store, reader: Store, interrupt: Interrupt
) -> None:
    """Another process mends it, record and all as they were, just before the one that saw the damage may move it."""
    folder = builder.folder / "paintings" / "ab" / KEY
    whole = (folder / "still.png").read_bytes()
    (folder / "still.png").write_bytes(whole[:-1])
    locks = reader._quarantine
    interrupt(type(locks), "_nobody_writing", lambda: (folder / "still.png").write_bytes(whole))
    assert reader.painting(KEY) is not None
    assert (frames_of(builder), damaged(builder), reader.notes) == (3, [], [])


def test_a_painting_in_hand_that_was_replaced_says_so(
    builder: Store, reader: Store, finish: Callable[[], object]
) -> None:
    """Its frames are others now; it is not taken for damaged."""
    painting = reader.painting(KEY)
    assert painting is not None
    finish()
    with pytest.raises(ReplacedError) as caught:
        painting.frame(1)
    words = "the stored painting of 'cat-wave' was replaced while it was read. Run the command again."
    assert str(caught.value) == words
    assert (frames_of(builder), damaged(builder), reader.notes) == (8, [], [])


def test_what_is_damaged_stays_where_it_is_while_a_build_is_at_work(builder: Store, reader: Store) -> None:
    """It counts as absent and is noted; whoever has the lock, or can have it, moves it."""
    path = builder.folder / "paintings" / "ab" / KEY / "still.png"
    path.write_bytes(path.read_bytes()[:-1])
    with builder.lock():
        assert reader.painting(KEY) is None
        assert (len(reader.notes), damaged(builder)) == (1, [])
        assert builder.painting(KEY) is None
        assert (len(builder.notes), len(damaged(builder))) == (1, 1)


def test_a_build_begins_all_the_same_where_a_reader_has_the_lock_for_a_moment(
    builder: Store, reader: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging what seems damaged must not end somebody's build; another build does."""
    judging = contextlib.ExitStack()
    judging.enter_context(reader.lock())
    monkeypatch.setattr(lock, "time", SimpleNamespace(sleep=lambda seconds: judging.close()))
    with builder.lock(), pytest.raises(StoreError, match="another neural-gallery is at work"), reader.lock():
        pass


def test_an_encoding_that_is_made_again_meanwhile_stays(builder: Store, reader: Store, interrupt: Interrupt) -> None:
    """Its facts are the old ones, its file is the new one."""

    def make(data: bytes) -> None:
        builder.add_encoded(KEY, data, extension="avif", width=4, height=3)

    make(b"old")
    interrupt(encodings, "_load", lambda: make(b"the new one"))
    found = reader.encoded(KEY)
    assert found is not None
    assert found.read() == b"the new one"
    make(b"the newest")
    with pytest.raises(ReplacedError, match=rf"^the stored file {KEY}\.avif was replaced while it was read\."):
        found.read()
    assert (damaged(builder), reader.notes) == ([], [])


@pytest.mark.parametrize("file", [f"../ab/{KEY}.avif", f"{'cd' + KEY[2:]}.avif", "/etc/passwd"])
def test_facts_of_another_file_are_damaged(store: Store, file: str) -> None:
    """An encoding is the file beside its facts, and nothing that somebody points at is published."""
    encoded = store.add_encoded(KEY, b"picture", extension="avif", width=4, height=3)
    facts = encoded.path.with_suffix(".json")
    body = encodings.unseal(facts.read_bytes())
    facts.write_bytes(encodings.seal({**body, "file": file}))
    assert store.encoded(KEY) is None
    assert [note.endswith(" is damaged (it tells of another file); it is made again") for note in store.notes] == [True]
