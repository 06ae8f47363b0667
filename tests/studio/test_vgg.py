"""VGG-19 against activations that an independent implementation computed in float64."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.errors import WeightsError
from neural_gallery.studio import vgg
from neural_gallery.studio.data import BUNDLED_WEIGHTS, BUNDLED_WEIGHTS_SHA256, file_sha256
from neural_gallery.studio.vgg import VGG, VGG16, VGG19
from neural_gallery.studio.weights import bundled_network, read_codebook_weights

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
    found = bundled_network(EVERY_LAYER)(image, VGG19.layers, pooling=pooling, replicate_edges=False)
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


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    """Neither a missing file nor one of another kind ends in a traceback."""
    text = tmp_path / "weights.safetensors"
    text.write_text("these are no weights")
    for path in (text, tmp_path / "missing.safetensors"):
        with pytest.raises(WeightsError, match="The weights cannot be read"):
            read_codebook_weights(path, ["relu1_1"])
