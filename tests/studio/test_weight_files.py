"""Files of weights from elsewhere: what is read from them, and that nothing in them is run."""

from __future__ import annotations

import io
import os
import pickle
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save_file

from neural_gallery.errors import Location, WeightsError
from neural_gallery.studio.architecture import CAFFE, CONVENTIONS, TORCHVISION, VGG16, VGG19
from neural_gallery.studio.data import BUNDLED_WEIGHTS
from neural_gallery.studio.weight_files.naming import places
from neural_gallery.studio.weight_files.pickles import read_pickle
from neural_gallery.studio.weight_files.reading import WeightFile, WeightsSource, open_weights
from neural_gallery.studio.weight_files.tensors import UnusableError, as_floats
from neural_gallery.studio.weight_files.writing import pack

from ..support.weight_files import (
    SMALL,
    SMALL16,
    SMALL19,
    Network,
    Tensor,
    as_state,
    as_torchvision,
    by_name,
    random_network,
    save_caffemodel,
    save_torch_archive,
    save_torch_stream,
)

SAVE_TORCH = pytest.mark.parametrize("save", [save_torch_archive, save_torch_stream])


def opened(path: Path, **options: str) -> WeightFile:
    """The file, with narrow networks for the real ones."""
    return open_weights(WeightsSource(path, path.name), architectures=SMALL, **options)


def told(path: Path, **options: str) -> str:
    """What is said about a file that cannot be used, read to its last value."""
    with pytest.raises(WeightsError) as caught:
        read_whole(path, **options)
    return str(caught.value)


def read_whole(path: Path, **options: str) -> None:
    """Read a file to its last value."""
    file = opened(path, **options)
    list(file.parameters(file.architecture.convolutions))


def assert_holds(file: WeightFile, network: Network, *, tolerance: float = 0.0) -> None:
    """The file has these values, as float32 and HWIO."""
    read = {name: (kernel, bias) for name, kernel, bias in file.parameters(file.architecture.convolutions)}
    assert read.keys() == network.keys()
    for name, wanted in network.items():
        for found, expected in zip(read[name], wanted, strict=True):
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, expected, atol=tolerance, rtol=0)


# --- formats ----------------------------------------------------------------------------------------------------------


@SAVE_TORCH
@pytest.mark.parametrize("architecture", SMALL)
def test_torchvision_files(tmp_path: Path, save: Callable[[Path, object], None], architecture) -> None:
    """Both formats of PyTorch, both networks, told by the places of their convolutions; the classifier is let be."""
    network = random_network(architecture)
    save(tmp_path / "vgg.pth", as_state(as_torchvision(network, architecture)))
    file = opened(tmp_path / "vgg.pth")
    assert (file.kind, file.architecture, file.convention) == ("PyTorch", architecture, TORCHVISION)
    assert_holds(file, network)


def test_places_are_those_of_torchvision() -> None:
    """Where the convolutions of the real networks stand, as its own listing has them."""
    of_19, of_16 = (" ".join(places(architecture).values()) for architecture in (VGG19, VGG16))
    assert of_19 == "0 2 5 7 10 12 14 16 19 21 23 25 28 30 32 34"
    assert of_16 == "0 2 5 7 10 12 14 17 19 21 24 26 28"


@SAVE_TORCH
def test_checkpoints(tmp_path: Path, save: Callable[[Path, object], None]) -> None:
    """A network inside a checkpoint, with a prefix, other things beside it, is found."""
    network = random_network()
    state = as_state({f"module.{name}": array for name, array in as_torchvision(network).items()})
    save(tmp_path / "checkpoint.pth", {"epoch": 3, "rate": 1e-3, "done": True, "best": None, "state_dict": state})
    assert_holds(opened(tmp_path / "checkpoint.pth"), network)


@SAVE_TORCH
@pytest.mark.parametrize("kind", ["f2", "f8"])
def test_other_precisions(tmp_path: Path, save: Callable[[Path, object], None], kind: str) -> None:
    """Halves and doubles become float32."""
    network = random_network()
    save(tmp_path / "vgg.pth", as_state({name: array.astype(kind) for name, array in as_torchvision(network).items()}))
    assert_holds(opened(tmp_path / "vgg.pth"), network, tolerance=1e-3 if kind == "f2" else 0)


