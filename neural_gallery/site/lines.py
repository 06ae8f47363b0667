"""From a resolved pair back to the lines of a manifest that ask for it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import yaml

from neural_gallery.site.model import Init, PaintSettings, Pair, Show, WeightedStyle
from neural_gallery.site.schema import Settings

_SURELY_TEXT = re.compile("[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9_.-]*[A-Za-z0-9]")
"""What YAML takes for nothing else, as most pairs' ids: whatever it reads begins otherwise, or is a word of letters."""

ALWAYS = ("size", "quality", "strength", "colors", "style_scale", "seed")
"""Settings that are written even where they are the usual ones: the manifest's own `defaults` may be others."""

LARGEST_WHOLE_WEIGHT = 100
"""Weights are written as whole numbers where ones up to this have their proportions."""


def pair_lines(pair: Pair) -> str:
    """The entry under `pairs` that paints this pair again, as YAML: `- content: rocket` and so on.

    Its pictures have to be declared under the same names. What only concerns its encoding and its texts is left out.
    """
    entry: dict[str, object] = {"content": pair.content.name, "style": _style(pair.styles), "id": pair.id}
    entry |= _settings(pair.paint)
    if pair.init_picture:
        entry["init"] = pair.init_picture.name
    if pair.show is not Show.CONTENT:
        entry["show"] = pair.show.value
    return _entry(entry)


def proof_lines(pair: Pair) -> str:
    """The entry under `pairs` that paints in full what this pair is a proof of. `defaults` say what it does not."""
    strength, colors = pair.paint.strength, pair.paint.colors.value
    style = _style(pair.styles)
    return _entry({"content": pair.content.name, "style": style, "strength": strength, "colors": colors, "id": pair.id})


def _entry(entry: Mapping[str, object]) -> str:
    """An entry of a list, a line for each key."""
    written = [f"{key}: {flow(value)}" for key, value in entry.items()]
    return "- " + "\n  ".join(written) + "\n"


def flow(value: object) -> str:
    """A value as YAML in one line, with quotes where YAML would take a text for something else."""
    if type(value) is int:
        return str(value)
    if type(value) is str:
        return value if _SURELY_TEXT.fullmatch(value) else _dumped_again(value)
    return _dumped_again(value) if type(value) is float else _dumped(value)


@lru_cache(maxsize=4096)  # words and numbers of settings, names of pictures: the same in many pairs
def _dumped_again(value: str | float) -> str:
    return _dumped(value)


def _dumped(value: object) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=math.inf)
    return text.removesuffix("...\n").rstrip("\n")


def _settings(paint: PaintSettings) -> dict[str, object]:
    """The settings that are not the usual ones, and those that are always written."""
    written: dict[str, object] = {
        "size": paint.size,
        "quality": paint.quality.value,
        "strength": paint.strength,
        "colors": paint.colors.value,
        "style_scale": paint.style_scale,
        "seed": paint.seed,
        "init": paint.init.value if paint.init is not Init.PICTURE else None,
        "optimizer": paint.optimizer.value,
        "steps": (paint.steps[0] if len(paint.steps) == 1 else [*paint.steps]) if paint.steps else None,
        "learning_rate": paint.learning_rate,
        "scales": paint.scales,
        "pooling": paint.pooling.value,
        "style_layers": dict(paint.style_layers) or None,
        "content_layers": dict(paint.content_layers) or None,
        "total_variation": paint.total_variation,
        "bits": paint.bits,
    }
    usual = _usual()
    return {
        name: value for name, value in written.items() if value is not None and (name in ALWAYS or value != usual[name])
    }


@cache
def _usual() -> Mapping[str, object]:
    return {name: field.default for name, field in Settings.model_fields.items()}


def _style(styles: Sequence[WeightedStyle]) -> object:
    """What stands under `style`: a name, or names with their weights and where they count."""
    weights = whole_weights([style.weight for style in styles])
    if len(styles) == 1 and not _parts(styles[0]):
        return styles[0].picture.name
    blend: dict[str, object] = {}
    for style, weight in zip(styles, weights, strict=True):
        parts = _parts(style)
        blend[style.picture.name] = {"weight": weight, **parts} if parts else weight
    return blend


def _parts(style: WeightedStyle) -> dict[str, object]:
    """Where a style counts, if not everywhere."""
    parts: dict[str, object] = {}
    if style.layers:
        parts["layers"] = [*style.layers]
    if style.mask:
        parts["mask"] = style.mask.name
    if style.style_mask:
        parts["style_mask"] = style.style_mask.name
    return parts


def whole_weights(weights: Sequence[float]) -> list[float] | list[int]:
    """Small whole numbers in the proportions of the weights, or the weights themselves where there are none."""
    for least in range(1, LARGEST_WHOLE_WEIGHT + 1):
        scaled = [least * weight / min(weights) for weight in weights]
        if max(scaled) > LARGEST_WHOLE_WEIGHT + 0.5:
            break
        if all(abs(number - round(number)) < 1e-9 for number in scaled):
            return [round(number) for number in scaled]
    return [*weights]
