"""Large pictures block by block: the objective, its gradient and the features of a whole picture in bounded memory.

Of a picture, the objective knows sums over positions (Gram matrices, channel means, squared distances) and the total
variation. So it is exact to add the sums up over the blocks, to differentiate the objective with respect to the sums,
and to run each block once more, backwards from its share of the sums; the gradients of overlapping windows add up.
What a block must keep for that is gone when the next begins. The whole picture, its gradient and its content features
stay in memory.

Arrays are float32, NHWC. A part of the work is one block: seconds at the most.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax

from neural_gallery.studio.blocks import Block, Grid, shrinkage
from neural_gallery.studio.losses import (
    Region,
    Seen,
    Statistics,
    Targets,
    masks,
    share_of_statistics,
    squared_norm,
    squares,
    total_variation,
)
from neural_gallery.studio.optimizers import Easel, mixed, take_step
from neural_gallery.studio.parts import Parts
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.vgg import VGG


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Measure:
    """What follows from the targets for the whole picture, and is the same for every look at it."""

    masks: tuple[dict[str, jax.Array], ...]  # by region and layer
    counted: tuple[dict[str, jax.Array], ...]  # what the masks sum to
    norms: dict[str, jax.Array]  # of the content's features by layer, squared


@dataclass(frozen=True, slots=True)
class Tiling:
    """A network that looks at a picture in blocks."""

    graph: nnx.GraphDef
    state: nnx.State
    method: Method
    grid: Grid

    def statistics(self, image: jax.Array, mask: jax.Array | None, extent: jax.Array) -> Parts[dict[str, Statistics]]:
        """The style statistics of a picture of that extent over the positions that the mask counts."""
        layers = {layer: self._channels(layer) for layer, _ in self.method.style_layers}
        # Targets with nothing to be reached: what is seen with them is what is asked for.
        nothing = {layer: Statistics(jnp.zeros((size, size)), jnp.zeros(size)) for layer, size in layers.items()}
        targets = Targets((Region(nothing, mask, jnp.ones(())),), {}, extent)
        found = yield from self.look(image, targets, measure_for(targets, self.grid.shape))
        return found.style[0]

    def content_features(self, image: jax.Array, extent: jax.Array) -> Parts[dict[str, jax.Array]]:
        """The features of a picture of that extent at the content layers."""
        height, width = self.grid.shape
        found = {}
        for layer, _ in self.method.content_layers:
            shape = (1, height // shrinkage(layer), width // shrinkage(layer), self._channels(layer))
            found[layer] = jnp.zeros(shape, self._network.dtype)
        for part, block in self._numbered("looking at", extent):
            yield part
            found = jax.block_until_ready(_add_features(found, self.state, image, block.place, extent, **self._fixed))
        return found

    def look(self, image: jax.Array, targets: Targets, measure: Measure) -> Parts[Seen]:
        """What the objective knows of a picture."""
        style = tuple(jax.tree.map(jnp.zeros_like, region.style) for region in targets.regions)
        found = Seen(style, {layer: jnp.zeros(()) for layer in targets.content})
        for part, block in self._numbered("looking at", targets.extent):
            yield part
            found = _add_seen(found, self.state, image, block.place, targets, measure, **self._fixed)
            jax.block_until_ready(found)
        return found

    def loss_and_gradient(
        self, image: jax.Array, targets: Targets, measure: Measure, shares: tuple[jax.Array, jax.Array]
    ) -> Parts[tuple[jax.Array, jax.Array]]:
        """The objective and its gradient with respect to the picture, (1, H, W, 3)."""
        found = yield from self.look(image, targets, measure)
        loss, cotangents, gradient = _judge(found, image, targets, shares, method=self.method)
        for part, block in self._numbered("correcting", targets.extent):
            yield part
            gradient = _add_gradient(
                gradient, cotangents, self.state, image, block.place, targets, measure, **self._fixed
            )
            jax.block_until_ready(gradient)
        return loss, gradient

    def step(
        self, easel: Easel, targets: Targets, measure: Measure, shares: tuple[jax.Array, jax.Array], *, steps: int
    ) -> Parts[tuple[Easel, jax.Array]]:
        """One of the `steps` steps of a scale, and the loss before it."""
        loss, gradient = yield from self.loss_and_gradient(easel.image, targets, measure, shares)
        return jax.block_until_ready(take_step(easel, gradient, method=self.method, steps=steps)), loss

    @property
    def _fixed(self) -> dict:
        """The static arguments of every program here."""
        return {"graph": self.graph, "method": self.method, "window": self.grid.window}

    def _channels(self, layer: str) -> int:
        return self._network.architecture.channels(layer)

    @property
    def _network(self) -> VGG:
        return nnx.merge(self.graph, self.state)

    def _numbered(self, doing: str, extent: jax.Array) -> Iterator[tuple[str, Block]]:
        """The blocks that own a part of the picture, and what to call them."""
        height, width = np.asarray(extent)
        blocks = [it for it in self.grid.blocks if it.rows.own_start < height and it.columns.own_start < width]
        for number, block in enumerate(blocks, 1):
            yield f"{doing} block {number} of {len(blocks)}", block


@functools.partial(jax.jit, static_argnames="shape")
def measure_for(targets: Targets, shape: tuple[int, int]) -> Measure:
    """The measure of a picture with those targets on a canvas of that height and width."""
    everywhere = jnp.ones((1, *shape, 1))
    at_layers = tuple(
        masks(everywhere if region.mask is None else region.mask, targets.extent, region.style)
        for region in targets.regions
    )
    counted = tuple({layer: mask.sum() for layer, mask in masked.items()} for masked in at_layers)
    return Measure(at_layers, counted, {layer: squared_norm(wanted) for layer, wanted in targets.content.items()})


def _cut(plane: jax.Array, place: jax.Array, window: tuple[int, int], layer: str) -> jax.Array:
    """What a window sees of an array of the whole picture at that layer: (1, h, w, C) -> (1, window's h, w, C)."""
    row, column = place[:, 0] // shrinkage(layer)
    height, width = (side // shrinkage(layer) for side in window)
    return lax.dynamic_slice(plane, (0, row, column, 0), (1, height, width, plane.shape[3]))


def _laid(plane: jax.Array, part: jax.Array, place: jax.Array, layer: str) -> jax.Array:
    """An array of the whole picture with a window's positions replaced."""
    row, column = place[:, 0] // shrinkage(layer)
    return lax.dynamic_update_slice(plane, part, (0, row, column, 0))


def _own(place: jax.Array, window: tuple[int, int], layer: str) -> jax.Array:
    """Which positions of a window at that layer are its own: (1, h, w, 1), bool."""
    rows, columns = (
        (jnp.arange(length // shrinkage(layer)) + start >= first)
        & (jnp.arange(length // shrinkage(layer)) + start < stop)
        for length, (start, first, stop) in zip(window, place // shrinkage(layer), strict=True)
    )
    return (rows[:, None] & columns)[None, :, :, None]


def _seen_in(
    network: VGG, image: jax.Array, place: jax.Array, targets: Targets, measure: Measure, method: Method
) -> Seen:
    """What a window's own positions add to what is seen. `image` is the window's, (1, h, w, 3)."""
    window = image.shape[1], image.shape[2]
    layers = {layer for region in targets.regions for layer in region.style} | set(targets.content)
    features = network(image, layers, pooling=method.pooling, extent=targets.extent - place[:, 0])
    style = []
    for region, mask, counted in zip(targets.regions, measure.masks, measure.counted, strict=True):
        weights = {
            layer: jnp.where(_own(place, window, layer), _cut(mask[layer], place, window, layer), 0)
            for layer in region.style
        }
        style.append(
            {layer: share_of_statistics(features[layer], weights[layer], counted[layer]) for layer in region.style}
        )
    content = {}
    for layer, wanted in targets.content.items():
        squared = squares(features[layer], _cut(wanted, place, window, layer))
        content[layer] = jnp.sum(_own(place, window, layer) * squared) / measure.norms[layer]
    return Seen(tuple(style), content)


_program = functools.partial(jax.jit, static_argnames=("graph", "method", "window"), donate_argnums=0)
"""A program for each shape of window; what it adds to is updated in place."""


@_program
def _add_seen(
    seen: Seen,
    state: nnx.State,
    image: jax.Array,
    place: jax.Array,
    targets: Targets,
    measure: Measure,
    *,
    graph: nnx.GraphDef,
    method: Method,
    window: tuple[int, int],
) -> Seen:
    part = _cut(image, place, window, "relu1_1")
    found = _seen_in(nnx.merge(graph, state), part, place, targets, measure, method)
    return jax.tree.map(jnp.add, seen, found)


@_program
def _add_features(
    features: dict[str, jax.Array],
    state: nnx.State,
    image: jax.Array,
    place: jax.Array,
    extent: jax.Array,
    *,
    graph: nnx.GraphDef,
    method: Method,
    window: tuple[int, int],
) -> dict[str, jax.Array]:
    part = _cut(image, place, window, "relu1_1")
    found = nnx.merge(graph, state)(part, list(features), pooling=method.pooling, extent=extent - place[:, 0])
    laid = {}
    for layer, whole in features.items():
        before = _cut(whole, place, window, layer)
        laid[layer] = _laid(whole, jnp.where(_own(place, window, layer), found[layer], before), place, layer)
    return laid


@functools.partial(jax.jit, static_argnames="method")
def _judge(
    found: Seen, image: jax.Array, targets: Targets, shares: tuple[jax.Array, jax.Array], *, method: Method
) -> tuple[jax.Array, Seen, jax.Array]:
    """The objective, and its gradient with respect to what is seen and, of the total variation, to the picture."""

    def objective(found: Seen, image: jax.Array) -> jax.Array:
        return mixed(found, total_variation(image, targets.extent), targets, shares, method)

    loss, (cotangents, gradient) = jax.value_and_grad(objective, argnums=(0, 1))(found, image)
    return loss, cotangents, gradient


@_program
def _add_gradient(
    gradient: jax.Array,
    cotangents: Seen,
    state: nnx.State,
    image: jax.Array,
    place: jax.Array,
    targets: Targets,
    measure: Measure,
    *,
    graph: nnx.GraphDef,
    method: Method,
    window: tuple[int, int],
) -> jax.Array:
    network = nnx.merge(graph, state)
    part = _cut(image, place, window, "relu1_1")
    _, pull_back = jax.vjp(lambda part: _seen_in(network, part, place, targets, measure, method), part)
    (found,) = pull_back(cotangents)
    return _laid(gradient, _cut(gradient, place, window, "relu1_1") + found, place, "relu1_1")
