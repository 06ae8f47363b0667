"""The pairs of a sheet of proofs: one content in some styles, each at several strengths and with several colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from neural_gallery.errors import Problem, UsageError, did_you_mean
from neural_gallery.site.model import (
    AnimationSettings,
    Colors,
    PaintSettings,
    Pair,
    Picture,
    Quality,
    Show,
    Site,
    StillSettings,
    WeightedStyle,
)
from neural_gallery.site.values import NAME_LENGTH

_ANIMATION = AnimationSettings(fps=1, frames=2, formats=("gif",))  # a proof has none: two frames are the fewest
_STILLS = StillSettings(formats=("png",), widths=())


@dataclass(frozen=True, slots=True)
class Grid:
    """What a sheet shows: a row for each style with each of the colours, a column for each strength."""

    content: str  # the name of a picture
    styles: tuple[str, ...]
    strengths: tuple[float, ...]
    colors: tuple[Colors, ...]
    size: int  # longest side of a proof, in pixels


def proof_pairs(site: Site, grid: Grid) -> tuple[Pair, ...]:
    """The proofs, row by row, each named as the pair that it is a proof of.

    They are painted as the manifest's defaults say, but small and as a draft. Raises UsageError.
    """
    _check_names(site, grid)
    pairs = tuple(_pairs(site, grid))
    if long := [pair.id for pair in pairs if len(pair.id) > NAME_LENGTH]:
        message = f"a pair would be called '{long[0]}', a name of more than {NAME_LENGTH} characters."
        raise UsageError.at(None, message, "Use shorter picture names.")
    return pairs


def _pairs(site: Site, grid: Grid) -> Iterator[Pair]:
    content = site.images[grid.content]
    for style in (site.images[name] for name in grid.styles):
        for colors in grid.colors:
            for strength in grid.strengths:
                yield Pair(
                    id=f"{content.name}-{style.name}-{colors.value}-{strength}",
                    content=content,
                    styles=(WeightedStyle(style, 1.0),),
                    paint=_draft(site.defaults.paint, size=grid.size, strength=strength, colors=colors),
                    animation=_ANIMATION,
                    stills=_STILLS,
                    show=Show.CONTENT,
                    alt=_alt(content, style, strength, colors),
                    caption="",
                    location=content.location,
                    init_picture=site.defaults.init_picture,
                )


def _draft(usual: PaintSettings, *, size: int, strength: float, colors: Colors) -> PaintSettings:
    """The usual settings with those of one proof; what the author has settled about the effort is not for drafts."""
    return replace(
        usual, size=size, quality=Quality.DRAFT, strength=strength, colors=colors, steps=(), scales=None, bits=8
    )


def _alt(content: Picture, style: Picture, strength: float, colors: Colors) -> str:
    how = f"at strength {strength}, colors {colors.value}"
    return f"{content.alt.rstrip(' .')}, in the style of {style.title or style.alt.rstrip(' .')}, {how}"


def _check_names(site: Site, grid: Grid) -> None:
    """Raises UsageError with every name that cannot be what it is given as."""
    names = (grid.content, *grid.styles)
    problems = [_unknown(site, name) for name in dict.fromkeys(names) if name not in site.images]
    if grid.content in grid.styles:
        message = f"'{grid.content}' is given as the content and as a style."
        problems.append(Problem(None, message, "Name the content first, then other pictures as its styles."))
    elif not problems and (style := _in_place_of_a_style(site, grid)):
        message = f"the first name is the content, and '{grid.content}' is only ever a style in the manifest's pairs."
        problems.append(Problem(None, message, f"Did you mean `neural-gallery proof {style} {grid.content}`?"))
    if problems:
        raise UsageError(*problems)


def _unknown(site: Site, name: str) -> Problem:
    if _is_number(name):
        remedy = "Several strengths are written with commas between them: --strengths 0.3,0.5,0.7."
    else:
        remedy = did_you_mean(name, site.images) or "Declare it under images in site.yaml, or correct the name."
    return Problem(None, f"there is no picture '{name}'.", remedy)


def _in_place_of_a_style(site: Site, grid: Grid) -> str:
    """The style that was meant as the content, where the two are surely swapped; "" where they may be meant so."""
    contents = {pair.content.name for pair in site.pairs}
    styles = {style.picture.name for pair in site.pairs for style in pair.styles}
    if grid.content not in styles - contents or not set(grid.styles) <= contents - styles:
        return ""
    return grid.styles[0]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
