"""What is written beside each painting, and read again."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neural_gallery.site.model import Crop, Pair
from neural_gallery.store.records import Origin, Record, StoredFile, describe, dump_record, load_record
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_whatever_a_painter_tells_can_be_read_again(pair: Pair, facts: dict[str, object]) -> None:
    """Or the painting would count as damaged as soon as it is there."""
    origin = describe(pair, engine=1, weights_sha256="e" * 64, facts=facts)
    created = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    files = {name: StoredFile(5, "a" * 64) for name in ("still.png", "frame-000.webp")}
    record = Record(KEY, origin, created, 24, 16, 1, files)
    assert load_record(dump_record(record)) == record
