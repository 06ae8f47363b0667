"""VGG-19 against activations that an independent implementation computed in float64."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.errors import WeightsError
from neural_gallery.studio import losses, vgg
from neural_gallery.studio.architecture import (
    CAFFE,
    CAFFE_RGB,
    TORCHVISION,
    VGG16,
    VGG19,
    Architecture,
    InputConvention,
    needed_convolutions,
)
from neural_gallery.studio.data import BUNDLED_WEIGHTS, BUNDLED_WEIGHTS_SHA256, file_sha256
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.vgg import VGG, Pooling
from neural_gallery.studio.weight_files.reading import WeightsSource, open_weights
from neural_gallery.studio.weight_files.writing import pack
from neural_gallery.studio.weights import bundled_network, given_network

EVERY_LAYER = frozenset(VGG19.layers)

REFERENCE = Path(__file__).with_name("data") / "vgg19_activations.npz"


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    """One real picture and what the network makes of it (PyTorch, float64, zero padding, no ceil pooling)."""
    with np.load(REFERENCE) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_every_layer_agrees_with_the_reference(pooling: str, reference: dict[str, np.ndarray]) -> None:
    """All sixteen layers agree within 1e-3 relative: shape, channel means, Gram matrix and single values."""
    image = jnp.asarray(reference["image"][None])
    network = bundled_network(EVERY_LAYER, dtype="float32")
    found = network(image, VGG19.layers, pooling=pooling, replicate_edges=False)
    assert list(found) == list(VGG19.layers)
    for layer, features in found.items():
        wanted = {name: reference[f"{pooling}/{layer}/{name}"] for name in ("shape", "mean", "gram_corner", "sample")}
        assert features.shape[1:] == tuple(wanted["shape"]), layer
        plane = np.asarray(features[0], np.float64)
        height, width, channels = plane.shape
        flat = plane.reshape(-1, channels)
        gram = flat.T @ flat / len(flat)
        _assert_close(flat.mean(0), wanted["mean"], layer)
        _assert_close(gram[:16, :16], wanted["gram_corner"], layer)
        _assert_close(np.linalg.norm(gram), reference[f"{pooling}/{layer}/gram_frobenius"], layer)
        rows, columns = max(1, height // 5), max(1, width // 5)
        _assert_close(plane[::rows, ::columns, :8], wanted["sample"], layer)


def _assert_close(found: np.ndarray, wanted: np.ndarray, layer: str) -> None:
    error = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert error < 1e-3, f"{layer}: {error:.1e}"


def test_winograd_and_direct_layers_agree(reference: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """Which way a wide layer is computed does not change what it computes."""
    image = jnp.asarray(reference["image"][None])
    fast = bundled_network(frozenset(["relu5_1"]))(image, ["relu5_1"])["relu5_1"]
    monkeypatch.setattr(vgg, "WINOGRAD_CHANNELS", 10**9)
    plain = bundled_network.__wrapped__(["relu5_1"])(image, ["relu5_1"])["relu5_1"]
    assert np.linalg.norm(fast - plain) / np.linalg.norm(plain) < 1e-4


def test_accelerators_filter_the_direct_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Winograd's filtering is for CPUs; elsewhere its kernels would only take memory."""
    kernel, bias = np.ones((3, 3, 256, 256), np.float32), np.zeros(256, np.float32)
    assert hasattr(vgg.Convolution(kernel, bias), "transformed")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not hasattr(vgg.Convolution(kernel, bias), "transformed")


def test_replicated_edges_see_no_border() -> None:
    """With the picture's own edge continued, an even picture looks the same everywhere to the first layer."""
    features = bundled_network(EVERY_LAYER)(jnp.full((1, 8, 8, 3), 0.7), ["relu1_1"])["relu1_1"]
    np.testing.assert_allclose(features, jnp.broadcast_to(features[:, 4:5, 4:5], features.shape), atol=1e-3)


def test_layers_are_named_by_block_and_index() -> None:
    """The architecture gives the names and the kernels' shapes."""
    assert VGG19.layers[:3] == ("relu1_1", "relu1_2", "relu2_1")
    assert (len(VGG19.layers), len(VGG16.layers)) == (16, 13)
    assert VGG19.shape("conv1_1") == (3, 3, 3, 64)
    assert VGG19.shape("conv4_1") == (3, 3, 256, 512)


