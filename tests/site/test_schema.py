"""The manifest's models, and the JSON Schema that editors use."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from neural_gallery.site.schema import Manifest, PairSection, Settings, manifest_schema, merged

EXAMPLE = """\
version: 1
site:
  title: Night studies
  target: jekyll
  output: public
  base_url: ""
  images_path: static/img
  theme: my-theme
defaults:
  size: 400
  quality: balanced
  strength: 0.5
  colors: style
  init: content
  style_scale: 1.0
  seed: 0
  show: content
  animation: {fps: 5, frames: 24, formats: [gif, webp, avif]}
  stills: {formats: [avif, webp, png], widths: [400, 800]}
images:
  tardis: {file: content/images/tardis.png, alt: TARDIS floating in space}
  starry_night: {file: content/images/starry_night.jpg, alt: Starry Night, credit: van Gogh, license: public domain}
  van-gogh-zoomed: {from: van-gogh, crop: [120, 10, 400, 335], alt: "van Gogh, cropped"}
pairs:
  - {content: tardis, style: starry_night}
  - {content: van-gogh-zoomed, style: van_gogh, strength: 0.6, id: zoomed}
  - {content: me, style: {starry_night: 2, the_scream: 1}}
  - {contents: [me, tardis], styles: [the_scream, frida_kahlo]}
