"""Painting what a plan says, and keeping each painting as soon as it is finished."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Collection, Generator, Sequence
from dataclasses import replace

from neural_gallery.corridor.crews import paint_with_crew
from neural_gallery.corridor.deadline import NO_DEADLINE, Deadline
from neural_gallery.corridor.easel import Easel, begin
from neural_gallery.corridor.estimate import Pace
from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairProgress, PairStarted, PairStopped
from neural_gallery.corridor.outcome import Outcome, time_up
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.corridor.planning import shape_of
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, PictureError, Problem
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Painted

MOST_TOGETHER = 1024
"""More pairs than any machine paints at once: so many of those that wait are looked at, of however many."""


def in_order(plan: Plan, store: Store, workshop: Workshop, deadline: Deadline) -> Plan:
    """The same plan in the order in which it is best painted.

    Where time is short, pairs that an earlier run has begun come first: they are the nearest to their end. Where
    several share the work, the longest come first: else one might still be at work when the others have nothing to do.
    """

    def rank(planned: PlannedPair) -> tuple[bool, float]:
        last = deadline.is_set and not store.has_begun(planned.key)
        return last, -planned.seconds if workshop.crew else 0.0

    return replace(plan, to_paint=tuple(sorted(plan.to_paint, key=rank)))


def paint_missing(
    plan: Plan, store: Store, workshop: Workshop, *, deadline: Deadline = NO_DEADLINE
) -> Generator[Event, None, Outcome]:
    """Paint `plan.to_paint`, in its order, for as long as there is time.

    A pair that fails does not stop the others. What concerns all of them (missing weights, a full disk) is raised.
    """
    if workshop.crew is not None:
        return (yield from paint_with_crew(plan, store, workshop, workshop.crew, deadline=deadline))
    problems: list[Problem] = []
    waiting, total = deque(enumerate(plan.to_paint, start=1)), len(plan.to_paint)
    pace, rests, painted, begun_any = Pace(), dict[str, float](), 0, False
    while waiting and deadline.allows(waiting[0][1].seconds):
        position, planned = waiting.popleft()
        name, begun_any = planned.pair.id, True
        yield PairStarted(name, position, total, planned.seconds)
        begun, watch = deadline.clock(), deadline.watch(planned.seconds)
        try:
            easel = begin(planned, store, workshop, watch)
            companions = _companions(easel, waiting, store, workshop)
            if companions and (yield from _paint_together([easel, *companions], store, workshop)):
                seconds = (deadline.clock() - begun) / (1 + len(companions))
                yield PairDone(name, position, total, seconds)
                for _ in companions:
                    position, planned = waiting.popleft()
                    yield PairStarted(planned.pair.id, position, total, planned.seconds)
                    yield PairDone(planned.pair.id, position, total, seconds)
            else:
                yield from _paint(easel, store, workshop)
                companions, seconds = [], deadline.clock() - begun
                yield PairDone(name, position, total, seconds)
        except (PaintError, PictureError) as error:
            problems += error.problems
            yield PairFailed(name, position, total, error.problems)
        except _OutOfTimeError:
            waiting.appendleft((position, planned))
            if math.isfinite(watch.rest()):
                rests[name] = watch.rest()
            yield PairStopped(name, position, total, watch.work)
            break
        else:
            painted += 1 + len(companions)
            pace.learn(planned.seconds, seconds)
    left = tuple(planned for _, planned in waiting)
    if left:
        yield time_up(deadline, painted, left, pace, rests=rests, begun=begun_any)
    return Outcome(tuple(problems), left)


class _OutOfTimeError(Exception):
    """A pair has to be left where it is."""


def _paint(easel: Easel, store: Store, workshop: Workshop) -> Generator[PairProgress | Note, None, None]:
    """Paint one pair and put it into the store, from its beginning if it fails from its checkpoint on.

    Raises PaintError, PictureError, _OutOfTimeError.
    """
    try:
        yield from _go_on(easel, store, workshop)
    except PaintError as error:
        note = easel.begins_anew(error, store)
        if note is None:
            raise
        yield note
        yield from _go_on(begin(easel.planned, store, workshop, easel.watch), store, workshop)


def _go_on(easel: Easel, store: Store, workshop: Workshop) -> Generator[PairProgress, None, None]:
    """Paint one pair and put it into the store. Raises PaintError, _OutOfTimeError."""
    painted: Painted | None = None
    messages = workshop.painter(easel.job)
    try:
        for message in messages:
            if isinstance(message, Painted):
                painted = message
                break
            yield easel.note(message, store)
            if easel.watch.has_to_stop(saved=message.checkpoint is not None, work=message.work):
                raise _OutOfTimeError
    finally:
        if isinstance(messages, Generator):
            messages.close()  # an interrupted run stops the painter now, not when somebody collects it
    easel.finish(painted, store, workshop)


def _companions(
    easel: Easel, following: Collection[tuple[int, PlannedPair]], store: Store, workshop: Workshop
) -> list[Easel]:
    """The next pairs that are best painted along with one: none on most devices, and none where one goes on from a
    checkpoint.
    """
    if workshop.ensemble is None or easel.job.checkpoint or not following:
        return []
    shape = shape_of(easel.planned.pair)
    alike = [
        *itertools.takewhile(lambda planned: shape_of(planned.pair) == shape, (planned for _, planned in following))
    ]
    found: list[Easel] = []
    for planned in alike[: workshop.ensemble.at_once(easel.job, 1 + len(alike)) - 1]:
        try:
            companion = begin(planned, store, workshop, easel.watch)
        except PictureError:
            break  # it will be told when it is that one's turn
        if companion.job.checkpoint:
            break
        found.append(companion)
    return found


def _paint_together(easels: Sequence[Easel], store: Store, workshop: Workshop) -> Generator[PairProgress, None, bool]:
    """Paint several pairs at once and put them into the store; only the progress of the first is told.

    Returns whether that was done. Where it fails, each is to be painted by itself: that shows which of them it was.
    Raises _OutOfTimeError.
    """
    assert workshop.ensemble is not None
    messages = workshop.ensemble([easel.job for easel in easels])
    paintings: dict[int, Painted] = {}
    try:
        for position, message in messages:
            if isinstance(message, Painted):
                paintings[position] = message
                continue
            progress = easels[position].note(message, store)
            if position == 0:
                yield progress
            # They take their steps, and send their checkpoints, in turn: stopped after the last, each has its newest.
            if position == len(easels) - 1 and easels[0].watch.has_to_stop(
                saved=message.checkpoint is not None, work=message.work
            ):
                raise _OutOfTimeError
    except PaintError:
        return False
    finally:
        messages.close()
    for position, easel in enumerate(easels):
        easel.finish(paintings.get(position), store, workshop)
    return True