def test_brain_floats() -> None:
    """bfloat16 is the upper half of float32: 1.0, -2.0 and 0.15625 are exact in it."""
    wanted = np.array([1.0, -2.0, 0.15625], np.float32)
    halves = (wanted.view(np.uint32) >> 16).astype("<u2")
    np.testing.assert_array_equal(as_floats(halves.tobytes(), "bfloat16"), wanted)


def test_strided_tensors(tmp_path: Path) -> None:
    """A tensor whose values lie in another order, as channels_last makes it, is read by its strides."""
    network = random_network()
    state = as_state(as_torchvision(network))
    for place in places(SMALL19).values():
        tensor = state[f"features.{place}.weight"]
        values = tensor.storage.values.reshape(tensor.shape)
        tensor.storage.values = values.transpose(0, 2, 3, 1).ravel()
        _, entering, height, width = tensor.shape
        tensor.strides = (height * width * entering, 1, width * entering, entering)
    save_torch_archive(tmp_path / "vgg.pth", state)
    assert_holds(opened(tmp_path / "vgg.pth"), network)


@pytest.mark.parametrize(
    ("kernel", "bias"),
    [
        ("{}.kernel", "{}.bias"),
        ("{}.weight", "{}.bias"),
        ("{}_W", "{}_b"),
        ("vgg.{}.weight", "vgg.{}.bias"),
        ("{0}/{0}_W_1:0", "{0}/{0}_b_1:0"),
    ],
)
@pytest.mark.parametrize("extension", ["npz", "safetensors"])
def test_arrays_by_name(tmp_path: Path, extension: str, kernel: str, bias: str) -> None:
    """Every usual way to name convolutions by block and index, in both formats of plain arrays."""
    network = random_network(SMALL16)
    path, arrays = tmp_path / f"vgg.{extension}", by_name(network, kernel, bias)
    np.savez_compressed(path, **arrays) if extension == "npz" else save_file(arrays, path)
    file = opened(path, convention="caffe")
    assert (file.architecture, file.convention) == (SMALL16, CAFFE)
    assert_holds(file, network)


@pytest.mark.parametrize(
    ("kernel", "bias"),
    [
        ("{0}/{0}_W_1:0", "{0}/{0}_b_1:0"),
        ("{0}/{0}/kernel:0", "{0}/{0}/bias:0"),
        ("model_weights/{0}/{0}/kernel:0", "model_weights/{0}/{0}/bias:0"),
    ],
)
def test_keras_files(tmp_path: Path, kernel: str, bias: str) -> None:
    """Keras's older and newer files of weights, and whole models with what their optimizer remembers."""
    h5py = pytest.importorskip("h5py")
    network = random_network()
    arrays = by_name({f"block{name[4]}_conv{name[6]}": arrays for name, arrays in network.items()}, kernel, bias)
    with h5py.File(tmp_path / "vgg.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
            file[f"optimizer_weights/{name}"] = np.zeros_like(array)
    file = opened(tmp_path / "vgg.h5")
    assert (file.kind, file.convention) == ("Keras", CAFFE)
    assert_holds(file, network)


def test_keras_3_files(tmp_path: Path) -> None:
    """The `.weights.h5` of Keras 3 names layers by their kind and order; a `.keras` archive holds such a file."""
    h5py = pytest.importorskip("h5py")
    network = random_network(SMALL16)
    with h5py.File(tmp_path / "vgg.weights.h5", "w") as file:
        for order, (kernel, bias) in enumerate(network.values()):
            layer = f"layers/conv2d_{order}" if order else "layers/conv2d"
            file[f"{layer}/vars/0"], file[f"{layer}/vars/1"] = kernel, bias
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = np.ones((8, 3), "f4"), np.ones(3, "f4")
        file["optimizer/vars/0"] = np.ones(3, "f4")
    with zipfile.ZipFile(tmp_path / "vgg.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "never read")
        archive.write(tmp_path / "vgg.weights.h5", "model.weights.h5")
    for name in ("vgg.weights.h5", "vgg.keras"):
        file = opened(tmp_path / name)
        assert (file.kind, file.architecture, file.convention) == ("Keras", SMALL16, CAFFE)
        assert_holds(file, network)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_keras_archives(tmp_path: Path, compression: int) -> None:
    """Weights that are no HDF5, and bytes of the archive that are others than were packed."""
    pytest.importorskip("h5py")
    path = tmp_path / "vgg.keras"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("model.weights.h5", b"no HDF5" * 100)
    again = "Fetch it again, and compare its SHA-256 with the published one."
    assert told(path) == f"the file 'vgg.keras' is damaged: HDF5 cannot read it. {again}"
    data = bytearray(path.read_bytes())
    data[50:60] = bytes(10)
    path.write_bytes(data)
    assert told(path).startswith("the file 'vgg.keras' is damaged: ")


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_caffe_models(tmp_path: Path, old: bool, double: bool) -> None:
    """Both forms of layers, in both precisions."""
    network = random_network()
    save_caffemodel(tmp_path / "vgg.caffemodel", network, old=old, double=double)
    file = opened(tmp_path / "vgg.caffemodel")
    assert (file.kind, file.architecture, file.convention) == ("Caffe", SMALL19, CAFFE)
    assert_holds(file, network)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x0a\x05vgg", "is damaged: it ends in the middle."),
        (b"\x0a\x03vgg\x92", "is damaged: it ends in the middle."),
        (b"\x0a" + b"\xff" * 12, "is damaged: it is no message of protocol buffers."),
        (b"\x0a\x03vgg\x0b", "is damaged: it is no message of protocol buffers."),
        (b"\x0a\x00" * 100_001, "is damaged: one of its messages has more than 100000 fields."),
        (b"\x12\x06\x32\x04\x2a\x02ab", "is damaged: a blob of the shape (1,) has another number of values."),
        (b"\x12\x07\x32\x05\x2d\0\0\0\0", "holds its numbers one by one, not packed."),
        (b"\x0a\x03vgg", "holds no VGG-19 or VGG-16: it holds no tensors."),
        (b"\nA text that begins with an empty line.\n", "is damaged: it ends in the middle."),
    ],
)
def test_caffe_models_that_are_none(tmp_path: Path, data: bytes, said: str) -> None:
    """What is cut off, no message at all, made to keep a reader busy, or of blobs that do not fit."""
    (tmp_path / "vgg.caffemodel").write_bytes(data)
    assert f"the file 'vgg.caffemodel' {said}" in told(tmp_path / "vgg.caffemodel")


