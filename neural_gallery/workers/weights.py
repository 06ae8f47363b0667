"""Files of weights for those who do not paint: what is in one, and our own form of it. No JAX here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neural_gallery.errors import Location
from neural_gallery.studio.data import file_sha256
from neural_gallery.studio.weight_files.reading import WeightFile, WeightsSource, open_weights
from neural_gallery.studio.weight_files.writing import pack
from neural_gallery.workers.messages import WeightsReport


def inspect(path: Path, name: str, *, location: Location | None = None, convention: str = "") -> WeightsReport:
    """What the file holds, read to its last value. `name` is what messages call it. Raises WeightsError."""
    file, sha256 = _opened(path, name, location, convention)
    kernels = {name: kernel.shape for name, kernel, _ in file.parameters(file.architecture.convolutions)}
    return _report(file, sha256, kernels)


def packed(path: Path, name: str, *, convention: str = "") -> tuple[bytes, WeightsReport]:
    """The same weights as a file in our form, and what it was made of. Raises WeightsError."""
    file, sha256 = _opened(path, name, None, convention)
    kernels = {name: file.architecture.shape(name) for name in file.architecture.convolutions}
    return pack(file, source_sha256=sha256), _report(file, sha256, kernels)


def sha256_of(path: Path, name: str) -> str:
    """SHA-256 of the file's bytes. Raises WeightsError."""
    with WeightsSource(path, name).told():
        return file_sha256(path)


def _opened(path: Path, name: str, location: Location | None, convention: str) -> tuple[WeightFile, str]:
    source = WeightsSource(path, name, location)
    file = open_weights(source, convention=convention)
    with source.told():
        return file, file_sha256(path)


def _report(file: WeightFile, sha256: str, kernels: Mapping[str, tuple[int, ...]]) -> WeightsReport:
    return WeightsReport(file.kind, file.architecture.name, file.convention_name, sha256, kernels)
