"""Files of weights as other programs write them, small, and made without these programs."""

from __future__ import annotations

import collections
import contextlib
import io
import pickle
import sys
import types
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neural_gallery.studio.architecture import VGG16, VGG19, Architecture
from neural_gallery.studio.data import BUNDLED_WEIGHTS
from neural_gallery.studio.weight_files.array_files import read_safetensors
from neural_gallery.studio.weight_files.naming import places

SMALL19 = Architecture("VGG-19", VGG19.depths, (64, 4, 4, 4, 4))
SMALL16 = Architecture("VGG-16", VGG16.depths, (64, 4, 4, 4, 4))
SMALL = (SMALL19, SMALL16)
"""As deep as the real ones, the first convolution as wide, because Caffe's is told by it."""

Network = dict[str, tuple[np.ndarray, np.ndarray]]


def random_network(architecture: Architecture = SMALL19, *, caffe: bool = False) -> Network:
    """Kernel (HWIO) and bias of each convolution; with `caffe`, the first is that of Caffe's VGG-19."""
    random = np.random.default_rng(5)
    network = {}
    for name in architecture.convolutions:
        shape = architecture.shape(name)
        network[name] = (random.normal(0, 0.1, shape).astype("f4"), random.normal(0, 0.1, shape[3:]).astype("f4"))
    if caffe:
        bundled = read_safetensors(BUNDLED_WEIGHTS).tensors
        network["conv1_1"] = (bundled["conv1_1.kernel"].read(), bundled["conv1_1.bias"].read())
    return network


def as_torchvision(network: Network, architecture: Architecture = SMALL19) -> dict[str, np.ndarray]:
    """The same as torchvision names it: `features.0.weight`, OIHW; and a layer of the classifier."""
    named = {}
    for name, place in places(architecture).items():
        kernel, bias = network[name]
        named[f"features.{place}.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        named[f"features.{place}.bias"] = bias
    return {**named, "classifier.0.weight": np.ones((3, 8), "f4"), "classifier.0.bias": np.ones(3, "f4")}


def by_name(network: Network, kernel: str = "{}.kernel", bias: str = "{}.bias") -> dict[str, np.ndarray]:
    """The same by block and index, HWIO, under names of that form."""
    return {
        form.format(name): array
        for name, arrays in network.items()
        for form, array in zip((kernel, bias), arrays, strict=True)
    }


class Storage:
    """A run of values, as PyTorch pickles it: by a persistent identity."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values.ravel()


class Tensor:
    """An array, as PyTorch pickles it."""

    def __init__(self, array: np.ndarray) -> None:
        self.storage, self.shape = Storage(array), array.shape
        self.strides = tuple(stride // array.itemsize for stride in array.strides)

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (self.storage, 0, self.shape, self.strides, False, collections.OrderedDict())


class _Pickler(pickle.Pickler):
    """Writes storages as PyTorch does, and keeps them in `storages`."""

    def __init__(self, file: io.BytesIO, *, with_view: bool) -> None:
        super().__init__(file, protocol=2)
        self.storages: dict[str, np.ndarray] = {}
        self.view = (None,) if with_view else ()

    def persistent_id(self, obj: object) -> tuple[Any, ...] | None:
        """The identity of a storage."""
        if not isinstance(obj, Storage):
            return None
        key = str(len(self.storages))
        self.storages[key] = obj.values
        kind = {"f2": "Half", "f4": "Float", "f8": "Double", "i8": "Long"}[obj.values.dtype.str[1:]]
        return "storage", getattr(sys.modules["torch"], f"{kind}Storage"), key, "cpu", obj.values.size, *self.view


@contextlib.contextmanager
def _stub_torch() -> Iterator[None]:
    """Modules with the names that PyTorch's pickles ask for, and nothing behind them."""
    torch, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("Half", "Float", "Double", "Long"):
        setattr(torch, f"{kind}Storage", type(f"{kind}Storage", (), {"__module__": "torch"}))

    def _rebuild_tensor_v2() -> None:
        """Only a name."""

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utilities._rebuild_tensor_v2 = _rebuild_tensor_v2  # pyright: ignore[reportAttributeAccessIssue]
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": torch, "torch._utils": utilities}
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _pickled(value: object, *, with_view: bool) -> tuple[bytes, dict[str, np.ndarray]]:
    file = io.BytesIO()
    pickler = _Pickler(file, with_view=with_view)
    with _stub_torch():
        pickler.dump(value)
    return file.getvalue(), pickler.storages


def as_state(arrays: Mapping[str, np.ndarray]) -> collections.OrderedDict[str, Tensor]:
    """A state_dict."""
    return collections.OrderedDict((name, Tensor(array)) for name, array in arrays.items())


def save_torch_archive(path: Path, value: object) -> None:
    """The zip archive that `torch.save` writes."""
    description, storages = _pickled(value, with_view=False)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", description)
        archive.writestr("archive/byteorder", "little")
        for key, values in storages.items():
            archive.writestr(f"archive/data/{key}", values.tobytes())
        archive.writestr("archive/version", "3\n")


def save_torch_stream(path: Path, value: object) -> None:
    """The stream that `torch.save` wrote before."""
    description, storages = _pickled(value, with_view=True)
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = [pickle.dumps(part, protocol=2) for part in (0x1950A86A20F9469CFC6C, 1001, machine)]
    data = b"".join([*head, description, pickle.dumps(list(storages), protocol=2)])
    for values in storages.values():
        data += values.size.to_bytes(8, "little") + values.tobytes()
    path.write_bytes(data)


def save_caffemodel(path: Path, network: Network, *, old: bool, double: bool = False) -> None:
    """A Caffe model in the form of today, or in the old one, whose blobs have four dimensions whatever they are."""
    layers = [_text(1, "a network"), _text(3, "an input"), _bytes(2 if old else 100, _text(4 if old else 1, "data"))]
    for name, (kernel, bias) in network.items():
        blobs = [_blob(array, old=old, double=double) for array in (kernel.transpose(3, 2, 0, 1), bias)]
        layer = [_text(4, name), *(_bytes(6, blob) for blob in blobs)]
        if not old:
            layer = [_text(1, name), _text(2, "Convolution"), *(_bytes(7, blob) for blob in blobs)]
        layers.append(_bytes(2 if old else 100, _message(*layer)))
    path.write_bytes(_message(*layers))


def _blob(array: np.ndarray, *, old: bool, double: bool) -> bytes:
    values = _bytes(8, array.astype("<f8").tobytes()) if double else _bytes(5, array.astype("<f4").tobytes())
    if old:
        sides = (1,) * (4 - array.ndim) + array.shape
        return _message(*(_varint(field << 3) + _varint(side) for field, side in enumerate(sides, start=1)), values)
    return _message(values, _bytes(7, _bytes(1, b"".join(_varint(side) for side in array.shape))))


def _message(*fields: bytes) -> bytes:
    return b"".join(fields)


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
