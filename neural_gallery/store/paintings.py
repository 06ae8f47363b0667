"""Stored paintings: `paintings/ab/<key>/` with `record.json`, `still.png`, `frame-000.webp`, …

Where 16 bits a colour were asked for, `still-16bit.png` lies beside them, as it will be published.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from neural_gallery.errors import StoreError
from neural_gallery.site.model import MAX_SIZE
from neural_gallery.store.files import told_as, write_folder
from neural_gallery.store.pixels import Still, frame_size, is_still, pack_frame, pack_still, unpack
from neural_gallery.store.png16 import encode_png16
from neural_gallery.store.quarantine import DamagedError, Quarantine, ReplacedError
from neural_gallery.store.records import (
    STILL,
    Origin,
    Record,
    StoredFile,
    dump_record,
    frame_name,
    load_record,
    painting_files,
)
from neural_gallery.store.sealed import SealError

if TYPE_CHECKING:
    from neural_gallery.store.pixels import Alpha
    from neural_gallery.workers.messages import RGB, FineRGB

_RECORD = "record.json"
_FINE_STILL = "still-16bit.png"

_Used = TypeVar("_Used")


@dataclass(frozen=True, slots=True)
class Painting:
    """A painting in the store. Its record has been verified; its files are verified as they are read.

    Reading a damaged file moves the whole painting into quarantine and raises DamagedError: paint it again.
    """

    folder: Path
    record: Record
    quarantine: Quarantine = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """The key under which it is stored."""
        return self.record.key

    def still(self) -> Still:
        """The finished painting."""
        return self._read(STILL, partial(_unpacked, STILL))

    def fine_still(self) -> bytes:
        """The finished painting as a PNG with 16 bits a colour. Raises KeyError where it was painted in 8."""
        return self._read(_FINE_STILL)

    def frame(self, index: int) -> RGB:
        """One stored frame: 0 is the start, `record.frames - 1` the result."""
        name = frame_name(index)
        return self._read(name, partial(_unpacked, name)).rgb

    def frames_for(self, count: int) -> list[RGB]:
        """`count` frames, evenly spaced, the first and the last among them; all where no more are stored."""
        return [self.frame(index) for index in evenly(self.record.frames, count)]

    def files(self) -> dict[str, bytes]:
        """All of it by name, its record included: what `check_files` accepts."""
        return {_RECORD: dump_record(self.record), **{name: self._read(name) for name in self.record.files}}

    def _read(self, name: str, use: Callable[[bytes], _Used] = bytes) -> _Used:
        damage = partial(_damage, f"of '{self.record.origin.pair}'")
        with told_as(StoreError, f"cannot read {self.folder / name}"):
            return self.quarantine.look(self.folder, partial(self._judge, name, use), damage, "painted")

    def _judge(self, name: str, use: Callable[[bytes], _Used]) -> _Used:
        """What `use` makes of a file of it. Raises SealError where it is damaged, ReplacedError where another painting
        stands there.
        """
        try:
            return use(_read_file(self.folder, name, self.record.files[name]))
        except SealError:
            now = peek_record(self.folder, self.key)
            if now is not None and now.files != self.record.files:
                raise ReplacedError(f"the stored painting of '{self.record.origin.pair}'") from None
            raise


def evenly(stored: int, count: int) -> list[int]:
    """`count` of the indices 0 … `stored` - 1, evenly spaced, ends included; all where `count` is not smaller.

    A count of one gives the last: the result.
    """
    if count >= stored:
        return list(range(stored))
    if count == 1:
        return [stored - 1]
    return [(2 * index * (stored - 1) + count - 1) // (2 * (count - 1)) for index in range(count)]


def write_painting(
    folder: Path,
    key: str,
    rgb: RGB,
    alpha: Alpha | None,
    frames: Sequence[RGB],
    origin: Origin,
    *,
    fine: FineRGB | None = None,
) -> Record:
    """Writes a painting as one atomic folder, replacing what is there. Raises OSError."""
    height, width, _ = rgb.shape
    if not frames or any(frame.shape != rgb.shape for frame in frames):
        raise ValueError(f"every frame of '{origin.pair}' must have the painting's shape {rgb.shape}")
    files = {STILL: pack_still(rgb, alpha)}
    if fine is not None:
        files[_FINE_STILL] = encode_png16(fine, alpha)
    files |= {frame_name(index): pack_frame(frame) for index, frame in enumerate(frames)}
    record = Record(
        key=key,
        origin=origin,
        created=_now(),
        width=width,
        height=height,
        frames=len(frames),
        files={name: StoredFile(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()},
    )
    write_folder(folder, {**files, _RECORD: dump_record(record)})
    return record


def read_painting(folder: Path, key: str, quarantine: Quarantine, *, verify: bool) -> Painting | None:
    """The painting in `folder`, its record verified, its files too with `verify`, else only seen to have their sizes.

    None where there is none; a damaged one is moved into quarantine. Raises OSError where the disk refuses.
    """
    look = _Look(folder, key, quarantine, _read_file if verify else _check_size)
    try:
        return quarantine.look(folder, look.judge, look.damage, "painted")
    except DamagedError:  # with a word about it in the notes
        return None


@dataclass(slots=True)
class _Look:
    """A look at the painting in `folder`, of which a build takes one for every pair of a site."""

    folder: Path
    key: str
    quarantine: Quarantine
    check: Callable[[Path, str, StoredFile], object]  # of each file
    whose: str = ""  # the painting is, as far as it is known

    def judge(self) -> Painting | None:
        """The painting. Raises SealError where it is damaged."""
        self.whose = f"{self.key[:12]}…"
        if not os.path.exists(self.folder):  # noqa: PTH110 -- quicker than Path's
            return None
        record = _read_record(self.folder, self.key)
        self.whose = f"of '{record.origin.pair}'"
        for name, stored in record.files.items():
            self.check(self.folder, name, stored)
        return Painting(self.folder, record, self.quarantine)

    def damage(self, reason: SealError) -> str:
        """What is wrong, in words."""
        return _damage(self.whose, reason)


def check_files(key: str, files: Mapping[str, bytes]) -> Record:
    """The record among `files`, which come from elsewhere and are a whole painting of that key. Raises SealError.

    Nothing but what such a painting has may be there, each file as the record says, and pictures of its size that can
    be unpacked.
    """
    if _RECORD not in files:
        raise SealError(f"{_RECORD} is missing")
    record = _load(files[_RECORD], key)
    frames = painting_files(record.frames) - {STILL}
    if files.keys() != {_RECORD, *record.files} or record.files.keys() - {_FINE_STILL} != {STILL, *frames}:
        raise SealError(f"{_RECORD} tells of other files")
    for name, stored in record.files.items():
        _check_data(name, files[name], stored)
    size = (record.width, record.height)
    stills = [(STILL, 8), *([(_FINE_STILL, 16)] if _FINE_STILL in files else [])]
    wrong = [name for name, bits in stills if not is_still(files[name], *size, bits=bits)]
    wrong += [name for name in sorted(frames) if frame_size(files[name]) != size]
    if wrong:
        raise SealError(f"{wrong[0]} is not what {_RECORD} says")
    if max(size) > MAX_SIZE:
        raise SealError(f"{STILL} is larger than any painting")
    for name in sorted({STILL, *frames}):
        _unpacked(name, files[name])
    return record


def _unpacked(name: str, data: bytes) -> Still:
    """The pixels of a file, whose checksum says nothing of that. Raises SealError."""
    from PIL.Image import DecompressionBombError

    try:
        return unpack(data)
    except (OSError, ValueError, SyntaxError, DecompressionBombError) as error:  # whatever Pillow trips over
        raise SealError(f"{name} cannot be unpacked") from error


def peek_record(folder: Path, key: str) -> Record | None:
    """The record in `folder`, or None where it is damaged; nothing is moved or said about that."""
    try:
        return _read_record(folder, key)
    except SealError:
        return None


def _read_record(folder: Path, key: str) -> Record:
    try:
        data = (folder / _RECORD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SealError(f"{_RECORD} is missing") from None
    return _load(data, key)


def _load(data: bytes, key: str) -> Record:
    try:
        record = load_record(data)
    except SealError as error:
        raise SealError(f"{_RECORD} {error}") from error
    if record.key != key:
        raise SealError(f"{_RECORD} belongs to another painting")
    return record


def _check_size(folder: Path, name: str, stored: StoredFile) -> None:
    try:
        size = os.stat(f"{folder}/{name}").st_size  # noqa: PTH116
    except FileNotFoundError:
        raise SealError(f"{name} is missing") from None
    if size != stored.bytes:
        raise SealError(f"{name} has {size} bytes instead of {stored.bytes}")


def _read_file(folder: Path, name: str, stored: StoredFile) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError:
        raise SealError(f"{name} is missing") from None
    _check_data(name, data, stored)
    return data


def _check_data(name: str, data: bytes, stored: StoredFile) -> None:
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise SealError(f"{name} does not match its checksum")
    if len(data) != stored.bytes:  # or the next one who asks for sizes only would call it damaged
        raise SealError(f"{name} has {len(data)} bytes instead of {stored.bytes}")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _damage(whose: str, reason: SealError) -> str:
    return f"the stored painting {whose} is damaged ({reason})"
