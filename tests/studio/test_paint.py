"""The painting loop: what it yields, what it promises, and that it paints."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import subprocess
import sys
import time
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.studio import losses, paint
from neural_gallery.studio.painting import Painting, Result, Step, sampled_steps
from neural_gallery.studio.recipe import Method, Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.vgg import VGG

from ..support.painting import painted

Make = Callable[..., Recipe]


def _run(
    network: VGG, content: np.ndarray, style: np.ndarray, recipe: Recipe, *, frames: int = 6
) -> tuple[list[Step], Result]:
    return painted(network, content, [Style(style)], recipe, frames=frames)


def _style_distance(network: VGG, image: np.ndarray, style: np.ndarray, layers: dict[str, float]) -> float:
    def seen(rgb: np.ndarray) -> dict[str, losses.Statistics]:
        features = network(jnp.asarray(rgb[None], jnp.float32) / 255, list(layers))
        return {layer: losses.statistics(plane, jnp.ones((*plane.shape[:3], 1))) for layer, plane in features.items()}

    found, wanted = seen(image), seen(style)
    return float(np.mean([losses.squared_distance(found[layer].gram, wanted[layer].gram) for layer in layers]))


def test_the_stream_counts_every_step_and_ends_with_the_result(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """Steps only go up, from nothing to all; the last record is the picture, of the content's size."""
    recipe = tiny_recipe()
    steps, result = _run(tiny_network, content, style, recipe)
    assert all(isinstance(step, Step) and step.steps == 20 for step in steps)
    counted = [step.step for step in steps]
    assert counted == sorted(counted)
    assert (counted[0], counted[-1]) == (0, 20)
    assert math.isnan(steps[0].loss)
    assert result.rgb.shape == content.shape
    assert result.rgb.dtype == np.uint8
    assert result.losses[-1][0] == 20


