"""Caffe models, `.caffemodel`: a NetParameter message in the wire format of protocol buffers.

Only what is needed of it is made out: the layers' names and their blobs, in the form that Caffe writes today (`layer`)
and in the one before (`layers`, which the published VGG networks have). The numbers of the fields are those of Caffe's
`caffe.proto`, the wire format that of https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.tensors import (
    BYTES_PER_VALUE,
    StoredTensor,
    TensorFile,
    UnusableError,
    as_floats,
    damaged,
)

FIRST_BYTES = (b"\x0a", b"\x12", b"\xa2\x06")
"""What a model begins with: its name, or a layer of either form."""

_OLD_LAYER, _LAYER = 2, 100  # fields of NetParameter
_NAME_AND_BLOBS = {_OLD_LAYER: (4, 6), _LAYER: (1, 7)}
_OLD_SHAPE, _DATA, _SHAPE, _DOUBLES = (1, 2, 3, 4), 5, 7, 8  # fields of BlobProto
_DIMENSIONS = 1  # field of BlobShape

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types

_MOST_FIELDS = 100_000
"""More than this many in one message are no network's: a file made to keep a reader busy."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message: its number, and its value or where in the file that stands."""

    number: int
    wire_type: int
    value: int  # of a varint
    begin: int
    end: int


def read_caffemodel(path: Path) -> TensorFile:
    """The blobs of every layer: the first as `<layer>.weight`, the second as `<layer>.bias`.

    Raises UnusableError, OSError.
    """
    tensors: dict[str, StoredTensor] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for layer in _fields(data, 0, len(data)):
            if layer.number in _NAME_AND_BLOBS and layer.wire_type == _BYTES:
                tensors |= _layer(path, data, layer)
    return TensorFile("Caffe", tensors)


def _layer(path: Path, data: mmap.mmap, layer: _Field) -> dict[str, StoredTensor]:
    name_field, blobs_field = _NAME_AND_BLOBS[layer.number]
    name, blobs = "", []
    for field in _fields(data, layer.begin, layer.end):
        if field.wire_type == _BYTES and field.number == name_field:
            name = data[field.begin : field.end].decode("utf-8", errors="replace")
        elif field.wire_type == _BYTES and field.number == blobs_field:
            blobs.append(_blob(path, data, field))
    return {f"{name}.{part}": blob for part, blob in zip(("weight", "bias"), blobs, strict=False)}


def _blob(path: Path, data: mmap.mmap, blob: _Field) -> StoredTensor:
    shape, old_shape = None, dict.fromkeys(_OLD_SHAPE, 1)
    pieces: list[tuple[int, int]] = []
    kind = "float32"
    for field in _fields(data, blob.begin, blob.end):
        if field.number == _SHAPE and field.wire_type == _BYTES:
            shape = _dimensions(data, field)
        elif field.number in _OLD_SHAPE and field.wire_type == _VARINT:
            old_shape[field.number] = field.value
        elif field.number in (_DATA, _DOUBLES):
            if field.wire_type != _BYTES:
                remedy = "Read it and write it again with Caffe, which packs them."
                raise UnusableError("holds its numbers one by one, not packed.", remedy)
            kind = "float64" if field.number == _DOUBLES else "float32"
            pieces.append((field.begin, field.end))
    if shape is None:  # four numbers, whatever the blob is: 1 x 1 x 1 x 64 for 64 biases
        shape = tuple(old_shape.values())
        shape = shape[3:] if shape[:3] == (1, 1, 1) else shape
    wanted = BYTES_PER_VALUE[kind] * math.prod(shape)
    if sum(end - begin for begin, end in pieces) != wanted:
        raise damaged(f"a blob of the shape {shape} has another number of values")
    return StoredTensor(shape, lambda: _values(path, pieces, kind, shape))


def _values(path: Path, pieces: list[tuple[int, int]], kind: str, shape: tuple[int, ...]) -> Floats:
    with path.open("rb") as file:
        found = []
        for begin, end in pieces:
            file.seek(begin)
            found.append(file.read(end - begin))
    return as_floats(b"".join(found), kind).reshape(shape)


def _dimensions(data: mmap.mmap, shape: _Field) -> tuple[int, ...]:
    found: list[int] = []
    for field in _fields(data, shape.begin, shape.end):
        if field.number == _DIMENSIONS and field.wire_type == _VARINT:
            found.append(field.value)
        elif field.number == _DIMENSIONS and field.wire_type == _BYTES:
            at = field.begin
            while at < field.end:
                value, at = _varint(data, at, field.end)
                found.append(value)
    return tuple(found)


def _fields(data: mmap.mmap, begin: int, end: int) -> Iterator[_Field]:
    """The fields of the message between two bytes."""
    at, count = begin, 0
    while at < end:
        count += 1
        if count > _MOST_FIELDS:
            raise damaged(f"one of its messages has more than {_MOST_FIELDS} fields")
        key, at = _varint(data, at, end)
        number, wire_type = key >> 3, key & 7
        value, start = 0, at
        if wire_type == _VARINT:
            value, at = _varint(data, at, end)
        elif wire_type == _BYTES:
            length, start = _varint(data, at, end)
            at = start + length
        elif wire_type in (_FIXED32, _FIXED64):
            at = start + (4 if wire_type == _FIXED32 else 8)
        else:
            raise damaged("it is no message of protocol buffers")
        if at > end:
            raise damaged("it ends in the middle")
        yield _Field(number, wire_type, value, start, at)


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise damaged("it ends in the middle")
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise damaged("it is no message of protocol buffers")
