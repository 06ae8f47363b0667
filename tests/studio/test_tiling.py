"""In blocks as at once: the same statistics, features, loss, gradient and picture."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from PIL import Image

from neural_gallery.studio import blocks, memory, optimizers, paint
from neural_gallery.studio.losses import Region, Targets, masks, statistics
from neural_gallery.studio.memory import Room
from neural_gallery.studio.parts import Parts, T
from neural_gallery.studio.recipe import Method, Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.tiling import Tiling, measure_for
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

IMAGES = Path(__file__).parents[2] / "content" / "images"

SHARES = (jnp.float32(1.0), jnp.float32(0.08))


def _outcome(work: Parts[T]) -> tuple[T, list[str]]:
    """What work comes to, and the names of its parts."""
    names = []
    while True:
        try:
            names.append(next(work))
        except StopIteration as end:
            return end.value, names


def _near(found: jax.Array, wanted: jax.Array, tolerance: float = 1e-4) -> None:
    """The norm of the difference is so small a share of the norm."""
    assert found.shape == wanted.shape
    assert jnp.linalg.norm(found - wanted) <= tolerance * jnp.linalg.norm(wanted)


def _noise(seed: int, height: int, width: int) -> jax.Array:
    return jax.random.uniform(jax.random.key(seed), (1, height, width, 3))


def _picture(name: str, height: int, width: int) -> jax.Array:
    with Image.open(IMAGES / name) as image:
        return jnp.asarray(image.convert("RGB").resize((width, height)), jnp.float32)[None] / 255


def _mask(height: int, width: int) -> jax.Array:
    """More and more of the picture from the left to the right, and none of its upper third."""
    mask = jnp.broadcast_to(jnp.linspace(0, 1, width), (1, height, width))[..., None]
    return mask.at[:, : height // 3].set(0)


def _tiling(network: VGG, method: Method, shape: tuple[int, int], longest: int) -> Tiling:
    grid = blocks.grid_of(shape, longest, architecture=network.architecture, layers=method.layers)
    assert len(grid.blocks) > 1
    return Tiling(*nnx.split(network), method, grid)


def _compare(tiling: Tiling, image: jax.Array, style: jax.Array, content: jax.Array, extent: tuple[int, int]) -> None:
    """Both ways to everything that the tiling gives, with two regions; the second's style lacks a layer."""
    method, mask, reaching = tiling.method, _mask(*tiling.grid.shape), jnp.array(extent)

    @jax.jit
    def at_once(image: jax.Array, style: jax.Array, content: jax.Array) -> tuple:
        network, at_layers = nnx.merge(tiling.graph, tiling.state), masks(mask, reaching, method.layers)
        looks = functools.partial(network, layers=method.layers, pooling=method.pooling, extent=reaching)
        of_style, of_content = looks(style), looks(content)
        layers = [layer for layer, _ in method.style_layers]
        found = {layer: statistics(of_style[layer], at_layers[layer]) for layer in layers}
        regions = (
            Region(found, mask, jnp.float32(0.7)),
            Region({layer: found[layer] for layer in layers[1:]}, 1 - mask, jnp.float32(0.3)),
        )
        targets = Targets(regions, {layer: of_content[layer] for layer, _ in method.content_layers}, reaching)
        return targets, jax.value_and_grad(lambda x: optimizers.objective(network, x, targets, SHARES, method))(image)

    targets, (loss, gradient) = at_once(image, style, content)
    found, _ = _outcome(tiling.statistics(style, mask, reaching))
    assert found.keys() == targets.regions[0].style.keys()
    for layer, wanted in targets.regions[0].style.items():
        _near(found[layer].gram, wanted.gram)
        _near(found[layer].mean, wanted.mean)
    features, _ = _outcome(tiling.content_features(content, reaching))
    assert features.keys() == targets.content.keys()
    for layer, wanted in targets.content.items():
        _near(features[layer], wanted)
    measure = measure_for(targets, tiling.grid.shape)
    (found_loss, found_gradient), _ = _outcome(tiling.loss_and_gradient(image, targets, measure, SHARES))
    np.testing.assert_allclose(found_loss, loss, rtol=1e-4)
    _near(found_gradient, gradient)
    np.testing.assert_allclose(found_gradient, gradient, atol=1e-4 * float(jnp.abs(gradient).max()))


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize(("shape", "extent"), [((64, 88), (64, 88)), ((57, 91), (54, 85)), ((30, 75), (29, 51))])
def test_blocks_of_a_small_network(
    pooling: str, shape: tuple[int, int], extent: tuple[int, int], tiny_network: VGG, tiny_recipe: Callable[..., Recipe]
) -> None:
    """Even sides and odd, blocks down, across or both, pictures that end before their canvas, in a block or between."""
    method = Method(
        pooling=pooling,
        style_layers=tiny_recipe().method.style_layers,
        content_layers=(("relu2_2", 1.0), ("relu1_2", 0.5)),
    )
    pictures = (_noise(seed, *shape) for seed in range(3))
    _compare(_tiling(tiny_network, method, shape, 40), *pictures, extent)


