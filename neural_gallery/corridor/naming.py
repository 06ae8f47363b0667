"""Which image files the output folder gets, under which names and at which sizes (contract). Nothing is encoded here.

A still has a fallback, what `<img src>` names: `{pair id}.png` for a result, `{picture name}` with the extension of
its source for a picture. Beside it stand further widths and formats, `{name}-{width}w.{format}`, and a result's
animations, `{pair id}-{fps}fps.gif`, `.webp`, `.avif` and `.mp4`. All lie under the site's `images_path`. Nothing is
made larger than its pixels allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from neural_gallery.errors import Problem
from neural_gallery.site.model import Pair, Picture, Site, StillSettings
from neural_gallery.store.stills import FORMATS, format_of, ladder

_WITHOUT_PAIRS = StillSettings(formats=("avif", "webp"), widths=(400, 800))


@dataclass(frozen=True, slots=True)
class StillFile:
    """One file of a still."""

    path: str  # relative to the output folder
    format: str  # of store.stills.FORMATS
    width: int  # pixels; the height follows
    bits: int = 8  # of each colour


@dataclass(frozen=True, slots=True)
class AnimationFile:
    """One file of an animation."""

    path: str  # relative to the output folder
    format: str  # "gif", "webp", "avif", "mp4"
    fps: int  # frames per second
    frames: int  # how many of the painting's frames it shows


@dataclass(frozen=True, slots=True)
class StillFiles:
    """All files of one still: formats in the order in which they are offered, widths ascending."""

    fallback: StillFile
    further: tuple[StillFile, ...]

    def __iter__(self) -> Iterator[StillFile]:
        return iter((self.fallback, *self.further))


def result_files(site: Site, pair: Pair) -> StillFiles:
    """The files of a pair's result."""
    fallback = StillFile(f"{site.images_path}/{pair.id}.png", "png", pair.width, pair.paint.bits)
    return StillFiles(fallback, _further(f"{site.images_path}/{pair.id}", fallback, pair.stills, pair.width))


def animation_files(site: Site, pair: Pair) -> tuple[AnimationFile, ...]:
    """The files of a pair's animation, the GIF first. What is transparent has no MP4: that would paint it over."""
    fps, frames = pair.animation.fps, pair.animation.frames
    stem = f"{site.images_path}/{pair.id}-{fps}fps"
    formats = [format for format in pair.animation.formats if format != "mp4" or not pair.content.has_alpha]
    return tuple(AnimationFile(f"{stem}.{format}", format, fps, frames) for format in formats)


def picture_files(site: Site, picture: Picture) -> StillFiles:
    """The files of a source picture. The fallback is as large as the picture is shown, beside the largest result."""
    pairs = site.pairs_by_picture.get(picture.name, ())
    stills = _union(pair.stills for pair in pairs or site.pairs)
    longest = max(picture.width, picture.height)
    shown = min(longest, max((pair.paint.size for pair in pairs), default=max(stills.widths)))
    format = format_of(picture.extension)
    assert format is not None, "the manifest accepts no picture that a browser does not show"
    fallback = StillFile(f"{site.images_path}/{picture.name}{picture.extension}", format, picture.fitted(shown)[0])
    # A photograph as PNG would be several times its JPEG.
    formats = tuple("jpeg" if (one, format) == ("png", "jpeg") else one for one in stills.formats)
    stills = StillSettings(formats, stills.widths)
    return StillFiles(fallback, _further(f"{site.images_path}/{picture.name}", fallback, stills, picture.width))


def name_clashes(site: Site, pictures: Iterable[Picture]) -> list[Problem]:
    """A problem for each file that two pairs, or a pair and a picture, would both write.

    Letter case is ignored, as many file systems ignore it.
    """
    owners: dict[str, str] = {}
    problems = []
    entries = [(f"picture '{picture.name}'", picture.location, _paths(site, picture)) for picture in pictures]
    entries += [(f"pair '{pair.id}'", pair.location, _paths(site, pair)) for pair in site.pairs]
    for owner, location, paths in entries:
        clash = next((path for path in paths if path.casefold() in owners), None)
        if clash is not None:
            message = f"the {owner} and the {owners[clash.casefold()]} would both be written as '{clash}'."
            problems.append(Problem(location, message, "Give one of them another name."))
        owners.update(dict.fromkeys((path.casefold() for path in paths), owner))
    return problems


def _paths(site: Site, entry: Pair | Picture) -> list[str]:
    if isinstance(entry, Picture):
        return [file.path for file in picture_files(site, entry)]
    return [file.path for file in (*result_files(site, entry), *animation_files(site, entry))]


def _further(stem: str, fallback: StillFile, stills: StillSettings, natural: int) -> tuple[StillFile, ...]:
    """Every format in every width that the picture has pixels for; not the fallback again."""
    names = _names(fallback.format, fallback.width, stills, natural)
    return tuple(StillFile(f"{stem}-{name}", format, width) for name, format, width in names)


@lru_cache(maxsize=1024)  # a large site has few kinds of pairs
def _names(format: str, width: int, stills: StillSettings, natural: int) -> tuple[tuple[str, str, int], ...]:
    """The end of its name, the format and the width of each file beside a fallback of that format and width."""
    widths = ladder(natural, (*stills.widths, width))
    return tuple(
        (f"{each}w.{FORMATS[further].extension}", further, each)
        for further in stills.formats
        for each in widths
        if (further, each) != (format, width)
    )


def _union(stills: Iterable[StillSettings]) -> StillSettings:
    """The formats and widths of all together."""
    settings = [*dict.fromkeys(stills)] or [_WITHOUT_PAIRS]
    formats = dict.fromkeys(format for some in settings for format in some.formats)
    widths = {width for some in settings for width in some.widths}
    return StillSettings(tuple(formats), tuple(sorted(widths)))
