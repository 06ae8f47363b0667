"""What changes a key, and what does not."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural_gallery.site.model import (
    AnimationSettings,
    Colors,
    Crop,
    Init,
    Optimizer,
    Pair,
    Pooling,
    Quality,
    Show,
    StillSettings,
)
from neural_gallery.store.keys import encoding_key, painting_key, picture_key
from neural_gallery.store.sealed import canonical_json, digest

fixed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
weighted_layers = st.dictionaries(st.sampled_from(["relu1_1", "relu4_2"]), st.floats(0.1, 9)).map(
    lambda weights: tuple(weights.items())
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=3), items, max_size=3),
    max_leaves=8,
)


def key(pair: Pair, *, engine: int = 1, weights: str = "f" * 64) -> str:
    """The key of a pair painted by engine 1."""
    return painting_key(pair, engine=engine, weights_sha256=weights)


def with_settings(pair: Pair, **changes: object) -> Pair:
    """The pair with other paint settings."""
    return dataclasses.replace(pair, paint=dataclasses.replace(pair.paint, **changes))


def with_content(pair: Pair, **changes: object) -> Pair:
    """The pair with another content picture."""
    return dataclasses.replace(pair, content=dataclasses.replace(pair.content, **changes))


def test_a_key_is_pinned(pair: Pair) -> None:
    """The key of one known pair never changes by accident, for that would repaint everybody's galleries."""
    assert key(pair) == "8895c663a7783fa627cba21737e9d93a651f81144bce959d0489c6d3dc2ba84d"
    assert picture_key(pair.content) == "e883465653c48589654a5a3d89579dc6ca03bbc6251b8d882c9f19981040f0c3"
    assert (
        encoding_key("a" * 64, "still.avif", {"width": 400})
        == "5c4d71eeb3400bc5eb2d8e65d5215301612e656e78df5312fac6235400334452"
    )


@fixed
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "id": st.text(),
            "show": st.sampled_from(Show),
            "alt": st.text(),
            "caption": st.text(),
            "animation": st.builds(AnimationSettings, st.integers(1, 50), st.integers(2, 99), st.just(("gif",))),
            "stills": st.builds(StillSettings, st.just(("png",)), st.tuples(st.integers(1, 2000))),
        },
    )
)
def test_what_is_not_pixels_keeps_the_painting(pair: Pair, changes: dict[str, object]) -> None:
    """Words, sides, formats, widths, frames and frames a second never repaint."""
    assert key(dataclasses.replace(pair, **changes)) == key(pair)


@fixed
@given(
    name=st.text(),
    file=st.text(),
    alt=st.text(),
    title=st.text(),
    credit=st.text(),
    license=st.text(),
    source=st.text(),
)
def test_renaming_a_picture_keeps_the_painting(pair: Pair, **changes: str) -> None:
    """A picture is its bytes and its crop, whatever it is called."""
    assert key(with_content(pair, **changes)) == key(pair)
    assert picture_key(with_content(pair, **changes).content) == picture_key(pair.content)


@fixed
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "size": st.integers(16, 4000),
            "quality": st.sampled_from(Quality),
            "strength": st.floats(0, 1),
            "colors": st.sampled_from(Colors),
            "init": st.sampled_from(Init),
            "style_scale": st.floats(0.1, 4),
            "seed": st.integers(0, 2**32),
            "optimizer": st.sampled_from(Optimizer),
            "steps": st.lists(st.integers(1, 10_000), max_size=8).map(tuple),
            "learning_rate": st.none() | st.floats(0.0001, 1),
            "scales": st.none() | st.integers(1, 8),
            "pooling": st.sampled_from(Pooling),
            "style_layers": weighted_layers,
            "content_layers": weighted_layers,
            "total_variation": st.none() | st.floats(0, 1000),
            "bits": st.sampled_from([8, 16]),
        },
    )
)
def test_every_paint_setting_repaints(pair: Pair, changes: dict[str, object]) -> None:
    """Two settings have one key just when they are equal."""
    changed = with_settings(pair, **changes)
    assert (key(changed) == key(pair)) == (changed.paint == pair.paint)


