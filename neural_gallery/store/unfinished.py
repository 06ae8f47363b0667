"""Paintings on their way: `unfinished/ab/<key>/` with `record.json`, `state`, `frame-000.webp`, …

What a painter needs to go on after an interruption, and the frames that it has sent so far. Nothing here is worth much:
what does not match its checksums is dropped, and the painting begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.store.files import write_folder
from neural_gallery.store.pixels import frame_size, pack_frame, unpack
from neural_gallery.store.records import MANY
from neural_gallery.store.sealed import SealError, seal, unseal
from neural_gallery.store.sound import count

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

_RECORD = "record.json"
_STATE = "state"

MOST_FRAMES = 4
"""So many times as many frames as were asked for no painter sends."""


@dataclass(slots=True)
class Unfinished:
    """A painting on its way: the painter's own state, opaque to the store, and the frames up to it."""

    asked: int  # how many frames were asked for in all: which of them are sampled where depends on it
    state: bytes = b""
    frames: list[RGB] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)  # the frames as they are stored; each is packed once

    def write(self, folder: Path, key: str) -> None:
        """Puts it at `folder` in one step, replacing what is there. Raises OSError."""
        self.packed += [pack_frame(frame) for frame in self.frames[len(self.packed) :]]
        files = dict(zip(_names(len(self.packed)), (self.state, *self.packed), strict=True))
        checksums = {name: _sha256(data) for name, data in files.items()}
        record = seal({"key": key, "asked": self.asked, "files": checksums})
        write_folder(folder, {**files, _RECORD: record})


def read_unfinished(folder: Path, key: str, *, asked: int, size: tuple[int, int] | None = None) -> Unfinished | None:
    """What stands at `folder`; None where nothing does that can be gone on from. `size`: width and height, if known.

    It may be another machine's, and its checksums say nothing of what is in it. Raises OSError.
    """
    if not folder.is_dir():
        return None
    files = read_files(folder, key)
    if files is None or _counts(key, files[_RECORD])[0] != asked:
        return None
    state, *packed = (files[name] for name in _names(len(files) - 2))
    # Before they are unpacked: what has few bytes may have many pixels.
    if len(packed) > MOST_FRAMES * asked or any(size and frame_size(data) != size for data in packed):
        return None
    try:
        frames = [unpack(data).rgb for data in packed]
    except (OSError, ValueError):  # Pillow's, for a frame that only begins like one
        return None
    return Unfinished(asked, state, frames, packed)


def peek_unfinished(folder: Path, key: str) -> tuple[int, int] | None:
    """How many frames were asked for and how many there are at `folder`; None where nothing can be read there."""
    try:
        return _counts(key, (folder / _RECORD).read_bytes())
    except (SealError, FileNotFoundError, NotADirectoryError):
        return None


def read_files(folder: Path, key: str) -> dict[str, bytes] | None:
    """All of it by name, its record included: what `check_files` accepts. None where some is missing or damaged."""
    try:
        record = (folder / _RECORD).read_bytes()
        _, frames = _counts(key, record)
        files = {name: (folder / name).read_bytes() for name in _names(frames)}
        check_files(key, {**files, _RECORD: record})
    except (SealError, FileNotFoundError, NotADirectoryError):
        return None
    return {**files, _RECORD: record}


def check_files(key: str, files: Mapping[str, bytes]) -> tuple[int, int]:
    """How many frames were asked for and how many are there, of `files` that come from elsewhere. Raises SealError.

    They must be an unfinished painting of that key and no more, each as the record says, frames of one size.
    """
    if _RECORD not in files:
        raise SealError(f"{_RECORD} is missing")
    asked, frames = _counts(key, files[_RECORD])
    checksums = unseal(files[_RECORD])["files"]
    names = _names(min(frames, len(files)))
    if files.keys() != {_RECORD, *names} or checksums != {name: _sha256(files[name]) for name in names}:
        raise SealError(f"{_RECORD} tells of other files")
    sizes = {frame_size(files[name]) for name in names[1:]}
    if len(sizes) > 1 or None in sizes:
        raise SealError("frames are not of one size")
    return asked, frames


def _counts(key: str, data: bytes) -> tuple[int, int]:
    """What a record says: how many frames were asked for, how many are there. Raises SealError."""
    try:
        record = unseal(data)
    except SealError as error:
        raise SealError(f"{_RECORD} {error}") from error
    except RecursionError as error:
        raise SealError(f"{_RECORD} is incomplete") from error
    asked, checksums = record.get("asked"), record.get("files")
    if record.get("key") != key:
        raise SealError(f"{_RECORD} belongs to another painting")
    if asked is None or not isinstance(checksums, dict) or _STATE not in checksums:
        raise SealError(f"{_RECORD} is incomplete")
    try:
        return count("asked", asked, 1, MANY), len(checksums) - 1
    except SealError as error:
        raise SealError(f"{_RECORD} {error}") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _names(frames: int) -> tuple[str, ...]:
    """The names of the files: the state's, then those of so many frames."""
    return (_STATE, *(f"frame-{index:03d}.webp" for index in range(frames)))
