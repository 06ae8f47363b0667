"""What is written beside each painting, as `record.json`: where it came from, how it was made, what belongs to it.

Reading a record needs neither NumPy nor Pillow: planning a build with nothing to do reads all of them.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neural_gallery.site.model import Crop, Pair, Picture, WeightedStyle
from neural_gallery.store.sealed import SealError, seal, unseal
from neural_gallery.store.sound import count, counts, impossible, made_sound, moment, number, sha256, values, word

FRAMES_ASKED_FOR = "frames_asked_for"
"""Among the facts of each painting."""

STILL = "still.png"

MANY = 999_999
"""Pixels of a side, frames, versions of the engine: there are never so many."""

MOST_BYTES = 4 * 10**9
"""No file of a painting, and no archive of one, is larger: a print of 8192 pixels with its frames has half of that."""

_LONGEST_PATH = 10_000
_FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,40}(\.[a-z]{1,8})?")


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
    """The origin of a painting of `pair`. What no record may have in `facts` becomes null: NaN and infinity."""
    return Origin(
        pair=pair.id,
        content=_source(pair.content),
        styles=tuple(_style(style) for style in pair.styles),
        settings=made_sound(dataclasses.asdict(pair.paint)),
        engine=engine,
        weights_sha256=weights_sha256,
        facts=made_sound(facts),
        init_picture=pair.init_picture and _source(pair.init_picture),
    )


def dump_record(record: Record) -> bytes:
    """The bytes of `record.json`."""
    return seal({**dataclasses.asdict(record), "created": record.created.isoformat()})


def load_record(data: bytes) -> Record:
    """What `record.json` holds. Raises SealError where it is damaged, of another format, incomplete or impossible.

    Nothing in it is believed that this program does not write: not its types, nor its numbers, nor its words. Fields
    that are not known are passed over: what is read differently needs another format.
    """
    try:
        return _load(unseal(data))
    except SealError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SealError("is incomplete") from error


@lru_cache(64)
def painting_files(frames: int) -> frozenset[str]:
    """The names of the files that every painting with so many frames has, beside its record."""
    return frozenset([STILL, *map(frame_name, range(frames))])


def frame_name(index: int) -> str:
    """The name of one frame's file."""
    return f"frame-{index:03d}.webp"


def _source(picture: Picture, weight: float = 1.0) -> Source:
    return Source(picture.name, picture.file, picture.sha256, picture.crop, weight)


def _style(style: WeightedStyle) -> Source:
    return dataclasses.replace(
        _source(style.picture, style.weight),
        layers=style.layers,
        mask=style.mask and _source(style.mask),
        style_mask=style.style_mask and _source(style.style_mask),
    )


def _load(body: dict[str, Any]) -> Record:
    origin: dict[str, Any] = body["origin"]
    frames = count("frames", body["frames"], 1, MANY)
    return Record(
        key=sha256("key", body["key"]),
        origin=Origin(
            pair=word("pair", origin["pair"]),
            content=_load_source(origin["content"]),
            styles=_load_styles(origin["styles"]),
            settings=values("settings", origin["settings"]),
            engine=count("engine", origin["engine"], 0, MANY),
            weights_sha256=sha256("weights_sha256", origin["weights_sha256"]),
            facts=_load_facts(origin["facts"]),
            init_picture=_load_optional(origin.get("init_picture")),
        ),
        created=moment("created", body["created"]),
        width=count("width", body["width"], 1, MANY),
        height=count("height", body["height"], 1, MANY),
        frames=frames,
        files=_load_files(body["files"], frames),
    )


def _load_styles(found: Any) -> tuple[Source, ...]:
    if type(found) is not list or not found:
        raise impossible("styles")
    return tuple(map(_load_source, found))


def _load_facts(found: object) -> Mapping[str, object]:
    facts = values("facts", found)
    if FRAMES_ASKED_FOR in facts:
        count(FRAMES_ASKED_FOR, facts[FRAMES_ASKED_FOR], 1, MANY)
    return facts


def _load_files(found: dict[str, dict[str, Any]], frames: int) -> dict[str, StoredFile]:
    """Of other names than those of a painting's files there may be more; `check_files` lets none of them in."""
    if frames >= len(found) or not found.keys() >= (usual := painting_files(frames)):
        raise SealError("tells of other files")
    if not all(map(_FILE.fullmatch, found.keys() - usual)):
        raise SealError("tells of other files")
    sizes = [file["bytes"] for file in found.values()]
    counts("bytes", sizes, MOST_BYTES)
    checksums = [sha256("sha256", file["sha256"]) for file in found.values()]
    return dict(zip(map(sys.intern, found), map(StoredFile, sizes, checksums), strict=True))


def _load_source(found: dict[str, Any], *, masked: bool = True) -> Source:
    """A picture. `masked`: it may have masks, which have none themselves."""
    crop, file, layers = found["crop"], found["file"], found.get("layers", [])
    if type(file) is not str or len(file) > _LONGEST_PATH:  # whatever signs are in it: nobody is told of it
        raise impossible("file")
    if type(layers) is not list:
        raise impossible("layers")
    mask, style_mask = (_load_optional(found.get(name)) for name in ("mask", "style_mask"))
    if (mask or style_mask) and not masked:
        raise impossible("mask")
    return Source(
        name=word("name", found["name"]),
        file=file,
        sha256=sha256("sha256", found["sha256"]),
        crop=_load_crop(crop) if crop else None,
        weight=number("weight", found["weight"]),
        layers=tuple(word("layers", layer) for layer in layers),
        mask=mask,
        style_mask=style_mask,
    )


def _load_crop(found: dict[str, Any]) -> Crop:
    left, top = (count("crop", found[name], 0, MANY) for name in ("left", "top"))
    width, height = (count("crop", found[name], 1, MANY) for name in ("width", "height"))
    return Crop(left, top, width, height)


def _load_optional(found: dict[str, Any] | None) -> Source | None:
    return None if found is None else _load_source(found, masked=False)
