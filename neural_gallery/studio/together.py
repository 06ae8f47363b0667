"""Several pairs painted at once, in one program: an accelerator that works on one small picture is mostly idle.

What comes out is what each pair gives by itself, up to rounding. Pairs can be painted together where their canvases
have one shape at every scale and their recipes one method; strengths, styles, starts and seeds may differ.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh

from neural_gallery.studio import optimizers
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.losses import Targets
from neural_gallery.studio.memory import memory_may_run_out
from neural_gallery.studio.mesh import ONE_BY_ONE, copies, mesh_of, put, shares
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.paint import HEARTBEAT, SETBACKS, diverged
from neural_gallery.studio.painting import Painting, Result, Step, sampled_steps
from neural_gallery.studio.parts import Parts, patiently
from neural_gallery.studio.recipe import Scale

T = TypeVar("T")

Steps: TypeAlias = tuple[Step, ...]
"""One sign of progress from each painting, in their order."""


def kind_of(painting: Painting) -> Hashable:
    """What is equal for paintings that can be painted together."""
    recipe = painting.recipe
    canvases = tuple(painting.canvas(scale).shape for scale in recipe.scales)
    singly = any(painting.way(scale) for scale in recipe.scales)
    styles = tuple(
        (
            part.mask is None,
            frozenset(
                layer for source in part.sources for layer in source.style.layers or dict(recipe.method.style_layers)
            ),
        )
        for part in painting.parts
    )
    return recipe.scales, recipe.method, canvases, styles, singly and id(painting)


@dataclass(frozen=True, slots=True)
class Places:
    """Where paintings are painted: on each of some devices equally many.

    The places that are left over have copies of the last painting; nobody looks at what comes of these.
    """

    paintings: int
    on_each: int
    mesh: Mesh | None  # None: all on the first device

    @classmethod
    def among(cls, paintings: int, devices: int) -> Places:
        """Places for so many paintings, on so many devices at the most."""
        used, on_each = shares(paintings, devices)
        return cls(paintings, on_each, mesh_of(used) if used > 1 else None)

    @property
    def devices(self) -> int:
        """How many there are paintings on."""
        return self.mesh.size if self.mesh else 1

    def network(self, painting: Painting) -> nnx.State:
        """The network's weights, there."""
        return copies(painting.network, self.mesh) if self.mesh else painting.state

    def put(self, trees: Sequence[T]) -> T:
        """A tree of each painting as one, with an axis in front of each array."""
        if self.mesh is None:
            return stacked(trees)
        spare = self.devices * self.on_each - self.paintings
        return put(stacked([*trees, *[trees[-1]] * spare]), self.mesh, ONE_BY_ONE)


def paint_together(
    paintings: Sequence[Painting], *, frames: Sequence[int], devices: int = 1
) -> Iterator[Steps | tuple[Result, ...]]:
    """Paints pairs of one kind; `frames` are sampled of each on its way, the start and the result among them.

    They are shared out over so many devices at the most. Yields a tuple of `Step` at least every `HEARTBEAT` seconds
    or so, then one of `Result`. Raises ValueError for paintings of several kinds, PaintError where an objective stays
    no number, or memory runs out.
    """
    if len({kind_of(painting) for painting in paintings}) != 1:
        raise ValueError("paintings of several kinds cannot be painted together")
    began = time.perf_counter()
    recipe = paintings[0].recipe
    sample_at = [sampled_steps(recipe.steps, count) for count in frames]
    images = [painting.start(painting.canvas(recipe.scales[0])) for painting in paintings]
    yield tuple(
        painting.step("starting", (painting.finished(image),))
        for painting, image in zip(paintings, images, strict=True)
    )
    images = [painting.primed(image) for painting, image in zip(paintings, images, strict=True)]
    places = Places.among(len(paintings), devices)
    for painting in paintings:
        painting.devices = places.devices
    for index in range(len(recipe.scales)):
        images = yield from _paint_scale(paintings, places, index, images, sample_at)
    seconds = (time.perf_counter() - began) / len(paintings)
    results = tuple(painting.result(image, seconds=seconds) for painting, image in zip(paintings, images, strict=True))
    yield tuple(painting.step("finished", (result.rgb,)) for painting, result in zip(paintings, results, strict=True))
    yield results


