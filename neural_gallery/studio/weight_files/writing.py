"""Our own file of weights: safetensors with the convolutions alone, and what has to be known about them.

`convB_I.kernel` (HWIO, float16 where that is as good, else float32) and `convB_I.bias` (float32). The metadata say the
architecture, the convention, and the file that they were taken from, with its SHA-256. The same weights make the same
bytes: paintings are kept by the hash of the file.
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files.reading import WeightFile

NEGLIGIBLE = 1e-3
"""Relative error of a kernel in float16: rounding makes 2e-4, the bundled 8-bit codebooks 5e-3 to 1e-2."""


def pack(file: WeightFile, *, source_sha256: str) -> bytes:
    """The file's convolutions in our form. Raises WeightsError where its values cannot be read."""
    tensors: dict[str, NDArray[np.generic]] = {}
    for name, kernel, bias in file.parameters(file.architecture.convolutions):
        tensors[f"{name}.kernel"], tensors[f"{name}.bias"] = _compact(kernel), bias
    metadata = {
        "architecture": file.architecture.name,
        "convention": file.convention_name,
        "source": file.source.path.name,
        "source_sha256": source_sha256,
    }
    return _in_order(save(tensors, metadata))


def _compact(kernel: Floats) -> NDArray[np.generic]:
    with np.errstate(over="ignore"):
        half = kernel.astype(np.float16)
    error = np.linalg.norm((half - kernel).astype(np.float64))
    return half if error <= NEGLIGIBLE * np.linalg.norm(kernel.astype(np.float64)) else kernel


def _in_order(data: bytes) -> bytes:
    """The same file with its header sorted: the library writes metadata in another order each time."""
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]