posts: [content/posts/*.md]
"""


def manifest(**changes: Any) -> dict[str, Any]:
    """The example with other sections."""
    return yaml.safe_load(EXAMPLE) | changes


def valid_by_schema(value: object) -> bool:
    """Whether the JSON Schema accepts a value."""
    return Draft202012Validator(manifest_schema()).is_valid(value)


def valid_by_models(value: object) -> bool:
    """Whether the models accept a value."""
    try:
        Manifest.model_validate(value)
    except ValidationError:
        return False
    return True


def test_schema_is_of_the_draft_it_names() -> None:
    """The schema is a valid one, of draft 2020-12."""
    Draft202012Validator.check_schema(manifest_schema())
    assert manifest_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described() -> None:
    """An editor has something to say about each key."""
    schema = manifest_schema()
    sections = [schema, *(one for one in schema["$defs"].values() if "properties" in one)]
    undescribed = [
        (section["title"], key)
        for section in sections
        for key, value in section["properties"].items()
        if not (value | schema["$defs"].get(value.get("$ref", "").rsplit("/", 1)[-1], {})).get("description")
    ]
    assert undescribed == []


def test_example() -> None:
    """The documented example is valid, and gives the documented defaults explicitly."""
    assert valid_by_schema(manifest())
    assert Manifest.model_validate(manifest()).defaults == Settings()


INVALID = [
    {},
    manifest(version=2),
    manifest(version="1"),
    manifest(sight={}),
    manifest(images=[]),
    manifest(images={"_a": {"file": "a.png", "alt": "a"}}),
    manifest(images={"a.": {"file": "a.png", "alt": "a"}}),
    manifest(images={"a" * 101: {"file": "a.png", "alt": "a"}}),
    manifest(images={"a": {"file": "a.png"}}),
    manifest(images={"a": {"file": "a.png", "alt": ""}}),
    manifest(images={"a": {"file": "a.png", "alt": "a", "crop": [0, 0, 1]}}),
    manifest(images={"a": {"file": "a.png", "alt": "a", "crop": [0, 0, 0, 1]}}),
    manifest(images={"a": {"file": "a.png", "alt": "a", "crop": [-1, 0, 1, 1]}}),
    manifest(pairs={}),
    manifest(pairs=[{"content": "a", "style": {}}]),
    manifest(pairs=[{"content": "a", "style": {"b": 0}}]),
    manifest(pairs=[{"content": "a", "style": ["b"]}]),
    manifest(pairs=[{"content": "a", "style": {"b": None}}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"weight": 0}}}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"layers": []}}}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"layers": ["relu1_3"]}}}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"mask": None}}}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"masks": ["c"]}}}]),
    manifest(pairs=[{"content": "a", "style": "b", "id": "a/b"}]),
    manifest(pairs=[{"content": "a", "style": "b", "size": 15}]),
    manifest(pairs=[{"content": "a", "style": "b", "stills": {"width": [400]}}]),
    manifest(posts=["a\nb"]),
    manifest(weights=""),
    manifest(weights=["vgg.npz"]),
    *(
        manifest(site={key: value})
        for key, value in [
            ("title", 3),
            ("language", "no one"),
            ("target", "hexo"),
            ("output", ""),
            ("base_url", "docs"),
            ("base_url", "//host"),
            ("base_url", "ftp://host"),
            ("base_url", "/a b"),
            ("images_path", "/img"),
            ("images_path", "../img"),
            ("images_path", "a//b"),
            ("images_path", "_img"),
        ]
    ),
    *(
        manifest(defaults={key: value})
        for key, value in [
            ("size", 15),
            ("size", 8193),
            ("size", 400.5),
            ("size", True),
            ("strength", -0.1),
            ("strength", 1.1),
            ("strength", "0.5"),
            ("width", 15),
            ("width", None),
            ("height", 8193),
            ("init", 3),
            ("init", None),
            ("optimizer", "sgd"),
            ("pooling", "mean"),
            ("steps", 0),
            ("steps", 10_001),
            ("steps", []),
            ("steps", [1] * 9),
            ("steps", [1, 0]),
            ("steps", None),
            ("steps", True),
            ("learning_rate", 0.00009),
            ("learning_rate", 1.1),
            ("learning_rate", None),
            ("scales", 0),
            ("scales", 9),
            ("style_layers", "relu1_1"),
            ("style_layers", []),
            ("style_layers", {}),
            ("style_layers", ["relu3_5"]),
            ("content_layers", {"relu3_5": 1}),
            ("content_layers", {"relu4_2": 0}),
            ("content_layers", {"relu4_2": None}),
            ("total_variation", -1),
            ("total_variation", 1001),
            ("bits", 12),
            ("style_scale", 0.09),
            ("style_scale", 4.1),
            ("seed", -1),
            ("seed", 2**32),
            ("quality", "good"),
            ("colors", None),
            ("animation", {"fps": 0}),
            ("animation", {"fps": 61}),
            ("animation", {"frames": 1}),
            ("animation", {"frames": 241}),
            ("animation", {"formats": []}),
            ("animation", {"formats": ["webm"]}),
            ("stills", {"widths": [15]}),
            ("stills", {"widths": [8193]}),
            ("stills", {"formats": ["jpeg"]}),
        ]
    ),
]


@pytest.mark.parametrize("value", INVALID)
def test_models_and_schema_refuse_the_same(value: dict[str, Any]) -> None:
    """What one of the two refuses, the other does, too."""
    assert not valid_by_models(value)
    assert not valid_by_schema(value)


VALID = [
    manifest(weights="nets/vgg.npz"),
    manifest(site={"base_url": "https://host/a"}),
    manifest(site={"base_url": "/a/b/"}),
    manifest(site={"base_url": "/"}),
    manifest(site={"language": "pt-BR", "images_path": "static/img/neural-art/"}),
    manifest(defaults={"size": 16, "strength": 1, "style_scale": 4, "seed": 2**32 - 1}),
    manifest(defaults={"size": 8192, "strength": 0, "style_scale": 0.1, "seed": 0}),
    manifest(defaults={"width": 16, "init": "sketch", "optimizer": "lbfgs", "pooling": "avg", "steps": 10_000}),
    manifest(defaults={"height": 8192, "steps": [1] * 8, "learning_rate": 1, "scales": 8, "total_variation": 1000}),
    manifest(defaults={"learning_rate": 0.0001, "scales": 1, "total_variation": 0, "style_layers": ["relu5_4"]}),
    manifest(defaults={"style_layers": {"relu1_1": 0.5, "relu3_3": 2}, "content_layers": ["relu4_2", "relu4_2"]}),
    manifest(pairs=[{"content": "a", "style": {"b": {}, "c": 2}}]),
    manifest(pairs=[{"content": "a", "styles": [{"b": {"weight": 2, "layers": ["relu1_1"], "mask": "m"}}]}]),
    manifest(pairs=[{"content": "a", "style": {"b": {"style_mask": "m"}}}]),
    manifest(images={"a.b_c-D9": {"file": "a.png", "alt": "a", "crop": [0, 0, 1, 1]}}, pairs=[]),
    manifest(pairs=[{"contents": ["a"], "styles": ["b", {"c": 1, "d": 0.5}], "caption": "*x*", "alt": "y"}]),
]


@pytest.mark.parametrize("value", VALID)
def test_models_and_schema_accept_the_same(value: dict[str, Any]) -> None:
    """Values at their bounds, and every form of a pair."""
    assert valid_by_models(value)
    assert valid_by_schema(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("key", ["strength", "style_scale", "learning_rate", "total_variation"])
def test_numbers_are_finite(key: str, number: float) -> None:
    """Not a number, and infinity, are out of bounds."""
    assert not valid_by_models(manifest(defaults={key: number}))


def test_schema_knows_that_a_pair_has_one_content_and_one_style() -> None:
    """Editors flag a pair without a style, or with two kinds of content."""
    assert not valid_by_schema(manifest(pairs=[{"content": "a"}]))
    assert not valid_by_schema(manifest(pairs=[{"content": "a", "contents": ["a"], "style": "b"}]))


@pytest.mark.parametrize("sides", [("size", "width"), ("size", "height"), ("width", "height")])
def test_schema_knows_that_one_side_is_enough(sides: tuple[str, str]) -> None:
    """Editors flag two of size, width and height in one mapping."""
    both = dict.fromkeys(sides, 100)
    assert not valid_by_schema(manifest(defaults=both))
    assert not valid_by_schema(manifest(pairs=[{"content": "a", "style": "b", **both}]))
    assert valid_by_schema(manifest(defaults={sides[0]: 100}, pairs=[{"content": "a", "style": "b", sides[1]: 100}]))


def test_schema_offers_no_null() -> None:
    """What is left open has no default that an editor could fill in, and that would be refused."""
    assert "null" not in json.dumps(manifest_schema())


def test_schema_knows_that_an_image_is_a_file_or_a_part() -> None:
    """Editors flag an image that is neither, or both."""
    assert not valid_by_schema(manifest(images={"a": {"alt": "a"}}))
    assert not valid_by_schema(manifest(images={"a": {"alt": "a", "from": "b"}}))
    assert not valid_by_schema(manifest(images={"a": {"alt": "a", "file": "a.png", "from": "b", "crop": [0, 0, 9, 9]}}))


def test_merging_goes_key_by_key() -> None:
    """A pair's own keys win, in nested sections too, and its unset ones leave the defaults alone."""
    base = Settings.model_validate({"size": 200, "animation": {"fps": 10}})
    pair = PairSection.model_validate({"content": "a", "style": "b", "seed": 3, "animation": {"frames": 8}})
    result = merged(base, pair)
    assert (result.size, result.seed, result.strength) == (200, 3, 0.5)
    assert (result.animation.fps, result.animation.frames) == (10, 8)