def test_every_paint_setting_is_varied_here(pair: Pair) -> None:
    """A setting added later is in the key without further ado."""
    for field in dataclasses.fields(pair.paint):
        assert key(with_settings(pair, **{field.name: "another"})) != key(pair), field.name


@fixed
@given(crop=st.none() | st.builds(Crop, *[st.integers(0, 500)] * 4), sha256=st.sampled_from(["a" * 64, "d" * 64]))
def test_bytes_and_crops_repaint(pair: Pair, crop: Crop | None, sha256: str) -> None:
    """Other bytes or another crop are another picture, as content and as style."""
    content = with_content(pair, crop=crop, sha256=sha256)
    assert (key(content) == key(pair)) == (crop is None and sha256 == "a" * 64)
    assert (picture_key(content.content) == picture_key(pair.content)) == (crop is None and sha256 == "a" * 64)
    first, second = pair.styles
    styles = (first, dataclasses.replace(second, picture=content.content))
    assert key(dataclasses.replace(pair, styles=styles)) != key(pair)


def test_the_blend_repaints(pair: Pair) -> None:
    """Weights and order of the styles are part of the key."""
    first, second = pair.styles
    halves = tuple(dataclasses.replace(style, weight=0.5) for style in pair.styles)
    keys = {key(dataclasses.replace(pair, styles=styles)) for styles in [(second, first), halves, (first,)]}
    assert len(keys | {key(pair)}) == 4


def test_what_a_pair_can_do_without_repaints(masked: Pair) -> None:
    """Layers, masks, and the picture to start from are part of the key: which they are, and what each is for."""
    first, second = masked.styles
    mask, other = first.mask, second.style_mask
    variants = [
        masked,
        dataclasses.replace(masked, init_picture=None),
        dataclasses.replace(masked, init_picture=other),
        *(
            dataclasses.replace(masked, styles=(dataclasses.replace(first, **changes), second))
            for changes in [
                {"layers": ()},
                {"layers": ("relu1_1",)},
                {"mask": None},
                {"mask": other},
                {"mask": None, "style_mask": mask},
                {"style_mask": mask},
                {"mask": dataclasses.replace(mask, crop=Crop(0, 0, 50, 50))},
            ]
        ),
    ]
    assert len({key(variant) for variant in variants}) == len(variants)
    renamed = dataclasses.replace(first, mask=dataclasses.replace(mask, name="x", file="x.png", alt="x"))
    assert key(dataclasses.replace(masked, styles=(renamed, second))) == key(masked)


def test_engine_and_weights_repaint(pair: Pair) -> None:
    """Another engine version or other network weights paint other pixels."""
    assert len({key(pair), key(pair, engine=2), key(pair, weights="0" * 64)}) == 3


def test_whole_numbers_have_one_spelling(pair: Pair) -> None:
    """`strength: 1` and `strength: 1.0` are the same painting."""
    assert key(with_settings(pair, strength=1)) == key(with_settings(pair, strength=1.0))
    assert key(with_settings(pair, strength=0.0)) == key(with_settings(pair, strength=-0.0))


def test_an_encoding_is_its_source_kind_and_options() -> None:
    """Each of the three makes another key."""
    keys = {
        encoding_key("a" * 64, "still.avif", {"width": 400}),
        encoding_key("b" * 64, "still.avif", {"width": 400}),
        encoding_key("a" * 64, "still.webp", {"width": 400}),
        encoding_key("a" * 64, "still.avif", {"width": 800}),
    }
    assert len(keys) == 4
    named = {"is": "encoding", "version": 1, "source": "a" * 64, "kind": "still.avif", "options": {"width": 400}}
    assert encoding_key("a" * 64, "still.avif", {"width": 400}) == digest(named)
    assert encoding_key("a" * 64, "x", {"a": 1, "b": 2.0}) == encoding_key("a" * 64, "x", {"b": 2, "a": 1.0})


@given(json_values, json_values)
def test_canonical_json_tells_values_apart(one: object, other: object) -> None:
    """Different values differ, equal ones agree; only true and 1, equal in Python, stay apart as JSON has them."""
    if canonical_json(one) == canonical_json(other):
        assert one == other


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_canonical_json_refuses_what_json_lacks(value: float) -> None:
    """NaN and infinity have no place in a key."""
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        canonical_json({"strength": value})
