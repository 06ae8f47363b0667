"""Painting what a plan says, and keeping each painting as soon as it is finished."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neural_gallery.corridor.deadline import NO_DEADLINE, Deadline, Watch
from neural_gallery.corridor.estimate import Pace
from neural_gallery.corridor.events import (
    Event,
    PairDone,
    PairFailed,
    PairProgress,
    PairStarted,
    PairStopped,
    TimeUp,
)
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.corridor.planning import FRAMES_ASKED_FOR, shape_of
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, PictureError, Problem
from neural_gallery.site.model import Pair, WeightedStyle
from neural_gallery.store.records import describe
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished
from neural_gallery.workers.messages import Job, Painted, Progress, StyleSource

if TYPE_CHECKING:
    from neural_gallery.site.model import WeightsFile
    from neural_gallery.site.pictures import Alpha


@dataclass(frozen=True, slots=True)
class Outcome:
    """What painting has come to, besides the paintings."""

    problems: tuple[Problem, ...] = ()  # of the pairs that could not be painted
    left: tuple[PlannedPair, ...] = ()  # those for which there was no time


def begun_first(plan: Plan, store: Store) -> Plan:
    """The same plan, where pairs that an earlier run has begun come first: they are the nearest to their end."""
    return replace(plan, to_paint=tuple(sorted(plan.to_paint, key=lambda planned: not store.has_begun(planned.key))))


def paint_missing(
    plan: Plan, store: Store, workshop: Workshop, *, deadline: Deadline = NO_DEADLINE
) -> Generator[Event, None, Outcome]:
    """Paint `plan.to_paint`, in its order, for as long as there is time.

    A pair that fails does not stop the others. What concerns all of them (missing weights, a full disk) is raised.
    """
    problems: list[Problem] = []
    waiting, total = deque(enumerate(plan.to_paint, start=1)), len(plan.to_paint)
    pace, rest, painted = Pace(), math.nan, 0
    while waiting and deadline.allows(waiting[0][1].seconds):
        position, planned = waiting.popleft()
        name = planned.pair.id
        yield PairStarted(name, position, total, planned.seconds)
        begun, watch = deadline.clock(), deadline.watch(planned.seconds)
        try:
            easel = _begin(planned, store, workshop, watch)
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
            rest = watch.rest()
            yield PairStopped(name, position, total, watch.work)
            break
        else:
            painted += 1 + len(companions)
            pace.learn(planned.seconds, seconds)
    left = tuple(planned for _, planned in waiting)
    if left:
        seconds = [pace.corrected(planned.seconds) for planned in left]
        if math.isfinite(rest):
            seconds[0] = rest
        yield TimeUp(deadline.budget, painted, tuple(planned.pair.id for planned in left), sum(seconds))
    return Outcome(tuple(problems), left)


class _OutOfTimeError(Exception):
    """A pair has to be left where it is."""


@dataclass(slots=True)
class _Easel:
    """A pair that is being painted."""

    planned: PlannedPair
    job: Job
    alpha: Alpha | None  # the content's transparency, which the result takes over
    so_far: Unfinished
    watch: Watch

    def note(self, progress: Progress, store: Store) -> PairProgress:
        """Keeps what came with a sign of progress."""
        if progress.step == 0 and progress.frames:  # the painter begins anew
            self.so_far = Unfinished(self.planned.frames)
        self.so_far.frames += progress.frames
        if progress.checkpoint:
            self.so_far.state = progress.checkpoint
            store.keep_unfinished(self.planned.key, self.so_far)
        return PairProgress(
            self.job.name,
            progress.step,
            progress.steps,
            progress.stage,
            progress.loss,
            progress.work,
            progress.frames[-1] if progress.frames else None,
        )

    def finish(self, painted: Painted | None, store: Store, workshop: Workshop) -> None:
        """Puts the painting into the store. Raises PaintError where it is not what was asked for."""
        name, planned = self.job.name, self.planned
        if painted is None:
            raise PaintError(Problem(None, f"the painter of '{name}' ended without a result."))
        if self.job.settings.bits == 16 and painted.fine is None:
            raise PaintError(Problem(None, f"the painter of '{name}' gave 8 bits a colour, not 16."))
        facts = {**painted.facts, FRAMES_ASKED_FOR: planned.frames}
        origin = describe(planned.pair, engine=workshop.engine, weights_sha256=workshop.weights_sha256, facts=facts)
        frames = self.so_far.frames or [painted.rgb]
        store.add_painting(planned.key, painted.rgb, self.alpha, frames, origin, fine=painted.fine)


def _begin(planned: PlannedPair, store: Store, workshop: Workshop, watch: Watch) -> _Easel:
    """What is needed to paint a pair, from where an interrupted run left it. Raises PictureError."""
    job, alpha = _job(planned, workshop.weights)
    so_far = store.unfinished(planned.key, asked=planned.frames) or Unfinished(planned.frames)
    job = replace(job, checkpoint=so_far.state or None, checkpoint_every=watch.checkpoint_every)
    return _Easel(planned, job, alpha, so_far, watch)


def _paint(easel: _Easel, store: Store, workshop: Workshop) -> Generator[PairProgress, None, None]:
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
    easel: _Easel, following: Collection[tuple[int, PlannedPair]], store: Store, workshop: Workshop
) -> list[_Easel]:
    """The next pairs that are best painted along with one: none on most devices, and none where one goes on from a
    checkpoint.
    """
    if workshop.ensemble is None or easel.job.checkpoint or not following:
        return []
    found: list[_Easel] = []
    for _, planned in itertools.islice(following, workshop.ensemble.at_once(easel.job) - 1):
        if shape_of(planned.pair) != shape_of(easel.planned.pair):
            break
        try:
            companion = _begin(planned, store, workshop, easel.watch)
        except PictureError:
            break  # it will be told when it is that one's turn
        if companion.job.checkpoint:
            break
        found.append(companion)
    return found


def _paint_together(easels: Sequence[_Easel], store: Store, workshop: Workshop) -> Generator[PairProgress, None, bool]:
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


def _job(planned: PlannedPair, weights: WeightsFile | None) -> tuple[Job, Alpha | None]:
    """What the painter gets, and the content's transparency, which the result takes over."""
    from neural_gallery.site.pictures import read_covering, read_pixels

    pair = planned.pair
    content = read_pixels(pair.content, size=pair.paint.size)
    styles = tuple(_style_source(style, pair) for style in pair.styles)
    start = read_covering(pair.init_picture, pair.width, pair.height) if pair.init_picture else None
    return Job(pair.id, content.rgb, styles, pair.paint, planned.frames, weights, start), content.alpha


def _style_source(style: WeightedStyle, pair: Pair) -> StyleSource:
    from neural_gallery.site.pictures import read_mask, read_pixels

    picture = style.picture
    return StyleSource(
        read_pixels(picture).rgb,
        style.weight,
        layers=style.layers,
        mask=read_mask(style.mask, pair.width, pair.height) if style.mask else None,
        style_mask=read_mask(style.style_mask, picture.width, picture.height) if style.style_mask else None,
    )