def _paint_scale(
    paintings: Sequence[Painting],
    places: Places,
    index: int,
    starts: Sequence[Floats],
    sample_at: Sequence[Counter[int]],
) -> Generator[Steps, None, list[Floats]]:
    """All steps of one scale, from pictures of any size; returns the averaged ones."""
    first = paintings[0]
    scale = first.recipe.scales[index]
    canvases = [painting.canvas(scale) for painting in paintings]
    rows, columns = canvases[0].shape
    stage = f"{columns} x {rows}, {len(paintings)} pairs at once"
    if places.mesh:
        stage += f" on {places.devices} devices"
    targets = yield from _patiently(_targets(paintings, places, scale), paintings, f"looking at {stage}")
    easels = places.put([painting.begun(start, scale) for painting, start in zip(paintings, starts, strict=True)])
    end = sum(before.steps for before in first.recipe.scales[: index + 1])
    while first.done < end:
        easels, losses, averages = yield from _advance(paintings, places, easels, targets, scale, f"painting {stage}")
        steps = []
        for position, painting in enumerate(paintings):
            sampled = painting.sampled(canvases[position], averages[position], sample_at[position])
            painting.note(losses[position])
            own = jax.tree.map(lambda leaf, at=position: leaf[at], easels) if painting.wants_checkpoint else None
            checkpoint = None if own is None else painting.checkpoint(own, index)
            steps.append(painting.step(f"painting {stage}", sampled, checkpoint))
        yield tuple(steps)
    return [canvas.cut(np.asarray(easels.average[position])) for position, canvas in enumerate(canvases)]


def _targets(paintings: Sequence[Painting], places: Places, scale: Scale) -> Parts[Targets]:
    found = []
    for painting in paintings:
        found.append((yield from painting.targets(scale)))
    return places.put(found)


def _advance(
    paintings: Sequence[Painting], places: Places, easels: Easel, targets: Targets, scale: Scale, doing: str
) -> Generator[Steps, None, tuple[Easel, np.ndarray, jax.Array]]:
    """One chunk of steps of all: the states, the losses (n, chunk) and the averages (n, chunk, 1, H, W, 3).

    n is the number of places: of the paintings, then of copies, if any.
    A chunk is done again with half the learning rate for those whose objective is no number; the others do the same
    once more. Raises PaintError where that does not help.
    """
    first = paintings[0]
    style, content = zip(*(painting.recipe.shares for painting in paintings), strict=True)
    weights = places.put([np.float32(share) for share in style]), places.put([np.float32(share) for share in content])
    state = places.network(first)

    def chunk() -> Parts[tuple[Easel, np.ndarray, jax.Array]]:
        yield ""
        new, (losses, averages) = optimizers.paint_chunk_together(
            optimizers.duplicate(easels),
            state,
            targets,
            weights,
            network_graph=first.graph,
            method=first.recipe.method,
            steps=scale.steps,
            chunk=first.chunk_length(scale),
            mesh=places.mesh,
        )
        return new, np.asarray(losses), averages

    for _ in range(SETBACKS + 1):
        new, losses, averages = yield from _patiently(chunk(), paintings, doing)
        finite = np.isfinite(losses).all(1) & np.isfinite(np.asarray(new.average)).all((1, 2, 3, 4))
        lost = np.logical_not(np.asarray(finite))
        own = lost[: len(paintings)]
        if not own.any():
            return new, losses, averages
        for painting in (painting for painting, bad in zip(paintings, own, strict=True) if bad):
            painting.setbacks.append(painting.done)
        easels = optimizers.slowed(easels, lost)
    raise diverged(first)


def stacked(trees: Sequence[T]) -> T:
    """Trees of arrays of equal structure and shapes as one, with an axis in front of each array."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _patiently(work: Parts[T], paintings: Sequence[Painting], stage: str) -> Generator[Steps, None, T]:
    def sign(_: str) -> Steps:
        return tuple(painting.step(stage) for painting in paintings)

    with memory_may_run_out(stage):
        return (yield from patiently(work, sign, every=HEARTBEAT))
