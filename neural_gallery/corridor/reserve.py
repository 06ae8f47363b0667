"""What a build needs after painting: encoding what is not encoded, and writing the pages. Seconds.

A guess on the safe side. Most is encoded beside painting on a processor, where painting takes long; on an accelerator,
where it does not, nearly everything is still to be encoded when the last pair is painted.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from types import MappingProxyType

from neural_gallery.corridor.deadline import Clock
from neural_gallery.corridor.encoding import Keys, encoded_files, picture_keys, result_keys
from neural_gallery.corridor.naming import AnimationFile, StillFile
from neural_gallery.corridor.plan import Plan
from neural_gallery.pages.pages import Used
from neural_gallery.site.model import Site
from neural_gallery.store.stills import scaled_height
from neural_gallery.store.store import Store

STILLS: Mapping[str, float] = MappingProxyType({"avif": 1.0e-6, "webp": 5.6e-7, "jpeg": 2e-7, "png": 3e-7, "gif": 3e-7})
"""What a pixel takes on one core. Measured at 400 x 267 pixels, where it is 0.03 to 0.1 s a still."""

ANIMATIONS: Mapping[str, float] = MappingProxyType({"gif": 1.6e-7, "webp": 1e-7, "avif": 1.1e-7, "mp4": 1e-7})
"""The same for a pixel of one frame: with 24 of them 0.25 to 0.4 s."""

CAUTION = 2.0
"""Other machines are slower, and not every core is busy until the end."""

PAGES, PAGE = 6.0, 0.03
"""For ending what the painter is just computing, rendering and writing: at any rate, and for each pair."""

WEIGHING = 0.02
"""The share of the time that weighing all of this may take: thousands of pairs are not weighed at every look."""


class Publishing:
    """What it needs to publish a site, while its pairs are painted and encoded."""

    def __init__(self, site: Site, store: Store, plan: Plan, used: Used, *, clock: Clock = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._weighed, self._due = 0.0, -math.inf
        self._keys: dict[str, tuple[str, Keys]] = {}  # of the pairs' paintings and files, while these are not all there
        self._site = site
        published = frozenset(used.pairs)
        for planned in plan.pairs:
            if planned.pair.id in published:
                self._keys[planned.pair.id] = planned.key, result_keys(site, planned.pair, planned.key)
        self._sizes = {planned.pair.id: (planned.pair.width, planned.pair.height) for planned in plan.pairs}
        pictures = [site.images[name] for name in used.pictures]
        self._base = PAGES + PAGE * len(used.pairs)
        self._base += sum(self._seconds(picture_keys(site, one), one.width, one.height) for one in pictures)

    def seconds(self) -> float:
        """As things stand, or stood a moment ago where there is much to look at."""
        now = self._clock()
        if now >= self._due:
            self._weighed = self._base + sum(self._pair(pair_id, *keys) for pair_id, keys in list(self._keys.items()))
            then = self._clock()
            self._due = then + (then - now) / WEIGHING
        return self._weighed

    def _pair(self, pair_id: str, painting: str, keys: Keys) -> float:
        """What a pair's files need; one that waits needs stills of its content."""
        if not self._store.has_painting(painting):
            stills: Keys = {file: key for file, key in keys.items() if isinstance(file, StillFile)}
            return self._seconds(stills, *self._sizes[pair_id])
        if not (seconds := self._seconds(keys, *self._sizes[pair_id])):
            del self._keys[pair_id]
        return seconds

    def _seconds(self, keys: Keys, width: int, height: int) -> float:
        missing = [file for file, found in encoded_files(self._site, self._store, keys).items() if found is None]
        return CAUTION / (os.cpu_count() or 1) * sum(_seconds(file, width, height) for file in missing)


def _seconds(file: StillFile | AnimationFile, width: int, height: int) -> float:
    """What one file takes on one core."""
    if isinstance(file, AnimationFile):
        return ANIMATIONS[file.format] * width * height * file.frames
    return STILLS[file.format] * file.width * scaled_height(width, height, file.width)
