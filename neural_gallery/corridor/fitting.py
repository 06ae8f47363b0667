"""Keeping to the budgets of pages and of the site: how far stills and animations step down, and what that leaves.

A page's stills step down together until the page is light enough, and a still on several pages as far as the one that
asks for most. If all files together are still too large, all animations step down together, then all stills. So the
outcome depends on what is published, never on its order. Whatever a step makes stays in the store: to find the same
outcome again nothing is encoded. Bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from neural_gallery.corridor.encoding import Encodings, Levels
from neural_gallery.corridor.events import EncodingStarted
from neural_gallery.pages.targets import ICON
from neural_gallery.pages.views import RenderedFile, Shown
from neural_gallery.site.model import Budgets
from neural_gallery.store.economy import ECONOMIES, STILL_ECONOMIES

Work: TypeAlias = Generator[EncodingStarted, None, Encodings]
Encode: TypeAlias = Callable[[Levels], Work]
"""Everything that is published beside the pages, at those levels."""

_PAGE_PARTS = (".css", ".js", ICON)


@dataclass(frozen=True, slots=True)
class WeighedPage:
    """What a view of a page costs before any click."""

    path: str
    text: int  # the page itself, the theme's stylesheets, scripts and icon
    shows: tuple[Shown, ...]

    def weight(self, encodings: Encodings) -> int:
        """With its stills, as a browser takes them that knows every format, on a screen of the simple density."""
        return self.text + sum(encodings.files[shown.file].bytes for shown in self.shows)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is published, and what was given up for it."""

    encodings: Encodings
    pages: Mapping[str, int]  # the weight of each page, by path
    page_levels: Mapping[str, int]  # of stills, for the page's budget; pages that gave up nothing are left out
    total: int  # all files together
    animations: int  # levels, for the site's budget
    stills: int


def fit(
    encodings: Encodings, rendered: Sequence[RenderedFile], budgets: Budgets, encode: Encode
) -> Generator[EncodingStarted, None, Fitted]:
    """Steps down from `encodings`, where nothing was given up, until all budgets are kept, or to the end.

    `rendered` are the files beside them.
    """
    pages = weighed(rendered)
    levels: dict[str, int] = {}
    if budgets.page is not None:
        levels = yield from _fit_pages(encodings, pages, budgets.page, encode)
    stills = _most(pages, levels)
    if stills:
        encodings = yield from encode(Levels(stills=stills))
    rest = sum(len(file.data) for file in rendered)
    steps = (0, 0)
    if budgets.site is not None:
        encodings, steps = yield from _fit_site(encodings, budgets.site - rest, stills, encode)
    weights = {page.path: page.weight(encodings) for page in pages}
    return Fitted(encodings, weights, levels, rest + _size(encodings), *steps)


def weighed(rendered: Iterable[RenderedFile]) -> list[WeighedPage]:
    """The pages among the files."""
    parts = sum(len(file.data) for file in rendered if file.path.endswith(_PAGE_PARTS))
    return [WeighedPage(file.path, len(file.data) + parts, file.shows) for file in rendered if file.shows is not None]


def _fit_pages(
    encodings: Encodings, pages: Sequence[WeighedPage], most: int, encode: Encode
) -> Generator[EncodingStarted, None, dict[str, int]]:
    """The level of each page that is too heavy as it is: the first at which it is not, or else the last."""
    levels: dict[str, int] = {}
    heavy = [page for page in pages if page.weight(encodings) > most]
    full = {page.path: page.weight(encodings) for page in heavy}
    for level in range(1, len(STILL_ECONOMIES)):
        if not heavy:
            break
        lighter = yield from encode(Levels(stills={shown.still: level for page in heavy for shown in page.shows}))
        # Where all that a page shows is lossless, it gives up nothing.
        levels |= {page.path: level for page in heavy if page.weight(lighter) < full[page.path]}
        heavy = [page for page in heavy if page.weight(lighter) > most]
    return levels


def _most(pages: Iterable[WeighedPage], levels: Mapping[str, int]) -> dict[str, int]:
    """The level of each still: that of the page that asks for most."""
    stills: dict[str, int] = {}
    for page in pages:
        for shown in page.shows if page.path in levels else ():
            stills[shown.still] = max(levels[page.path], stills.get(shown.still, 0))
    return stills


def _fit_site(
    encodings: Encodings, most: int, stills: Mapping[str, int], encode: Encode
) -> Generator[EncodingStarted, None, tuple[Encodings, tuple[int, int]]]:
    """What all files together may have, with the levels of animations and stills that lead there."""
    last = len(ECONOMIES) - 1
    steps = [(level, 0) for level in range(1, len(ECONOMIES))]
    steps += [(last, level) for level in range(1, len(STILL_ECONOMIES))]
    taken = (0, 0)
    for step in steps:
        if _size(encodings) <= most:
            break
        animations, still = step
        paths = {view.still.fallback.path for view in encodings.gallery.pictures.values()}
        paths |= {view.result.fallback.path for view in encodings.gallery.pairs.values()}
        encodings = yield from encode(Levels(animations, {path: max(still, stills.get(path, 0)) for path in paths}))
        taken = step
    return encodings, taken


def _size(encodings: Encodings) -> int:
    return sum(encoded.bytes for encoded in encodings.files.values())
