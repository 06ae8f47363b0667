"""Workers of a Dask cluster whose nanny allows them only so much memory, as `dask worker` starts them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neural_gallery.corridor.events import Event, Note
from neural_gallery.corridor.workshop import Workshop, with_cluster
from neural_gallery.workers.link import linked

from ..support.crewed import EVERY, Crewed
from .conftest import PAIRS, Files, cluster_of

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("workers_find_tests")]
Built = Callable[..., Files]

LIMIT = 600
"""MB for each worker: three times what it takes for itself."""


@contextmanager
def limited(workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers, started from the command line."""
    with cluster_of(0) as address:
        options = ["--nworkers", str(workers), "--nthreads", "1", "--memory-limit", f"{LIMIT}MB", "--no-dashboard"]
        command = [sys.executable, "-m", "dask", "worker", address, *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, **quiet) as nanny:
            try:
                yield address
            finally:
                nanny.terminate()


def on(address: str, painter: Crewed) -> Workshop:
    """A workshop that paints there."""
    return with_cluster(Workshop(painter, "0" * 64), address, None, patience=60.0)


def test_a_worker_takes_too_much(notes: Path, built: Built, serially: Files, told: list[Event]):
    """Its nanny kills it in the middle of a pair, which goes on from its checkpoint; no other pair is lost."""
    painter = Crewed(notes, seconds=0.05, gorges=("sea-sun",))
    with limited(2) as address:
        assert built(on(address, painter)) == serially
        with linked(address) as link:  # what a painter is told of
            assert {standing.memory for standing in link.workers().values()} == {LIMIT * 10**6}
    begun, painted = painter.stints(), painter.stints("painted")
    assert sorted(one.pair for one in painted) == sorted(PAIRS)
    assert [one.since for one in begun if one.pair == "sea-sun"] == [0, 2 * EVERY]
    assert len([one for one in begun if one.pair != "sea-sun"]) == len(PAIRS) - 1
    (note,) = [event for event in told if isinstance(event, Note)]
    assert note.message.startswith("worker tcp://127.0.0.1:")
    assert note.message.endswith(" went away, or was killed; 'sea-sun' goes on from its last checkpoint.")


def test_a_worker_that_is_paused(notes: Path, built: Built, serially: Files, told: list[Event]):
    """One that has taken so much that Dask gives it no more to do is started anew, and gets the next pair."""
    painter = Crewed(notes, hoards=("sky-sun",), megabytes=int(0.87 * LIMIT))
    with limited(1) as address:
        assert built(on(address, painter)) == serially
    assert len(painter.stints()) == len(painter.stints("painted")) == len(PAIRS)
    assert len({one.process for one in painter.stints()}) == 2
    (note,) = [event.message for event in told if isinstance(event, Note)]
    assert " has taken most of the memory that it may take, and is started anew" in note
