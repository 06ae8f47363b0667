"""What is written beside each painting, and read again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neural_gallery.site.model import Crop, Pair
from neural_gallery.store.records import Origin, describe, load_record
from neural_gallery.store.sealed import seal
from neural_gallery.store.store import Store

KEY = "ab" + "0" * 62
Blend = Callable[..., list[NDArray[np.uint8]]]


def test_all_that_a_pair_can_have_comes_back(store: Store, blend: Blend, masked: Pair) -> None:
    """Masks, layers, the picture to start from, and lists of numbers among the settings survive in the record."""
    origin = describe(masked, engine=1, weights_sha256="e" * 64, facts={})
    frames = blend(2, 24, 16)
    store.add_painting(KEY, frames[-1], None, frames, origin)
    found = Store(store.folder).records()[0].origin
    assert found == origin
    first, second = found.styles
    assert (first.layers, first.mask.name, first.style_mask) == (("relu1_1", "relu2_1"), "sky-mask", None)
    assert (second.layers, second.mask, second.style_mask.crop) == ((), None, Crop(5, 6, 70, 80))
    assert found.init_picture.sha256 == "3" * 64
    assert found.settings["steps"] == [20, 50]


def test_a_record_from_before_there_were_masks(store: Store, blend: Blend, origin: Origin) -> None:
    """A painting whose record knows no masks, layers or pictures to start from is read as one that has none."""
    frames = blend(2, 24, 16)
    record = store.add_painting(KEY, frames[-1], None, frames, origin).record
    body = dataclasses.asdict(record)
    for source in (body["origin"]["content"], *body["origin"]["styles"]):
        for name in ("layers", "mask", "style_mask"):
            del source[name]
    del body["origin"]["init_picture"]
    assert load_record(seal({**body, "created": record.created.isoformat()})) == record
