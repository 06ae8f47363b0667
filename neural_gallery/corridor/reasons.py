"""Why a pair is to be painted, in words: what differs from the newest painting made for a pair of its id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.model import Pair, Picture, WeightedStyle
from neural_gallery.store.records import Origin, Source

NEVER = "never painted"
DAMAGED = "its stored painting is damaged"


def other_size(width: int, height: int, found_width: int, found_height: int) -> str:
    """What bears the key is not as large as what is painted under it."""
    return f"the stored painting has {found_width} x {found_height} pixels instead of {width} x {height}"


def more_frames(wanted: int, asked: int) -> str:
    """The painting is there, but was made for fewer frames."""
    return f"more frames are wanted: {wanted} instead of {asked}"


def changes(origin: Origin, pair: Pair, workshop: Workshop) -> tuple[str, ...]:
    """What differs between a former painting and `pair` as it is now; empty where nothing does."""
    found = [
        *_picture_changes("the content", origin.content, pair.content),
        *_style_changes(origin.styles, pair),
        *_setting_changes(origin, pair),
    ]
    if origin.init_picture and pair.init_picture:
        found += _picture_changes("the start", origin.init_picture, pair.init_picture)
    if workshop.engine != origin.engine:
        found.append("the engine is newer" if workshop.engine > origin.engine else "the engine is older")
    if workshop.weights_sha256 != origin.weights_sha256:
        found.append("the network's weights changed")
    return tuple(found)


def _picture_changes(role: str, before: Source, now: Picture) -> list[str]:
    if (before.sha256, before.crop) == (now.sha256, now.crop):
        return []
    if before.name != now.name:
        return [f"{role} is '{now.name}' instead of '{before.name}'"]
    return [f"{role} picture changed" if before.sha256 != now.sha256 else f"{role}'s crop changed"]


def _style_changes(before: Sequence[Source], pair: Pair) -> list[str]:
    names = [style.picture.name for style in pair.styles]
    if len(before) != len(names) or sorted(source.name for source in before) != sorted(names):
        if len(before) == len(names) == 1:
            return _picture_changes("the style", before[0], pair.styles[0].picture)
        return [f"the styles are {_listed(names)} instead of {_listed([source.name for source in before])}"]
    if [source.name for source in before] != names:
        return ["the order of the styles changed"]
    return [
        change for source, style in zip(before, pair.styles, strict=True) for change in _changes_of_style(source, style)
    ]


def _changes_of_style(before: Source, now: WeightedStyle) -> list[str]:
    name = f"'{before.name}'"
    found = _picture_changes("the style", before, now.picture)
    if before.weight != now.weight:
        found.append(f"the weight of {name} changed from {before.weight:.3g} to {now.weight:.3g}")
    if before.layers != now.layers:
        found.append(f"the layers of {name} changed from {_told(before.layers)} to {_told(now.layers)}")
    for kind, old, new in (("mask", before.mask, now.mask), ("style mask", before.style_mask, now.style_mask)):
        if old and new:
            found += _mask_changes(f"the {kind} of {name}", old, new)
        elif old or new:
            found.append(f"{name} has {'a' if new else 'no'} {kind} now")
    return found


def _mask_changes(role: str, before: Source, now: Picture) -> list[str]:
    if (before.sha256, before.crop) == (now.sha256, now.crop):
        return []
    return [f"{role} is '{now.name}' instead of '{before.name}'" if before.name != now.name else f"{role} changed"]


def _setting_changes(origin: Origin, pair: Pair) -> list[str]:
    found = []
    for field in dataclasses.fields(pair.paint):
        # A record of a program that did not have the setting yet: it was as it is when nobody sets it.
        before, now = origin.settings.get(field.name, field.default), getattr(pair.paint, field.name)
        if _as_tuples(before) != now:
            told = [_told(before), _told(now)]
            if field.name == "init":
                pictures = (origin.init_picture, pair.init_picture)
                told = [f"'{one.name}'" if one else word for one, word in zip(pictures, told, strict=True)]
            found.append(f"{field.name} changed from {told[0]} to {told[1]}")
    return found


def _as_tuples(value: object) -> object:
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


def _told(value: object) -> str:
    """A setting's value; None and an empty tuple leave it to the quality."""
    if value is None or value == () or value == []:
        return "unset"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_told_entry, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _told_entry(value: object) -> str:
    return " ".join(map(_told, value)) if isinstance(value, list | tuple) else _told(value)  # a layer and its weight


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
