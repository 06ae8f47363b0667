"""From a path to a VGG's weights, whatever the format: told by the file's first bytes, not by its name.

Kernels are float32, HWIO; biases float32.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.errors import Location, WeightsError
from neural_gallery.studio.architecture import ARCHITECTURES, CONVENTIONS, Architecture, InputConvention
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.weight_files import caffe_file, keras_file, torch_file
from neural_gallery.studio.weight_files.array_files import read_npz, read_safetensors
from neural_gallery.studio.weight_files.conventions import convention_of
from neural_gallery.studio.weight_files.naming import FoundConvolution, find_network
from neural_gallery.studio.weight_files.tensors import TensorFile, UnusableError, damaged

_FORMATS = "Give a PyTorch file (.pth), Keras weights (.h5, .keras), a Caffe model (.caffemodel), .npz or .safetensors."


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """Which file, and how it is called where something is wrong with it."""

    path: Path
    name: str  # as its user wrote it
    location: Location | None = None  # where it was written

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns whatever is wrong with the file into WeightsError."""
        try:
            yield
        except UnusableError as error:
            raise WeightsError.at(self.location, f"the file '{self.name}' {error.what}", error.remedy) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            broken = damaged(f"it cannot be unpacked ({error})")
            raise WeightsError.at(self.location, f"the file '{self.name}' {broken.what}", broken.remedy) from error
        except OSError as error:
            message = f"the file '{self.name}' cannot be read: {error.strerror or error}."
            raise WeightsError.at(self.location, message, "Check the path and its permissions.") from error


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A VGG in a file, seen to be whole as far as names and shapes go; values are read when they are asked for."""

    source: WeightsSource
    kind: str  # for people: "PyTorch"
    architecture: Architecture
    convention_name: str
    convolutions: Mapping[str, FoundConvolution]

    @property
    def convention(self) -> InputConvention:
        """How the network wants its pictures."""
        return CONVENTIONS[self.convention_name]

    def parameters(self, convolutions: Iterable[str]) -> Iterator[tuple[str, Floats, Floats]]:
        """Name, kernel and bias of each of these convolutions. Raises WeightsError."""
        for name in convolutions:
            with self.source.told():
                kernel, bias = self.convolutions[name].read()
            yield name, kernel, bias


def open_weights(
    source: WeightsSource, *, convention: str = "", architectures: Sequence[Architecture] = ARCHITECTURES
) -> WeightFile:
    """The VGG that a file holds. `convention`, one of CONVENTIONS, says what the file itself would otherwise be asked.

    Raises WeightsError where there is no such file, where it holds no VGG, and where its convention cannot be told.
    """
    with source.told():
        file = _reader(source.path)(source.path)
        found = find_network(file, architectures)
        told = convention or convention_of(file, found)
    return WeightFile(source, file.kind, found.architecture, told, found.convolutions)


def _reader(path: Path) -> Callable[[Path], TensorFile]:
    """What reads a file that begins like this one. Raises UnusableError, OSError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnusableError("is no file.", _FORMATS)
    if status.st_size == 0:
        raise UnusableError("is empty.", _FORMATS)
    with path.open("rb") as file:
        head = file.read(len(torch_file.STREAM_MAGIC))
    if head.startswith(b"PK\x03\x04"):
        return _archive_reader(path)
    if head == torch_file.STREAM_MAGIC:
        return torch_file.read_stream
    if head.startswith(keras_file.MAGIC):
        return keras_file.read_hdf5
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < status.st_size:
        return read_safetensors
    if head.startswith(caffe_file.FIRST_BYTES):  # that is little to go by, so it is asked last
        return caffe_file.read_caffemodel
    raise UnusableError("is of no format that can be read here.", _FORMATS)


def _archive_reader(path: Path) -> Callable[[Path], TensorFile]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.split("/")[-1] == "data.pkl" for name in names):
        return torch_file.read_archive
    if any(name.endswith(".npy") for name in names):
        return read_npz
    if keras_file.ARCHIVED in names:
        return keras_file.read_archive
    raise UnusableError("is a zip archive, but not PyTorch's, Keras's or NumPy's.", _FORMATS)