def test_keras_files_of_theano(tmp_path: Path) -> None:
    """Theano's kernels are turned round: they are refused, not painted with."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "vgg.h5", "w") as file:
        for name, array in by_name(random_network(), "{0}/{0}_W", "{0}/{0}_b").items():
            file[name] = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    assert told(tmp_path / "vgg.h5") == (
        "the file 'vgg.h5' has the kernels of Keras's former Theano backend, which are turned round. "
        "Give the file whose name says 'tf_kernels'."
    )


def test_keras_files_that_point_elsewhere(tmp_path: Path) -> None:
    """An array whose values stand in another file could be any file of this machine: it is not read."""
    h5py = pytest.importorskip("h5py")
    (tmp_path / "other").write_bytes(bytes(4 * 3 * 3 * 3 * 64))
    with h5py.File(tmp_path / "vgg.h5", "w") as file:
        for name, array in by_name(random_network(), "{0}/{0}_W", "{0}/{0}_b").items():
            if name == "conv1_1/conv1_1_W":
                outside = [(str(tmp_path / "other"), 0, array.nbytes)]
                file.create_dataset(name, array.shape, "f4", external=outside)
            else:
                file[name] = array
    assert told(tmp_path / "vgg.h5") == (
        "the file 'vgg.h5' keeps the values of 'conv1_1/conv1_1_W' in another file. Save it as one file."
    )


def test_keras_files_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is told where h5py is missing."""
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "vgg.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert told(tmp_path / "vgg.h5") == (
        "the file 'vgg.h5' is an HDF5 file, and h5py, which reads those, is not installed. "
        "Run `pip install 'neural-gallery[keras]'`, or give the weights as .npz or .safetensors."
    )


def test_the_format_is_told_by_the_content(tmp_path: Path) -> None:
    """A name is only a name."""
    save_torch_archive(tmp_path / "vgg.h5", as_state(as_torchvision(random_network())))
    assert opened(tmp_path / "vgg.h5").kind == "PyTorch"


# --- conventions ------------------------------------------------------------------------------------------------------


