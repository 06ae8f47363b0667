"""Painting in this process, on whatever device JAX finds. JAX is imported with the first job, not before."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery import ENGINE_VERSION, __version__
from neural_gallery.studio.data import BUNDLED_WEIGHTS_SHA256
from neural_gallery.studio.recipe import Method, Recipe, scales_for
from neural_gallery.workers.messages import Job, Message, Painted, Painter, Progress

if TYPE_CHECKING:
    from neural_gallery.site.model import PaintSettings, WeightsFile
    from neural_gallery.studio.painting import Result, Step
    from neural_gallery.studio.targets import Style
    from neural_gallery.studio.vgg import VGG


def weights_sha256() -> str:
    """SHA-256 of the weights that `local_painter` paints with, unless a job brings others.

    They are read and verified with the first job.
    """
    return BUNDLED_WEIGHTS_SHA256


def recipe_of(settings: PaintSettings) -> Recipe:
    """The studio's recipe for what the author asked for."""
    return Recipe(
        scales=scales_for(settings.quality.value, settings.size, levels=settings.scales, steps=settings.steps),
        strength=settings.strength,
        colors=settings.colors.value,
        init=settings.init.value,
        style_scale=settings.style_scale,
        seed=settings.seed,
        method=_method_of(settings),
    )


def scales_of(settings: PaintSettings) -> tuple[tuple[int, int], ...]:
    """Longest side and steps of each scale of a painting."""
    return tuple((scale.size, scale.steps) for scale in recipe_of(settings).scales)


def _method_of(settings: PaintSettings) -> Method:
    """How it is optimised: the studio's way, but for what the author has chosen."""
    method = Method(optimizer=settings.optimizer.value, pooling=settings.pooling.value)
    if settings.learning_rate is not None:
        fall = method.final_learning_rate / method.learning_rate
        method = replace(
            method, learning_rate=settings.learning_rate, final_learning_rate=settings.learning_rate * fall
        )
    if settings.total_variation is not None:
        method = replace(method, total_variation=settings.total_variation)
    return replace(
        method,
        style_layers=settings.style_layers or method.style_layers,
        content_layers=settings.content_layers or method.content_layers,
    )


def painter_with_cache(folder: Path, *, memory: int | None = None) -> Painter:
    """`local_painter`, with compiled programs kept in that folder for the next time the command runs."""

    def paint(job: Job) -> Iterator[Message]:
        from neural_gallery.studio.device import keep_compilations

        keep_compilations(folder)
        yield from local_painter(job, memory=memory)

    return paint


def local_painter(job: Job, *, memory: int | None = None) -> Generator[Message, None, None]:
    """Paints one job: `Progress` at least every second or two, then `Painted`. See `workers.messages`.

    `memory` is how many bytes this process may have in all, where that is less than what the machine has.
    """
    recipe = recipe_of(job.settings)
    # The first import of JAX and the reading of the weights take seconds.
    yield Progress(0, recipe.steps, "warming up", float("nan"))
    from neural_gallery.studio.checkpoint import read_checkpoint
    from neural_gallery.studio.memory import RoomWithin, room_here
    from neural_gallery.studio.paint import paint

    records = paint(
        _network(job.weights, recipe.method.layers),
        job.content,
        _styles(job),
        recipe,
        frames=job.frames,
        begin_with=job.start,
        resume=read_checkpoint(job.checkpoint) if job.checkpoint else None,
        checkpoint_every=job.checkpoint_every,
        room=room_here if memory is None else RoomWithin(memory),
    )
    for record in records:
        yield _message(job, recipe, record)


@dataclass(frozen=True, slots=True)
class LocalEnsemble:
    """Paints several jobs at once, where the device has room for them and they are of one kind."""

    compiled: Path  # the folder for compiled programs

    def at_once(self, job: Job, waiting: int) -> int:
        """How many of so many jobs like that one are best painted together."""
        from neural_gallery.studio.memory import pictures_at_once

        return pictures_at_once(job.content.shape[:2], waiting)

    def __call__(self, jobs: Sequence[Job]) -> Generator[tuple[int, Message], None, None]:
        """Messages of all jobs, each with the job's position. Jobs of other kinds come one after the other."""
        from neural_gallery.studio.device import keep_compilations
        from neural_gallery.studio.memory import room_on_one
        from neural_gallery.studio.mesh import crew
        from neural_gallery.studio.painting import Painting
        from neural_gallery.studio.together import kind_of, paint_together

        keep_compilations(self.compiled)
        kinds: dict[Hashable, dict[int, Painting]] = {}
        for position, job in enumerate(jobs):
            recipe = recipe_of(job.settings)
            network = _network(job.weights, recipe.method.layers)
            painting = Painting(
                network,
                job.content,
                _styles(job),
                recipe,
                begin_with=job.start,
                checkpoint_every=job.checkpoint_every,
                room=room_on_one,
            )
            kinds.setdefault(kind_of(painting), {})[position] = painting
        for members in kinds.values():
            if len(members) == 1:
                yield from ((position, message) for position in members for message in local_painter(jobs[position]))
                continue
            frames = [jobs[position].frames for position in members]
            for records in paint_together(list(members.values()), frames=frames, devices=len(crew())):
                for (position, painting), record in zip(members.items(), records, strict=True):
                    yield position, _message(jobs[position], painting.recipe, record)


def _styles(job: Job) -> list[Style]:
    from neural_gallery.studio.targets import Style

    return [Style(style.rgb, style.weight, style.layers, style.mask, style.style_mask) for style in job.styles]


def _message(job: Job, recipe: Recipe, record: Step | Result) -> Message:
    """What the studio tells, as the corridor hears it."""
    from neural_gallery.studio.painting import Result

    if isinstance(record, Result):
        return Painted(record.rgb, _facts(recipe, record), record.fine if job.settings.bits == 16 else None)
    work = share_of_work(recipe, record.step)
    checkpoint = record.checkpoint.to_bytes() if record.checkpoint else None
    return Progress(record.step, record.steps, record.stage, record.loss, record.frames, work, checkpoint)


def _network(weights: WeightsFile | None, layers: frozenset[str]) -> VGG:
    """The network to paint with: that of the file, or else the one that ships with the package."""
    from neural_gallery.studio.weight_files.reading import WeightsSource
    from neural_gallery.studio.weights import bundled_network, given_network

    if weights is None:
        return bundled_network(layers)
    return given_network(WeightsSource(weights.path, weights.file, weights.location), weights.sha256, layers)


def share_of_work(recipe: Recipe, steps: int) -> float:
    """The share of a painting's work that so many steps are, in [0, 1].

    A step costs as much as its scale has pixels, so the many coarse steps at the beginning are a small part of it.
    """
    done = 0
    for scale in recipe.scales:
        here = min(steps, scale.steps)
        done += here * scale.size**2
        steps -= here
    return done / sum(scale.steps * scale.size**2 for scale in recipe.scales)


def _facts(recipe: Recipe, result: Result) -> dict[str, object]:
    """What is worth keeping about a painting, as JSON values."""
    from neural_gallery.studio.device import device_name

    return {
        "steps": recipe.steps,
        "scales": [[scale.size, scale.steps] for scale in recipe.scales],
        "losses": [[step, round(loss, 6)] for step, loss in result.losses],
        "setbacks": list(result.setbacks),
        "seconds": round(result.seconds, 2),
        "device": device_name(result.devices),
        "engine": ENGINE_VERSION,
        "versions": {
            "neural-gallery": __version__,
            **{name: importlib.metadata.version(name) for name in ("jax", "flax", "optax")},
        },
    }
