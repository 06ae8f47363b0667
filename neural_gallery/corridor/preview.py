"""The site as it would be published now, for looking at while it is made: nothing is written, nothing encoded ahead.

Every file is a promise. Its bytes come from the store, or are made when somebody asks for them. A pair that is still to
be painted stands on its pages with its content picture. Budgets of pages and of the whole site are not looked at.
"""

from __future__ import annotations

import mimetypes
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from neural_gallery.corridor.checking import check
from neural_gallery.corridor.encoding import (
    Encoder,
    File,
    Levels,
    Wanted,
    mime_of,
    picture_encoder,
    picture_keys,
    result_encoder,
    result_keys,
    waiting_encoder,
    waiting_keys,
    wanted_files,
)
from neural_gallery.corridor.naming import AnimationFile, StillFile, animation_files
from neural_gallery.corridor.planning import painting_keys
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.pages.views import Gallery, ImageFile, PairView, PictureView, StillView
from neural_gallery.site.lines import pair_lines
from neural_gallery.site.model import Pair, Picture, Site, Target
from neural_gallery.store.stills import scaled_height

if TYPE_CHECKING:
    from neural_gallery.store.paintings import Painting
    from neural_gallery.store.store import Store

KEPT = 512
"""How many files that the store does not have are kept in memory."""

_LIGHTEST_FIRST = ("image/avif", "video/mp4", "image/webp")
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".xml": "application/xml"}
"""The same on every machine, where Python's own table reads the system's registry."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the site. Two with one identity have the same bytes."""

    type: str  # MIME
    identity: str
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """The site at one moment."""

    site: Site
    files: Mapping[str, Asset]  # by path, as in an output folder
    stills: Mapping[str, str]  # the path of the result's still, by the id of each pair that is shown
    waiting: frozenset[str]  # the ids of those that are not painted


def make_preview(site: Site, workshop: Workshop, bakery: Bakery) -> Preview:
    """The site as HTML, whatever its target. Raises InputError with every problem."""
    site = replace(site, target=Target.HTML, base_url="")
    pages = check(site)
    used, keys, maker = pages.used(), painting_keys(site, workshop), _Maker(site, bakery)
    pictures = {name: maker.picture(site.images[name]) for name in used.pictures}
    paintings = {pair_id: bakery.store.painting(keys[pair_id]) for pair_id in used.pairs}
    pairs = {
        pair_id: maker.painted(site.pair(pair_id), painting) if painting else maker.waiting(site.pair(pair_id))
        for pair_id, painting in paintings.items()
    }
    for file in pages.render(Gallery(pictures, pairs)):
        maker.files[file.path] = _whole(file.path, file.data)
    stills = {pair_id: view.result.fallback.path for pair_id, view in pairs.items()}
    waiting = frozenset(pair_id for pair_id, painting in paintings.items() if painting is None)
    return Preview(site, maker.files, stills, waiting)


class Bakery:
    """Encodes files when they are asked for, as many at once as there are cores, and keeps the last of them.

    What the store has is taken from there. Nothing is put there: who adds to the store holds its lock.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._room = threading.Semaphore(os.cpu_count() or 1)

    def bake(self, key: str, make: Callable[[], bytes]) -> bytes:
        """The bytes of that key, made where they are not kept."""
        with self._room:
            with self._lock:
                data = self._kept.get(key)
            data = make() if data is None else data
            with self._lock:
                self._kept[key] = data
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return data

    def encoded(self, file: File, wanted: Wanted, encoder: Encoder) -> bytes:
        """One encoded file."""
        choice = wanted.choice(self.store)
        if choice.encoded is not None:
            return choice.encoded.read()
        return self.bake(wanted.keys[choice.level], lambda: encoder(file, choice.level)[0])


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes views of pictures and pairs, and the files that these name."""

    site: Site
    bakery: Bakery
    files: dict[str, Asset] = field(default_factory=dict)

    def picture(self, picture: Picture) -> PictureView:
        files = wanted_files(picture_keys(self.site, picture), Levels(), self.site.budgets)
        self._promise(files, picture_encoder(picture, files))
        return PictureView(picture, _still(files, picture.width, picture.height))

    def painted(self, pair: Pair, painting: Painting) -> PairView:
        files = wanted_files(result_keys(self.site, pair, painting.key), Levels(), self.site.budgets)
        self._promise(files, result_encoder(painting))
        gif, *others = [_image(file, pair.width, pair.height) for file in files if isinstance(file, AnimationFile)]
        lighter = sorted(others, key=lambda image: _LIGHTEST_FIRST.index(image.type))
        still = _still(files, pair.width, pair.height)
        return PairView(pair, still, gif, tuple(lighter), painting.record.origin.facts, pair_lines(pair))

    def waiting(self, pair: Pair) -> PairView:
        """Shows the content where the result will be."""
        files = wanted_files(waiting_keys(self.site, pair), Levels(), self.site.budgets)
        self._promise(files, waiting_encoder(pair))
        # As if it were painted: the page's script shows how far it is, and sees to it that nothing is played before.
        gif = _image(animation_files(self.site, pair)[0], pair.width, pair.height)
        return PairView(pair, _still(files, pair.width, pair.height), gif, (), {}, pair_lines(pair))

    def _promise(self, files: Mapping[File, Wanted], encoder: Encoder) -> None:
        for file, wanted in files.items():
            self.files[file.path] = Asset(mime_of(file), wanted.keys[0], self._reader(file, wanted, encoder))

    def _reader(self, file: File, wanted: Wanted, encoder: Encoder) -> Callable[[], bytes]:
        return lambda: self.bakery.encoded(file, wanted, encoder)


def _still(files: Iterable[File], width: int, height: int) -> StillView:
    fallback, *further = [_image(file, width, height) for file in files if isinstance(file, StillFile)]
    return StillView(fallback, tuple(further))


def _image(file: File, width: int, height: int) -> ImageFile:
    """How many bytes it will have nobody knows yet, and no page says."""
    shown = file.width if isinstance(file, StillFile) else width
    return ImageFile(file.path, mime_of(file), shown, scaled_height(width, height, shown), 0)


def _whole(path: str, data: bytes) -> Asset:
    """A file whose bytes are there already."""
    extension = os.path.splitext(path)[1]  # noqa: PTH122  (a path of the web, not of this system)
    type_ = _TYPES.get(extension) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Asset(type_, sha256(data).hexdigest(), lambda: data)
