"""How large results become, and what a pair's settings come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.errors import Location
from neural_gallery.site.model import Init, Optimizer, Pair, Picture, Pooling
from neural_gallery.site.settings import cannot_be_sized, longest_side

PairOf = Callable[..., Pair]
sides = st.integers(2, 20_000)
lengths = st.integers(16, 8192)


def content(width: int, height: int) -> Picture:
    """A picture of that size."""
    place = Location("site.yaml", 3, 3)
    return Picture("p", Path("p.png"), "p.png", "0" * 64, None, width, height, False, "a", "", "", "", "", place)


# --- how large -------------------------------------------------------------------------------------------------------


@given(sides, sides, lengths)
def test_width_and_height_are_met_exactly(width: int, height: int, length: int) -> None:
    """For every shape: the longest side that comes of a width, or of a height, gives that width or height again."""
    picture = content(width, height)
    assert picture.fitted(longest_side(picture, "width", length))[0] == length
    assert picture.fitted(longest_side(picture, "height", length))[1] == length
    assert max(picture.fitted(longest_side(picture, "size", length))) == length


@given(sides, sides, lengths, st.sampled_from(["width", "height"]))
def test_a_side_can_be_or_is_refused(width: int, height: int, length: int, side: str) -> None:
    """What is let pass has sides of one half (rounded up to one) to 8192 pixels; what is refused has not."""
    picture = content(width, height)
    scale = length / (width if side == "width" else height)
    longest, shortest = max(width, height) * scale, min(width, height) * scale
    refused = cannot_be_sized(picture, side, length)
    if shortest > 0.51 and longest < 8192.4:
        assert refused is None
    if shortest < 0.49 or longest > 8192.6:
        assert refused is not None


@given(sides, sides, st.sampled_from(["width", "height"]), lengths)
def test_what_is_advised_helps(width: int, height: int, side: str, length: int) -> None:
    """The length that a refusal names is one that is let pass, and no further one is."""
    picture = content(width, height)
    refused = cannot_be_sized(picture, side, length)
    if refused and refused[1].startswith("Write at"):
        advised = int(refused[1].rstrip(".").rsplit(" ", 1)[1])
        assert cannot_be_sized(picture, side, advised) is None
        beyond = advised + (2 if "most" in refused[1] else -1)
        assert cannot_be_sized(picture, side, beyond) is not None


@pytest.mark.parametrize(
    ("size", "side", "length", "remedy"),
    [
        ((100, 200), "width", 5000, "Write at most 4096."),
        ((2, 9000), "width", 16, "Give its longest side instead, as 'size'."),
        ((9000, 20), "width", 200, "Write at least 225."),
        ((90000, 2), "width", 200, "Use a part of it, with 'crop'."),
    ],
)
def test_words_about_sides(size: tuple[int, int], side: str, length: int, remedy: str) -> None:
    """Each reason why a side cannot be, and what to do about it."""
    width, height = size
    why = "leaves less than half a pixel of the other side of 'p'."
    if width < height:
        why = f"makes 'p' {length} x {height * length // width} pixels, and no side may have more than 8192."
    assert cannot_be_sized(content(width, height), side, length) == (why, remedy)


@pytest.mark.parametrize(
    ("entry", "defaults", "size"),
    [
        ("width: 100", "{}", (100, 50)),
        ("height: 100", "{}", (200, 100)),
        ("strength: 1", "{width: 100}", (100, 50)),
        ("strength: 1", "{height: 30}", (60, 30)),
        ("height: 30", "{width: 100}", (60, 30)),
        ("size: 30", "{height: 100}", (30, 15)),
        ("width: 30", "{size: 100}", (30, 15)),
    ],
)
def test_a_side_of_the_pair_goes_before_another_of_the_defaults(
    pair_of: PairOf, entry: str, defaults: str, size: tuple[int, int]
) -> None:
    """The three keys are one setting; `cat` is twice as wide as high."""
    pair = pair_of(f"{{content: cat, style: sea, {entry}}}", defaults=defaults)
    assert (pair.width, pair.height) == size
    assert pair.paint.size == max(size)


# --- how it is painted -----------------------------------------------------------------------------------------------


def test_what_nobody_sets_is_left_to_the_quality(pair_of: PairOf) -> None:
    """No number is made up for it."""
    paint = pair_of("{content: cat, style: sea}").paint
    assert (paint.optimizer, paint.pooling, paint.init) == (Optimizer.ADAM, Pooling.MAX, Init.CONTENT)
    assert (paint.learning_rate, paint.scales, paint.total_variation) == (None, None, None)
    assert (paint.steps, paint.style_layers, paint.content_layers) == ((), (), ())


def test_what_a_pair_sets(pair_of: PairOf) -> None:
    """Every setting of the painting, some from the defaults; 0 is a number, too."""
    paint = pair_of(
        "{content: cat, style: sea, optimizer: lbfgs, steps: [20, 50], scales: 2, total_variation: 0, pooling: avg}",
        defaults="{optimizer: adam, steps: 7, learning_rate: 0.5, pooling: max, style_layers: [relu3_1]}",
    ).paint
    assert (paint.optimizer, paint.steps, paint.learning_rate, paint.scales) == (Optimizer.LBFGS, (20, 50), 0.5, 2)
    assert (paint.pooling, paint.total_variation) == (Pooling.AVG, 0)
    assert paint.style_layers == (("relu3_1", 1.0),)


def test_one_number_of_steps(pair_of: PairOf) -> None:
    """It stands alone, for every scale."""
    assert pair_of("{content: cat, style: sea, steps: 30}").paint.steps == (30,)


def test_layers_are_put_in_order(pair_of: PairOf) -> None:
    """A list gives each layer the weight 1; in whatever order and however often, equal choices are equal."""
    layers = "style_layers: [relu4_1, relu1_1, relu4_1], content_layers: {relu4_2: 2, relu3_2: 1}"
    paint = pair_of(f"{{content: cat, style: sea, {layers}}}").paint
    assert paint.style_layers == (("relu1_1", 1.0), ("relu4_1", 1.0))
    assert paint.content_layers == (("relu3_2", 1.0), ("relu4_2", 2.0))


def test_every_setting_has_its_key() -> None:
    """Whatever determines pixels can be written in the manifest, under the same name."""
    import dataclasses

    from neural_gallery.site.model import PaintSettings
    from neural_gallery.site.schema import Settings

    assert {field.name for field in dataclasses.fields(PaintSettings)} <= Settings.model_fields.keys()
