"""How a pair becomes a picture: coarse to fine, a stream of small records, then the result.

Pictures come in and go out as 8-bit sRGB NumPy arrays, (height, width, 3). The loop runs on the host; each turn of it
is one compiled chunk of steps, and only the sampled frames cross over. Pictures that would take too much memory so are
painted step by step and block by block (`tiling`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from neural_gallery.errors import PaintError
from neural_gallery.site.model import fit
from neural_gallery.studio import color, optimizers
from neural_gallery.studio.arrays import Bytes, Floats
from neural_gallery.studio.checkpoint import Checkpoint, checkpoint_of
from neural_gallery.studio.device import return_freed_memory
from neural_gallery.studio.losses import Targets
from neural_gallery.studio.memory import Room, memory_may_run_out, room_here
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.parts import Parts, patiently
from neural_gallery.studio.pyramid import Canvas, covering, resize, to_bytes, to_floats
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Eye, Style, parts, recolored
from neural_gallery.studio.tiling import Tiling, measure_for
from neural_gallery.studio.vgg import VGG

T = TypeVar("T")

CHUNK = 4
"""Steps in one compiled program, at the most: few enough that a slow machine still reports every few seconds."""

HEARTBEAT = 1.0
"""Seconds after which a record is sent though no chunk has ended."""

CHECKPOINT_EVERY = 15.0
"""Seconds between two checkpoints, or one chunk where that takes longer: what an interruption can cost."""

SETBACKS = 4
"""How often one chunk is tried again, each time with half the learning rate, before the painting is given up."""


@dataclass(frozen=True, slots=True)
class Step:
    """One sign of progress."""

    step: int
    steps: int
    stage: str
    loss: float  # NaN before the first chunk has ended
    frames: tuple[Bytes, ...] = ()
    checkpoint: Checkpoint | None = None  # from which the painting can go on; all frames up to it have been sent


@dataclass(frozen=True, slots=True)
class Result:
    """The finished picture and the losses on the way to it."""

    rgb: Bytes
    losses: tuple[tuple[int, float], ...]  # (step, objective), one a chunk
    seconds: float  # without those before it was resumed, if it was
    setbacks: tuple[int, ...] = ()  # the steps at which the objective was no number and the learning rate was halved


class Painting:
    """One pair on its way: the pictures as the recipe wants them, the network, and what has been seen so far."""

    def __init__(
        self,
        network: VGG,
        content: Bytes,
        styles: Sequence[Style],
        recipe: Recipe,
        *,
        begin_with: Bytes | None = None,
        room: Callable[[], Room] = room_here,
    ) -> None:
        self.recipe = recipe
        self.graph, self.state = nnx.split(network)
        self.eye = Eye(self.graph, self.state, recipe.method, room)
        self.tilings: dict[Scale, Tiling | None] = {}
        self.original = to_floats(content)
        self.content, sources = recolored(self.original, styles, recipe)
        self.parts = parts(sources)
        self.begin_with = None if begin_with is None else to_floats(begin_with)
        self.losses: list[tuple[int, float]] = []
        self.setbacks: list[int] = []
        self.done = 0
        self.saved = time.monotonic()

    def canvas(self, scale: Scale) -> Canvas:
        """Where the picture lies at that scale."""
        height, width, _ = self.original.shape
        width, height = fit(width, height, scale.size)
        return Canvas(height, width)

    def tiling(self, scale: Scale) -> Tiling | None:
        """The blocks in which that scale is painted, or None: all at once. Once decided, it stays so."""
        if scale not in self.tilings:
            self.tilings[scale] = self.eye.tiling(self.canvas(scale))
        return self.tilings[scale]

    def chunk_length(self, scale: Scale) -> int:
        """Steps in each chunk of a scale. All have one length: each is a program, and compiling takes seconds."""
        if self.tiling(scale):
            return 1
        return next(length for length in range(CHUNK, 0, -1) if scale.steps % length == 0)

    def targets(self, scale: Scale) -> Parts[Targets]:
        """The styles' statistics and the content's features at that scale."""
        longest = round(scale.size * self.recipe.style_scale)
        return self.eye.targets(self.content, self.parts, self.canvas(scale), longest=longest)

    def start(self, canvas: Canvas) -> Floats:
        """What the first scale starts from, at that size."""
        if self.recipe.init == "picture" and self.begin_with is not None:
            return covering(self.begin_with, canvas.height, canvas.width)
        if self.recipe.init == "style":
            heaviest = max((source for part in self.parts for source in part.sources), key=lambda it: it.style.share)
            return covering(heaviest.image, canvas.height, canvas.width)
        content = resize(self.content, canvas.height, canvas.width)
        if self.recipe.init == "noise":
            noise = np.random.default_rng(self.recipe.seed).normal(0, 0.25, content.shape)
            return (content.mean((0, 1)) + noise).clip(0, 1).astype(np.float32)
        return np.clip(content, 0, 1)

    def primed(self, image: Floats) -> Floats:
        """A start with the content, taken into the styles' colours: half the way at strength 0.25, all from 0.5 on.

        Much of what the first steps would do is done so, and colours that the style lacks do not linger (a face that
        turns green). Other starts stay as they are; so do those of later scales (transporting the palette there again
        stretches what is rounding before it).
        """
        if self.recipe.init != "content":
            return image
        return (image + min(1.0, 2 * self.recipe.strength) * self._way_to_colors(image)).astype(np.float32)

    def _way_to_colors(self, image: Floats) -> Floats:
        """What would have to be added to a picture for it to have the colours of the styles, each in its part."""
        way = np.zeros_like(image)
        for part in self.parts:
            recolored = sum(
                share * color.transport(image, source.image, counted=source.mask)
                for source, share in zip(part.sources, part.shares, strict=True)
            )
            mask = 1.0 if part.mask is None else resize(part.mask[..., None], *image.shape[:2])
            way += mask * (recolored - image)
        return way

    @property
    def loss(self) -> float:
        """The objective as last seen; NaN before the first chunk has ended."""
        return self.losses[-1][1] if self.losses else float("nan")

    def note(self, losses: np.ndarray) -> None:
        """Counts the steps of a chunk and keeps its last loss."""
        self.done += len(losses)
        self.losses.append((self.done, float(losses[-1])))

    def step(self, stage: str, frames: Sequence[Bytes] = (), checkpoint: Checkpoint | None = None) -> Step:
        """A sign of progress as things stand."""
        return Step(self.done, self.recipe.steps, stage, self.loss, tuple(frames), checkpoint)

    def checkpoint(self, easel: Easel, scale: int) -> Checkpoint | None:
        """The state to go on from, if the last one was taken some time ago."""
        if time.monotonic() - self.saved < CHECKPOINT_EVERY:
            return None
        self.saved = time.monotonic()
        return checkpoint_of(easel, scale=scale, done=self.done, losses=self.losses, setbacks=self.setbacks)

    def go_on(self, resume: Checkpoint) -> tuple[int, Easel | None]:
        """Takes up a painting where it was left: the scale and the state; the first scale and None if it cannot."""
        scales = self.recipe.scales
        if 0 <= resume.scale < len(scales):
            scale = scales[resume.scale]
            here = resume.done - sum(before.steps for before in scales[: resume.scale])
            canvas = jax.ShapeDtypeStruct((1, *self.canvas(scale).shape, 3), jnp.float32)
            like = jax.eval_shape(lambda image: optimizers.begin(image, self.recipe.method), canvas)
            if 0 < here <= scale.steps and here % self.chunk_length(scale) == 0 and resume.fits(like):
                self.losses, self.setbacks, self.done = list(resume.losses), list(resume.setbacks), resume.done
                return resume.scale, resume.easel(like)
        return 0, None

    def finished(self, image: Floats) -> Bytes:
        """An iterate at any scale -> 8-bit pixels at the result's size, in the colours that were asked for."""
        image = np.clip(resize(image, *self.original.shape[:2]), 0, 1)
        if self.recipe.colors in ("content", "luminance"):
            image = color.with_colors_of(image, self.original)
        return to_bytes(image)


