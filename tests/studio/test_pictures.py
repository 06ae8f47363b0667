"""Scales, canvases and colours: what happens to pictures around the optimisation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.studio import color, pyramid
from neural_gallery.studio.recipe import Method, Recipe, Scale, scales_for
from neural_gallery.studio.recipe import pyramid as sizes_of


@given(height=st.integers(1, 90), width=st.integers(1, 90))
def test_what_is_mounted_can_be_cut_out_again(height: int, width: int) -> None:
    """A canvas has sides that are multiples of the bucket, and holds the picture unchanged."""
    image = np.random.default_rng(0).random((height, width, 3), np.float32)
    canvas = pyramid.Canvas(height, width)
    mounted = canvas.mount(image)
    assert mounted.shape == (1, *canvas.shape, 3)
    assert all(
        side % pyramid.BUCKET == 0 and 0 <= side - real < pyramid.BUCKET
        for side, real in zip(canvas.shape, (height, width), strict=True)
    )
    np.testing.assert_array_equal(canvas.cut(mounted), image)


def test_styles_of_many_shapes_have_few_canvases() -> None:
    """From a square to three by two, 400 pixels broad, there are three; none is half again as large."""
    bucket = pyramid.style_bucket(400)
    shapes = {height: pyramid.Canvas(height, 400, bucket).shape for height in range(267, 401)}
    assert len(set(shapes.values())) == 3
    assert all(rows * columns < 1.5 * height * 400 for height, (rows, columns) in shapes.items())


def test_a_mask_lies_on_the_picture_as_the_picture_does() -> None:
    """Scaled to its size; its last column continued, as the picture's is, where nobody looks."""
    canvas = pyramid.Canvas(16, 20)
    mask = np.zeros((8, 10), np.float32)
    mask[:, 5:] = 1
    mounted = canvas.mask(mask)[0, :, :, 0]
    assert mounted.shape == canvas.shape == (16, 24)
    np.testing.assert_allclose(mounted[:, :8], 0, atol=0.04)
    np.testing.assert_allclose(mounted[:, 12:], 1, atol=0.04)
    assert canvas.mask(None) is None


def test_covering_fills_the_whole_rectangle() -> None:
    """The middle of a tall picture fills a broad rectangle."""
    tall = np.linspace(0, 1, 60, dtype=np.float32)[:, None, None].repeat(20, 1).repeat(3, 2)
    covered = pyramid.covering(tall, 10, 40)
    assert covered.shape == (10, 40, 3)
    assert abs(float(covered.mean()) - 0.5) < 0.02


@given(value=st.integers(0, 255))
def test_bytes_survive_the_way_to_floats_and_back(value: int) -> None:
    """8-bit pixels come back as they were."""
    pixels = np.full((1, 1, 3), value, np.uint8)
    np.testing.assert_array_equal(pyramid.to_bytes(pyramid.to_floats(pixels)), pixels)


@pytest.mark.parametrize(
    ("size", "levels", "sizes"),
    [(400, 2, (200, 400)), (400, 4, (100, 200, 400)), (401, 2, (201, 401)), (64, 3, (64,)), (256, 1, (256,))],
)
def test_scales_halve_down_to_the_coarsest(size: int, levels: int, sizes: tuple[int, ...]) -> None:
    """Each scale is half the next, and none is too small for the network."""
    assert sizes_of(size, levels=levels) == sizes


@pytest.mark.parametrize("size", [16, 256, 400, 1024])
def test_better_quality_takes_more_steps(size: int) -> None:
    """Every preset ends at the result's size, and works harder than the one below it."""
    work = []
    for quality in ("draft", "balanced", "best"):
        scales = scales_for(quality, size)
        assert scales[-1].size == size
        assert [scale.size for scale in scales] == sorted({scale.size for scale in scales})
        work.append(sum(scale.size**2 * scale.steps for scale in scales))
    assert work == sorted(set(work))


