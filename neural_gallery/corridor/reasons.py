"""Why a pair is to be painted, in words: what differs from the newest painting made for a pair of its id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.model import Pair, Picture
from neural_gallery.store.records import Origin, Source

NEVER = "never painted"
DAMAGED = "its stored painting is damaged"


def more_frames(wanted: int, asked: int) -> str:
    """The painting is there, but was made for fewer frames."""
    return f"more frames are wanted: {wanted} instead of {asked}"


def changes(origin: Origin, pair: Pair, workshop: Workshop) -> tuple[str, ...]:
    """What differs between a former painting and `pair` as it is now; empty where nothing does."""
    found = [
        *_picture_changes("content", origin.content, pair.content),
        *_style_changes(origin.styles, pair),
        *_setting_changes(origin, pair),
    ]
    if workshop.engine != origin.engine:
        found.append("the engine is newer" if workshop.engine > origin.engine else "the engine is older")
    if workshop.weights_sha256 != origin.weights_sha256:
        found.append("the network's weights changed")
    return tuple(found)


def _picture_changes(role: str, before: Source, now: Picture) -> list[str]:
    if (before.sha256, before.crop) == (now.sha256, now.crop):
        return []
    if before.name != now.name:
        return [f"the {role} is '{now.name}' instead of '{before.name}'"]
    return [f"the {role} picture changed" if before.sha256 != now.sha256 else f"the {role}'s crop changed"]


def _style_changes(before: Sequence[Source], pair: Pair) -> list[str]:
    names = [style.picture.name for style in pair.styles]
    if len(before) != len(names) or sorted(source.name for source in before) != sorted(names):
        if len(before) == len(names) == 1:
            return _picture_changes("style", before[0], pair.styles[0].picture)
        return [f"the styles are {_listed(names)} instead of {_listed([source.name for source in before])}"]
    if [source.name for source in before] != names:
        return ["the order of the styles changed"]
    found = []
    for source, style in zip(before, pair.styles, strict=True):
        found += _picture_changes("style", source, style.picture)
        if source.weight != style.weight:
            found.append(f"the weight of '{source.name}' changed from {source.weight:.3g} to {style.weight:.3g}")
    return found


def _setting_changes(origin: Origin, pair: Pair) -> list[str]:
    now = dataclasses.asdict(pair.paint)
    return [
        f"{name} changed from {_told(origin.settings[name])} to {_told(value)}"
        for name, value in now.items()
        if name in origin.settings and origin.settings[name] != value
    ]


def _told(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
