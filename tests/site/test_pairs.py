"""The entries of `pairs`: what they come to, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from neural_gallery.site.blends import STUDIO_STYLE_LAYERS
from neural_gallery.site.model import Colors, Init, Pair, Quality, Show, Site
from neural_gallery.site.values import Layer
from neural_gallery.studio.recipe import STYLE_LAYERS

Load = Callable[[str], Site]
PairOf = Callable[..., Pair]
IMAGES = """\
version: 1
images:
  cat: {file: cat.png, alt: a cat asleep.}
  sea: {file: sea.jpg, alt: waves, title: The Sea}
  sky: {file: sky.png, alt: a night sky}
pairs:
"""


def test_pairs(told: Callable[[str], list[str]], fragment: list[str], messages: list[str]) -> None:
    """Each thing that can be wrong with a pair."""
    assert told(IMAGES + "".join(f"  {line}\n" for line in fragment)) == messages


def test_defaults(pair_of: PairOf) -> None:
    """A pair that says nothing more has the documented defaults."""
    pair = pair_of("{content: cat, style: sea}")
    assert (pair.id, pair.show, pair.caption, str(pair.location)) == ("cat-sea", Show.CONTENT, "", "site.yaml:8:5")
    paint = pair.paint
    assert (paint.size, paint.quality, paint.strength) == (400, Quality.BALANCED, 0.5)
    assert (paint.colors, paint.init, paint.style_scale, paint.seed) == (Colors.STYLE, Init.CONTENT, 1.0, 0)
    assert (pair.animation.fps, pair.animation.frames, pair.animation.formats) == (5, 24, ("gif", "webp", "avif"))
    assert (pair.stills.formats, pair.stills.widths) == (("avif", "webp", "png"), (400, 800))
    assert (pair.content.name, [(style.picture.name, style.weight) for style in pair.styles]) == ("cat", [("sea", 1.0)])
    assert (pair.width, pair.height) == (400, 200)


def test_a_pair_overrides_the_defaults_key_by_key(pair_of: PairOf) -> None:
    """Nested sections are merged, not replaced."""
    pair = pair_of(
        "{content: cat, style: sea, strength: 1, id: x, show: style, animation: {frames: 8}, stills: {widths: [90]}}",
        defaults="{strength: 0, size: 64, animation: {fps: 9, formats: [webp]}, stills: {formats: [png, avif]}}",
    )
    assert (pair.id, pair.paint.strength, pair.paint.size, pair.show) == ("x", 1.0, 64, Show.STYLE)
    assert (pair.animation.fps, pair.animation.frames) == (9, 8)
    assert (pair.stills.formats, pair.stills.widths) == (("avif", "png"), (90,))
    assert pair.left.name == "sea"


def test_formats_are_put_in_order(pair_of: PairOf) -> None:
    """The GIF, to which pages link, is always made and first; browsers are offered the smallest stills first."""
    pair = pair_of("{content: cat, style: sea, animation: {formats: [webp]}, stills: {formats: [png, avif, png]}}")
    assert pair.animation.formats == ("gif", "webp")
    assert pair.stills.formats == ("avif", "png")


def test_widths_are_sorted(pair_of: PairOf) -> None:
    """A width given twice is one width."""
    assert pair_of("{content: cat, style: sea, stills: {widths: [800, 90, 800]}}").stills.widths == (90, 800)


def test_blend(pair_of: PairOf) -> None:
    """Weights are shares of their sum, the heaviest style stands at the left, and the name joins all of them."""
    pair = pair_of("{content: cat, style: {sea: 1, sky: 3}, show: style}")
    assert [(style.picture.name, style.weight) for style in pair.styles] == [("sea", 0.25), ("sky", 0.75)]
    assert (pair.id, pair.left.name) == ("cat-sea-sky", "sky")


def test_blend_of_mappings(pair_of: PairOf) -> None:
    """A style may be a weight or a mapping with one; the weight is 1 unless given, and sums are still made to be 1."""
    pair = pair_of("{content: cat, style: {sea: {weight: 2}, sky: {layers: [relu2_1, relu1_1, relu2_1]}, cat: 1}}")
    assert [(style.picture.name, style.weight) for style in pair.styles] == [("sea", 0.5), ("sky", 0.25), ("cat", 0.25)]
    assert [style.layers for style in pair.styles] == [(), ("relu1_1", "relu2_1"), ()]
    assert {(style.mask, style.style_mask) for style in pair.styles} == {(None, None)}


def test_one_style_as_a_mapping(pair_of: PairOf) -> None:
    """Its weight is all there is."""
    (style,) = pair_of("{content: cat, style: {sea: {weight: 7}}}").styles
    assert (style.picture.name, style.weight) == ("sea", 1.0)


def test_layers_follow_what_the_studio_compares() -> None:
    """Unless a pair has `style_layers`, a style can be restricted to the studio's own; every layer of it has a name."""
    from neural_gallery.studio.architecture import VGG19

    assert tuple(layer for layer, _ in STYLE_LAYERS) == STUDIO_STYLE_LAYERS
    assert get_args(Layer) == VGG19.layers