def test_larger_scales_have_fewer_steps() -> None:
    """Within bounds, in whole chunks."""
    assert [(scale.size, scale.steps) for scale in scales_for("draft", 400)] == [(200, 4), (400, 4)]
    assert [(scale.size, scale.steps) for scale in scales_for("balanced", 400)] == [(100, 32), (200, 32), (400, 20)]
    assert [scale.steps for scale in scales_for("best", 8000)] == [40, 40, 40, 40]


@pytest.mark.parametrize(
    ("steps", "found"), [((7,), [7, 7, 7]), ((9, 5), [9, 9, 5]), ((4, 3, 2), [4, 3, 2]), ((9, 4, 3, 2), [4, 3, 2])]
)
def test_an_author_may_choose_the_steps(steps: tuple[int, ...], found: list[int]) -> None:
    """Coarsest first: the first of too few holds for all coarser scales, of too many the last ones count."""
    assert [scale.steps for scale in scales_for("balanced", 400, steps=steps)] == found


def test_an_author_may_choose_the_scales() -> None:
    """As many as asked for, where none becomes too small for the network."""
    assert [scale.size for scale in scales_for("draft", 800, levels=4)] == [100, 200, 400, 800]
    assert [scale.size for scale in scales_for("best", 800, levels=1)] == [800]
    assert [scale.size for scale in scales_for("draft", 200, levels=8)] == [100, 200]


def test_strength_runs_from_content_to_style() -> None:
    """The style's share over the content's grows without a break from nothing to everything."""

    def shares(strength: float) -> tuple[float, float]:
        return Recipe((Scale(256, 1),), strength, "style", "content", 1.0, 0).shares

    assert shares(0.0) == (0.0, 1.0)
    assert shares(1.0) == (1.0, 0.0)
    ratios = [shares(k / 20)[0] / shares(k / 20)[1] for k in range(1, 20)]
    assert ratios == sorted(ratios)
    assert all(max(shares(k / 20)) == 1 for k in range(21))


def test_more_of_the_content_is_asked_for_the_larger_a_picture_is() -> None:
    """Least so at strength 0.5: toward one end the noise of fewer steps shows more, toward the other larger strokes."""

    def growth(strength: float, sizes: tuple[int, int] = (256, 512)) -> float:
        small, large = (
            Recipe((Scale(96, 1), Scale(size, 1)), strength, "style", "content", 1.0, 0).shares for size in sizes
        )
        return (large[1] / large[0]) / (small[1] / small[0])

    assert growth(0.5) == pytest.approx(2**0.8)
    assert growth(0.1) == pytest.approx(2**2.24)
    assert growth(0.9) == pytest.approx(2**1.92)
    assert growth(0.1, (128, 256)) == pytest.approx(2**0.8)


def test_steps_are_no_longer_than_the_way() -> None:
    """From the content to a low strength it is short; from elsewhere, or for L-BFGS, it is not known to be."""

    def pace(strength: float, *, size: int = 64, init: Literal["content", "noise"] = "content", **of: Any) -> float:
        return Recipe((Scale(size, 1),), strength, "style", init, 1.0, 0, Method(**of)).pace

    assert [pace(strength) for strength in (0, 0.1, 0.25, 0.5, 1)] == pytest.approx([0.1, 0.2, 0.5, 1, 1])
    at_512 = [pace(strength, size=512) for strength in (0, 0.1, 0.25, 0.5, 1)]
    assert at_512 == pytest.approx([0.1, 0.1, 0.4375, 1, 1], abs=1e-3)
    assert pace(0.1, init="noise") == pace(0.1, optimizer="lbfgs") == 1


def test_few_steps_remember_little() -> None:
    """Adam's momentum goes no further back than the average does, and never further than asked for."""
    assert [Method().momentum_at(steps) for steps in (8, 24)] == pytest.approx([0.5, 0.75])
    assert Method().momentum_at(200) == 0.9
    assert Method(momentum=0.3).momentum_at(8) == 0.3


