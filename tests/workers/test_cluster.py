"""Painting on a Dask cluster: a real scheduler, worker processes, and what befalls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import neural_gallery
from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairProgress, PairStarted, PairStopped
from neural_gallery.corridor.workshop import Workshop, with_cluster
from neural_gallery.errors import CrewError, PaintError
from neural_gallery.workers import cluster as cluster_module

from ..support.crewed import EVERY, Crewed
from .conftest import PAIRS, Files, cluster_of

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("workers_find_tests")]
Built = Callable[..., Files]


@pytest.fixture(scope="module")
def address(workers_find_tests: None) -> Iterator[str]:
    """A scheduler with three worker processes, for all tests here: those that are killed are started again."""
    with cluster_of(3) as address:
        yield address


def on(address: str, painter: Crewed, patience: float = 60.0) -> Workshop:
    """A workshop that paints there."""
    return with_cluster(Workshop(painter, "0" * 64), address, None, patience=patience)


def of_kind(told: list[Event], kind: type) -> list:
    """The events of that kind."""
    return [event for event in told if isinstance(event, kind)]


def test_a_worker_is_killed(address: str, notes: Path, built: Built, serially: Files, told: list[Event]):
    """In the middle of a pair: another one goes on from its checkpoint, and the site is what one process makes."""
    painter = Crewed(notes, seconds=0.05, kills=("sea-sun",))
    assert built(on(address, painter)) == serially
    begun, painted = painter.stints(), painter.stints("painted")
    assert sorted(one.pair for one in painted) == sorted(PAIRS)
    assert [one.since for one in begun if one.pair == "sea-sun"] == [0, 2 * EVERY]
    assert len([one for one in begun if one.pair != "sea-sun"]) == len(PAIRS) - 1
    assert len({one.process for one in begun}) >= 3
    (note,) = of_kind(told, Note)
    assert "went away, or was killed; 'sea-sun' goes on from its last checkpoint." in note.message
    assert len(of_kind(told, PairStarted)) == len(of_kind(told, PairDone)) == len(PAIRS)
    under_way = {event.pair for event in told[: told.index(of_kind(told, PairDone)[0])] if hasattr(event, "pair")}
    assert len(under_way) == 3
    assert {event.pair for event in of_kind(told, PairProgress)} == set(PAIRS)