def paint(
    network: VGG,
    content: Bytes,
    styles: Sequence[Style],
    recipe: Recipe,
    *,
    frames: int = 2,
    begin_with: Bytes | None = None,
    resume: Checkpoint | None = None,
    room: Callable[[], Room] = room_here,
) -> Iterator[Step | Result]:
    """Paints `content` in the styles: blended where they overlap, each in its part where they have masks.

    Yields a `Step` at least every `HEARTBEAT` seconds or so, then one `Result` of the content's size. `frames` pictures
    are sampled on the way, the start and the result among them. `begin_with` is the picture that a recipe with `init`
    picture starts from. With `resume` the painting goes on from there, and sends only the frames that come after; one
    that does not fit is ignored. `room` tells what memory there is: where it is too little, a scale is painted in
    blocks. Raises PaintError where the objective stays no number, or memory runs out after all.
    """
    began = time.perf_counter()
    painting = Painting(network, content, styles, recipe, begin_with=begin_with, room=room)
    sample_at = sampled_steps(recipe.steps, max(frames, 2))
    image = painting.start(painting.canvas(recipe.scales[0]))
    first, easel = painting.go_on(resume) if resume else (0, None)
    if easel is None:
        yield painting.step("starting", (painting.finished(image),))
        image = painting.primed(image)
    for index in range(first, len(recipe.scales)):
        image = yield from _paint_scale(painting, index, easel or image, sample_at)
        easel = None
    rgb = painting.finished(image)
    yield painting.step("finished", (rgb,))
    yield Result(rgb, tuple(painting.losses), time.perf_counter() - began, tuple(painting.setbacks))


