"""Keras weights in HDF5, through h5py, which is installed only where such files are read."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.tensors import (
    StoredTensor,
    TensorFile,
    UnusableError,
    byte_count,
    damaged,
    to_floats,
)

MAGIC = b"\x89HDF\r\n\x1a\n"


def read_hdf5(path: Path) -> TensorFile:
    """Every array of the file, under its whole path: `block1_conv1/block1_conv1_W_1:0`. Raises UnusableError, OSError.

    Links are not followed, and arrays whose values stand in another file are refused.
    """
    tensors: dict[str, StoredTensor] = {}

    def visit(name: str, entry: Any) -> None:
        if hasattr(entry, "shape"):
            tensors[name] = StoredTensor(tuple(entry.shape or ()), lambda: _values(path, name))

    with _reading(path) as file:
        file.visititems(visit)
    return TensorFile("Keras", tensors)


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """The file, open. h5py raises whatever comes to hand where one is damaged."""
    try:
        # No import statement: types must be checked where h5py is not installed, too.
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        remedy = "Run `pip install 'neural-gallery[keras]'`, or give the weights as .npz or .safetensors."
        raise UnusableError("is an HDF5 file, and h5py, which reads those, is not installed.", remedy) from error
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise damaged("HDF5 cannot read it") from error


def _values(path: Path, name: str) -> Floats:
    with _reading(path) as file:
        entry = file[name]
        byte_count(entry.dtype.name, ())
        if entry.external or entry.is_virtual:
            raise UnusableError(f"keeps the values of '{name}' in another file.", "Save it as one file.")
        return to_floats(entry[()])
