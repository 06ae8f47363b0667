"""Pages that nobody wrote: all results on one sheet, and those of each style and of each content.

They lead to the places where the posts show the results, and back. A site of one result has none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neural_gallery.pages.placements import PairPlacement
from neural_gallery.site.model import Pair, Picture, Post

SHEET, SHEET_TITLE = "pictures.html", "All pictures"
STYLE_FOLDER, CONTENT_FOLDER = "by-style", "by-content"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result is shown for the first time."""

    post: Post | None  # None: on the page of all pairs of a site without posts
    placement: PairPlacement
    part: int = 1  # of that page


@dataclass(frozen=True, slots=True)
class Kin:
    """The results that have a picture in common, and their page."""

    picture: Picture
    path: str
    places: tuple[Place, ...]

    @property
    def title(self) -> str:
        """What the picture is called."""
        return self.picture.title or self.picture.alt


@dataclass(frozen=True, slots=True)
class Indexes:
    """All of them."""

    styles: tuple[Kin, ...]
    contents: tuple[Kin, ...]

    @property
    def kin(self) -> tuple[Kin, ...]:
        """Styles, then contents."""
        return self.styles + self.contents


def indexes(pairs: Iterable[Pair], places: Mapping[str, Place]) -> Indexes | None:
    """The index pages of the results that pages show (`places`, by id), in the manifest's order."""
    shown = [pair for pair in pairs if pair.id in places]
    if len(shown) < 2:
        return None
    styles: dict[str, list[Pair]] = {}
    contents: dict[str, list[Pair]] = {}
    pictures: dict[str, Picture] = {}
    for pair in shown:
        for group, picture in [(contents, pair.content), *((styles, style.picture) for style in pair.styles)]:
            pictures[picture.name] = picture
            group.setdefault(picture.name, []).append(pair)

    def kin(groups: Mapping[str, Sequence[Pair]], folder: str) -> tuple[Kin, ...]:
        return tuple(
            Kin(pictures[name], f"{folder}/{name}.html", tuple(places[pair.id] for pair in members))
            for name, members in groups.items()
        )

    return Indexes(kin(styles, STYLE_FOLDER), kin(contents, CONTENT_FOLDER))