def test_a_misspelt_layer_gets_a_suggestion(tiny_network: VGG) -> None:
    """The message names the nearest layer."""
    with pytest.raises(WeightsError) as caught:
        tiny_network(jnp.zeros((1, 8, 8, 3)), ["rel2_2"])
    assert str(caught.value) == "a tiny network has no layer 'rel2_2'. Did you mean 'relu2_2'?"


def test_weights_of_another_shape_are_refused(tiny_network: VGG) -> None:
    """A kernel that does not fit the architecture is named with both shapes."""
    with pytest.raises(WeightsError) as caught:
        VGG(tiny_network.architecture, [("conv1_1", np.zeros((3, 3, 3, 5)), np.zeros(5))])
    assert str(caught.value) == (
        "The weights of conv1_1 have the shapes (3, 3, 3, 5) and (5,); a tiny network has (3, 3, 3, 4) and (4,). "
        "Use weights of that network."
    )


def test_the_bundled_weights_are_those_that_are_credited() -> None:
    """The file's hash is the one in the program, and in the licence beside it."""
    assert file_sha256(BUNDLED_WEIGHTS) == BUNDLED_WEIGHTS_SHA256
    assert BUNDLED_WEIGHTS_SHA256 in BUNDLED_WEIGHTS.with_name("LICENSE-weights.md").read_text("utf-8")


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flipped byte is found before anything is painted."""
    damaged = tmp_path / "weights.safetensors"
    content = bytearray(BUNDLED_WEIGHTS.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    monkeypatch.setattr("neural_gallery.studio.weights.BUNDLED_WEIGHTS", damaged)
    with pytest.raises(WeightsError) as caught:
        bundled_network.__wrapped__(["relu1_1"])
    found = file_sha256(damaged)
    assert str(caught.value) == (
        f"{damaged}: The weights are damaged: their SHA-256 is {found}, not {BUNDLED_WEIGHTS_SHA256}. "
        "Install the package again."
    )


def test_given_weights_make_the_same_network(tmp_path: Path, reference: dict[str, np.ndarray]) -> None:
    """The bundled weights, taken for a file from elsewhere: packed by us, they show the reference's activations."""
    bundled = open_weights(WeightsSource(BUNDLED_WEIGHTS, BUNDLED_WEIGHTS.name))
    path = tmp_path / "vgg.safetensors"
    path.write_bytes(pack(bundled, source_sha256=BUNDLED_WEIGHTS_SHA256))
    layers = frozenset(["relu1_1", "relu4_2", "relu5_1"])
    network = given_network.__wrapped__(WeightsSource(path, path.name), file_sha256(path), layers)
    features = network(jnp.asarray(reference["image"][None]), layers, replicate_edges=False)
    for layer in layers:
        plane = np.asarray(features[layer][0], np.float64)
        _assert_close(plane.reshape(-1, plane.shape[-1]).mean(0), reference[f"max/{layer}/mean"], layer)


def test_vgg16_has_the_layers_that_are_painted_with(tmp_path: Path) -> None:
    """A VGG-16 by its own names, in torchvision's convention, goes as deep as the recipe wants it."""
    architecture = Architecture("VGG-16", VGG16.depths, (4, 4, 4, 4, 4))
    random = np.random.default_rng(1)
    arrays = {}
    for name in architecture.convolutions:
        shape = architecture.shape(name)
        arrays |= {f"{name}.kernel": random.normal(0, 0.2, shape), f"{name}.bias": random.normal(0, 0.1, shape[3:])}
    np.savez(tmp_path / "vgg.npz", **arrays)
    source = WeightsSource(tmp_path / "vgg.npz", "vgg.npz")
    file = open_weights(source, convention="torchvision", architectures=[architecture])
    layers = Method().layers
    network = VGG(architecture, file.parameters(needed_convolutions(architecture, layers)), convention=file.convention)
    features = network(jnp.full((1, 32, 32, 3), 0.5), layers)
    assert features.keys() == layers
    assert features["relu5_1"].shape == (1, 2, 2, 4)


def test_weights_that_changed_meanwhile_are_refused(tmp_path: Path) -> None:
    """What is painted is kept under the hash of the weights, so they have to be those."""
    (tmp_path / "vgg.npz").write_bytes(b"other weights")
    with pytest.raises(WeightsError) as caught:
        given_network(WeightsSource(tmp_path / "vgg.npz", "vgg.npz"), "0" * 64, frozenset(["relu1_1"]))
    assert str(caught.value) == ("the file 'vgg.npz' has changed since the manifest was read. Run the command again.")