def test_luma_is_swapped_and_colours_stay() -> None:
    """The result has the painting's luma and, where that can be displayed, the content's colour differences."""
    random = np.random.default_rng(1)
    painted, content = (0.4 + 0.2 * random.random((5, 6, 3), np.float32) for _ in range(2))
    swapped = color.with_colors_of(painted, content)
    np.testing.assert_allclose(color.luma(swapped), color.luma(painted), atol=1e-5)
    np.testing.assert_allclose(swapped - color.grey(swapped), content - color.grey(content), atol=1e-5)


def test_matched_colours_have_the_contents_mean_and_covariance() -> None:
    """The recoloured style has the content's first two moments."""
    random = np.random.default_rng(2)
    style = 0.5 + 0.1 * (random.random((20, 20, 3), np.float32) - 0.5) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 2]])
    content = 0.4 + 0.1 * (random.random((20, 20, 3), np.float32) - 0.5)
    matched = color.match_colors(style.astype(np.float32), content).reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(0), content.reshape(-1, 3).mean(0), atol=1e-4)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(content.reshape(-1, 3).T), atol=2e-5)


def test_a_style_of_one_colour_can_be_matched() -> None:
    """A covariance without an inverse is no error: the style takes the content's mean."""
    content = np.random.default_rng(3).random((8, 8, 3), np.float32)
    matched = color.match_colors(np.full((4, 4, 3), 0.2, np.float32), content)
    np.testing.assert_allclose(matched, np.broadcast_to(content.mean((0, 1)), matched.shape), atol=1e-3)


def test_transported_colours_are_distributed_as_wanted() -> None:
    """Not two moments only: a photograph with one broad hump takes the two peaks of a painting."""
    random = np.random.default_rng(5)
    image = random.normal(0.5, 0.1, (40, 50, 3)).clip(0, 1).astype(np.float32)
    peaks = np.where(random.random((60, 30, 1)) < 0.3, [0.9, 0.6, 0.1], [0.1, 0.2, 0.5])
    wanted = (peaks + random.normal(0, 0.02, peaks.shape)).astype(np.float32)
    moved = color.transport(image, wanted)
    for direction in (np.array([1, 0, 0]), np.array([0, 0, 1]), np.array([1, -2, 1])):
        found, there = (
            np.quantile(picture.reshape(-1, 3) @ direction, [0.1, 0.2, 0.5, 0.9]) for picture in (moved, wanted)
        )
        np.testing.assert_allclose(found, there, atol=0.08)
    np.testing.assert_allclose(color.transport(wanted, wanted), wanted, atol=0.01)


def test_colours_are_transported_from_what_counts() -> None:
    """Half of a painting is masked: its red is not there."""
    painting = np.zeros((20, 20, 3), np.float32)
    painting[:, :10, 0], painting[:, 10:, 2] = 0.8, 0.6
    counted = np.zeros((20, 20), np.float32)
    counted[:, 10:] = 1
    image = np.random.default_rng(6).random((8, 8, 3), np.float32)
    moved = color.transport(image, painting, counted=counted)
    np.testing.assert_allclose(moved, np.broadcast_to(np.float32([0, 0, 0.6]), moved.shape), atol=0.01)


def test_matched_luma_has_the_contents_mean_and_deviation() -> None:
    """For painting on luminance the style's luma is moved to the content's."""
    random = np.random.default_rng(4)
    content = 0.3 + 0.2 * random.random((20, 20, 3), np.float32)
    matched = color.match_luma(0.9 * random.random((20, 20, 3), np.float32), content)
    assert color.luma(matched).mean() == pytest.approx(color.luma(content).mean(), abs=1e-3)
    assert color.luma(matched).std() == pytest.approx(color.luma(content).std(), abs=1e-3)
    np.testing.assert_array_equal(matched[..., 0], matched[..., 2])