@SAVE_TORCH
def test_caffe_under_the_names_of_torchvision(tmp_path: Path, save: Callable[[Path, object], None]) -> None:
    """Caffe's network is told from torchvision's by its first convolution, and from one that was turned to RGB."""
    network = random_network(caffe=True)
    save(tmp_path / "vgg.pth", as_state(as_torchvision(network)))
    assert opened(tmp_path / "vgg.pth").convention_name == "caffe"
    kernel, bias = network["conv1_1"]
    network["conv1_1"] = (kernel[:, :, ::-1], bias)
    save(tmp_path / "vgg.pth", as_state(as_torchvision(network)))
    assert opened(tmp_path / "vgg.pth").convention_name == "caffe-rgb"


def test_the_first_kernel_of_caffes_vgg16_is_alike() -> None:
    """Its first filter's first row of values, as published files have it, is nearly that of VGG-19's."""
    vgg16 = np.array([0.42947057, 0.373467, -0.061360113, 0.27476987, 0.038680777, -0.36722335])
    bundled = open_weights(WeightsSource(BUNDLED_WEIGHTS, "bundled"))
    ((_, kernel, _),) = bundled.parameters(["conv1_1"])
    vgg19 = kernel[:2, :, 0, 0].ravel()
    assert vgg16 @ vgg19 / np.linalg.norm(vgg16) / np.linalg.norm(vgg19) > 0.99


def test_a_convention_that_is_given_is_taken(tmp_path: Path) -> None:
    """What the author says counts more than what the file shows."""
    save_torch_archive(tmp_path / "vgg.pth", as_state(as_torchvision(random_network(caffe=True))))
    assert opened(tmp_path / "vgg.pth", convention="torchvision").convention == TORCHVISION


def test_a_convention_that_cannot_be_told(tmp_path: Path) -> None:
    """A network of unknown origin is not guessed at."""
    np.savez(tmp_path / "vgg.npz", **by_name(random_network()))
    assert told(tmp_path / "vgg.npz") == (
        "the file 'vgg.npz' does not show how its network wants its pictures. "
        "Say it with `neural-gallery weights import --convention caffe|caffe-rgb|torchvision`."
    )


def test_rescaled_weights_of_caffe_are_not_taken_for_them(tmp_path: Path) -> None:
    """The same kernel made for pictures in [0, 1] wants other pictures."""
    network = random_network(caffe=True)
    network["conv1_1"] = (network["conv1_1"][0] * 255, network["conv1_1"][1])
    np.savez(tmp_path / "vgg.npz", **by_name(network))
    assert "does not show how" in told(tmp_path / "vgg.npz")


# --- safety -----------------------------------------------------------------------------------------------------------


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@SAVE_TORCH
def test_nothing_is_executed(tmp_path: Path, save: Callable[[Path, object], None]) -> None:
    """A pickle that would run a command is refused by the name of what it asks for, and the command is not run."""
    trace = tmp_path / "trace"
    save(tmp_path / "vgg.pth", {**as_state(as_torchvision(random_network())), "x": Malicious(f"touch {trace}")})
    assert told(tmp_path / "vgg.pth") == (
        f"the file 'vgg.pth' names {os.system.__module__}.system, which is no part of plain weights; nothing of it was "
        "run. Save the network's state_dict() alone, or give it as .safetensors."
    )
    assert not trace.exists()


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"\x80\x02cposix\nsystem\nq\x00.",
    ],
)
def test_every_way_to_call_is_closed(code: bytes) -> None:
    """GLOBAL, STACK_GLOBAL, INST and OBJ name nothing that is not known."""
    with pytest.raises(UnusableError, match=r"no part of plain weights|no weights need"):
        read_pickle(io.BytesIO(code))


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b".",
        b"0.",
        b"t.",
        b"h\x05.",
        b"]]s.",
        b"}](K\x01K\x02u.",
        b"}]K\x01s.",
        b"}(K\x01u.",
        b"ccollections\nOrderedDict\nK\x01R.",
        b"ctorch\nFloatStorage\n)R.",
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"(X\x07\x00\x00\x00storageK\x01tQ.",
        b"X\xff\xff\xff\x7fabc.",
        b"\xff\xff",
    ],
)
def test_malformed_pickles_end_in_words(code: bytes) -> None:
    """An empty stack, a missing memo, wrong types and lengths beyond the end: each is told as damage."""
    with pytest.raises(UnusableError, match=r"is damaged|no weights need"):
        read_pickle(io.BytesIO(code))


def test_plain_values_are_read_as_pickle_reads_them() -> None:
    """Every protocol's way to write plain values comes to the same."""
    value = {"a": [1, -2, 2**40, 1.5, True, None, "ü" * 300], "b": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), "c": {}}
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert read_pickle(io.BytesIO(pickle.dumps(value, protocol=protocol))) == value


