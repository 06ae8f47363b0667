"""Networks from files of weights: the one that ships with the package, and those that an author names.

`vgg19-8bit.safetensors` holds, for each convolution `convB_I`, `.kernel_index` (uint8, HWIO), `.codebook` (float32,
256 values; `kernel = codebook[kernel_index]`) and `.bias`. Where it comes from and whom to credit stands beside it.
What other files may hold, `weight_files` says.
"""

from __future__ import annotations

import functools

from jax.typing import DTypeLike

from neural_gallery.errors import Location, WeightsError
from neural_gallery.studio.architecture import needed_convolutions
from neural_gallery.studio.data import BUNDLED_WEIGHTS, BUNDLED_WEIGHTS_SHA256, file_sha256
from neural_gallery.studio.device import feature_dtype
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weight_files.reading import WeightsSource, open_weights


@functools.cache
def bundled_network(layers: frozenset[str], *, dtype: DTypeLike | None = None) -> VGG:
    """VGG-19 with the weights that ship with the package, verified by their SHA-256, as deep as `layers` need it.

    `dtype` is what features are kept in; None: what suits the device.
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
    return read_network(WeightsSource(BUNDLED_WEIGHTS, BUNDLED_WEIGHTS.name), layers, convention="caffe", dtype=dtype)


@functools.lru_cache(maxsize=2)  # networks take hundreds of megabytes
def given_network(source: WeightsSource, sha256: str, layers: frozenset[str]) -> VGG:
    """The VGG in a file that has that SHA-256, as deep as `layers` need it.

    Raises WeightsError where the file has changed, holds no VGG, or one without these layers.
    """
    with source.told():
        found = file_sha256(source.path)
    if found != sha256:
        # Its hash is part of the paintings' keys: what others paint would be kept under the wrong ones.
        message = f"the file '{source.name}' has changed since the manifest was read."
        raise WeightsError.at(source.location, message, "Run the command again.")
    return read_network(source, layers)


def read_network(
    source: WeightsSource, layers: frozenset[str], *, convention: str = "", dtype: DTypeLike | None = None
) -> VGG:
    """The VGG in a file, as deep as `layers` need it. Raises WeightsError."""
    file = open_weights(source, convention=convention)
    needed = needed_convolutions(file.architecture, layers)
    dtype = feature_dtype() if dtype is None else dtype
    return VGG(file.architecture, file.parameters(needed), convention=file.convention, dtype=dtype)
