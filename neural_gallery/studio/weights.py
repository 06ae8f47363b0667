"""The network's weights: the file that ships with the package, and how it is read.

`vgg19-8bit.safetensors` holds, for each convolution `convB_I`, `.kernel_index` (uint8, HWIO), `.codebook` (float32,
256 values; `kernel = codebook[kernel_index]`) and `.bias`. Where it comes from and whom to credit stands beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from neural_gallery.errors import Location, WeightsError
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.data import BUNDLED_WEIGHTS, BUNDLED_WEIGHTS_SHA256, file_sha256
from neural_gallery.studio.vgg import VGG, VGG19, Architecture, needed_convolutions


def read_codebook_weights(path: Path, layers: Collection[str], *, architecture: Architecture = VGG19) -> VGG:
    """A network from a file of 8-bit kernels, as deep as `layers` need it.

    Raises WeightsError where the file does not hold one.
    """
    try:
        with safe_open(path, framework="numpy") as stored:
            return VGG(architecture, _parameters(stored, needed_convolutions(architecture, layers)))
    except (OSError, SafetensorError) as error:
        raise WeightsError.at(
            Location(str(path)),
            f"The weights cannot be read ({error}).",
            f"Install the package again, or use a file made for {architecture.name}.",
        ) from error


def _parameters(stored: Any, convolutions: Iterable[str]) -> Iterator[tuple[str, Floats, Floats]]:
    """Name, kernel and bias of each convolution. `stored` is an open safetensors file."""
    for name in convolutions:
        index, codebook, bias = (stored.get_tensor(f"{name}.{part}") for part in ("kernel_index", "codebook", "bias"))
        yield name, codebook[index], bias


@functools.cache
def bundled_network(layers: frozenset[str]) -> VGG:
    """VGG-19 with the weights that ship with the package, verified by their SHA-256, as deep as `layers` need it.

    Raises WeightsError where the file is missing or damaged.
    """
    try:
        found = file_sha256(BUNDLED_WEIGHTS)
    except OSError as error:
        raise WeightsError.at(
            Location(str(BUNDLED_WEIGHTS)), f"The weights cannot be read ({error}).", "Install the package again."
        ) from error
    if found != BUNDLED_WEIGHTS_SHA256:
        raise WeightsError.at(
            Location(str(BUNDLED_WEIGHTS)),
            f"The weights are damaged: their SHA-256 is {found}, not {BUNDLED_WEIGHTS_SHA256}.",
            "Install the package again.",
        )
    return read_codebook_weights(BUNDLED_WEIGHTS, layers)
