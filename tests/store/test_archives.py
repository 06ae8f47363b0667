"""Paintings as archives for other machines: the same always, whole or refused, and nothing in them is believed."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neural_gallery.store.archives import PAINTINGS, UNFINISHED, Label, pack, read_label, unpack
from neural_gallery.store.pixels import pack_frame, pack_still
from neural_gallery.store.records import Origin
from neural_gallery.store.sealed import SealError, seal, unseal
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62
Frames = list[NDArray[np.uint8]]
Packed = tuple[Label, bytes]


@pytest.fixture
def frames(blend: Callable[..., Frames]) -> Frames:
    """Three small frames."""
    return blend(3, 24, 16)


@pytest.fixture
def packed(store: Store, frames: Frames, origin: Origin) -> Packed:
    """A painting in 16 bits, packed."""
    store.add_painting(KEY, frames[-1], None, frames, origin, fine=frames[-1] * np.uint16(257))
    return packed_by(store)


@pytest.fixture
def on_its_way(store: Store, frames: Frames) -> Packed:
    """A painting that is not finished, packed."""
    store.keep_unfinished(KEY, Unfinished(24, b"state", frames))
    return packed_by(store)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Store:
    """Another machine's store."""
    return Store(tmp_path / "elsewhere")


def packed_by(store: Store) -> Packed:
    """What a store has under the key, packed."""
    holding = store.holding(KEY)
    assert holding is not None
    made = store.pack(holding)
    assert made is not None
    return made


def repacked(label: Label, files: dict[str, bytes]) -> Packed:
    """Those files under that key, with a name that is true."""
    return pack(label.shelf, label.key, label.asked, label.frames, files)


def seal_again(files: dict[str, bytes], *changed: str, **fields: object) -> None:
    """Lets the record know of files that were changed or are gone, and have those fields: no checksum is against it."""
    body: dict[str, Any] = unseal(files["record.json"])
    body |= {**fields, "files": {name: stored for name, stored in body["files"].items() if name in files}}
    for name in changed:
        body["files"][name] = {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    files["record.json"] = seal(body)


def test_a_painting_arrives_as_it_was(store: Store, elsewhere: Store, packed: Packed) -> None:
    """Every file with its bytes; packed there again it is the same archive."""
    label, data = packed
    assert (label.shelf, label.asked, label.frames) == (PAINTINGS, 3, 3)
    elsewhere.take(label, data)
    here, there = (one.folder / "paintings/ab" / KEY for one in (store, elsewhere))
    assert {path.name: path.read_bytes() for path in here.iterdir()} == {
        path.name: path.read_bytes() for path in there.iterdir()
    }
    assert packed_by(elsewhere) == packed


def test_one_on_its_way_arrives_as_it_was_and_goes_when_it_is_finished(
    elsewhere: Store, on_its_way: Packed, store: Store, frames: Frames, origin: Origin
) -> None:
    """Another machine can go on with it; the finished painting takes its place."""
    label, data = on_its_way
    assert (label.shelf, label.asked, label.frames) == (UNFINISHED, 24, 3)
    elsewhere.take(label, data)
    found = elsewhere.unfinished(KEY, asked=24)
    assert found is not None
    assert (found.state, len(found.frames)) == (b"state", 3)
    assert packed_by(elsewhere) == on_its_way
    store.add_painting(KEY, frames[-1], None, frames, origin)
    elsewhere.take(*packed_by(store))
    assert elsewhere.unfinished(KEY, asked=24) is None
    assert elsewhere.painting(KEY, verify=True) is not None


def test_a_painting_with_transparency_and_a_few_frames_arrives(elsewhere: Store, store: Store, origin: Origin) -> None:
    """One frame of odd size, partly transparent: what is checked of pictures holds for all that are stored."""
    rgb = np.zeros((17, 301, 3), np.uint8)
    store.add_painting(KEY, rgb, rgb[..., 0], [rgb], origin)
    elsewhere.take(*packed_by(store))
    assert elsewhere.painting(KEY, verify=True) is not None


def test_a_painting_damaged_here_is_not_sent(store: Store, packed: Packed) -> None:
    """It is told as everywhere, and gone from then on."""
    holding = store.holding(KEY)
    assert holding is not None
    path = store.folder / "paintings/ab" / KEY / "frame-001.webp"
    path.write_bytes(bytes(path.stat().st_size))
    assert store.pack(holding) is None
    assert store.notes == [
        "the stored painting of 'cat-wave' is damaged (frame-001.webp does not match its checksum); it is painted again"
    ]
    assert store.holding(KEY) is None


def test_one_on_its_way_damaged_here_is_not_sent(store: Store, on_its_way: Packed) -> None:
    """It would be dropped here, too."""
    holding = store.holding(KEY)
    assert holding is not None
    (store.folder / "unfinished/ab" / KEY / "state").write_bytes(b"other")
    assert store.pack(holding) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: data + b"0"])
