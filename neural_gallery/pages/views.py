"""What the corridor hands to the pages: pictures that lie (or will lie) in the output folder, ready to be linked.

Paths are POSIX and relative to the output folder: `static/img/tardis.png`. A target turns them into links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neural_gallery.site.model import Colors, Pair, Picture

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One encoded file: a still or an animation."""

    path: str
    type: str  # MIME type: "image/avif"
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StillView:
    """One still in all its encodings. `fallback` is the file with the contract's name, what `<img src>` names."""

    fallback: ImageFile
    sources: tuple[ImageFile, ...]  # further formats and widths: formats in the order to offer, widths ascending


@dataclass(frozen=True, slots=True)
class PictureView:
    """A source picture as published."""

    picture: Picture
    still: StillView


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair as published: painted, or waiting for that."""

    pair: Pair
    result: StillView  # of the content, where the pair waits
    animation: ImageFile | None  # the GIF, under its contract name; None: the pair waits
    lighter: tuple[ImageFile, ...]  # the same animation in lighter formats, lightest first
    facts: Mapping[str, object]  # how it was made, from the store's record (see workers.messages.Painted.facts)
    lines: str  # of a manifest, that ask for it: `site.lines`

    @property
    def waits(self) -> bool:
        """Whether it is still to be painted."""
        return self.animation is None


@dataclass(frozen=True, slots=True)
class Gallery:
    """All that can be placed on a page."""

    pictures: Mapping[str, PictureView]  # by picture name: every picture that any pair or block shows
    pairs: Mapping[str, PairView]  # by pair id, in the manifest's order


@dataclass(frozen=True, slots=True)
class Shown:
    """A still on a page, and which of its files a page view costs (see `figures.fetched`). Both are paths."""

    still: str  # the fallback's
    file: str


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """One file to write, its path relative to the output folder."""

    path: str
    data: bytes
    shows: tuple[Shown, ...] | None = None  # the stills on a page, each file once; None: this is no page


@dataclass(frozen=True, slots=True)
class ProofView:
    """One proof of a sheet."""

    pair: Pair
    image: Image  # the painting
    lines: str  # of a manifest, that ask for the painting in full: `site.lines`


@dataclass(frozen=True, slots=True)
class ProofRow:
    """The proofs of one style with one way with colours, a column for each strength."""

    colors: Colors
    proofs: tuple[ProofView, ...]


@dataclass(frozen=True, slots=True)
class ProofGroup:
    """The rows of one style."""

    style: Picture
    image: Image  # the style, small
    rows: tuple[ProofRow, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of proofs."""

    content: Picture
    image: Image  # the content, small
    strengths: tuple[float, ...]
    groups: tuple[ProofGroup, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a proof."""
        return self.groups[0].rows[0].proofs[0].image.size
