"""The names under which things are stored: SHA-256, in hexadecimal, over what determines them and nothing else.

A painting's key covers what determines its pixels. The pair's id, alternative text, caption, the side it is shown on,
and everything about encoding (formats, widths, frames a second, how many frames) are not in it: changing those never
repaints. The order of a blend's styles is in it, because sums of floats depend on it. Masks, layers of a style and a
picture to start from are in it only where a pair has them.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from functools import lru_cache

from neural_gallery.site.model import PaintSettings, Pair, Picture, WeightedStyle
from neural_gallery.store.sealed import canonical_json, digest

ENCODING_VERSION = 1
"""Part of every encoding's key. Raise it when an encoder would make other files of the same pixels."""

_HOLE = "<what is missing yet>"
"""Stands in canonical JSON for a value whose own is put there later. No value of a key is like it."""


def painting_key(pair: Pair, *, engine: int, weights_sha256: str) -> str:
    """The key of the painting that `pair` asks for, painted by that engine version with those network weights."""
    named = {
        "is": "painting",
        "engine": engine,
        "weights": weights_sha256,
        "content": _source(pair.content),
        "styles": [_style(style) for style in pair.styles],
        **({"init": _source(pair.init_picture)} if pair.init_picture else {}),
        "settings": _HOLE,
    }
    before, after = _around_hole(named)
    return hashlib.sha256(before + _settings(pair.paint) + after).hexdigest()


def picture_key(picture: Picture) -> str:
    """The key of a source picture as used: its file's bytes and its crop."""
    return digest({"is": "picture", **_source(picture)})


def waiting_key(pair: Pair) -> str:
    """The key of what stands for a pair that is not painted yet: its content, as large as the result will be."""
    return digest({"is": "waiting", **_source(pair.content), "size": [pair.width, pair.height]})


def encoding_key(source_key: str, kind: str, options: Mapping[str, object]) -> str:
    """The key of one encoding (`kind`: "still.avif", "animation.gif") of a painting or picture, with its options."""
    before, after = _around_source(kind, tuple(options.items()))
    return hashlib.sha256(before + canonical_json(source_key) + after).hexdigest()


@lru_cache(maxsize=1024)
def _around_source(kind: str, options: tuple[tuple[str, object], ...]) -> tuple[bytes, bytes]:
    """An encoding without its source: thousands of pairs have the same files."""
    named = {"is": "encoding", "version": ENCODING_VERSION, "source": _HOLE, "kind": kind, "options": dict(options)}
    return _around_hole(named)


def _around_hole(named: Mapping[str, object]) -> tuple[bytes, bytes]:
    """The canonical JSON before and after the one value that is missing yet."""
    before, _, after = canonical_json(named).partition(canonical_json(_HOLE))
    return before, after


@lru_cache(maxsize=1024)  # most pairs of a large site have the same
def _settings(paint: PaintSettings) -> bytes:
    """Every field, also those added later: PaintSettings is by definition what determines pixels. Canonical JSON."""
    settings = dataclasses.asdict(paint)
    if settings["bits"] == 8:
        del settings["bits"]  # so it was before there were others: what was painted then is not painted again
    return canonical_json(settings)


def _style(style: WeightedStyle) -> dict[str, object]:
    masks = {"mask": style.mask, "style_mask": style.style_mask}
    return {
        **_source(style.picture),
        "weight": style.weight,
        **({"layers": style.layers} if style.layers else {}),
        **{name: _source(mask) for name, mask in masks.items() if mask},
    }


def _source(picture: Picture) -> dict[str, object]:
    return {"sha256": picture.sha256, "crop": dataclasses.astuple(picture.crop) if picture.crop else None}