def test_tensors_stay_within_their_storage(tmp_path: Path) -> None:
    """A tensor that claims more than its storage holds would read what lies behind it."""
    state = as_state(as_torchvision(random_network()))
    state["features.0.weight"].storage.values = np.zeros(10, np.float32)
    save_torch_archive(tmp_path / "vgg.pth", state)
    assert "its description of the tensors cannot be made out" in told(tmp_path / "vgg.pth")


def test_values_do_not_unpack_to_more_than_the_file(tmp_path: Path) -> None:
    """Compressed zeros are no way to fill the memory."""
    state = {"big": Tensor(np.zeros(1 << 22, np.float32)), **as_state(as_torchvision(random_network()))}
    state["features.0.weight"].storage = state["big"].storage
    save_torch_archive(tmp_path / "plain.pth", state)
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "vgg.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert "a tensor has not the length that is stated" in told(tmp_path / "vgg.pth")


@pytest.mark.parametrize("form", ["archive", "stream", "npz", "safetensors"])
def test_no_damage_ends_in_a_traceback(tmp_path: Path, form: str) -> None:
    """Bytes changed and files cut at random: the file is read, or told to be unusable."""
    path, arrays = tmp_path / "vgg", as_torchvision(random_network())
    match form:
        case "archive":
            save_torch_archive(path, as_state(arrays))
        case "stream":
            save_torch_stream(path, as_state(arrays))
        case "npz":
            np.savez(tmp_path / "vgg.npz", **arrays)
            path = tmp_path / "vgg.npz"
        case "safetensors":
            save_file(arrays, path)
    whole, chance, refused = path.read_bytes(), random.Random(form), 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            # Half of them in the first kilobytes, where the formats have what describes the rest.
            data[chance.randrange(4000 if chance.random() < 0.5 else len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.3 else data)
        try:
            read_whole(path)
        except WeightsError:
            refused += 1
    assert refused > 10


# --- wrong files ------------------------------------------------------------------------------------------------------


def test_files_of_no_known_format(tmp_path: Path) -> None:
    """What is no file of weights at all is told, with what can be given."""
    formats = (
        "Give a PyTorch file (.pth), Keras weights (.h5, .keras), a Caffe model (.caffemodel), .npz or .safetensors."
    )
    (tmp_path / "empty.pth").touch()
    (tmp_path / "notes.pth").write_text("these are no weights")
    with zipfile.ZipFile(tmp_path / "words.npz", "w") as archive:
        archive.writestr("words.txt", "no arrays")
    assert told(tmp_path / "empty.pth") == f"the file 'empty.pth' is empty. {formats}"
    assert told(tmp_path / "notes.pth") == f"the file 'notes.pth' is of no format that can be read here. {formats}"
    assert told(tmp_path / "words.npz") == (
        f"the file 'words.npz' is a zip archive, but not PyTorch's, Keras's or NumPy's. {formats}"
    )
    assert told(tmp_path) == f"the file '{tmp_path.name}' is no file. {formats}"
    assert told(tmp_path / "missing.pth") == (
        "the file 'missing.pth' cannot be read: No such file or directory. Check the path and its permissions."
    )


def test_other_networks(tmp_path: Path) -> None:
    """A ResNet is told by what is in the file."""
    names = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.downsample.0.weight", "fc.bias"]
    save_torch_archive(tmp_path / "resnet.pth", as_state({name: np.zeros((4, 4, 3, 3), "f4") for name in names}))
    assert told(tmp_path / "resnet.pth") == (
        "the file 'resnet.pth' holds no VGG-19 or VGG-16: its tensors are conv1.weight, layer1.0.conv1.weight, "
        "layer1.0.downsample.0.weight and 1 more. Give a VGG-19 or VGG-16 as torchvision, Keras or Caffe has it."
    )


def test_batch_normalisation(tmp_path: Path) -> None:
    """torchvision's vgg19_bn is another network."""
    arrays = {**as_torchvision(random_network()), "features.1.running_mean": np.zeros(64, "f4")}
    save_torch_archive(tmp_path / "vgg19_bn.pth", as_state(arrays))
    assert told(tmp_path / "vgg19_bn.pth") == (
        "the file 'vgg19_bn.pth' holds a network with batch normalisation, which this program's VGG has not. "
        "Give a VGG-19 or VGG-16 as torchvision, Keras or Caffe has it."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda arrays: arrays.pop("conv5_4.kernel"), "lacks conv5_4 of VGG-19. Give the whole network."),
        (
            lambda arrays: arrays.pop("conv2_1.bias"),
            "lacks the bias of conv2_1 (beside 'conv2_1.kernel'). Give the whole network.",
        ),
        (
            lambda arrays: arrays.update({"conv2_1.kernel": np.zeros((5, 5, 64, 4), "f4")}),
            "has 'conv2_1.kernel' in the shape (5, 5, 64, 4), where VGG-19 has (3, 3, 64, 4) and (4,). "
            "Give a VGG-19 or VGG-16 as torchvision, Keras or Caffe has it.",
        ),
        (
            lambda arrays: arrays["conv3_2.kernel"].__setitem__((0, 0, 0, 0), np.nan),
            "is damaged: conv3_2 holds values that are no finite numbers. "
            "Fetch it again, and compare its SHA-256 with the published one.",
        ),
        (
            lambda arrays: arrays.update({"conv3_2.kernel": np.zeros((3, 3, 4, 4), "i8")}),
            "holds weights of the type int64. Give one of float16, bfloat16, float32, float64.",
        ),
        (
            lambda arrays: arrays.update({f"copy/{name}": array for name, array in arrays.items()}),
            "holds several networks. Save the state_dict() of one of them alone.",
        ),
    ],
)
def test_networks_that_are_not_whole(tmp_path: Path, change: Callable[[dict], object], said: str) -> None:
    """What is missing, of another shape or no number is named."""
    arrays = by_name(random_network())
    change(arrays)
    np.savez(tmp_path / "vgg.npz", **arrays)
    assert told(tmp_path / "vgg.npz", convention="caffe") == f"the file 'vgg.npz' {said}"


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    """An .npz may hold pickles: they are not read."""
    arrays = {name: array.astype(object) for name, array in by_name(random_network()).items()}
    np.savez(tmp_path / "vgg.npz", **arrays)
    assert "holds weights of the type object." in told(tmp_path / "vgg.npz", convention="caffe")


