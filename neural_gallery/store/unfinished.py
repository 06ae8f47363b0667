"""Paintings on their way: `unfinished/ab/<key>/` with `record.json`, `state`, `frame-000.webp`, …

What a painter needs to go on after an interruption, and the frames that it has sent so far. Nothing here is worth much:
what does not match its checksums is dropped, and the painting begins anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.store.files import write_folder
from neural_gallery.store.pixels import pack_frame, unpack
from neural_gallery.store.sealed import SealError, seal, unseal

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

_RECORD = "record.json"
_STATE = "state"


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
        checksums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        record = seal({"key": key, "asked": self.asked, "files": checksums})
        write_folder(folder, {**files, _RECORD: record})


def read_unfinished(folder: Path, key: str, *, asked: int) -> Unfinished | None:
    """What stands at `folder`; None where nothing does, or nothing that can be gone on from. Raises OSError."""
    if not folder.is_dir():
        return None
    try:
        record = unseal((folder / _RECORD).read_bytes())
        checksums = record["files"]
        if record["key"] != key or record["asked"] != asked or not isinstance(checksums, dict):
            return None
        state, *packed = (_read(folder / name, checksums) for name in _names(len(checksums) - 1))
    except (SealError, FileNotFoundError, KeyError, ValueError):
        return None
    return Unfinished(asked, state, [unpack(data).rgb for data in packed], packed)


def _read(path: Path, checksums: dict[str, object]) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != checksums[path.name]:
        raise SealError(f"{path.name} does not match its checksum")
    return data


def _names(frames: int) -> tuple[str, ...]:
    """The names of the files: the state's, then those of so many frames."""
    return (_STATE, *(f"frame-{index:03d}.webp" for index in range(frames)))
