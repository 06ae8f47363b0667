"""What the crew of a cluster makes of what it sees and hears: without one, and in no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from neural_gallery.errors import CrewError
from neural_gallery.workers import cluster
from neural_gallery.workers.cluster import ClusterCrew, ClusterShift
from neural_gallery.workers.crew import NOBODY, Lost, Remark
from neural_gallery.workers.link import Standing
from neural_gallery.workers.messages import Job, Painted, Progress
from neural_gallery.workers.wire import Packed, pack

from ..support.crewed import Crewed

PIXELS = np.zeros((4, 6, 3), np.uint8)
RESULT = Painted(PIXELS, {})
WITH_NANNY = Standing("alice", nanny=True)
PATIENCE = 60.0


@dataclass
class Clock:
    """Stands where it is put."""

    now: float = 0.0

    def monotonic(self) -> float:
        """What time it is."""
        return self.now


@dataclass
class Link:
    """A way to workers that a test makes come, go and speak."""

    there: dict[str, Standing] = field(default_factory=dict)
    address: str = "tcp://scheduler:8786"
    arrived: list[tuple[int, Packed]] = field(default_factory=list)
    handed: list[tuple[str, int]] = field(default_factory=list)
    painters: list[Any] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    greets: bool = True

    def workers(self) -> dict[str, Standing]:
        """Those that are there."""
        return self.there

    def ask(self, address: str, question: Callable[[], object]) -> SimpleNamespace:
        """One that answers at once, if it does."""
        return SimpleNamespace(done=lambda: self.greets, status="finished", result=question)

    def paint(self, address: str, painter: object, packed: Packed, number: int) -> SimpleNamespace:
        """A job that is never over for Dask."""
        self.handed.append((address, number))
        self.painters.append(painter)
        return SimpleNamespace(done=lambda: False)

    def says(self, *things: object) -> None:
        """The last job that was handed out sends that."""
        self.arrived += [(self.handed[-1][1], pack(thing)) for thing in things]

    def received(self, seconds: float) -> Sequence[tuple[int, Packed]]:
        """What has arrived; one of them where the caller waits."""
        count = 1 if seconds else len(self.arrived)
        found, self.arrived = self.arrived[:count], self.arrived[count:]
        return found

    def cancel(self, future: object) -> None:
        """Is forgotten."""

    def restart(self, address: str) -> None:
        """Is noted."""
        self.restarted.append(address)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The shift's."""
    clock = Clock()
    monkeypatch.setattr(cluster, "time", clock)
    return clock


@pytest.fixture
def link() -> Link:
    """With one worker, which has a nanny."""
    return Link({"tcp://a": WITH_NANNY})


@pytest.fixture
def shift(link: Link, clock: Clock, tmp_path: Path) -> ClusterShift:
    """At work with that worker, which has said who it is."""
    shift = ClusterShift(link, ClusterCrew(link.address, painter=Crewed(tmp_path), compiled=None), PATIENCE)
    assert list(shift.news(1.0)) + list(shift.news(1.0)) == []
    return shift


@pytest.fixture
def job() -> Job:
    """Some painting."""
    return Job("sky-sun", PIXELS, (), SimpleNamespace(quality="draft"), 2)


def after(shift: ClusterShift, clock: Clock, seconds: float) -> list:
    """The news that there is then."""
    clock.now += seconds
    return list(shift.news(1.0))


