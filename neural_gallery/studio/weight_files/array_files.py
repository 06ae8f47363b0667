"""Files that hold nothing but arrays by name: `.npz`, `.safetensors`, and our own with 8-bit kernels."""

from __future__ import annotations

import json
import tokenize
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.tensors import (
    StoredTensor,
    TensorFile,
    as_floats,
    byte_count,
    damaged,
    to_floats,
)

_KINDS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}  # as safetensors calls them
_INDEX, _CODEBOOK = ".kernel_index", ".codebook"


def read_npz(path: Path) -> TensorFile:
    """Arrays as `numpy.savez` writes them; pickled ones are refused. Raises UnusableError and what `zipfile` raises."""
    tensors = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            if entry.endswith(".npy"):
                name = entry.removesuffix(".npy")
                with archive.open(entry) as file:
                    shape, kind = _npy_header(file)
                tensors[name] = StoredTensor(shape, lambda name=name, kind=kind: _npz_values(path, name, kind))
    return TensorFile("NumPy", tensors)


def _npy_header(file: object) -> tuple[tuple[int, ...], str]:
    from numpy.lib import format as npy

    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        shape, _, dtype = readers[npy.read_magic(file)](file)  # pyright: ignore[reportArgumentType] -- any reader will do
    except (ValueError, KeyError, EOFError, SyntaxError, tokenize.TokenError) as error:
        raise damaged("an array's header cannot be made out") from error
    return shape, dtype.name


def _npz_values(path: Path, name: str, kind: str) -> Floats:
    byte_count(kind, ())
    with np.load(path, allow_pickle=False) as arrays:
        try:
            return to_floats(arrays[name])
        except (ValueError, EOFError) as error:
            raise damaged("it ends in the middle") from error


def read_safetensors(path: Path) -> TensorFile:
    """Tensors as the safetensors library writes them. Raises UnusableError, OSError."""
    try:
        with safe_open(path, framework="numpy") as stored:  # sees that header and file fit together
            metadata = stored.metadata() or {}
    except SafetensorError as error:
        raise damaged(f"safetensors says '{error}'") from error
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    entries = {name: _Entry.of(path, 8 + length, entry) for name, entry in header.items()}
    tensors = {name: StoredTensor(entry.shape, entry.values) for name, entry in entries.items()}
    for name in [name.removesuffix(_INDEX) for name in entries if name.endswith(_INDEX)]:
        tensors[f"{name}.kernel"] = _from_codebook(name, entries[name + _INDEX], entries.get(name + _CODEBOOK))
    return TensorFile("safetensors", tensors, metadata)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tensor in a safetensors file: from byte `first` to byte `end`."""

    path: Path
    kind: str
    shape: tuple[int, ...]
    first: int
    end: int

    @classmethod
    def of(cls, path: Path, begin: int, entry: Mapping[str, Any]) -> _Entry:
        """The tensor that a header's entry describes, where values begin at byte `begin`."""
        first, end = entry["data_offsets"]
        kind: str = entry["dtype"]
        kind = _KINDS.get(kind, kind)
        return cls(path, kind, tuple(entry["shape"]), begin + first, begin + end)

    def values(self) -> Floats:
        """The tensor's values."""
        byte_count(self.kind, ())
        return as_floats(self.data(), self.kind).reshape(self.shape)

    def data(self) -> bytes:
        """The values' bytes."""
        with self.path.open("rb") as file:
            file.seek(self.first)
            return file.read(self.end - self.first)


def _from_codebook(name: str, index: _Entry, codebook: _Entry | None) -> StoredTensor:
    if codebook is None or (index.kind, codebook.kind, codebook.shape) != ("U8", "float32", (256,)):
        raise damaged(f"{name} has 8-bit indices, but no codebook of 256 values")

    def values() -> Floats:
        return codebook.values()[np.frombuffer(index.data(), np.uint8).reshape(index.shape)]

    return StoredTensor(index.shape, values)
