"""What is written beside each painting, as `record.json`: where it came from, how it was made, what belongs to it.

Reading a record needs neither NumPy nor Pillow: planning a build with nothing to do reads all of them.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neural_gallery.site.model import Crop, Pair, Picture, WeightedStyle
from neural_gallery.store.sealed import SealError, fields_of, seal, unseal

FRAMES_ASKED_FOR = "frames_asked_for"
"""Among the facts of each painting."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that went into a painting."""

    name: str
    file: str  # as the manifest wrote it
    sha256: str
    crop: Crop | None
    weight: float  # its share of the blend; 1 for a picture that is no style
    layers: tuple[str, ...] = ()  # the only ones at which the style counted; empty: all
    mask: Source | None = None  # where on the content the style went
    style_mask: Source | None = None  # which part of the style counted


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a painting comes from: everything that is known about it but its files."""

    pair: str  # the pair's id when it was painted
    content: Source
    styles: tuple[Source, ...]
    settings: Mapping[str, object]  # the fields of PaintSettings as they were then, JSON values; kept for people
    engine: int
    weights_sha256: str
    facts: Mapping[str, object]  # the painter's own account, JSON values: steps, losses, seconds, device, versions
    init_picture: Source | None = None  # what painting started from, where that was a picture of its own


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Size and checksum of one file of a painting."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known about a stored painting."""

    key: str
    origin: Origin
    created: datetime.datetime  # UTC, whole seconds
    width: int
    height: int
    frames: int  # how many are stored, the first and the last included
    files: Mapping[str, StoredFile]  # by name, `record.json` itself excluded: that is sealed

    @property
    def asked(self) -> int:
        """How many frames were asked for: a painter with few steps sends fewer, and asking again brings no more."""
        asked = self.origin.facts.get(FRAMES_ASKED_FOR)
        return asked if isinstance(asked, int) else self.frames


def describe(pair: Pair, *, engine: int, weights_sha256: str, facts: Mapping[str, object]) -> Origin:
    """The origin of a painting of `pair`. Numbers in `facts` that JSON cannot hold (NaN, infinity) become null."""
    return Origin(
        pair=pair.id,
        content=_source(pair.content),
        styles=tuple(_style(style) for style in pair.styles),
        settings={name: _finite(value) for name, value in dataclasses.asdict(pair.paint).items()},
        engine=engine,
        weights_sha256=weights_sha256,
        facts={name: _finite(value) for name, value in facts.items()},
        init_picture=pair.init_picture and _source(pair.init_picture),
    )


def dump_record(record: Record) -> bytes:
    """The bytes of `record.json`."""
    return seal({**dataclasses.asdict(record), "created": record.created.isoformat()})


def load_record(data: bytes) -> Record:
    """The record in `record.json`. Raises SealError where it is damaged, of another format or incomplete.

    Fields that are not known are passed over: what is read differently needs another format.
    """
    body: dict[str, Any] = unseal(data)
    try:
        origin: dict[str, Any] = body["origin"]
        return Record(
            **{
                **fields_of(Record, body),
                "origin": Origin(
                    **{
                        **fields_of(Origin, origin),
                        "content": _load_source(origin["content"]),
                        "styles": tuple(_load_source(style) for style in origin["styles"]),
                        "init_picture": _load_optional(origin.get("init_picture")),
                    }
                ),
                "created": datetime.datetime.fromisoformat(body["created"]),
                "files": {
                    sys.intern(name): StoredFile(**fields_of(StoredFile, file)) for name, file in body["files"].items()
                },
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError("is incomplete") from error


def _source(picture: Picture, weight: float = 1.0) -> Source:
    return Source(picture.name, picture.file, picture.sha256, picture.crop, weight)


def _style(style: WeightedStyle) -> Source:
    return dataclasses.replace(
        _source(style.picture, style.weight),
        layers=style.layers,
        mask=style.mask and _source(style.mask),
        style_mask=style.style_mask and _source(style.style_mask),
    )


def _load_source(source: dict[str, Any]) -> Source:
    return Source(
        **{
            **fields_of(Source, source),
            "crop": Crop(**source["crop"]) if source["crop"] else None,
            "layers": tuple(source.get("layers", ())),
            "mask": _load_optional(source.get("mask")),
            "style_mask": _load_optional(source.get("style_mask")),
        }
    )


def _load_optional(source: dict[str, Any] | None) -> Source | None:
    return None if source is None else _load_source(source)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
