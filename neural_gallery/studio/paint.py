"""How a pair becomes a picture: coarse to fine, a stream of small records, then the result.

Pictures come in and go out as 8-bit sRGB NumPy arrays, (height, width, 3). The loop runs on the host; each turn of it
is one compiled chunk of steps, and only the sampled frames cross over.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from neural_gallery.errors import PaintError
from neural_gallery.site.model import fit
from neural_gallery.studio import color, optimizers
from neural_gallery.studio.arrays import Bytes, Floats
from neural_gallery.studio.device import return_freed_memory
from neural_gallery.studio.losses import Statistics, Targets, blend, masks, statistics
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.pyramid import Canvas, covering, resize, style_bucket, to_bytes, to_floats
from neural_gallery.studio.recipe import Method, Recipe, Scale
from neural_gallery.studio.vgg import VGG

T = TypeVar("T")

CHUNK = 4
"""Steps in one compiled program, at the most: few enough that a slow machine still reports every few seconds."""

HEARTBEAT = 1.0
"""Seconds after which a record is sent though no chunk has ended."""


@dataclass(frozen=True, slots=True)
class Step:
    """One sign of progress."""

    step: int
    steps: int
    stage: str
    loss: float  # NaN before the first chunk has ended
    frames: tuple[Bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The finished picture and the losses on the way to it."""

    rgb: Bytes
    losses: tuple[tuple[int, float], ...]  # (step, objective), one a chunk
    seconds: float


@functools.partial(jax.jit, static_argnames=("network_graph", "method"))
def _style_statistics(
    network_state: nnx.State, image: jax.Array, mask: jax.Array, *, network_graph: nnx.GraphDef, method: Method
) -> dict[str, Statistics]:
    network = nnx.merge(network_graph, network_state)
    layers = [layer for layer, _ in method.style_layers]
    features, mask_at = network(image, layers, pooling=method.pooling), masks(mask, layers)
    return {layer: statistics(features[layer], mask_at[layer]) for layer in layers}


@functools.partial(jax.jit, static_argnames=("network_graph", "method"))
def _content_features(network_state: nnx.State, image: jax.Array, *, network_graph: nnx.GraphDef, method: Method):
    network = nnx.merge(network_graph, network_state)
    return network(image, [layer for layer, _ in method.content_layers], pooling=method.pooling)


class Painting:
    """One pair on its way: the pictures as the recipe wants them, the network, and what has been seen so far."""

    def __init__(self, network: VGG, content: Bytes, styles: list[tuple[Bytes, float]], recipe: Recipe) -> None:
        self.recipe = recipe
        self.graph, self.state = nnx.split(network)
        self.original = to_floats(content)
        self.content, self.styles = _recolored(
            self.original, [(to_floats(rgb), share) for rgb, share in styles], recipe
        )
        self.losses: list[tuple[int, float]] = []
        self.done = 0

    def targets(self, scale: Scale, canvas: Canvas) -> Targets:
        """The style's statistics and the content's features at that scale."""
        method = self.recipe.method
        by_style = []
        for image, share in self.styles:
            longest = max(16, round(scale.size * self.recipe.style_scale))
            width, height = fit(image.shape[1], image.shape[0], longest)
            of_style = Canvas(height, width, style_bucket(longest))
            mounted, mask = (jnp.asarray(x) for x in (of_style.mount(resize(image, height, width)), of_style.mask()))
            found = _style_statistics(self.state, mounted, mask, network_graph=self.graph, method=method)
            by_style.append((found, share))
        content = jnp.asarray(canvas.mount(resize(self.content, canvas.height, canvas.width)))
        style: dict[str, Statistics] = {
            layer: blend([(found[layer], share) for found, share in by_style]) for layer, _ in method.style_layers
        }
        features = _content_features(self.state, content, network_graph=self.graph, method=method)
        return Targets(style, features, jnp.asarray(canvas.mask()))

    def start(self, canvas: Canvas) -> Floats:
        """What the first scale starts from, at that size."""
        if self.recipe.init == "style":
            heaviest = max(self.styles, key=lambda style: style[1])[0]
            return covering(heaviest, canvas.height, canvas.width)
        content = resize(self.content, canvas.height, canvas.width)
        if self.recipe.init == "noise":
            noise = np.random.default_rng(self.recipe.seed).normal(0, 0.25, content.shape)
            return (content.mean((0, 1)) + noise).clip(0, 1).astype(np.float32)
        return np.clip(content, 0, 1)

    def primed(self, image: Floats) -> Floats:
        """A start with the content, taken into the styles' colours: half the way at strength 0.25, all from 0.5 on.

        Much of what the first steps would do is done so, and colours that the style lacks do not linger (a face that
        turns green). Other starts stay as they are.
        """
        if self.recipe.init != "content":
            return image
        recolored = sum(share * color.match_colors(image, style) for style, share in self.styles)
        return (image + min(1.0, 2 * self.recipe.strength) * (recolored - image)).astype(np.float32)

    @property
    def loss(self) -> float:
        """The objective as last seen; NaN before the first chunk has ended."""
        return self.losses[-1][1] if self.losses else float("nan")

    def note(self, losses: np.ndarray) -> None:
        """Counts the steps of a chunk and keeps its last loss. Raises PaintError where that is no number."""
        self.done += len(losses)
        self.losses.append((self.done, float(losses[-1])))
        if not np.isfinite(losses).all():
            raise PaintError.at(
                None,
                f"The objective is no finite number after {self.done} of {self.recipe.steps} steps.",
                "Try another seed or a strength nearer to 0.5.",
            )

    def finished(self, image: Floats) -> Bytes:
        """An iterate at any scale -> 8-bit pixels at the result's size, in the colours that were asked for."""
        image = np.clip(resize(image, *self.original.shape[:2]), 0, 1)
        if self.recipe.colors in ("content", "luminance"):
            image = color.with_colors_of(image, self.original)
        return to_bytes(image)


