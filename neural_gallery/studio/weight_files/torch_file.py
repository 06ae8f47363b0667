"""PyTorch files, as `torch.save` writes them: a zip archive, or the stream of pickles that came before it.

Archive: `<name>/data.pkl` describes the tensors, `<name>/data/<key>` holds the values of each storage. Stream: pickles
of a magic number, a protocol version, facts about the machine, the description, and the list of storages; then, for
each of these, its length (8 bytes) and its values.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.pickles import Storage, Tensor, read_pickle
from neural_gallery.studio.weight_files.tensors import (
    StoredTensor,
    TensorFile,
    UnusableError,
    as_floats,
    byte_count,
    damaged,
)

STREAM_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The first pickle of a stream."""

DESCRIPTION_LIMIT = 16 << 20
"""Bytes. That of VGG-19 takes less than 8 kB, and that of a network with ten thousand tensors 2 MB."""

_NESTING = 3  # checkpoints have the network's dictionary inside another one
_STREAM_BYTES = {"int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1}  # of values that are no weights
_BIG_ENDIAN = UnusableError("was written on a big-endian machine.", "Save it again on another one.")

_ReadStorage: TypeAlias = Callable[[Storage], bytes]


def read_archive(path: Path) -> TensorFile:
    """A zip archive. Raises UnusableError, OSError, and what `zipfile` raises."""
    with zipfile.ZipFile(path) as archive:
        description = next(name for name in archive.namelist() if name.split("/")[-1] == "data.pkl")
        root = description.removesuffix("data.pkl")
        if f"{root}constants.pkl" in archive.namelist():
            raise UnusableError("is a TorchScript program.", "Save the network's state_dict() alone.")
        if f"{root}byteorder" in archive.namelist() and _limited(archive, f"{root}byteorder", 16) != b"little":
            raise _BIG_ENDIAN
        value = read_pickle(io.BytesIO(_limited(archive, description, DESCRIPTION_LIMIT)))
    size = path.stat().st_size

    def read(storage: Storage) -> bytes:
        with zipfile.ZipFile(path) as archive:
            try:
                entry = archive.getinfo(f"{root}data/{storage.key}")
            except KeyError as error:
                raise damaged("the values of a tensor are missing") from error
            # Values are never compressed: what unpacks to more than the file is a trap.
            if entry.file_size != byte_count(storage.kind, (storage.length,)) or entry.file_size > size:
                raise damaged("a tensor has not the length that is stated")
            return archive.read(entry)

    return _tensor_file(value, read)


def read_stream(path: Path) -> TensorFile:
    """A stream of pickles. Raises UnusableError, OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = io.BytesIO(file.read(DESCRIPTION_LIMIT))
        read_pickle(head)  # the magic number
        read_pickle(head)  # the protocol's version
        machine, value, keys = read_pickle(head), read_pickle(head), read_pickle(head)
        if isinstance(machine, dict) and machine.get("little_endian") is False:
            raise _BIG_ENDIAN
        storages = {tensor.storage.key: tensor.storage for _, tensor in _tensors(value)}
        places: dict[str, int] = {}
        place = head.tell()
        for key in keys if isinstance(keys, list) else []:
            storage = storages.get(key) if isinstance(key, str) else None
            if storage is None:
                raise damaged("it has values that belong to no tensor")
            file.seek(place)
            if place + 8 > size:
                raise damaged("it ends in the middle")
            if int.from_bytes(file.read(8), "little") != storage.length:
                raise damaged("a tensor has not the length that is stated")
            places[storage.key] = place + 8
            place += 8 + storage.length * _width(storage.kind)
        if place > size:
            raise damaged("it ends in the middle")

    def read(storage: Storage) -> bytes:
        if storage.key not in places:
            raise damaged("the values of a tensor are missing")
        with path.open("rb") as file:
            file.seek(places[storage.key])
            return file.read(byte_count(storage.kind, (storage.length,)))

    return _tensor_file(value, read)


def _width(kind: str) -> int:
    return _STREAM_BYTES[kind] if kind in _STREAM_BYTES else byte_count(kind, (1,))


def _limited(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    if archive.getinfo(name).file_size > limit:
        raise UnusableError(f"describes its tensors in more than {limit} bytes.", "Save the state_dict() alone.")
    return archive.read(name)


def _tensor_file(value: object, read: _ReadStorage) -> TensorFile:
    tensors = {name: _stored(tensor, read) for name, tensor in _tensors(value)}
    if not tensors:
        raise UnusableError("holds no dictionary of tensors.", "Save the network's state_dict().")
    return TensorFile("PyTorch", tensors)


def _tensors(value: object, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """The tensors in dictionaries of dictionaries, by their keys with dots between."""
    if not isinstance(value, Mapping) or depth > _NESTING:
        return
    for key, entry in value.items():
        if isinstance(entry, Tensor):
            yield f"{prefix}{key}", entry
        else:
            yield from _tensors(entry, f"{prefix}{key}.", depth + 1)


def _stored(tensor: Tensor, read: _ReadStorage) -> StoredTensor:
    def values() -> Floats:
        flat = as_floats(read(tensor.storage), tensor.storage.kind)
        if len(flat) != tensor.storage.length:
            raise damaged("it ends in the middle")
        strides = [stride * flat.itemsize for stride in tensor.strides]
        # Within bounds: `pickles` has seen to it that the tensor is no larger than its storage.
        return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides).copy()

    return StoredTensor(tensor.shape, values)