def test_what_does_not_match_its_name_is_not_opened(
    elsewhere: Store, packed: Packed, damage: Callable[[bytes], bytes]
) -> None:
    """Cut short, empty, or with more at its end."""
    label, data = packed
    with pytest.raises(SealError, match=r"^does not match the checksum in its name$"):
        elsewhere.take(label, damage(data))
    assert not elsewhere.folder.exists()


CHANGES: dict[str, tuple[str, Callable[[dict[str, bytes]], object]]] = {
    "a file replaced": (
        "frame-001.webp does not match its checksum",
        lambda files: files.update({"frame-001.webp": files["frame-000.webp"]}),
    ),
    "a file missing": ("record.json tells of other files", lambda files: files.pop("frame-002.webp")),
    "the record missing": ("record.json is missing", lambda files: files.pop("record.json")),
    "the record edited": (
        "record.json does not match its checksum",
        lambda files: files.update({"record.json": files["record.json"].replace(b'"width": 24', b'"width": 25')}),
    ),
    "the record no JSON": ("record.json is not JSON", lambda files: files.update({"record.json": b"{"})),
    "the record too deep": (
        "record.json is not JSON",
        lambda files: files.update({"record.json": b"[" * 20000 + b"]" * 20000}),
    ),
    "a file more": ("record.json tells of other files", lambda files: files.update(extra=b"")),
    "a path that leads out": ("has a file named '../still.png'", lambda files: files.update({"../still.png": b""})),
    "an absolute path": ("has a file named '/etc/passwd'", lambda files: files.update({"/etc/passwd": b""})),
    "a hidden file": ("has a file named '.bashrc'", lambda files: files.update({".bashrc": b""})),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_archive_of_other_files_is_refused(elsewhere: Store, packed: Packed, change: str) -> None:
    """Its name may be true: what is in it must be a painting of that key, as its record says."""
    told, alter = CHANGES[change]
    files = unpack(*packed)
    alter(files)
    with pytest.raises(SealError) as caught:
        elsewhere.take(*repacked(packed[0], files))
    assert str(caught.value) == told
    assert not elsewhere.folder.exists()


FORGED: dict[str, tuple[str, Callable[[dict], object]]] = {
    "another key": ("record.json belongs to another painting", lambda body: body.update(key=OTHER)),
    "another size": ("still.png is not what record.json says", lambda body: body.update(width=4800)),
    "a size that is none": ("record.json has an impossible 'width'", lambda body: body.update(width="24")),
    "more frames": ("record.json has an impossible 'frames'", lambda body: body.update(frames=10**9)),
    "frames too many": ("record.json tells of other files", lambda body: body.update(frames=4)),
    "no frames": ("record.json has an impossible 'frames'", lambda body: body.update(frames=-1)),
    "frames that are none": ("record.json has an impossible 'frames'", lambda body: body.update(frames="3")),
    "no origin": ("record.json is incomplete", lambda body: body.update(origin=None)),
    "a file elsewhere": (
        "record.json tells of other files",
        lambda body: body["files"].update({"../../x": body["files"]["still.png"]}),
    ),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_record_sealed_again_after_it_was_changed_is_refused(elsewhere: Store, packed: Packed, forgery: str) -> None:
    """Whoever can write an archive can seal a record: what it says must fit the files, and nothing else is there."""
    told, alter = FORGED[forgery]
    files = unpack(*packed)
    body = unseal(files["record.json"])
    alter(body)
    files["record.json"] = seal(body)
    with pytest.raises(SealError) as caught:
        elsewhere.take(*repacked(packed[0], files))
    assert str(caught.value) == told
    assert not elsewhere.folder.exists()


def test_a_name_that_promises_more_is_refused(elsewhere: Store, packed: Packed) -> None:
    """Frames asked for and frames there are what the record says, or every pull would fetch it again."""
    label, data = packed
    for lie in ({"asked": 99}, {"frames": 2}):
        with pytest.raises(SealError, match=r"^is not what its name says$"):
            elsewhere.take(dataclasses.replace(label, **lie), data)


@pytest.mark.parametrize(
    ("told", "alter"),
    [
        ("record.json tells of other files", lambda files: files.update(state=b"other")),
        ("record.json tells of other files", lambda files: files.update(more=b"")),
        ("record.json is missing", lambda files: files.pop("record.json")),
        ("record.json is not JSON", lambda files: files.update({"record.json": b""})),
    ],
)
def test_one_on_its_way_is_checked_likewise(
    elsewhere: Store, on_its_way: Packed, told: str, alter: Callable[[dict[str, bytes]], object]
) -> None:
    """Its state is opaque, but it must be the one that was stored."""
    files = unpack(*on_its_way)
    alter(files)
    with pytest.raises(SealError) as caught:
        elsewhere.take(*repacked(on_its_way[0], files))
    assert str(caught.value) == told
    assert not elsewhere.folder.exists()


def zipped(*files: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> Packed:
    """Any zip, under a name that is true of its bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return Label(PAINTINGS, KEY, 3, 3, hashlib.sha256(data.getvalue()).hexdigest()), data.getvalue()


def test_compressed_files_are_refused() -> None:
    """A few bytes must not become many."""
    with pytest.raises(SealError, match=r"^has a compressed or encrypted file, still.png$"):
        unpack(*zipped(("still.png", bytes(10**6)), compression=zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused() -> None:
    """Which of them would count is nobody's guess."""
    with pytest.raises(SealError, match=r"^has two files of one name$"):
        unpack(*zipped(("still.png", b"1"), ("still.png", b"2")))


def test_files_that_share_bytes_are_refused() -> None:
    """One that lies inside another, listed like that one, would make much of little."""
    _, inner = zipped(("b", bytes(1000)))
    begin, end = inner.index(b"PK\x01\x02"), inner.index(b"PK\x05\x06")
    _, outer = zipped(("a", inner[:begin]))
    first = outer.rindex(b"PK\x01\x02")
    inside = bytearray(inner[begin:end])
    inside[42:46] = (30 + len("a")).to_bytes(4, "little")  # where its local header is now
    entries = outer[first : outer.rindex(b"PK\x05\x06")] + bytes(inside)
    closing = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(entries), first, 0)
    forged = outer[:first] + entries + closing
    label = Label(PAINTINGS, KEY, 3, 3, hashlib.sha256(forged).hexdigest())
    with pytest.raises(SealError, match=r"^has files that overlap$"):
        unpack(label, forged)


def test_a_picture_with_far_more_bytes_than_pixels_is_refused(elsewhere: Store, packed: Packed) -> None:
    """A megabyte of what is compressed may be a gigabyte, whatever size the picture says that it has."""
    files = unpack(*packed)
    files["still.png"] += bytes(2**20)
    seal_again(files, "still.png")
    with pytest.raises(SealError, match=r"^still.png is not what record.json says$"):
        elsewhere.take(*repacked(packed[0], files))


@pytest.mark.parametrize("name", ["still.png", "still-16bit.png", "frame-001.webp"])
def test_pictures_of_another_size_are_refused(elsewhere: Store, packed: Packed, name: str) -> None:
    """Even where record and checksums know of them: a small archive must not become a huge picture when it is read."""
    files = unpack(*packed)
    large = np.zeros((100, 100, 3), np.uint8)
    files[name] = pack_frame(large) if name.endswith(".webp") else pack_still(large, None)
    seal_again(files, name)
    with pytest.raises(SealError, match=rf"^{name} is not what record.json says$"):
        elsewhere.take(*repacked(packed[0], files))


@pytest.mark.parametrize("name", ["still.png", "frame-001.webp"])
@pytest.mark.parametrize("kept", [33, 60])
def test_pictures_that_only_begin_like_some_are_refused(elsewhere: Store, packed: Packed, name: str, kept: int) -> None:
    """Else every build that shows them would fail, on every machine that pulls."""
    files = unpack(*packed)
    files[name] = files[name][:kept].ljust(len(files[name]), b"\xff")
    seal_again(files, name)
    with pytest.raises(SealError, match=rf"^{name} cannot be unpacked$"):
        elsewhere.take(*repacked(packed[0], files))


def test_a_painting_larger_than_any_is_refused(elsewhere: Store, packed: Packed) -> None:
    """Its few bytes would become gigabytes when it is shown."""
    files = unpack(*packed)
    sides = struct.pack(">II", 8193, 10)
    files["still.png"] = files["still.png"][:16] + sides + files["still.png"][24:]
    for name in [name for name in files if name.endswith(".webp")]:
        files[name] = files[name][:21] + struct.pack("<I", 9 << 14 | 8192) + files[name][25:]
    files.pop("still-16bit.png", None)
    seal_again(files, *(files.keys() - {"record.json"}), width=8193, height=10)
    with pytest.raises(SealError, match=r"^still.png is larger than any painting$"):
        elsewhere.take(*repacked(packed[0], files))


@settings(max_examples=50)
@given(st.data())
def test_no_bytes_do_more_than_be_refused(data: st.DataObject) -> None:
    """Bytes changed at random, under a true name, are refused, or hold just what a zip says they hold."""
    _, good = zipped(("record.json", b"{}"), ("still.png", bytes(30)))
    changed = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=6)):
        changed[place] = data.draw(st.integers(0, 255))
    cut = bytes(changed[: data.draw(st.integers(0, len(good)))])
    for one in (bytes(changed), cut):
        try:
            files = unpack(Label(PAINTINGS, KEY, 3, 3, hashlib.sha256(one).hexdigest()), one)
        except SealError:
            continue
        assert sum(map(len, files.values())) <= len(one)


LABEL = Label(PAINTINGS, KEY, 24, 20, "0" * 64)


def test_a_name_says_what_is_in_it() -> None:
    """There and back again."""
    assert LABEL.path == f"paintings/ab/{KEY}-24-20-{'0' * 64}.zip"
    assert read_label(LABEL.path) == LABEL


@pytest.mark.parametrize(
    ("old", "new"),
    [("paintings/", "encoded/"), ("/ab/", "/cd/"), ("-24-", "-024-"), (".zip", ".tar"), ("paintings", "x/paintings")],
)
def test_other_names_are_nobodys(old: str, new: str) -> None:
    """What others put there is not looked at."""
    assert read_label(LABEL.path.replace(old, new, 1)) is None


@pytest.mark.parametrize(("code", "kind"), [(1, MemoryError), (2, MemoryError), (4, ValueError)])
def test_a_frame_for_which_memory_is_lacking(monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]) -> None:
    """Pillow passes on libwebp's numbers only, of which two say that."""

    def fail(*arguments: object, **keywords: object) -> None:
        raise ValueError(f"encoding error {code}")

    monkeypatch.setattr("PIL.Image.Image.save", fail)
    with pytest.raises(kind):
        pack_frame(np.zeros((4, 4, 3), np.uint8))
