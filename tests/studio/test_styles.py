"""Several styles: in parts of the picture, at some layers; and pictures to begin with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neural_gallery.studio.paint import paint
from neural_gallery.studio.painting import Step
from neural_gallery.studio.parts import outcome
from neural_gallery.studio.pyramid import Canvas
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Eye, Source, Style, parts
from neural_gallery.studio.vgg import VGG

from ..support.painting import painted

Make = Callable[..., Recipe]


def _halves(content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left = np.zeros(content.shape[:2], np.uint8)
    left[:, : content.shape[1] // 2] = 255
    return left, 255 - left


def test_each_mask_has_its_style(tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray) -> None:
    """A red style at the left and a green one at the right: each half takes the colour of its own, not the other's."""
    red, green = (
        np.clip(style.astype(int) // 3 + shift, 0, 255).astype(np.uint8) for shift in ([150, 0, 0], [0, 150, 0])
    )
    left, right = _halves(content)
    recipe = tiny_recipe(strength=0.9, scales=(Scale(42, 40),))
    _, result = painted(tiny_network, content, [Style(red, mask=left), Style(green, mask=right)], recipe)
    at_left, at_right = (result.rgb[:, part].mean((0, 1)) for part in (slice(0, 15), slice(27, None)))
    assert at_left[0] - at_left[1] > 50
    assert at_right[1] - at_right[0] > 50


def test_what_no_mask_covers_stays_as_it_is(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """Half of the picture has no style: there it keeps the content, and the other half does not."""
    left, _ = _halves(content)
    _, result = painted(tiny_network, content, [Style(style, mask=left)], tiny_recipe())
    moved = np.abs(result.rgb.astype(int) - content)
    assert moved[:, 27:].mean() < 0.5 * moved[:, :15].mean()


def test_a_mask_of_everything_is_no_mask(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """White masks, of the content and of the style, change nothing that can be seen."""
    white = Style(
        style, mask=np.full(content.shape[:2], 255, np.uint8), style_mask=np.full(style.shape[:2], 255, np.uint8)
    )
    _, masked = painted(tiny_network, content, [white], tiny_recipe())
    _, plain = painted(tiny_network, content, [Style(style)], tiny_recipe())
    assert np.abs(masked.rgb.astype(int) - plain.rgb).max() <= 1


def test_only_what_the_style_mask_shows_counts(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """A style that is half red, half green, of which the red half counts, is the red style."""
    half = np.zeros(style.shape[:2], np.uint8)
    half[:25] = 255
    both = style.copy()
    both[:25] = np.where(np.arange(style.shape[1])[:, None] % 8 < 4, [200, 40, 40], [120, 20, 20])
    _, result = painted(tiny_network, content, [Style(both, style_mask=half)], tiny_recipe(strength=0.95))
    _, wanted = painted(tiny_network, content, [Style(both[:25])], tiny_recipe(strength=0.95))
    _, whole = painted(tiny_network, content, [Style(both)], tiny_recipe(strength=0.95))
    means = [picture.rgb.mean((0, 1)) for picture in (result, wanted, whole)]
    assert np.abs(means[0] - means[1]).max() < 0.3 * np.abs(means[2] - means[1]).max()


def test_styles_can_share_the_layers_among_them(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """At each layer the targets are those of the styles that count there; the shares there sum to one."""
    one, two = (
        Source(style / np.float32(255), Style(style, 0.75, ("relu1_1",))),
        Source(style[::-1, ::-1] / np.float32(255), Style(style[::-1, ::-1], 0.25)),
    )
    eye = Eye(tiny_network, tiny_recipe().method)
    canvas = Canvas(*content.shape[:2])
    targets = outcome(eye.targets(content / np.float32(255), parts([one, two]), canvas, longest=42))
    (region,) = targets.regions
    alone = [outcome(eye.style(source, 42)) for source in (one, two)]
    mixed = 0.75 * alone[0]["relu1_1"].gram + 0.25 * alone[1]["relu1_1"].gram
    np.testing.assert_allclose(region.style["relu1_1"].gram, mixed, rtol=1e-6)
    np.testing.assert_allclose(region.style["relu2_1"].gram, alone[1]["relu2_1"].gram, rtol=1e-6)


def test_a_picture_to_begin_with(tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray) -> None:
    """With `init` picture the first frame is that picture, scaled to cover the result."""
    begin_with = np.zeros((20, 40, 3), np.uint8)
    begin_with[..., 0] = 200
    steps = paint(tiny_network, content, [Style(style)], tiny_recipe(init="picture"), begin_with=begin_with)
    first = next(iter(steps))
    assert isinstance(first, Step)
    assert first.frames[0].shape == content.shape
    assert (first.frames[0] == [200, 0, 0]).all()
