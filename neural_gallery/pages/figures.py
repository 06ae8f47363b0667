"""Pairs, pictures and galleries as HTML: the views that the corridor hands over, seen from one page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from neural_gallery.pages.curves import curve
from neural_gallery.pages.placements import (
    GalleryPlacement,
    PairPlacement,
    PicturePlacement,
    Placement,
    left_of,
    pairs_of,
)
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Gallery, ImageFile, PairView, Shown, StillView
from neural_gallery.site.model import Picture

THUMBNAIL = 150
"""How high a result is on the sheet of all of them, in CSS pixels: prints of one height lie in rows."""


class Links(Protocol):
    """How a page names the files beside it: a target, for one."""

    def url(self, path: str, page: str) -> str:
        """A link to the file `path` from the page `page`, to stand in an attribute."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """One `<source>`: a format in all its widths."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class Image:
    """A still as a page shows it. Width and height are those at which it is displayed, in CSS pixels."""

    src: str
    sources: tuple[Source, ...]
    width: int
    height: int
    alt: str

    @property
    def sizes(self) -> str:
        """How wide it is displayed: as wide as it says, and never wider than the window."""
        return f"(max-width: {self.width}px) 100vw, {self.width}px"


@dataclass
class Figures:
    """Renders what is placed on one page. A figure's id is given out once, then with a number behind it."""

    gallery: Gallery
    theme: Theme
    links: Links
    page: str  # the page's path, from which links lead
    _ids: set[str] = field(default_factory=set)
    _shown: dict[str, Shown] = field(default_factory=dict)  # by the path of the file

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The stills rendered so far, each file once."""
        return tuple(self._shown.values())

    def render(self, placement: Placement) -> str:
        """The figure, or the figures, of a placement."""
        if isinstance(placement, PairPlacement):
            return self._pair(placement)
        if isinstance(placement, PicturePlacement):
            return self._picture(placement)
        return self._gallery(placement)

    def result(self, placement: PairPlacement) -> Image:
        """The still of a pair's result."""
        pair = placement.pair
        view = self.gallery.pairs[pair.id]
        return self._image(view.result, pair.width, pair.height, alt_of(placement, view))

    def thumbnail(self, placement: PairPlacement) -> Image:
        """The same no higher than `THUMBNAIL`."""
        pair = placement.pair
        view = self.gallery.pairs[pair.id]
        height = min(THUMBNAIL, pair.height)
        width = max(1, round(pair.width * height / pair.height))
        return self._image(view.result, width, height, alt_of(placement, view))

    def _pair(self, placement: PairPlacement) -> str:
        pair, view, left = placement.pair, self.gallery.pairs[placement.pair.id], left_of(placement)
        return self.theme.render(
            "partials/pair.html",
            id=self._unique(placement.anchor),
            pair=pair,
            left=self._image(self.gallery.pictures[left.name].still, *left.fitted(pair.paint.size), placement.left_alt),
            result=self.result(placement),
            animation=self._url(view.animation) if view.animation else "",
            lighter=[(file.type.rpartition("/")[2], self._url(file)) for file in view.lighter],
            caption=placement.caption,
            facts=view.facts,
            curve=curve(view.facts),
            lines=view.lines,
        )

    def _picture(self, placement: PicturePlacement) -> str:
        picture, width = placement.picture, placement.width
        height = max(1, (2 * picture.height * width + picture.width) // (2 * picture.width))
        return self.theme.render(
            "partials/picture.html",
            id=self._unique(placement.anchor) if placement.anchor else "",
            picture=picture,
            image=self._image(self.gallery.pictures[picture.name].still, width, height, placement.alt),
            caption=placement.caption,
        )

    def _gallery(self, placement: GalleryPlacement) -> str:
        return self.theme.render("partials/gallery.html", figures=[self._pair(pair) for pair in placement.pairs])

    def _image(self, still: StillView, width: int, height: int, alt: str) -> Image:
        file = fetched(still, width)
        self._shown.setdefault(file.path, Shown(still.fallback.path, file.path))
        return Image(self._url(still.fallback), tuple(self._sources(still)), width, height, alt)

    def _sources(self, still: StillView) -> Iterable[Source]:
        for type_, files in _offered(still).items():
            yield Source(type_, ", ".join(f"{self._url(file)} {file.width}w" for file in files))

    def _url(self, file: ImageFile) -> str:
        return self.links.url(file.path, self.page)

    def _unique(self, wanted: str) -> str:
        candidate, number = wanted, 1
        while candidate in self._ids:
            number += 1
            candidate = f"{wanted}-{number}"
        self._ids.add(candidate)
        return candidate


def alt_of(placement: PairPlacement, view: PairView) -> str:
    """What the still of a result shows, in words: while the pair waits, that is its content."""
    return placement.pair.content.alt if view.waits else placement.alt


def foremost(placements: Iterable[Placement], gallery: Gallery) -> PairPlacement | None:
    """The pair that stands for a page elsewhere: the first that is painted, or else the first."""
    placed = pairs_of(placements)
    painted = (one for one in placed if not gallery.pairs[one.pair.id].waits)
    return next(painted, placed[0] if placed else None)


def fetched(still: StillView, width: int) -> ImageFile:
    """The file that is fetched where the still is shown `width` CSS pixels wide.

    That is by a browser that knows every format, on a screen with one pixel to a CSS pixel: of the format that is
    offered first, the narrowest file that is wide enough, or else the widest.
    """
    files = next(iter(_offered(still).values()), [still.fallback])
    return next((file for file in files if file.width >= width), files[-1])


def _offered(still: StillView) -> dict[str, list[ImageFile]]:
    """The files by type, in the order to offer, widths ascending.

    The fallback joins its own format, if that comes in further widths.
    """
    by_type: dict[str, dict[int, ImageFile]] = {}
    for file in still.sources:
        by_type.setdefault(file.type, {})[file.width] = file
    if still.fallback.type in by_type:
        by_type[still.fallback.type].setdefault(still.fallback.width, still.fallback)
    return {type_: [widths[width] for width in sorted(widths)] for type_, widths in by_type.items()}


def pictures_of(placements: Iterable[Placement]) -> Iterable[Picture]:
    """Every picture that is shown or that went into a result shown."""
    for placement in placements:
        if isinstance(placement, PicturePlacement):
            yield placement.picture
        for pair in pairs_of([placement]):
            yield pair.pair.content
            yield from (style.picture for style in pair.pair.styles)
            if pair.pair.init_picture:
                yield pair.pair.init_picture


def credited(pictures: Iterable[Picture]) -> list[Picture]:
    """The pictures of which somebody or something is to be named, each file once."""
    found: dict[tuple[str, str, str, str], Picture] = {}
    for picture in pictures:
        if picture.credit or picture.license or picture.source:
            found.setdefault((picture.title or picture.name, picture.credit, picture.license, picture.source), picture)
    return list(found.values())
