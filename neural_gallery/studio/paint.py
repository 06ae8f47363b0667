"""How a pair becomes a picture: coarse to fine, a stream of small records, then the result.

Pictures come in and go out as 8-bit sRGB NumPy arrays, (height, width, 3). The loop runs on the host; each turn of it
is one compiled chunk of steps, and only the sampled frames cross over. Pictures that would take too much memory so are
painted step by step and block by block (`tiling`); large ones are split where there are several devices (`splitting`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeAlias, TypeVar

import jax
import numpy as np

from neural_gallery.errors import PaintError, Problem
from neural_gallery.studio import optimizers
from neural_gallery.studio.ahead import Ahead
from neural_gallery.studio.arrays import Bytes, Floats
from neural_gallery.studio.checkpoint import Checkpoint
from neural_gallery.studio.device import return_freed_memory
from neural_gallery.studio.losses import Targets
from neural_gallery.studio.memory import Room, memory_may_run_out, room_here
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.painting import Painting, Result, Step, sampled_steps
from neural_gallery.studio.parts import Parts, patiently
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.splitting import Split
from neural_gallery.studio.targets import Style
from neural_gallery.studio.tiling import measure_for
from neural_gallery.studio.vgg import VGG

T = TypeVar("T")

HEARTBEAT = 1.0
"""Seconds after which a record is sent though no chunk has ended."""

SETBACKS = 4
"""How often one chunk is tried again, each time with half the learning rate, before the painting is given up."""


def paint(
    network: VGG,
    content: Bytes,
    styles: Sequence[Style],
    recipe: Recipe,
    *,
    frames: int = 2,
    begin_with: Bytes | None = None,
    resume: Checkpoint | None = None,
    checkpoint_every: float | None = None,
    room: Callable[[], Room] = room_here,
) -> Iterator[Step | Result]:
    """Paints `content` in the styles: blended where they overlap, each in its part where they have masks.

    Yields a `Step` at least every `HEARTBEAT` seconds or so, then one `Result` of the content's size. `frames` pictures
    are sampled on the way, the start and the result among them. `begin_with` is the picture that a recipe with `init`
    picture starts from. With `resume` the painting goes on from there, and sends only the frames that come after; one
    that does not fit is ignored. `checkpoint_every` is how many seconds lie between two checkpoints, or one chunk
    where that takes longer. `room` tells what memory there is: where it is too little, a scale is painted in blocks.
    Raises PaintError where the objective stays no number, or memory runs out after all.
    """
    began = time.perf_counter()
    painting = Painting(
        network, content, styles, recipe, begin_with=begin_with, checkpoint_every=checkpoint_every, room=room
    )
    sample_at = sampled_steps(recipe.steps, frames)
    image = painting.start(painting.canvas(recipe.scales[0]))
    first, easel = painting.go_on(resume) if resume else (0, None)
    ahead = Ahead(painting, first)
    try:
        if easel is None:
            yield painting.step("starting", (painting.finished(image),))
            image = painting.primed(image)
        for index in range(first, len(recipe.scales)):
            image = yield from _paint_scale(painting, ahead, index, easel or image, sample_at)
            easel = None
    finally:
        ahead.stop()
    result = painting.result(image, seconds=time.perf_counter() - began)
    yield painting.step("finished", (result.rgb,))
    yield result


def _paint_scale(
    painting: Painting, ahead: Ahead, index: int, start: Floats | Easel, sample_at: Counter[int]
) -> Generator[Step, None, Floats]:
    """All steps of one scale, from a picture of any size or from the middle; returns the averaged picture."""
    recipe, scale = painting.recipe, painting.recipe.scales[index]
    canvas = painting.canvas(scale)
    stage = f"{canvas.width} x {canvas.height}"
    if canvas.bands > 1:
        stage += f" on {canvas.bands} devices"
    targets = yield from _patiently(_targets(painting, ahead, scale), painting, f"looking at {stage}")
    return_freed_memory()
    easel = start if isinstance(start, Easel) else painting.begun(start, scale)
    chunk = _chunk(painting, ahead, scale, targets)
    end = sum(before.steps for before in recipe.scales[: index + 1])
    doing = f"preparing {stage}"
    while painting.done < end:
        easel, losses, averages = yield from _advance(painting, easel, chunk, doing)
        doing = f"painting {stage}"
        frames = painting.sampled(canvas, averages, sample_at)
        painting.note(losses)
        yield painting.step(doing, frames, painting.checkpoint(easel, index))
    return canvas.cut(np.asarray(easel.average))


def _targets(painting: Painting, ahead: Ahead, scale: Scale) -> Parts[Targets]:
    yield ""
    ahead.looks(scale)
    return (yield from painting.targets(scale))


Chunk: TypeAlias = Callable[[Easel], Parts[tuple[Easel, np.ndarray, Sequence[jax.Array] | jax.Array]]]
"""Takes some steps: the state after them, the losses before each, (n,), and the averages after each."""


def _chunk(painting: Painting, ahead: Ahead, scale: Scale, targets: Targets) -> Chunk:
    """How the steps of a scale are taken: several in one program, on one or more devices; or one by one in blocks."""
    recipe, tiling, split = painting.recipe, painting.tiling(scale), painting.split(scale)
    style, content = recipe.shares
    shares = jax.device_put(np.float32(style)), jax.device_put(np.float32(content))
    if split:
        return _chunk_in_bands(painting, split, scale, *split.placed((targets, shares)))

    def at_once(easel: Easel) -> Parts[tuple[Easel, np.ndarray, jax.Array]]:
        yield ""
        ahead.chunk(scale)
        new, (losses, averages) = optimizers.paint_chunk(
            optimizers.duplicate(easel),  # its buffers are given away; the state is kept to go back to
            painting.state,
            targets,
            shares,
            network_graph=painting.graph,
            method=recipe.method,
            steps=scale.steps,
            chunk=painting.chunk_length(scale),
        )
        return new, np.asarray(losses), averages

    if tiling is None:
        return at_once
    measure = measure_for(targets, tiling.grid.shape)

    def in_blocks(easel: Easel) -> Parts[tuple[Easel, np.ndarray, list[jax.Array]]]:
        new, loss = yield from tiling.step(easel, targets, measure, shares, steps=scale.steps)
        return_freed_memory()
        return new, np.asarray(loss)[None], [new.average]

    return in_blocks


def _chunk_in_bands(
    painting: Painting, split: Split, scale: Scale, targets: Targets, shares: tuple[jax.Array, jax.Array]
) -> Chunk:
    """Several steps in one program on several devices."""

    def in_bands(easel: Easel) -> Parts[tuple[Easel, np.ndarray, jax.Array]]:
        yield ""
        easel, length = optimizers.duplicate(easel), painting.chunk_length(scale)
        new, (losses, averages) = split.chunk(easel, targets, shares, steps=scale.steps, chunk=length)
        return new, np.asarray(losses), averages

    return in_bands


def _advance(
    painting: Painting, easel: Easel, chunk: Chunk, doing: str
) -> Generator[Step, None, tuple[Easel, np.ndarray, Sequence[jax.Array] | jax.Array]]:
    """One chunk of steps: the new state, the losses and the averages. Raises PaintError where it cannot be done.

    A chunk whose objective is no number is done again from where it began, with half the learning rate.
    """
    for _ in range(SETBACKS + 1):
        new, losses, averages = yield from _patiently(chunk(easel), painting, doing)
        if np.isfinite(losses).all() and np.isfinite(new.average).all():
            return new, losses, averages
        painting.setbacks.append(painting.done)
        easel = optimizers.slowed(easel)
    raise diverged(painting)


def diverged(painting: Painting) -> PaintError:
    """What is told where halving the learning rate has not helped."""
    return PaintError(
        Problem(
            None,
            f"The objective is no finite number after {painting.done} of {painting.recipe.steps} steps, "
            f"with {SETBACKS} halvings of the learning rate.",
            "Try another seed or a strength nearer to 0.5.",
        )
    )


def _patiently(work: Parts[T], painting: Painting, stage: str) -> Generator[Step, None, T]:
    """Runs `work` in a thread and reports every `HEARTBEAT` seconds that it is still going on."""

    def sign(part: str) -> Step:
        return painting.step(f"{stage}, {part}" if part else stage)

    with memory_may_run_out(stage):
        return (yield from patiently(work, sign, every=HEARTBEAT))
