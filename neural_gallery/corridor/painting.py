"""Painting what a plan says, and keeping each painting as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from neural_gallery.corridor.events import Event, PairDone, PairFailed, PairProgress, PairStarted
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.corridor.planning import FRAMES_ASKED_FOR
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, PictureError, Problem
from neural_gallery.site.model import Pair, WeightedStyle
from neural_gallery.store.records import describe
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished
from neural_gallery.workers.messages import Job, Painted, StyleSource

if TYPE_CHECKING:
    from neural_gallery.site.model import WeightsFile
    from neural_gallery.site.pictures import Alpha


def paint_missing(plan: Plan, store: Store, workshop: Workshop) -> Generator[Event, None, tuple[Problem, ...]]:
    """Paint `plan.to_paint`, in its order; the problems of the pairs that could not be painted, if any.

    A pair that fails does not stop the others. What concerns all of them (missing weights, a full disk) is raised.
    """
    problems: list[Problem] = []
    total = len(plan.to_paint)
    for position, planned in enumerate(plan.to_paint, start=1):
        name = planned.pair.id
        yield PairStarted(name, position, total, planned.seconds)
        begun = time.monotonic()
        try:
            yield from _paint(planned, store, workshop)
        except (PaintError, PictureError) as error:
            problems += error.problems
            yield PairFailed(name, position, total, error.problems)
        else:
            yield PairDone(name, position, total, time.monotonic() - begun)
    return tuple(problems)


def _paint(planned: PlannedPair, store: Store, workshop: Workshop) -> Generator[PairProgress, None, None]:
    """Paint one pair and put it into the store, going on from where an interrupted run left it.

    Raises PaintError, PictureError.
    """
    job, alpha = _job(planned, workshop.weights)
    so_far = store.unfinished(planned.key, asked=planned.frames) or Unfinished(planned.frames)
    painted: Painted | None = None
    messages = workshop.painter(replace(job, checkpoint=so_far.state or None))
    try:
        for message in messages:
            if isinstance(message, Painted):
                painted = message
                break
            if message.step == 0 and message.frames:  # the painter begins anew
                so_far = Unfinished(planned.frames)
            so_far.frames += message.frames
            if message.checkpoint:
                so_far.state = message.checkpoint
                store.keep_unfinished(planned.key, so_far)
            yield PairProgress(job.name, message.step, message.steps, message.stage, message.loss, message.work)
    finally:
        if isinstance(messages, Generator):
            messages.close()  # an interrupted run stops the painter now, not when somebody collects it
    if painted is None:
        raise PaintError(Problem(None, f"the painter of '{job.name}' ended without a result."))
    if job.settings.bits == 16 and painted.fine is None:
        raise PaintError(Problem(None, f"the painter of '{job.name}' gave 8 bits a colour, not 16."))
    facts = {**painted.facts, FRAMES_ASKED_FOR: planned.frames}
    origin = describe(planned.pair, engine=workshop.engine, weights_sha256=workshop.weights_sha256, facts=facts)
    store.add_painting(planned.key, painted.rgb, alpha, so_far.frames or [painted.rgb], origin, fine=painted.fine)


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
