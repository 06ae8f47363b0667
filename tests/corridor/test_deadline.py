"""When painting has to stop, and when it is worth beginning."""

from __future__ import annotations

import math

import pytest

from neural_gallery.corridor.deadline import CHECKPOINT_EVERY, LEAST, NO_DEADLINE, Deadline
from neural_gallery.corridor.estimate import Pace

from ..support.slowly import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def test_without_a_budget_there_is_no_end():
    """Nothing is ever refused or stopped, and painters send checkpoints as they like."""
    watch = NO_DEADLINE.watch(1e9)
    assert NO_DEADLINE.allows(1e9)
    assert not NO_DEADLINE.is_set
    assert not watch.has_to_stop(saved=True, work=0.1)
    assert watch.checkpoint_every is None


def test_the_reserve_is_kept(clock: Clock):
    """What comes after painting is not taken from it, and is asked for anew each time."""
    needed = [10.0]
    deadline = Deadline.after(100, clock=clock).keeping(lambda: needed[0])
    clock.now += 20
    assert deadline.left() == 70
    needed[0] = 25.0
    assert deadline.left() == 55


def test_the_reserve_takes_half_at_the_most(clock: Clock):
    """Or a site with much to encode would never get its first painting."""
    assert Deadline.after(100, clock=clock).keeping(lambda: 1000.0).left() == 50


@pytest.mark.parametrize(("left", "expected", "worth"), [(10, 9, True), (10, 11, False), (LEAST, 1e6, True)])
def test_what_is_worth_beginning(clock: Clock, left: float, expected: float, worth: bool):
    """A pair that will be finished, or one that comes to a checkpoint."""
    assert Deadline.after(left, clock=clock).keeping(lambda: 0.0).allows(expected) is worth


def test_stopped_where_the_next_checkpoint_comes_too_late(clock: Clock):
    """Of checkpoints eight seconds apart the last one that fits is the end."""
    watch = Deadline.after(60, clock=clock).keeping(lambda: 0.0).watch(1000)
    stops = []
    for second in range(1, 60):
        clock.now += 1
        if watch.has_to_stop(saved=second % 8 == 0, work=second / 1000):
            stops.append(second)
            break
    assert stops == [56]


def test_stopped_at_the_end_without_a_checkpoint(clock: Clock):
    """A painter that sends none does not keep the command from ending."""
    watch = Deadline.after(60, clock=clock).keeping(lambda: 0.0).watch(1000)
    clock.now += 59
    assert not watch.has_to_stop(saved=False, work=0.1)
    clock.now += 1
    assert watch.has_to_stop(saved=False, work=0.1)


def test_what_is_nearly_finished_is_finished(clock: Clock):
    """Where the end comes before the next checkpoint and before the deadline."""
    watch = Deadline.after(103, clock=clock).keeping(lambda: 0.0).watch(100)
    watch.has_to_stop(saved=False, work=0.0)
    for work in (0.5, 0.98):
        clock.now = 1000 + 100 * work
        assert not watch.has_to_stop(saved=True, work=work)
    assert watch.rest() == pytest.approx(2)


def test_work_of_earlier_runs_was_not_done_in_this_one(clock: Clock):
    """A pair that begins half painted is not taken to be twice as fast."""
    watch = Deadline.after(1000, clock=clock).watch(100)
    assert watch.rest() == math.inf
    watch.has_to_stop(saved=False, work=0.5)
    clock.now += 10
    watch.has_to_stop(saved=False, work=0.55)
    assert watch.rest() == math.inf  # most of that was compiling
    clock.now += 10
    watch.has_to_stop(saved=False, work=0.7)
    assert watch.rest() == pytest.approx(30)


@pytest.mark.parametrize(("expected", "every"), [(10, None), (50, CHECKPOINT_EVERY)])
def test_checkpoints_are_near_where_a_pair_may_be_stopped(clock: Clock, expected: float, every: float | None):
    """Others are painted as ever."""
    assert Deadline.after(101, clock=clock).watch(expected).checkpoint_every == every


def test_pace():
    """A machine that takes twice the time is expected to go on so."""
    pace = Pace()
    assert pace.corrected(10) == 10
    pace.learn(20, 50)
    pace.learn(10, 10)
    assert pace.corrected(10) == 20