@pytest.mark.parametrize(
    ("pooling", "shape", "extent"), [("max", (248, 408), (243, 401)), ("avg", (121, 397), (121, 397))]
)
def test_blocks_of_the_real_network(pooling: str, shape: tuple[int, int], extent: tuple[int, int]) -> None:
    """VGG-19 on a photograph: within 1e-4 of the gradient of the whole, everywhere."""
    method = Method(pooling=pooling)
    photograph, painting = _picture("chelsea.jpg", *shape), _picture("great-wave.jpg", *shape)
    tiling = _tiling(bundled_network(method.layers), method, shape, 336)
    _compare(tiling, photograph, painting, photograph[:, :, ::-1], extent)


def test_the_parts_of_a_step_are_numbered(tiny_network: VGG, tiny_recipe: Callable[..., Recipe]) -> None:
    """First each block is looked at, then each is corrected: that is what is told of a step that takes long."""
    method, shape = tiny_recipe().method, (30, 75)
    tiling = _tiling(tiny_network, method, shape, 40)
    easel, extent = optimizers.begin(_noise(0, *shape), method), jnp.array(shape)
    style, looked = _outcome(tiling.statistics(_noise(1, *shape), _mask(*shape), extent))
    assert looked == [f"looking at block {number} of 4" for number in (1, 2, 3, 4)]
    content, looked = _outcome(tiling.content_features(_noise(2, *shape), extent))
    assert looked == [f"looking at block {number} of 4" for number in (1, 2, 3, 4)]
    targets = Targets((Region(style, _mask(*shape), jnp.float32(1)),), content, extent)
    (new, loss), parts = _outcome(tiling.step(easel, targets, measure_for(targets, shape), SHARES, steps=4))
    assert parts == [*looked, *(f"correcting block {number} of 4" for number in (1, 2, 3, 4))]
    assert int(new.step) == 1
    assert jnp.isfinite(loss)


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Room for windows of 40 pixels of the tiny network, which has no use for larger margins."""
    monkeypatch.setattr(memory, "SMALLEST_BLOCK", 40)
    return Room(0, 0, 0)


@pytest.mark.parametrize("colors", ["style", "luminance"])
def test_a_painting_in_blocks_is_the_same_painting(
    colors: str,
    tiny_network: VGG,
    tiny_recipe: Callable[..., Recipe],
    content: np.ndarray,
    style: np.ndarray,
    little_room: Room,
) -> None:
    """Over both scales: the records tell of blocks, the pictures and their frames differ by 1 of 255 at the most."""
    recipe = tiny_recipe(scales=(Scale(42, 4), Scale(84, 4)), colors=colors)
    # Grain, as photographs have it: where a picture is even, a gradient may be nothing but rounding, and Adam takes
    # a whole step for that too.
    random = np.random.default_rng(0)

    def grown(image: np.ndarray) -> np.ndarray:
        larger = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1) // 2 + 60
        return (larger + random.integers(-20, 21, larger.shape)).astype(np.uint8)

    content, style = grown(content), grown(style)

    def painted(room: Room) -> tuple[list[np.ndarray], paint.Result]:
        *steps, result = paint.paint(tiny_network, content, [Style(style)], recipe, frames=5, room=lambda: room)
        assert isinstance(result, paint.Result)
        return [frame for step in steps for frame in step.frames], result

    frames, at_once = painted(Room(10**12, 10**12, 0))
    frames_in_blocks, in_blocks = painted(little_room)
    assert len(frames_in_blocks) == len(frames) == 5
    for found, wanted in zip(frames_in_blocks, frames, strict=True):
        assert np.abs(found.astype(int) - wanted).max() <= 1
    # A chunk of four steps at once tells one loss for all, blocks tell each.
    assert [step for step, _ in in_blocks.losses] == [1, 2, 3, 4, 5, 6, 7, 8]
    for step, loss in at_once.losses:
        assert dict(in_blocks.losses)[step] == pytest.approx(loss, rel=1e-3)


def test_what_is_painted_in_blocks_can_be_stopped_between_them(
    tiny_network: VGG,
    tiny_recipe: Callable[..., Recipe],
    content: np.ndarray,
    style: np.ndarray,
    little_room: Room,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record tells which block is being looked at; closing the stream there leaves the others alone."""
    monkeypatch.setattr(paint, "HEARTBEAT", 0.0)
    content = np.repeat(np.repeat(content, 2, axis=0), 2, axis=1)
    recipe = tiny_recipe(scales=(Scale(84, 4),))
    painting = paint.paint(tiny_network, content, [Style(style)], recipe, room=lambda: little_room)
    stages = []
    for record in painting:
        assert isinstance(record, paint.Step)
        stages.append(record.stage)
        if record.stage.endswith("correcting block 1 of 6"):
            break
    painting.close()
    assert "looking at 84 x 60, looking at block 1 of 6" in stages
    assert stages[-1] == "preparing 84 x 60, correcting block 1 of 6"


@pytest.mark.slow
def test_a_large_print_takes_four_gigabytes_at_most() -> None:
    """3000 x 2000 pixels, two steps, VGG-19, a style of the same size: the whole process, from its start to its end."""
    probe = Path(__file__).parent / "print_probe.py"
    told = subprocess.run([sys.executable, str(probe), "2"], capture_output=True, text=True, check=True, timeout=7200)
    measured = json.loads(told.stdout)
    assert measured["shape"] == [2000, 3000, 3]
    assert len(measured["losses"]) == 2
    assert np.isfinite(measured["losses"]).all()
    assert any("correcting block" in stage for stage in measured["stages"])
    assert measured["peak"] <= 4 * 10**9
