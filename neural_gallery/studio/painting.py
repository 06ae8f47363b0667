"""One pair on its way: what it is painted from, how far it is, and how that is shown, kept and taken up again."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from flax import nnx
from numpy.typing import NDArray

from neural_gallery.site.model import fit
from neural_gallery.studio import color, optimizers
from neural_gallery.studio.arrays import Bytes, Floats
from neural_gallery.studio.checkpoint import Checkpoint, checkpoint_of, with_rows
from neural_gallery.studio.losses import Targets
from neural_gallery.studio.memory import Room, room_here
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.parts import Parts
from neural_gallery.studio.pyramid import Canvas, covering, resize, to_bytes, to_floats, to_sixteen_bits
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.splitting import Split
from neural_gallery.studio.targets import Eye, Style, parts, recolored, shapes_on
from neural_gallery.studio.tiling import Tiling
from neural_gallery.studio.vgg import VGG

CHUNK = 4
"""Steps in one compiled program on a CPU, at the most: few enough that a slow one still reports every few seconds."""

LONG_CHUNK = 16
"""The same on an accelerator, where a step takes milliseconds and waiting for each chunk as long as half of one."""

CHECKPOINT_EVERY = 15.0
"""Seconds between two checkpoints where no others are asked for: what an interruption can cost. Where one chunk takes
longer, it is that."""


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
    fine: NDArray[np.uint16]  # the same, 65535 being 1
    losses: tuple[tuple[int, float], ...]  # (step, objective), one a chunk
    seconds: float  # without those before it was resumed, if it was
    setbacks: tuple[int, ...] = ()  # the steps at which the objective was no number and the learning rate was halved
    devices: int = 1  # that painted it, or it and others at the same time; at the scale where they were most


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
        checkpoint_every: float | None = None,
        room: Callable[[], Room] = room_here,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.graph, self.state = nnx.split(network)
        self.eye = Eye(network, recipe.method, room)
        self.ways: dict[Scale, Tiling | Split | None] = {}
        self.devices = 1
        self.original = to_floats(content)
        self.content, sources = recolored(self.original, styles, recipe)
        self.parts = parts(sources)
        self.begin_with = None if begin_with is None else to_floats(begin_with)
        self.losses: list[tuple[int, float]] = []
        self.setbacks: list[int] = []
        self.done = 0
        self.checkpoint_every = CHECKPOINT_EVERY if checkpoint_every is None else checkpoint_every
        self.saved = time.monotonic()

    def canvas(self, scale: Scale) -> Canvas:
        """Where the picture lies at that scale."""
        canvas, split = self._whole_canvas(scale), self.split(scale)
        return dataclasses.replace(canvas, bands=split.bands) if split else canvas

    def _whole_canvas(self, scale: Scale) -> Canvas:
        """The same where it is not split: what a checkpoint has."""
        height, width, _ = self.original.shape
        width, height = fit(width, height, scale.size)
        return Canvas(height, width)

    def way(self, scale: Scale) -> Tiling | Split | None:
        """How that scale is painted: in blocks, on several devices, or None: all at once. Once decided, it stays so."""
        if scale not in self.ways:
            self.ways[scale] = way = self.eye.way(self._whole_canvas(scale))
            if isinstance(way, Split):
                self.devices = max(self.devices, way.bands)
        return self.ways[scale]

    def tiling(self, scale: Scale) -> Tiling | None:
        """The blocks in which that scale is painted, if it is."""
        return way if isinstance(way := self.way(scale), Tiling) else None

    def split(self, scale: Scale) -> Split | None:
        """The bands in which that scale is painted on several devices, if it is."""
        return way if isinstance(way := self.way(scale), Split) else None

    def chunk_length(self, scale: Scale) -> int:
        """Steps in each chunk of a scale. All have one length: each is a program, and compiling takes seconds."""
        if self.tiling(scale):
            return 1
        longest = CHUNK if jax.default_backend() == "cpu" else LONG_CHUNK
        return next(length for length in range(longest, 0, -1) if scale.steps % length == 0)

    def targets(self, scale: Scale) -> Parts[Targets]:
        """The styles' statistics and the content's features at that scale."""
        return self.eye.targets(self.content, self.parts, self.canvas(scale), longest=self.style_size(scale))

    def style_size(self, scale: Scale) -> int:
        """The longest side, in pixels, with which styles are looked at."""
        return round(scale.size * self.recipe.style_scale)

    def traced_begin(self, scale: Scale) -> jax.stages.Traced:
        """The program that makes the state of the optimiser at that scale, from a picture on its canvas."""
        picture, _, _ = shapes_on(self._whole_canvas(scale))
        return optimizers.begin.trace(picture, self.recipe.method)

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

    def begun(self, image: Floats, scale: Scale) -> Easel:
        """The state before the first step of a scale, from a picture of any size.

        The optimiser begins anew: with its moments carried over from the scale before, results were no better.
        """
        canvas = self.canvas(scale)
        begun = self._with_detail(image, canvas) if self.recipe.init == "content" else image
        mounted = canvas.mount(np.clip(resize(begun, canvas.height, canvas.width), 0, 1))
        easel = optimizers.begin(jax.device_put(mounted), self.recipe.method)
        easel = dataclasses.replace(easel, pace=jax.device_put(np.float32(self.recipe.pace)))
        return self._placed(easel, scale)

    def _placed(self, easel: Easel, scale: Scale) -> Easel:
        """A state on the devices that paint that scale."""
        split = self.split(scale)
        return split.placed(with_rows(easel, self.canvas(scale).shape[0])) if split else easel

    def _with_detail(self, image: Floats, canvas: Canvas) -> Floats:
        """A picture of a coarser scale at the size of the canvas, with what of the content was too fine for it.

        Few steps at a large size would not bring back the edges and textures that a picture made larger does not have.
        """
        coarse, size = image.shape[:2], (canvas.height, canvas.width)
        if coarse == size:
            return image
        content = resize(self.content, *size)
        return resize(image, *size) + content - resize(resize(content, *coarse), *size)

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

    @property
    def wants_checkpoint(self) -> bool:
        """Whether the last one was taken some time ago."""
        return time.monotonic() - self.saved >= self.checkpoint_every

    def checkpoint(self, easel: Easel, scale: int) -> Checkpoint | None:
        """The state to go on from, if the last one was taken some time ago."""
        if not self.wants_checkpoint:
            return None
        self.saved = time.monotonic()
        rows, _ = self._whole_canvas(self.recipe.scales[scale]).shape
        return checkpoint_of(easel, rows=rows, scale=scale, done=self.done, losses=self.losses, setbacks=self.setbacks)

    def go_on(self, resume: Checkpoint) -> tuple[int, Easel | None]:
        """Takes up a painting where it was left: the scale and the state; the first scale and None if it cannot."""
        scales = self.recipe.scales
        if 0 <= resume.scale < len(scales):
            scale = scales[resume.scale]
            here = resume.done - sum(before.steps for before in scales[: resume.scale])
            like = self.traced_begin(scale).out_info
            if 0 < here <= scale.steps and here % self.chunk_length(scale) == 0 and resume.fits(like):
                self.losses, self.setbacks, self.done = list(resume.losses), list(resume.setbacks), resume.done
                return resume.scale, self._placed(resume.easel(like), scale)
        return 0, None

    def finished(self, image: Floats) -> Bytes:
        """An iterate at any scale -> 8-bit pixels at the result's size, in the colours that were asked for."""
        return to_bytes(self.finished_floats(image))

    def finished_floats(self, image: Floats) -> Floats:
        """The same before it is rounded, about [0, 1]."""
        image = np.clip(resize(image, *self.original.shape[:2]), 0, 1)
        if self.recipe.colors in ("content", "luminance"):
            image = color.with_colors_of(image, self.original)
        return image

    def sampled(
        self, canvas: Canvas, averages: Sequence[jax.Array] | jax.Array, sample_at: Counter[int]
    ) -> list[Bytes]:
        """The frames that are to be taken from the averages after each step of a chunk, which is not counted yet."""
        frames: list[Bytes] = []
        for offset in range(len(averages)):
            if count := sample_at[self.done + offset + 1]:
                frames += [self.finished(canvas.cut(np.asarray(averages[offset])))] * count
        return frames

    def result(self, image: Floats, *, seconds: float) -> Result:
        """What has come out, from the last scale's picture."""
        floats = self.finished_floats(image)
        return Result(
            to_bytes(floats), to_sixteen_bits(floats), tuple(self.losses), seconds, tuple(self.setbacks), self.devices
        )


def sampled_steps(steps: int, frames: int) -> Counter[int]:
    """After which of `steps` steps how many frames are taken, the start and the result (two of `frames`) left out.

    More densely at the beginning, where more happens: the k-th of n lies near (k / n)^1.5 of the way. Where more frames
    are wanted than there are steps, some are taken twice.
    """
    wanted, between = max(frames - 2, 0), max(steps - 1, 1)
    if wanted >= between:
        return Counter(1 + k * between // wanted for k in range(wanted))
    chosen, last = Counter(), 0
    for k in range(wanted):
        ideal = round(steps * ((k + 1) / (wanted + 1)) ** 1.5)
        last = min(max(ideal, last + 1), steps - (wanted - k))
        chosen[last] = 1
    return chosen