def test_the_place_of_the_name_is_told(tmp_path: Path) -> None:
    """An error stands at the line on which the author named the file."""
    (tmp_path / "vgg.pth").write_text("no weights")
    with pytest.raises(WeightsError) as caught:
        open_weights(WeightsSource(tmp_path / "vgg.pth", "vgg.pth", Location("site.yaml", 2, 10)))
    assert str(caught.value).startswith("site.yaml:2:10: the file 'vgg.pth' is of no format")


# --- our own form -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_what_is_packed_is_read_again(tmp_path: Path, convention: str) -> None:
    """Architecture, convention and origin are kept, the values to half a thousandth; twice the same bytes."""
    network = random_network(SMALL16)
    np.savez(tmp_path / "vgg.npz", **by_name(network))
    source = opened(tmp_path / "vgg.npz", convention=convention)
    data = pack(source, source_sha256="ab" * 32)
    (tmp_path / "ours.safetensors").write_bytes(data)
    file = opened(tmp_path / "ours.safetensors")
    assert (file.architecture, file.convention_name) == (SMALL16, convention)
    assert_holds(file, network, tolerance=5e-4)
    assert data == pack(source, source_sha256="ab" * 32)
    assert len(data) < 0.51 * sum(kernel.nbytes for kernel, _ in network.values()) + 10_000


def test_kernels_that_halves_cannot_hold_stay_whole(tmp_path: Path) -> None:
    """Values beyond float16's range, or below what it can tell apart, keep their precision."""
    network = random_network()
    for name, factor in (("conv2_1", 1e6), ("conv3_1", 1e-7)):
        network[name] = (network[name][0] * np.float32(factor), network[name][1])
    np.savez(tmp_path / "vgg.npz", **by_name(network))
    stored = load(pack(opened(tmp_path / "vgg.npz", convention="caffe"), source_sha256=""))
    kinds = {name: stored[f"{name}.kernel"].dtype for name in ("conv1_1", "conv2_1", "conv3_1")}
    assert kinds == {"conv1_1": np.float16, "conv2_1": np.float32, "conv3_1": np.float32}
    np.testing.assert_array_equal(stored["conv2_1.kernel"], network["conv2_1"][0])