def test_busy_elsewhere(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """Whoever has reported in time does not hang, however late that is read; whoever has not, does."""
    shift.begin(7, job)
    link.says("run", Progress(1, 20, "painting", 1.0))
    assert [(ticket, type(news)) for ticket, news in after(shift, clock, PATIENCE + 5)] == [(7, Progress)]
    assert after(shift, clock, PATIENCE - 5) == []
    assert link.restarted == []
    why = "gave no sign of life for 60 seconds"
    assert after(shift, clock, 6) == [(7, Lost("worker alice (tcp://a)", why))]
    assert link.restarted == ["tcp://a"]
    assert shift.free() == 0


def test_gone_when_it_had_finished(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """What a worker has sent counts, also where it has gone since: its pair is not painted again."""
    shift.begin(7, job)
    link.says("run", RESULT)
    link.there = {}
    assert [(ticket, type(news)) for ticket, news in after(shift, clock, 2)] == [(7, Painted)]


def paint(shift: ClusterShift, link: Link, clock: Clock, job: Job) -> None:
    """Has a pair painted."""
    shift.begin(7, job)
    link.says("run", RESULT)
    assert [type(news) for _, news in after(shift, clock, 2)] == [Painted]


def test_paused_between_two_pairs(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """It is started anew, once, and gets pairs again when it has less."""
    paint(shift, link, clock, job)
    link.there = {"tcp://a": replace(WITH_NANNY, paused=True)}
    assert after(shift, clock, 2) == []
    assert shift.free() == 0
    (told,) = after(shift, clock, 4)
    message = "worker alice (tcp://a) has taken most of the memory that it may take, and is started anew."
    assert told == (NOBODY, Remark(message))
    assert after(shift, clock, 2) == []
    assert link.restarted == ["tcp://a"]
    link.there = {"tcp://a": WITH_NANNY}
    assert after(shift, clock, 2) == []
    assert shift.free() == 1


def test_paused_with_a_pair_that_has_not_begun(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """The pair is somebody else's then, and it is not to blame."""
    paint(shift, link, clock, job)
    shift.begin(8, job)
    link.there = {"tcp://a": replace(WITH_NANNY, paused=True)}
    assert after(shift, clock, 2) == []
    why = "has taken most of the memory that it may take, and is started anew"
    assert after(shift, clock, 4) == [(8, Lost("worker alice (tcp://a)", why, blames=False))]
    assert link.restarted == ["tcp://a"]


def test_paused_while_it_paints(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """That goes on: a paused worker finishes what it does."""
    shift.begin(7, job)
    link.says("run", Progress(1, 20, "painting", 1.0))
    link.there = {"tcp://a": replace(WITH_NANNY, paused=True)}
    assert len(after(shift, clock, 2)) == 1
    assert after(shift, clock, 30) == []
    assert link.restarted == []
    link.says(RESULT)
    assert [type(news) for _, news in after(shift, clock, 2)] == [Painted]
    assert [type(news) for _, news in after(shift, clock, 4)] == [Remark]
    assert link.restarted == ["tcp://a"]


@pytest.mark.parametrize("nanny", [False, True])
def test_too_little_memory_to_begin_with(shift: ClusterShift, link: Link, clock: Clock, *, nanny: bool):
    """One that is paused before it has painted is not started anew, which would be in vain; alone it ends the run."""
    link.there = {"tcp://a": Standing("alice", paused=True, nanny=nanny)}
    assert after(shift, clock, 2) == []
    (told,) = after(shift, clock, 4)
    message = (
        "worker alice (tcp://a) has taken most of the memory that it may take, and gets no pair before it has less."
    )
    assert told == (NOBODY, Remark(message))
    assert link.restarted == []
    with pytest.raises(CrewError) as caught:
        after(shift, clock, 60)
    assert str(caught.value) == (
        "the workers at tcp://scheduler:8786 have too little memory to begin a pair. Give them more with "
        "`dask worker --memory-limit`. What is painted is kept: run the same command again to go on."
    )


def test_paused_before_it_has_said_who_it_is(link: Link, clock: Clock, tmp_path: Path):
    """It is waited for no longer than for one that does not come at all."""
    link.there, link.greets = {"tcp://a": replace(WITH_NANNY, paused=True)}, False
    shift = ClusterShift(link, ClusterCrew(link.address, painter=Crewed(tmp_path), compiled=None), PATIENCE)
    assert after(shift, clock, 1) == []
    assert len(after(shift, clock, 5)) == 1
    with pytest.raises(CrewError, match="too little memory to begin a pair"):
        after(shift, clock, 60)


def test_a_painter_knows_its_limit(link: Link, clock: Clock, job: Job, tmp_path: Path):
    """That of its worker, so that it paints in blocks what would be too much for it."""
    link.there = {"tcp://a": replace(WITH_NANNY, memory=4 * 10**9)}
    shift = ClusterShift(link, ClusterCrew(link.address, painter=None, compiled=tmp_path), PATIENCE)
    assert list(shift.news(1.0)) + list(shift.news(1.0)) == []
    shift.begin(7, job)
    assert [painter.memory for painter in link.painters] == [4 * 10**9]


def test_suits(shift: ClusterShift, link: Link, clock: Clock, job: Job):
    """A pair does not wait for one that is paused."""
    shift.begin(7, job)
    link.says("run", Lost("", "ran out of memory"))
    assert len(after(shift, clock, 2)) == 1
    link.there = {"tcp://a": WITH_NANNY, "tcp://b": Standing("bob", nanny=True)}
    assert after(shift, clock, 2) + after(shift, clock, 2) == []
    assert shift.suits(7)
    link.there["tcp://b"] = Standing("bob", paused=True)
    assert after(shift, clock, 2) == []
    assert shift.suits(7)
    assert shift.free() == 1
