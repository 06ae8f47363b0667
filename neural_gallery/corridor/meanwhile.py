"""Encoding while there is still something to be painted.

Painting leaves parts of a core idle, and on an accelerator all of them. What is encoded here is in the store when the
pages are written. Nothing depends on it: what fails here is done again there, and told there.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Generator, Iterable, Mapping
from typing import TypeVar

from neural_gallery.corridor.encoding import encode
from neural_gallery.corridor.events import Event, PairDone
from neural_gallery.site.model import Picture, Site
from neural_gallery.store.store import Store

T = TypeVar("T")

NICENESS = 10
"""How far the encoder stands back behind the painter."""


def encoding_meanwhile(
    painting: Generator[Event, None, T],
    site: Site,
    store: Store,
    *,
    pictures: Iterable[Picture],
    keys: Mapping[str, str],
) -> Generator[Event, None, T]:
    """The events and the outcome of `painting`; beside it, in a thread, encodes what the pages show.

    That is `pictures`, and each pair whose painting is finished if `keys` has its painting's key by its id. Whatever
    waits to be encoded when painting ends is left; what is being encoded is waited for.
    """
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1, "encoding", initializer=_stand_back)

    def encode_pair(pair_id: str) -> None:
        if painting := store.painting(keys[pair_id]):
            _exhaust(encode(site, store, [], {pair_id: painting}, threads=1))

    def encode_picture(picture: Picture) -> None:
        _exhaust(encode(site, store, [picture], {}, threads=1))

    try:
        for picture in pictures:
            pool.submit(encode_picture, picture)
        while True:
            try:
                event = next(painting)
            except StopIteration as end:
                return end.value
            # The last one is left to the end, when every core has time for it.
            if isinstance(event, PairDone) and event.pair in keys and event.position < event.total:
                pool.submit(encode_pair, event.pair)
            yield event
    finally:
        painting.close()
        pool.shutdown(cancel_futures=True)


def _stand_back() -> None:
    """Lets the painter go first where threads have a priority of their own (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _exhaust(work: Iterable[object]) -> None:
    for _ in work:
        pass
