"""How jobs and messages travel between processes: pickled, with each array beside them, packed and under its hash.

A picture that the other side has already need not travel again, and what arrives is what was sent: everything is
verified. Only processes that trust each other may talk like this, since reading a pickle can run code.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_gallery.store.pixels import pack_frame, remember_packed
from neural_gallery.store.pixels import unpack as unpack_pixels

Array = NDArray[Any]

LONGEST_IN_WEBP = 16383
"""Pixels; longer pictures are packed otherwise."""

REMEMBERED_BYTES = 512 * 2**20
"""How much of unpacked pictures a process keeps, for the next jobs that have them."""


class DamagedError(Exception):
    """What has arrived is not what was sent."""


class LackingError(Exception):
    """What has arrived names arrays that did not come along, and that are not here; `keys` are theirs."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__(f"{len(keys)} pictures are not here")
        self.keys = frozenset(keys)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One array: lossless WebP where that is possible, else deflated."""

    webp: bool
    shape: tuple[int, ...]
    dtype: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Packed:
    """Anything, without the arrays in it; these are in `parcels`, by their keys, but for those left out."""

    body: bytes = field(repr=False)
    sha256: str  # of the body
    keys: tuple[str, ...]  # of all arrays
    parcels: Mapping[str, Parcel] = field(repr=False)


class Library:
    """Arrays by their keys, those not used for longest forgotten first. Threads may share it."""

    def __init__(self, most: int = REMEMBERED_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._arrays: OrderedDict[str, Array] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Array | None:
        """The array; None where it is not here."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def keep(self, key: str, array: Array) -> None:
        """Remembers it, if it is not larger than all that may be remembered."""
        array.setflags(write=False)  # the next job gets the same one
        with self._lock:
            if (before := self._arrays.pop(key, None)) is not None:
                self._bytes -= before.nbytes
            self._arrays[key] = array
            self._bytes += array.nbytes
            while self._bytes > self._most:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes


class Parcels:
    """Packed arrays by their keys, for the next who is sent them; where they become too many, all are forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._parcels: dict[str, Parcel] = {}

    def get(self, key: str) -> Parcel | None:
        """That array's; None where it is not here."""
        return self._parcels.get(key)

    def keep(self, key: str, parcel: Parcel) -> None:
        """Remembers one that is not here."""
        if self._bytes > self._most:
            self._parcels, self._bytes = {}, 0
        self._parcels[key] = parcel
        self._bytes += len(parcel.data)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.arrays: dict[str, Array] = {}

    def persistent_id(self, obj: object) -> str | None:
        """Arrays stand outside."""
        if not isinstance(obj, np.ndarray):
            return None
        key = key_of(obj)
        self.arrays[key] = obj
        return key


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arrays: Mapping[str, Array]) -> None:
        super().__init__(file)
        self._arrays = arrays

    def persistent_load(self, pid: str) -> Array:
        """From outside."""
        return self._arrays[pid]


def key_of(array: Array) -> str:
    """SHA-256 of an array's values, its shape and its type."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def pack(thing: object, *, known: Collection[str] = (), packed: Parcels | None = None) -> Packed:
    """For the way. `known` are keys of arrays that the other side has; `packed` remembers parcels for the next call."""
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(thing)
    parcels: dict[str, Parcel] = {}
    for key, array in pickler.arrays.items():
        if key in known:
            continue
        parcel = packed.get(key) if packed is not None else None
        if parcel is None:
            parcel = _parcel(array)
            if packed is not None:
                packed.keep(key, parcel)
        parcels[key] = parcel
    body = file.getvalue()
    return Packed(body, hashlib.sha256(body).hexdigest(), tuple(pickler.arrays), parcels)


def unpack(packed: Packed, library: Library | None = None) -> Any:
    """What was packed. Raises LackingError, DamagedError. What arrived is kept in the library, if there is one."""
    if hashlib.sha256(packed.body).hexdigest() != packed.sha256:
        raise DamagedError("a message does not match its checksum")
    arrays = {key: _array(key, parcel) for key, parcel in packed.parcels.items()}
    for key, array in arrays.items():
        if library is not None:
            library.keep(key, array)
        elif (parcel := packed.parcels[key]).webp:  # a frame, which is stored just so
            remember_packed(array, parcel.data)
    for key in packed.keys:
        known = arrays.get(key)
        if known is None and library is not None:
            known = library.get(key)
        if known is not None:
            arrays[key] = known
    if lacking := [key for key in packed.keys if key not in arrays]:
        raise LackingError(lacking)
    return _Unpickler(io.BytesIO(packed.body), arrays).load()


def _parcel(array: Array) -> Parcel:
    shape, dtype = array.shape, array.dtype.str
    pixels = array.ndim == 3 and shape[2] == 3 and array.dtype == np.uint8
    if pixels and min(shape) > 0 and max(shape) <= LONGEST_IN_WEBP:
        return Parcel(True, shape, dtype, pack_frame(array))
    return Parcel(False, shape, dtype, zlib.compress(np.ascontiguousarray(array).data, 1))


def _array(key: str, parcel: Parcel) -> Array:
    try:
        if parcel.webp:
            array = np.ascontiguousarray(unpack_pixels(parcel.data).rgb)
        else:
            array = np.frombuffer(zlib.decompress(parcel.data), parcel.dtype).reshape(parcel.shape)
    except (OSError, ValueError, zlib.error) as error:
        raise DamagedError("a picture cannot be unpacked") from error
    if key_of(array) != key:
        raise DamagedError("a picture does not match its checksum")
    return array
