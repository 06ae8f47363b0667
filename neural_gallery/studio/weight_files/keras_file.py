"""Keras weights in HDF5, by themselves or in a `.keras` archive, through h5py: installed only where they are read."""

from __future__ import annotations

import functools
import importlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

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


ARCHIVED = "model.weights.h5"
"""The weights in a `.keras` archive. What else is in there, the model's description above all, is not looked at."""

Opener: TypeAlias = Callable[[ExitStack], Path | IO[bytes]]
"""Where the HDF5 file is; what it opens is closed with the stack."""


def read_hdf5(path: Path) -> TensorFile:
    """Every array of the file, under its whole path: `block1_conv1/block1_conv1_W_1:0`. Raises UnusableError, OSError.

    Links are not followed, and arrays whose values stand in another file are refused.
    """
    return _tensors(lambda _: path)


def read_archive(path: Path) -> TensorFile:
    """The same of the weights in a `.keras` archive, which are read where they lie, without being unpacked."""
    return _tensors(functools.partial(_member, path))


def _member(path: Path, stack: ExitStack) -> IO[bytes]:
    return stack.enter_context(stack.enter_context(zipfile.ZipFile(path)).open(ARCHIVED))


def _tensors(opener: Opener) -> TensorFile:
    tensors: dict[str, StoredTensor] = {}

    def visit(name: str, entry: Any) -> None:
        if hasattr(entry, "shape"):
            tensors[name] = StoredTensor(tuple(entry.shape or ()), lambda: _values(opener, name))

    with _reading(opener) as file:
        file.visititems(visit)
    return TensorFile("Keras", tensors)


@contextmanager
def _reading(opener: Opener) -> Iterator[Any]:
    """The file, open. h5py raises whatever comes to hand where one is damaged."""
    try:
        # No import statement: types must be checked where h5py is not installed, too.
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        remedy = "Run `pip install 'neural-gallery[keras]'`, or give the weights as .npz or .safetensors."
        raise UnusableError("is an HDF5 file, and h5py, which reads those, is not installed.", remedy) from error
    try:
        with ExitStack() as stack:
            yield stack.enter_context(h5py.File(opener(stack), "r"))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise damaged("HDF5 cannot read it") from error


def _values(opener: Opener, name: str) -> Floats:
    with _reading(opener) as file:
        entry = file[name]
        byte_count(entry.dtype.name, ())
        if entry.external or entry.is_virtual:
            raise UnusableError(f"keeps the values of '{name}' in another file.", "Save it as one file.")
        return to_floats(entry[()])
