"""How large the site will be: what is encoded already to the byte, the rest by what is. Bytes.

The size is that before budgets of pages and of the site have anything step down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neural_gallery.corridor.encoding import Keys, encoded_files, picture_keys, result_keys
from neural_gallery.corridor.naming import AnimationFile, StillFile
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.pages.pages import Used
from neural_gallery.site.model import Budgets, Site
from neural_gallery.store.output import Output
from neural_gallery.store.stills import scaled_height
from neural_gallery.store.store import Store

STILLS: Mapping[str, float] = MappingProxyType({"avif": 0.23, "webp": 0.36, "jpeg": 0.47, "png": 2.3, "gif": 0.6})
"""What a pixel takes where no still of that format has been encoded yet. Measured at 400 x 267 pixels."""

ANIMATIONS: Mapping[str, float] = MappingProxyType({"gif": 0.52, "webp": 0.14, "avif": 0.06, "mp4": 0.08})
"""The same for a pixel of one frame. Measured there too, 24 frames."""

PAGES_PER_PAIR = 17_000
"""What pages take for each pair that they show, where none were written yet: it is on four of them, with its recipe."""

THEME = 28_000
"""What the theme's stylesheet and script take."""

_Kind = tuple[bool, str]  # whether it is an animation, and its format


@dataclass(frozen=True, slots=True)
class SiteSize:
    """What all files together take that the program writes to the output folder."""

    encoded: int  # stills and animations that the store has
    expected: int  # those that it has not
    pages: int  # and what stands beside them: as large as it was last time, or expected

    @property
    def total(self) -> int:
        """All of it."""
        return self.encoded + self.expected + self.pages


def expected_size(site: Site, store: Store, plan: Plan, used: Used, output: Output) -> SiteSize:
    """How large what `used` names will be, with its pages. `plan` is that of every pair; `output` is where it goes."""
    published = frozenset(used.pairs)
    shown = [planned for planned in plan.pairs if planned.pair.id in published]
    rates, encoded, missing, paths = _Rates(), 0, [], set()
    for keys, width, height in _sources(site, shown, used):
        for file, found in encoded_files(site, store, keys).items():
            paths.add(file.path)
            pixels = _pixels(file, width, height)
            if found is None:
                missing.append((file, pixels))
            else:
                encoded += found.bytes
                rates.learn(file, pixels, found.bytes)
    if missing:
        _learn_from_former(rates, site, store, [planned for planned in shown if not planned.fresh])
    expected = sum(_within(site.budgets, file, rates.rate(file) * pixels) for file, pixels in missing)
    pages = output.size_without(paths) or THEME + PAGES_PER_PAIR * len(shown)
    return SiteSize(encoded, round(expected), pages)


class _Rates:
    """Bytes for each pixel, or pixel and frame, by kind of file."""

    def __init__(self) -> None:
        self._seen: dict[_Kind, tuple[float, float]] = {}

    def learn(self, file: StillFile | AnimationFile, pixels: float, found: int) -> None:
        """A file of so many pixels has so many bytes."""
        before = self._seen.get(_kind(file), (0.0, 0.0))
        self._seen[_kind(file)] = (before[0] + pixels, before[1] + found)

    def rate(self, file: StillFile | AnimationFile) -> float:
        """What a pixel of such a file takes, on average."""
        if seen := self._seen.get(_kind(file)):
            return seen[1] / seen[0]
        return (ANIMATIONS if isinstance(file, AnimationFile) else STILLS)[file.format]


def _sources(site: Site, shown: Iterable[PlannedPair], used: Used) -> Iterator[tuple[Keys, int, int]]:
    """The keys of each picture and pair, with its width and height."""
    for name in used.pictures:
        picture = site.images[name]
        yield picture_keys(site, picture), picture.width, picture.height
    for planned in shown:
        yield result_keys(site, planned.pair, planned.key), planned.pair.width, planned.pair.height


def _learn_from_former(rates: _Rates, site: Site, store: Store, stale: Iterable[PlannedPair]) -> None:
    """What the newest painting of each pair that is painted anew was encoded to says of what it will be."""
    former = {record.origin.pair: record for record in reversed(store.records())}
    for planned in stale:
        if record := former.get(planned.pair.id):
            for file, found in encoded_files(site, store, result_keys(site, planned.pair, record.key)).items():
                if found is not None:
                    rates.learn(file, _pixels(file, record.width, record.height), found.bytes)


def _pixels(file: StillFile | AnimationFile, width: int, height: int) -> int:
    """The pixels of a file of a source of that size: those of all frames of an animation."""
    if isinstance(file, AnimationFile):
        return width * height * file.frames
    return file.width * scaled_height(width, height, file.width) * file.bits // 8


def _kind(file: StillFile | AnimationFile) -> _Kind:
    return isinstance(file, AnimationFile), file.format


def _within(budgets: Budgets, file: StillFile | AnimationFile, expected: float) -> float:
    most = budgets.animation if isinstance(file, AnimationFile) else None
    return expected if most is None else min(expected, most)