@pytest.mark.parametrize(
    ("convention", "wanted"),
    [
        (CAFFE, [255 * 0.2 - 103.939, 255 * 0.5 - 116.779, 255 * 1.0 - 123.68]),
        (CAFFE_RGB, [255 * 1.0 - 123.68, 255 * 0.5 - 116.779, 255 * 0.2 - 103.939]),
        (TORCHVISION, [(1.0 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]),
    ],
)
def test_pictures_are_given_as_the_weights_want_them(convention: InputConvention, wanted: list[float]) -> None:
    """One orange pixel in each convention."""
    found = vgg.as_wanted(jnp.array([[[[1.0, 0.5, 0.2]]]]), convention)
    np.testing.assert_allclose(found[0, 0, 0], wanted, rtol=1e-5)


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("replicate_edges", [True, False])
@pytest.mark.parametrize(("height", "width"), [(41, 55), (48, 64), (33, 47)])
def test_what_lies_beyond_the_picture_changes_nothing(
    height: int, width: int, replicate_edges: bool, pooling: Pooling
) -> None:
    """A picture on a larger canvas has the features and the gradient that it has alone, on every layer."""
    network = bundled_network(frozenset({"relu3_1"}))
    layers = ["relu1_1", "relu1_2", "relu2_1", "relu3_1"]
    image = jnp.asarray(np.random.default_rng(0).random((1, height, width, 3), np.float32))
    canvas = jnp.pad(image, ((0, 0), (0, 64 - height), (0, 80 - width), (0, 0)), constant_values=0.5)

    def seen(image: jax.Array, extent: jax.Array | None) -> dict[str, jax.Array]:
        return network(image, layers, pooling=pooling, replicate_edges=replicate_edges, extent=extent)

    def total(image: jax.Array, extent: jax.Array | None) -> jax.Array:
        return sum((jnp.sum(jnp.sin(plane / 300)) for plane in seen(image, extent).values()), jnp.zeros(()))

    extent = jnp.array([height, width])
    alone, mounted = seen(image, None), seen(canvas, extent)
    for layer in layers:
        rows, columns = alone[layer].shape[1:3]
        scale = float(jnp.abs(alone[layer]).max())
        np.testing.assert_allclose(mounted[layer][:, :rows, :columns], alone[layer], atol=1e-5 * scale)
        assert float(jnp.abs(mounted[layer][:, rows:]).sum() + jnp.abs(mounted[layer][:, :, columns:]).sum()) == 0
    wanted, found = jax.grad(total)(image, None), jax.grad(total)(canvas, extent)
    np.testing.assert_allclose(found[:, :height, :width], wanted, atol=1e-4 * float(jnp.abs(wanted).max()))
    assert float(jnp.abs(found[:, height:]).sum() + jnp.abs(found[:, :, width:]).sum()) == 0


def test_features_of_half_the_bytes_are_nearly_the_same(reference: dict[str, np.ndarray]) -> None:
    """In bfloat16, as on accelerators: features within 1%, Gram matrices within 2%, and nearly the same gradient."""
    method, image = Method(), jnp.asarray(reference["image"][None])
    layers = dict(method.style_layers)
    wholes, halves = (bundled_network(method.layers, dtype=dtype) for dtype in ("float32", "bfloat16"))

    def grams(network: VGG, image: jax.Array) -> dict[str, jax.Array]:
        features = network(image, method.layers)
        assert {plane.dtype for plane in features.values()} == {network.dtype}
        found = losses.statistics_at(features, None, jnp.array(image.shape[1:3]), layers)
        return {layer: statistics.gram for layer, statistics in found.items()}

    def pulled(network: VGG) -> jax.Array:
        # Towards a picture of its mirror image: |G - Gs|^2 / |Gs|^2, summed over the layers.
        wanted = grams(network, image[:, ::-1, :, ::-1])
        return jax.grad(
            lambda x: sum(losses.squared_distance(gram, wanted[layer]) for layer, gram in grams(network, x).items())
        )(image)

    for layer, gram in grams(wholes, image).items():
        found = grams(halves, image)[layer]
        assert found.dtype == jnp.float32
        assert jnp.linalg.norm(found - gram) < 0.02 * jnp.linalg.norm(gram), layer
    features, rounded = (network(image, method.layers)["relu4_2"] for network in (wholes, halves))
    assert jnp.linalg.norm(rounded - features) < 0.01 * jnp.linalg.norm(features)
    one, other = (pulled(network).ravel() for network in (wholes, halves))
    assert jnp.vdot(one, other) > 0.99 * jnp.linalg.norm(one) * jnp.linalg.norm(other)