@pytest.mark.parametrize("word", ["content", "noise", "style"])
def test_words_for_the_start(pair_of: PairOf, word: str) -> None:
    """The three words are no pictures."""
    pair = pair_of(f"{{content: cat, style: sea, init: {word}}}")
    assert (pair.paint.init, pair.init_picture) == (Init(word), None)


@pytest.mark.parametrize(("entry", "defaults"), [("init: sky", "{}"), ("seed: 1", "{init: sky}")])
def test_a_picture_to_start_from(pair_of: PairOf, entry: str, defaults: str) -> None:
    """Any other word is the name of a picture, of whatever shape."""
    pair = pair_of(f"{{content: cat, style: sea, {entry}}}", defaults=defaults)
    assert (pair.paint.init, pair.init_picture.name) == (Init.PICTURE, "sky")


def test_pictures_named_like_words(load: Load) -> None:
    """The words win over pictures of that name; a picture may well be called 'picture'."""
    images = "  noise: {file: cat.png, alt: a}\n  picture: {file: sky.png, alt: a}\npairs:\n"
    entries = "  - {content: cat, style: sea, init: noise}\n  - {content: cat, style: sky, init: picture}\n"
    first, second = load(IMAGES.replace("pairs:\n", images) + entries).pairs
    assert (first.paint.init, first.init_picture) == (Init.NOISE, None)
    assert (second.paint.init, second.init_picture.name) == (Init.PICTURE, "picture")


def test_a_start_that_is_broken_is_told_once(told: Callable[[str], list[str]]) -> None:
    """The picture's own problem is all that is wrong."""
    text = IMAGES.replace("sky.png", "ksy.png") + "  - {content: cat, style: sea, init: sky}\n"
    assert told(text) == ["5:15: there is no file 'ksy.png'. Did you mean 'sky.png'?"]


@pytest.mark.parametrize(
    ("entry", "alt"),
    [
        ("{content: cat, style: sea}", "a cat asleep, painted in the style of The Sea"),
        ("{content: cat, style: sky}", "a cat asleep, painted in the style of a night sky"),
        ("{content: sea, style: {sea: 1, sky: 1}}", "waves, painted in the style of The Sea and a night sky"),
        (
            "{content: sea, style: {sea: 1, sky: 1, cat: 1}}",
            "waves, painted in the style of The Sea, a night sky and a cat asleep",
        ),
        ("{content: sea, style: sky, alt: a storm}", "a storm"),
    ],
)
def test_alternative_text(pair_of: PairOf, entry: str, alt: str) -> None:
    """Unless given, it is made of the pictures' texts."""
    assert pair_of(entry).alt == alt


def test_every_combination(load: Load) -> None:
    """Contents times styles, blends among them, each with the entry's settings."""
    site = load(IMAGES + "  - {contents: [cat, sea], styles: [sky, {sea: 1, sky: 1}], seed: 7, caption: c}\n")
    assert [pair.id for pair in site.pairs] == ["cat-sky", "cat-sea-sky", "sea-sky", "sea-sea-sky"]
    assert {(pair.paint.seed, pair.caption, str(pair.location)) for pair in site.pairs} == {(7, "c", "site.yaml:7:5")}


@pytest.mark.parametrize(
    ("entry", "ids"),
    [
        ("{contents: [cat, sea], style: sky}", ["cat-sky", "sea-sky"]),
        ("{content: cat, styles: [sea, sky]}", ["cat-sea", "cat-sky"]),
    ],
)
def test_several_of_one_kind(load: Load, entry: str, ids: list[str]) -> None:
    """Several contents go with one style, and several styles with one content."""
    assert [pair.id for pair in load(f"{IMAGES}  - {entry}\n").pairs] == ids


def test_a_pair_is_found_by_its_id(load: Load) -> None:
    """The site finds its pairs, and raises KeyError for others."""
    site = load(IMAGES + "  - {content: cat, style: sea}\n")
    assert site.pair("cat-sea") is site.pairs[0]
    with pytest.raises(KeyError):
        site.pair("cat-sky")


def test_ids_that_grow_too_long(told: Callable[[str], list[str]]) -> None:
    """Long names make an id that is too long for a file name; an id of its own mends it."""
    name = "c" * 60
    text = f"""\
version: 1
images:
  {name}: {{file: cat.png, alt: a}}
pairs:
  - {{content: {name}, style: {name}}}
  - {{content: {name}, styles: [{name}]}}
"""
    start = f"would be published as '{'c' * 59}…', a name of more than 100 characters."
    assert told(text) == [
        f"5:5: pair 1 {start} Give it a shorter id.",
        f"6:5: pair 2 {start} Use shorter picture names.",
    ]


def test_too_many_pairs(told: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Combinations are bounded; the bound is lowered here, as reaching it takes half a minute."""
    monkeypatch.setattr("neural_gallery.site.pairs.MAX_PAIRS", 100)
    names = [f"p{number}" for number in range(11)]
    images = "".join(f"  {name}: {{file: cat.png, alt: a}}\n" for name in names)
    text = f"version: 1\nimages:\n{images}pairs: [{{contents: [{', '.join(names)}], styles: [{', '.join(names)}]}}]\n"
    assert told(text) == ["14:8: the manifest asks for more than 100 pairs. Make fewer combinations."]