def sampled_steps(steps: int, frames: int) -> Counter[int]:
    """After which of `steps` steps how many frames are taken, the start and the result (two of `frames`) left out.

    More densely at the beginning, where more happens: the k-th of n lies near (k / n)^1.5 of the way. Where more frames
    are wanted than there are steps, some are taken twice.
    """
    wanted, between = frames - 2, max(steps - 1, 1)
    if wanted >= between:
        return Counter(1 + k * between // wanted for k in range(wanted))
    chosen, last = Counter(), 0
    for k in range(wanted):
        ideal = round(steps * ((k + 1) / (wanted + 1)) ** 1.5)
        last = min(max(ideal, last + 1), steps - (wanted - k))
        chosen[last] = 1
    return chosen


def _paint_scale(
    painting: Painting, index: int, start: Floats | Easel, sample_at: Counter[int]
) -> Generator[Step, None, Floats]:
    """All steps of one scale, from a picture of any size or from the middle; returns the averaged picture.

    The optimiser begins anew: with its moments carried over from the scale before, results were no better.
    """
    recipe, scale = painting.recipe, painting.recipe.scales[index]
    canvas = painting.canvas(scale)
    stage = f"{canvas.width} x {canvas.height}"
    targets = yield from _patiently(painting.targets(scale), painting, f"looking at {stage}")
    return_freed_memory()
    if isinstance(start, Easel):
        easel = start
    else:
        mounted = canvas.mount(np.clip(resize(start, canvas.height, canvas.width), 0, 1))
        easel = optimizers.begin(jnp.asarray(mounted), recipe.method)
    chunk = _chunk(painting, scale, targets)
    end = sum(before.steps for before in recipe.scales[: index + 1])
    doing = f"preparing {stage}"
    while painting.done < end:
        easel, losses, averages = yield from _advance(painting, easel, chunk, doing)
        doing = f"painting {stage}"
        frames: list[Bytes] = []
        for offset, step in enumerate(range(painting.done + 1, painting.done + len(losses) + 1)):
            if count := sample_at[step]:
                frames += [painting.finished(canvas.cut(np.asarray(averages[offset])))] * count
        painting.note(losses)
        yield painting.step(doing, frames, painting.checkpoint(easel, index))
    return canvas.cut(np.asarray(easel.average))


Chunk: TypeAlias = Callable[[Easel], Parts[tuple[Easel, np.ndarray, Sequence[jax.Array] | jax.Array]]]
"""Takes some steps: the state after them, the losses before each, (n,), and the averages after each."""


def _chunk(painting: Painting, scale: Scale, targets: Targets) -> Chunk:
    """How the steps of a scale are taken: several in one program, or one after the other in blocks."""
    recipe, tiling = painting.recipe, painting.tiling(scale)
    shares = (jnp.float32(recipe.shares[0]), jnp.float32(recipe.shares[1]))

    def at_once(easel: Easel) -> Parts[tuple[Easel, np.ndarray, jax.Array]]:
        yield ""
        new, (losses, averages) = optimizers.paint_chunk(
            jax.tree.map(jnp.copy, easel),  # its buffers are given away; the state is kept to go back to
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
    measure = measure_for(targets)

    def in_blocks(easel: Easel) -> Parts[tuple[Easel, np.ndarray, list[jax.Array]]]:
        new, loss = yield from tiling.step(easel, targets, measure, shares, steps=scale.steps)
        return_freed_memory()
        return new, np.asarray(loss)[None], [new.average]

    return in_blocks


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
    raise PaintError.at(
        None,
        f"The objective is no finite number after {painting.done} of {painting.recipe.steps} steps, "
        f"with {SETBACKS} halvings of the learning rate.",
        "Try another seed or a strength nearer to 0.5.",
    )


def _patiently(work: Parts[T], painting: Painting, stage: str) -> Generator[Step, None, T]:
    """Runs `work` in a thread and reports every `HEARTBEAT` seconds that it is still going on."""

    def sign(part: str) -> Step:
        return painting.step(f"{stage}, {part}" if part else stage)

    with memory_may_run_out(stage):
        return (yield from patiently(work, sign, every=HEARTBEAT))
