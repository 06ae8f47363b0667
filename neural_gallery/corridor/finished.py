"""What is painted already, for pages that another program writes: encoded when first placed, and never painted."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from neural_gallery.corridor.encoding import encode
from neural_gallery.corridor.events import EncodingStarted
from neural_gallery.corridor.naming import name_clashes
from neural_gallery.corridor.planning import make_plan, not_painted
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.errors import InputError, RunError
from neural_gallery.pages.placements import PicturePlacement, Placement, left_of, pairs_of
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Gallery, PairView, PictureView
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

if TYPE_CHECKING:
    from neural_gallery.store.encodings import Encoded

Files: TypeAlias = "dict[str, bytes | Encoded]"


class Finished:
    """The finished pairs of a site. `gallery` holds what has been brought so far."""

    def __init__(self, site: Site, store: Store, workshop: Workshop) -> None:
        self.site = site
        self.store = store
        self.theme = Theme(site.theme, root=site.root)
        self._workshop = workshop
        self._pictures: dict[str, PictureView] = {}
        self._pairs: dict[str, PairView] = {}
        self._encoded: dict[str, Encoded] = {}
        self.gallery = Gallery(self._pictures, self._pairs)

    def bring(self, placement: Placement) -> None:
        """Have all that a placement shows in the gallery. Raises RunError with every pair that is not painted."""
        pairs = pairs_of([placement])
        pictures = {left_of(pair).name for pair in pairs}
        if isinstance(placement, PicturePlacement):
            pictures.add(placement.picture.name)
        new_pictures = sorted(pictures - self._pictures.keys())
        new_pairs = sorted({placed.pair.id for placed in pairs} - self._pairs.keys())
        if new_pictures or new_pairs:
            with self.store.lock():
                for _ in self._bring(new_pictures, self._keys(new_pairs)):
                    pass

    def files(self) -> Files:
        """What pages need beside themselves, by path below the place that links lead to: pictures, style and script."""
        static = {f"static/{path}": file.read_bytes() for path, file in self.theme.static_files(embedded=True)}
        return {**self._encoded, **static}

    def _keys(self, pair_ids: list[str]) -> dict[str, str]:
        """The keys of these pairs' paintings, by id."""
        if not pair_ids:
            return {}
        plan = make_plan(self.site, self.store, self._workshop, pair_ids=pair_ids)
        if problems := not_painted(plan, command="paint"):
            raise RunError(*problems)
        return plan.keys

    def _bring(self, pictures: list[str], keys: Mapping[str, str]) -> Generator[EncodingStarted, None, None]:
        paintings = {pair_id: self.store.painting(key) for pair_id, key in keys.items()}
        there = {pair_id: painting for pair_id, painting in paintings.items() if painting is not None}
        encodings = yield from encode(self.site, self.store, [self.site.images[name] for name in pictures], there)
        self._pictures.update(encodings.gallery.pictures)
        self._pairs.update(encodings.gallery.pairs)
        self._encoded.update(encodings.files)


def open_finished(manifest: Path) -> Finished:
    """The finished pairs of the site that a manifest describes. Raises InputError with every problem of it."""
    folder = manifest.parent.absolute() / STORE_FOLDER
    site = load_site(manifest, cache=ProbeCache(folder / "pictures.json"))
    if problems := name_clashes(site, site.images.values()):
        raise InputError(*problems)
    return Finished(site, Store(folder), local_workshop(folder / "compiled"))