@pytest.mark.parametrize("frames", [2, 3, 6, 20, 31])
def test_exactly_as_many_frames_come_as_were_asked_for(
    frames: int, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """The first is the content, the last is the result, all have the result's size; more than steps is no error."""
    steps, result = _run(tiny_network, content, style, tiny_recipe(), frames=frames)
    found = [frame for step in steps for frame in step.frames]
    assert len(found) == frames
    assert {frame.shape for frame in found} == {content.shape}
    np.testing.assert_array_equal(found[-1], result.rgb)
    # The start is the content as the coarsest scale sees it.
    assert np.abs(found[0].astype(int) - content).mean() < 8


def test_frames_are_denser_at_the_beginning() -> None:
    """Half of the frames lie in the first two fifths of the way."""
    at = sorted(sampled_steps(200, 24).elements())
    assert len(at) == 22
    assert at == sorted(set(at))
    assert at[10] <= 80


def test_the_objective_falls_and_the_result_is_nearer_to_the_style(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """What is saved, not only what is optimised, has statistics nearer to the style's."""
    recipe = tiny_recipe(scales=(Scale(21, 40), Scale(42, 40)), strength=0.8)
    _, result = _run(tiny_network, content, style, recipe)
    layers = dict(recipe.method.style_layers)
    before = _style_distance(tiny_network, content, style, layers)
    assert _style_distance(tiny_network, result.rgb, style, layers) < 0.5 * before


@pytest.mark.parametrize("strength", [0.23, 0.44])
def test_lbfgs_goes_further_in_as_many_steps(
    strength: float, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """On this small problem, far from its end, the objective ends lower than with Adam."""
    recipe = tiny_recipe(scales=(Scale(42, 60),), strength=strength, init="noise")
    _, adam = _run(tiny_network, content, style, recipe)
    recipe = dataclasses.replace(recipe, method=dataclasses.replace(recipe.method, optimizer="lbfgs"))
    _, lbfgs = _run(tiny_network, content, style, recipe)
    assert lbfgs.losses[-1][1] < adam.losses[-1][1]
    assert lbfgs.losses[-1][1] == pytest.approx(min(loss for _, loss in lbfgs.losses), rel=0.05)


def test_the_same_seed_paints_the_same_bits(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """From noise, equal seeds give equal pictures and unequal ones do not."""
    first, again, other = (
        _run(tiny_network, content, style, tiny_recipe(init="noise", seed=seed))[1].rgb for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_strength_zero_keeps_the_content(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """With no share for the style the picture hardly moves."""
    recipe = tiny_recipe(strength=0.0, scales=(Scale(42, 12),))
    _, result = _run(tiny_network, content, style, recipe)
    assert np.abs(result.rgb.astype(int) - content).mean() < 3


@pytest.mark.parametrize("init", ["content", "noise", "style"])
def test_every_start_is_the_start(
    init: str, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """The first frame shows what was asked for: the content, noise around its mean, or the style."""
    steps, _ = _run(tiny_network, content, style, tiny_recipe(init=init))
    first = steps[0].frames[0].astype(int)
    near_content = np.abs(first - content).mean() < 8
    stripes = {tuple(int(channel > 100) for channel in pixel) for pixel in first[4:-4:3, 4:-4:3].reshape(-1, 3)}
    assert near_content == (init == "content")
    assert ({(1, 1, 0), (0, 0, 1)} <= stripes) == (init in ("style", "noise"))


@pytest.mark.parametrize(("strength", "way"), [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.9, 1.0)])
def test_painting_begins_in_the_colours_of_the_style(
    strength: float, way: float, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """The content's mean colour is taken towards the style's, all the way from the middle strength on."""
    style = style // 4 + 60  # pale, so that no colour has to be clipped
    painting = Painting(tiny_network, content, [Style(style)], tiny_recipe(strength=strength))
    before, wanted = content.mean((0, 1)) / 255, style.mean((0, 1)) / 255
    found = (painting.primed(painting.content).mean((0, 1)) - before) / (wanted - before)
    np.testing.assert_allclose(found, way, atol=0.04)


@pytest.mark.parametrize("init", ["noise", "style"])
def test_other_starts_keep_their_colours(
    init: str, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """Only the content is recoloured."""
    painting = Painting(tiny_network, content, [Style(style)], tiny_recipe(init=init))
    np.testing.assert_array_equal(painting.primed(painting.content), painting.content)


def test_an_average_forgets_in_proportion_to_the_steps() -> None:
    """Of eight steps it forgets half with each; of few steps nearly all, of many little."""
    method = Method(averaged_share=1 / 8)
    assert [method.average_decay(steps) for steps in (0, 8, 72)] == [0, 0.5, 0.9]


@pytest.mark.parametrize(("steps", "length"), [(3, 3), (10, 2), (12, 4), (7, 1)])
def test_all_chunks_of_a_scale_are_one_program(
    steps: int,
    length: int,
    tiny_network: VGG,
    tiny_recipe: Make,
    content: np.ndarray,
    style: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They have one length, the largest that divides the steps."""
    lengths = []

    def listening(*arguments: object, chunk: int, **options: object) -> object:
        lengths.append(chunk)
        return paint_chunk(*arguments, chunk=chunk, **options)

    paint_chunk = paint.optimizers.paint_chunk
    monkeypatch.setattr(paint.optimizers, "paint_chunk", listening)
    _run(tiny_network, content, style, tiny_recipe(scales=(Scale(42, steps),)))
    assert lengths == [length] * (steps // length)


@pytest.mark.parametrize("colors", ["content", "luminance"])
def test_the_contents_colours_can_be_kept(
    colors: str, tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """A grey content stays grey whatever the style's colours are."""
    grey = np.repeat(content[..., :1], 3, axis=2)
    _, result = _run(tiny_network, grey, style, tiny_recipe(colors=colors))
    assert np.ptp(result.rgb.astype(int), axis=2).max() <= 1


def test_a_matched_style_brings_no_new_colours(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """The palette's mean is nearer to the content's than when the style keeps its own."""

    def mean_distance(colors: str) -> float:
        _, result = _run(tiny_network, content, style, tiny_recipe(colors=colors, strength=0.9))
        return float(np.abs(result.rgb.mean((0, 1)) - content.mean((0, 1))).sum())

    assert mean_distance("match") < mean_distance("style")


def test_a_blend_lies_between_its_styles(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """All of one style in a blend is that style; half and half differs from both."""
    other = style[:, ::-1, ::-1]
    recipe = tiny_recipe()

    def painted(*shares: float) -> np.ndarray:
        styles = [Style(rgb, share) for rgb, share in zip((style, other), shares, strict=True)]
        *_, result = paint.paint(tiny_network, content, styles, recipe)
        return result.rgb.astype(int)

    only, half, second = painted(1.0, 0.0), painted(0.5, 0.5), painted(0.0, 1.0)
    np.testing.assert_array_equal(only, _run(tiny_network, content, style, recipe, frames=2)[1].rgb)
    assert np.abs(half - only).mean() > 1
    assert np.abs(half - second).mean() > 1


def test_a_long_silence_is_filled(
    tiny_network: VGG,
    tiny_recipe: Make,
    content: np.ndarray,
    style: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a chunk takes long (its first run compiles), records keep coming and say what is going on."""
    chunk = paint.optimizers.paint_chunk

    def slow_chunk(*arguments: object, **options: object) -> object:
        time.sleep(0.2)
        return chunk(*arguments, **options)

    monkeypatch.setattr(paint, "HEARTBEAT", 0.05)
    monkeypatch.setattr(paint.optimizers, "paint_chunk", slow_chunk)
    steps, _ = _run(tiny_network, content, style, tiny_recipe(), frames=2)
    waiting = [step for step in steps if step.stage.startswith("preparing")]
    assert len(waiting) >= 4
    assert waiting[0].stage == "preparing 21 x 15"


def test_pairs_of_nearly_one_shape_share_a_program(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """A second pair of another strength, and one a row less high, compile nothing new."""
    _run(tiny_network, content, style, tiny_recipe())
    compiled = paint.optimizers.paint_chunk._cache_size()
    _run(tiny_network, content, style, tiny_recipe(strength=0.7, seed=5))
    _run(tiny_network, content[1:], style, tiny_recipe())
    assert paint.optimizers.paint_chunk._cache_size() == compiled


def test_a_small_real_painting(real_pictures: tuple[np.ndarray, np.ndarray]) -> None:
    """VGG-19 with the bundled weights paints a photograph: nearer to the painting, still itself."""
    from neural_gallery.studio.recipe import STYLE_LAYERS
    from neural_gallery.studio.weights import bundled_network

    photograph, painting = real_pictures
    recipe = Recipe((Scale(96, 24),), 0.5, "style", "content", 1.0, 0)
    _, result = _run(bundled_network(recipe.method.layers), photograph, painting, recipe, frames=4)
    layers = dict(STYLE_LAYERS)
    before = _style_distance(bundled_network(recipe.method.layers), photograph, painting, layers)
    assert _style_distance(bundled_network(recipe.method.layers), result.rgb, painting, layers) < 0.35 * before
    contrast = np.corrcoef(result.rgb.mean(2).ravel(), photograph.mean(2).ravel())[0, 1]
    assert contrast > 0.5


def test_same_seed_same_picture(real_pictures: tuple[np.ndarray, np.ndarray]) -> None:
    """VGG-19 paints the same bits twice in a process and in another one, from noise; another seed paints others."""
    from neural_gallery.studio.weights import bundled_network

    def digest(seed: int) -> str:
        recipe = Recipe((Scale(48, 4), Scale(96, 4)), 0.5, "style", "noise", 1.0, seed)
        photograph, painting = real_pictures
        _, result = _run(bundled_network(recipe.method.layers), photograph, painting, recipe)
        return hashlib.sha256(result.rgb).hexdigest()

    here = digest(7)
    assert digest(7) == here
    assert digest(8) != here
    code = (
        "import hashlib, sys, numpy as np\n"
        "from neural_gallery.studio.paint import paint\n"
        "from neural_gallery.studio.painting import Result\n"
        "from neural_gallery.studio.recipe import Recipe, Scale\n"
        "from neural_gallery.studio.targets import Style\n"
        "from neural_gallery.studio.weights import bundled_network\n"
        "photograph, painting = (np.frombuffer(sys.stdin.buffer.read(96 * 64 * 3), np.uint8).reshape(64, 96, 3)"
        " for _ in range(2))\n"
        "recipe = Recipe((Scale(48, 4), Scale(96, 4)), 0.5, 'style', 'noise', 1.0, 7)\n"
        "*_, last = paint(bundled_network(recipe.method.layers), photograph, [Style(painting)], recipe)\n"
        "print(hashlib.sha256(last.rgb).hexdigest())\n"
    )
    pictures = b"".join(picture.tobytes() for picture in real_pictures)
    other = subprocess.run([sys.executable, "-c", code], input=pictures, capture_output=True, check=True)
    assert other.stdout.decode().split() == [here]
