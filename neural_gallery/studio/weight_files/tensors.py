"""What every format comes to: tensors by name, whose values are read one at a time, when they are asked for.

All numbers in a file are little-endian. Reading a tensor takes no more memory than the file and that tensor need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_gallery.studio.arrays import Floats

BYTES_PER_VALUE = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
"""The types of values that weights may have."""


class UnusableError(Exception):
    """A file cannot be used: what it does ("is cut off."), said of it as of a subject, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy


def damaged(how: str) -> UnusableError:
    """The file is not whole: `how` ("it ends in the middle")."""
    return UnusableError(f"is damaged: {how}.", "Fetch it again, and compare its SHA-256 with the published one.")


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor: its shape, and how to get at its values. `read` raises UnusableError, OSError."""

    shape: tuple[int, ...]
    read: Callable[[], Floats]


@dataclass(frozen=True, slots=True)
class TensorFile:
    """The tensors of a file, by name."""

    kind: str  # for people: "PyTorch"
    tensors: Mapping[str, StoredTensor]
    metadata: Mapping[str, str] = field(default_factory=dict)


def byte_count(kind: str, shape: tuple[int, ...]) -> int:
    """How many bytes so many values take. Raises UnusableError where values of that kind are no weights."""
    if kind not in BYTES_PER_VALUE:
        raise UnusableError(f"holds weights of the type {kind}.", f"Give one of {', '.join(BYTES_PER_VALUE)}.")
    return BYTES_PER_VALUE[kind] * math.prod(shape)


def as_floats(data: bytes, kind: str) -> Floats:
    """Values from their bytes."""
    if kind == "bfloat16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return to_floats(np.frombuffer(data, np.dtype(kind).newbyteorder("<")))


def to_floats(values: NDArray[Any]) -> Floats:
    """The same as float32; what is too large for it becomes infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
