"""From the manifest's settings, those of `defaults` with a pair's own laid over them, to the records of one pair.

Lengths are pixels. A result has the shape of its content, so that one side of it says how large it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neural_gallery.site.model import MAX_SIZE, AnimationSettings, Init, PaintSettings, Picture, StillSettings, fit
from neural_gallery.site.schema import SIDES, Settings
from neural_gallery.site.values import MIN_SIZE

_STILL_FORMATS = ("avif", "webp", "png")  # browsers take the first that they know: the smallest files first


def given_side(*sections: Settings) -> tuple[Settings | None, str]:
    """Which of `size`, `width` and `height` holds, and the first of `sections` that gives it; None where none does."""
    for section in sections:
        for side in SIDES:
            if side in section.model_fields_set:
                return section, side
    return None, "size"


def longest_side(content: Picture, side: str, length: int) -> int:
    """The longest side of a result whose `side` (`size`, `width`, `height`) is `length`: the one that `fit` makes so.

    Rounded half up. What it is rounded by shrinks when `fit` scales it back to the shorter side, so that the rounding
    there gives `length` again.
    """
    if side == "size":
        return length
    longest, measured = max(content.width, content.height), _measured(content, side)
    return (2 * length * longest + measured) // (2 * measured)


def cannot_be_sized(content: Picture, side: str, length: int) -> tuple[str, str] | None:
    """Why a content cannot become so wide or so high (the end of a sentence), and what to do; None where it can."""
    if side == "size":
        return None  # its shorter side is at least one pixel, however long the picture is drawn out
    size, measured = longest_side(content, side, length), _measured(content, side)
    longest, shortest = max(content.width, content.height), min(content.width, content.height)
    if size > MAX_SIZE:
        width, height = fit(content.width, content.height, size)
        most = MAX_SIZE * measured // longest
        why = f"makes '{content.name}' {width} x {height} pixels, and no side may have more than {MAX_SIZE}."
        return why, f"Write at most {most}." if most >= MIN_SIZE else "Give its longest side instead, as 'size'."
    if 2 * shortest * size < longest:
        least = -(-longest // (2 * shortest))
        why = f"leaves less than half a pixel of the other side of '{content.name}'."
        return why, f"Write at least {least}." if least <= MAX_SIZE else "Use a part of it, with 'crop'."
    return None


def paint_settings(settings: Settings, *, size: int, init: Init) -> PaintSettings:
    """What determines the pixels; `size` is the longest side."""
    steps = settings.steps
    return PaintSettings(
        size=size,
        quality=settings.quality,
        strength=settings.strength,
        colors=settings.colors,
        init=init,
        style_scale=settings.style_scale,
        seed=settings.seed,
        optimizer=settings.optimizer,
        steps=(steps,) if isinstance(steps, int) else steps or (),
        learning_rate=settings.learning_rate,
        scales=settings.scales,
        pooling=settings.pooling,
        style_layers=_weighted(settings.style_layers),
        content_layers=_weighted(settings.content_layers),
        total_variation=settings.total_variation,
        bits=settings.bits,
    )


def animation_settings(settings: Settings) -> AnimationSettings:
    """How the animation is encoded."""
    animation = settings.animation
    formats = dict.fromkeys(("gif", *animation.formats))  # pages link to the GIF: it is always made
    return AnimationSettings(fps=animation.fps, frames=animation.frames, formats=tuple(formats))


def still_settings(settings: Settings) -> StillSettings:
    """How stills are encoded."""
    stills = settings.stills
    formats = tuple(form for form in _STILL_FORMATS if form in stills.formats)
    return StillSettings(formats=formats, widths=tuple(sorted(set(stills.widths))))


def _measured(content: Picture, side: str) -> int:
    return content.width if side == "width" else content.height


def _weighted(layers: tuple[str, ...] | Mapping[Any, float] | None) -> tuple[tuple[str, float], ...]:
    """Layers with weights, in the network's order, so that equal choices are equal records."""
    weights = layers if isinstance(layers, Mapping) else dict.fromkeys(layers or (), 1.0)
    return tuple(sorted(weights.items()))
