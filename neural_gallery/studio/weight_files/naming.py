"""Finding the convolutions of a VGG among tensors, by the names that PyTorch, Keras, Caffe, its heirs and we give them.

Three ways of naming: by block and index (`conv1_1.weight`, `conv1_1_W`, `block1_conv1/kernel:0`); by the place in a
sequence of layers in which rectifiers and pooling count (`features.0.weight`, torchvision); by the order among all
convolutions (`layers/conv2d_1/vars/0`: Keras 3, whose first is `conv2d`, and whose biases are `vars/1`). Kernels are
HWIO, as TensorFlow and JAX have them, or OIHW, as PyTorch and Caffe have them, which their shapes tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from neural_gallery.studio.architecture import Architecture
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.tensors import StoredTensor, TensorFile, UnusableError, damaged

_KERNELS, _BIASES = ("kernel", "weight", "weights", "W"), ("bias", "biases", "b")
_PART = rf"(?P<part>{'|'.join((*_KERNELS, *_BIASES))})"
_BY_NAME = re.compile(
    r"(?P<prefix>(?:.*?[^A-Za-z0-9])??)(?:conv\d/)?(?P<layer>(?:conv(?=\d_)|block(?=\d_conv))(?P<block>\d)_(?:conv)?(?P<index>\d))"
    rf"(?:[./](?P=layer))?[._/]{_PART}(?:_1)?(?::0)?"
)
_BY_PLACE = re.compile(rf"(?P<prefix>(?:.*[./])?)(?P<place>\d+)[./]{_PART}")

_BY_ORDER = re.compile(r"(?P<prefix>(?:.*/)?)conv2d(?:_(?P<order>\d+))?/vars/(?P<part>[01])")

Way: TypeAlias = Literal["name", "place", "order"]
"""How a family of layers is named."""

_WANTED = "Give a VGG-19 or VGG-16 as torchvision, Keras or Caffe has it."


@dataclass(frozen=True, slots=True)
class FoundConvolution:
    """One convolution in a file."""

    name: str
    kernel: StoredTensor  # HWIO, or OIHW where `turned`
    bias: StoredTensor
    turned: bool

    def read(self) -> tuple[Floats, Floats]:
        """Kernel (HWIO) and bias. Raises UnusableError."""
        kernel, bias = self.kernel.read(), self.bias.read()
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise damaged(f"{self.name} holds values that are no finite numbers")
        return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)) if self.turned else kernel, bias


@dataclass(frozen=True, slots=True)
class FoundNetwork:
    """The convolutions of a VGG in a file, by name, in the order of the forward pass."""

    architecture: Architecture
    convolutions: Mapping[str, FoundConvolution]
    way: Way  # in which they are named


@dataclass(slots=True)
class _Family:
    """The layers that share a prefix and a way of naming: their kernels and biases."""

    way: Way
    kernels: dict[str, tuple[str, StoredTensor]] = field(default_factory=dict)  # with the tensor's own name
    biases: dict[str, tuple[str, StoredTensor]] = field(default_factory=dict)

    def strangeness(self, architecture: Architecture) -> int:
        """How many convolutions this has more or fewer than the architecture."""
        return len(self.kernels.keys() ^ set(self.labels(architecture).values()))

    def labels(self, architecture: Architecture) -> Mapping[str, str]:
        """Each convolution's label here."""
        if self.way == "place":
            return places(architecture)
        names = architecture.convolutions
        return {name: str(order) if self.way == "order" else name for order, name in enumerate(names)}


def places(architecture: Architecture) -> dict[str, str]:
    """Where each convolution stands in torchvision's `features`: a rectifier follows each, and pooling each block."""
    found: dict[str, str] = {}
    place = 0
    for name in architecture.convolutions:
        if name.endswith("_1") and name != "conv1_1":
            place += 1
        found[name] = str(place)
        place += 2
    return found


