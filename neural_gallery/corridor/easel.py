"""A pair that is being painted: what its painter is given, what is kept of it meanwhile, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neural_gallery.corridor.deadline import Watch
from neural_gallery.corridor.events import Note, PairProgress
from neural_gallery.corridor.plan import PlannedPair
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import OutOfMemoryError, PaintError, PictureError, Problem
from neural_gallery.site.model import Pair, WeightedStyle
from neural_gallery.store.records import FRAMES_ASKED_FOR, describe
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished
from neural_gallery.workers.messages import Job, Painted, Progress, StyleSource

if TYPE_CHECKING:
    from neural_gallery.site.model import WeightsFile
    from neural_gallery.site.pictures import Alpha


@dataclass(slots=True)
class Easel:
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

    def begins_anew(self, error: PaintError | PictureError, store: Store) -> Note | None:
        """Drops the checkpoint that it went on from before it failed, and says so; None where there was none.

        A checkpoint may be bad though its checksums fit: from another machine, or taken just before all went wrong. Who
        kept it would fail in every run.
        """
        if self.job.checkpoint is None or not isinstance(error, PaintError) or isinstance(error, OutOfMemoryError):
            return None
        store.drop_unfinished(self.planned.key)
        return Note(f"'{self.job.name}' cannot be finished from its checkpoint, and so it is begun anew")

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


def begin(planned: PlannedPair, store: Store, workshop: Workshop, watch: Watch) -> Easel:
    """What is needed to paint a pair, from where an interrupted run left it. Raises PictureError."""
    job, alpha = _job(planned, workshop.weights)
    height, width, _ = job.content.shape
    so_far = store.unfinished(planned.key, asked=planned.frames, size=(width, height)) or Unfinished(planned.frames)
    job = replace(job, checkpoint=so_far.state or None, checkpoint_every=watch.checkpoint_every)
    return Easel(planned, job, alpha, so_far, watch)


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