def paint(
    network: VGG, content: Bytes, styles: list[tuple[Bytes, float]], recipe: Recipe, *, frames: int = 2
) -> Iterator[Step | Result]:
    """Paints `content` in the blend of `styles` (pixels, share; the shares sum to 1).

    Yields a `Step` at least every `HEARTBEAT` seconds or so, then one `Result` of the content's size. `frames` pictures
    are sampled on the way, the start and the result among them. Raises PaintError where the objective is no number.
    """
    began = time.perf_counter()
    painting = Painting(network, content, styles, recipe)
    sample_at = sampled_steps(recipe.steps, max(frames, 2))
    image = painting.start(_canvas(painting, recipe.scales[0]))
    yield Step(0, recipe.steps, "starting", painting.loss, (painting.finished(image),))
    image = painting.primed(image)
    for scale in recipe.scales:
        image = yield from _paint_scale(painting, scale, image, sample_at)
    rgb = painting.finished(image)
    yield Step(recipe.steps, recipe.steps, "finished", painting.loss, (rgb,))
    yield Result(rgb, tuple(painting.losses), time.perf_counter() - began)


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


def _canvas(painting: Painting, scale: Scale) -> Canvas:
    height, width, _ = painting.original.shape
    fitted_width, fitted_height = fit(width, height, scale.size)
    return Canvas(fitted_height, fitted_width)


def _recolored(
    content: Floats, styles: list[tuple[Floats, float]], recipe: Recipe
) -> tuple[Floats, list[tuple[Floats, float]]]:
    """The pictures that are painted from, for the recipe's way with colours."""
    if recipe.colors == "luminance":
        return color.grey(content), [(color.match_luma(style, content), share) for style, share in styles]
    if recipe.colors == "match":
        return content, [(color.match_colors(style, content), share) for style, share in styles]
    return content, styles


def _paint_scale(
    painting: Painting, scale: Scale, image: Floats, sample_at: Counter[int]
) -> Generator[Step, None, Floats]:
    """All steps of one scale, from a picture of any size; returns the averaged picture.

    Adam begins anew: with its moments carried over from the scale before, results were no better.
    """
    recipe, canvas = painting.recipe, _canvas(painting, scale)
    stage = f"{canvas.width} x {canvas.height}"
    shares = tuple(jnp.float32(share) for share in recipe.shares)
    targets = yield from _patiently(lambda: painting.targets(scale, canvas), painting, f"looking at {stage}")
    return_freed_memory()
    mounted = canvas.mount(np.clip(resize(image, canvas.height, canvas.width), 0, 1))
    easel = optimizers.begin(jnp.asarray(mounted), recipe.method)
    first = painting.done
    # Chunks of one length: each length is a program, and compiling takes seconds.
    length = next(length for length in range(CHUNK, 0, -1) if scale.steps % length == 0)
    while painting.done < first + scale.steps:

        def advance(easel: Easel = easel) -> tuple[Easel, np.ndarray, jax.Array]:
            new, (losses, averages) = optimizers.paint_chunk(
                easel,
                painting.state,
                targets,
                shares,
                network_graph=painting.graph,
                method=recipe.method,
                steps=scale.steps,
                chunk=length,
            )
            return new, np.asarray(losses), averages

        doing = f"preparing {stage}" if painting.done == first else f"painting {stage}"
        easel, losses, averages = yield from _patiently(advance, painting, doing)
        frames: list[Bytes] = []
        for index, step in enumerate(range(painting.done + 1, painting.done + length + 1)):
            if count := sample_at[step]:
                frames += [painting.finished(canvas.cut(np.asarray(averages[index])))] * count
        painting.note(losses)
        yield Step(painting.done, recipe.steps, f"painting {stage}", painting.loss, tuple(frames))
    return canvas.cut(np.asarray(easel.average))


def _patiently(work: Callable[[], T], painting: Painting, stage: str) -> Generator[Step, None, T]:
    """Runs `work` in a thread and reports every `HEARTBEAT` seconds that it is still going on."""
    with ThreadPoolExecutor(1) as pool:
        future: Future[T] = pool.submit(work)
        while True:
            done, _ = futures.wait([future], timeout=HEARTBEAT)
            if done:
                return future.result()
            yield Step(painting.done, painting.recipe.steps, stage, painting.loss)