def find_network(file: TensorFile, architectures: Sequence[Architecture]) -> FoundNetwork:
    """The one VGG that the file holds. Raises UnusableError where there is none, where it is not whole, or several."""
    if any(re.search(r"(running|moving)_mean", name) for name in file.tensors):
        raise UnusableError("holds a network with batch normalisation, which this program's VGG has not.", _WANTED)
    candidates = [(family, one) for family in _families(file.tensors).values() for one in architectures]
    if not candidates:
        raise _no_vgg(file.tensors, architectures)
    strangeness = [family.strangeness(architecture) for family, architecture in candidates]
    best = min(strangeness)
    family, architecture = candidates[strangeness.index(best)]
    if best == 0 and strangeness.count(0) > 1:
        raise UnusableError("holds several networks.", "Save the state_dict() of one of them alone.")
    labels = family.labels(architecture)
    missing = [name for name, label in labels.items() if label not in family.kernels]
    if len(missing) > len(labels) / 2:
        raise _no_vgg(file.tensors, architectures)
    if missing:
        raise UnusableError(f"lacks {', '.join(missing)} of {architecture.name}.", "Give the whole network.")
    found = {name: _convolution(file.kind, family, architecture, name, label) for name, label in labels.items()}
    return FoundNetwork(architecture, found, family.way)


def _families(tensors: Mapping[str, StoredTensor]) -> dict[tuple[str, Way], _Family]:
    families: dict[tuple[str, Way], _Family] = {}
    for name, tensor in tensors.items():
        found = _parsed(name)
        if found is None or "optimizer" in found.prefix:
            continue
        family = families.setdefault((found.prefix, found.way), _Family(found.way))
        if found.is_bias:
            family.biases[found.label] = name, tensor
        elif found.way == "name" or len(tensor.shape) == 4:  # by place alone, the classifier's layers look the same
            family.kernels[found.label] = name, tensor
    return families


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What the name of a convolution's kernel or bias says."""

    way: Way
    prefix: str
    label: str
    is_bias: bool


def _parsed(name: str) -> _Parsed | None:
    if match := _BY_NAME.fullmatch(name):
        return _Parsed("name", match["prefix"], f"conv{match['block']}_{match['index']}", match["part"] in _BIASES)
    if match := _BY_PLACE.fullmatch(name):
        return _Parsed("place", match["prefix"], match["place"], match["part"] in _BIASES)
    if match := _BY_ORDER.fullmatch(name):
        return _Parsed("order", match["prefix"], match["order"] or "0", match["part"] == "1")
    return None


def _convolution(
    kind: str, family: _Family, architecture: Architecture, convolution: str, label: str
) -> FoundConvolution:
    name, kernel = family.kernels[label]
    if label not in family.biases:
        raise UnusableError(f"lacks the bias of {convolution} (beside '{name}').", "Give the whole network.")
    bias_name, bias = family.biases[label]
    height, width, entering, leaving = wanted = architecture.shape(convolution)
    turned = kernel.shape == (leaving, entering, height, width)
    for what, found, right in (
        (name, kernel, turned or kernel.shape == wanted),
        (bias_name, bias, bias.shape == (leaving,)),
    ):
        if not right:
            raise UnusableError(
                f"has '{what}' in the shape {found.shape}, where {architecture.name} has {wanted} and {(leaving,)}.",
                _WANTED,
            )
    if turned and kind == "Keras":
        # Theano turns kernels round; used as they are, they would see everything mirrored.
        remedy = "Give the file whose name says 'tf_kernels'."
        raise UnusableError("has the kernels of Keras's former Theano backend, which are turned round.", remedy)
    return FoundConvolution(convolution, kernel, bias, turned)


def _no_vgg(names: Iterable[str], architectures: Sequence[Architecture]) -> UnusableError:
    listed = list(names)
    told = ", ".join(ascii(name[:60])[1:-1] for name in listed[:3])
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    known = " or ".join(architecture.name for architecture in architectures)
    holds = f"its tensors are {told}{more}" if listed else "it holds no tensors"
    return UnusableError(f"holds no {known}: {holds}.", _WANTED)
