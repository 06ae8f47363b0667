"""How a file's network wants its pictures: what the file says, or what its first convolution shows.

torchvision's networks and those that were trained in Caffe have the same layers, often under the same names, but want
other pictures, and with the wrong ones results are poor without any error. The first convolutions of Caffe's VGG-16
and VGG-19 are nearly the same (both began as one smaller network: Simonyan and Zisserman 2014, section 3.1), and that
of VGG-19 ships with the package. So whatever has that kernel, straight or turned round, comes from there.
"""

from __future__ import annotations

import numpy as np

from neural_gallery.studio.architecture import CONVENTIONS
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.data import BUNDLED_WEIGHTS
from neural_gallery.studio.weight_files.array_files import read_safetensors
from neural_gallery.studio.weight_files.naming import FoundNetwork
from neural_gallery.studio.weight_files.tensors import TensorFile, UnusableError, damaged

ALIKE = 0.95
"""Cosine from which two first convolutions are of one origin: 0.996 between VGG-16 and VGG-19, 0.84 with the channels
of one turned round, about 0 for other networks."""

_SCALES = (0.8, 1.25)  # norms of kernels for pictures of the same range differ by less


def convention_of(file: TensorFile, network: FoundNetwork) -> str:
    """The name of the convention (`CONVENTIONS`). Raises UnusableError where it cannot be told."""
    if stated := file.metadata.get("convention"):
        if stated not in CONVENTIONS:
            raise damaged(f"its convention is '{ascii(stated[:40])[1:-1]}'")
        return stated
    kernel, bias = network.convolutions["conv1_1"].read()
    if caffe := _caffe_order(kernel, bias):
        return caffe
    if file.kind in ("Caffe", "Keras"):
        return "caffe"  # Keras kept Caffe's convention for every VGG, whoever trained it
    if network.way == "place":
        return "torchvision"
    raise UnusableError(
        "does not show how its network wants its pictures.",
        f"Say it with `neural-gallery weights import --convention {'|'.join(sorted(CONVENTIONS))}`.",
    )


def _caffe_order(kernel: Floats, bias: Floats) -> str:
    """`caffe` or `caffe-rgb` where the first convolution is that of Caffe's VGG networks, else ""."""
    bundled = read_safetensors(BUNDLED_WEIGHTS).tensors
    known, known_bias = bundled["conv1_1.kernel"].read(), bundled["conv1_1.bias"].read()
    if kernel.shape != known.shape or _cosine(bias, known_bias) < ALIKE:
        return ""
    straight, turned = _cosine(kernel, known), _cosine(kernel[:, :, ::-1], known)
    if max(straight, turned) < ALIKE:
        return ""
    if not _SCALES[0] < np.linalg.norm(kernel.astype(np.float64)) / np.linalg.norm(known) < _SCALES[1]:
        return ""  # rescaled for pictures of another range
    return "caffe" if straight > turned else "caffe-rgb"


def _cosine(one: Floats, other: Floats) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)  # squares of large float32 would be infinite
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.sum(a * b)) / norms if norms else 0.0
