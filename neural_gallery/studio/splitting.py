"""One large picture over several devices: each has a band of its rows.

Every convolution sees one row beyond its band, which the neighbours send. What the objective knows of a picture are
sums over positions: they are added up over all devices, the objective is differentiated with respect to the sums, and
each device goes back from there through its band, as `tiling` does through one block after the other. The exchange is
written down here and in `convolution.Bands`, not left to the compiler, which would have to find it in Winograd's tiles
and the strips that they are taken in. The optimiser's step is left to it: most of that concerns each pixel by itself,
and L-BFGS's products are sums.

Arrays of the picture are (…, H, W, C) and lie by rows, all others are whole on each device.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jax.sharding import Mesh, NamedSharding

from neural_gallery.studio.convolution import Bands
from neural_gallery.studio.losses import (
    LEAST_NORM,
    Seen,
    Statistics,
    Targets,
    masks,
    positions,
    share_of_statistics,
    share_of_variation,
    squares,
)
from neural_gallery.studio.mesh import AXIS, WHOLE, put_rows, rows, rows_of
from neural_gallery.studio.optimizers import Easel, mixed, step_with
from neural_gallery.studio.parts import Parts
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.vgg import VGG

T = TypeVar("T")


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Counted:
    """How much each position of a picture counts, by layer, and what that sums to over all devices."""

    weights: dict[str, jax.Array | None]  # None: each counts once
    totals: dict[str, jax.Array]


Measured: TypeAlias = tuple[tuple[Counted, ...], dict[str, jax.Array]]
"""What follows from the targets and is the same for every step: what counts, by region; the content's squared norms."""


@dataclass(frozen=True, slots=True)
class Split:
    """A network, whole on each device, that looks at pictures in bands."""

    graph: nnx.GraphDef
    state: nnx.State
    method: Method
    mesh: Mesh

    @property
    def bands(self) -> int:
        """How many there are."""
        return self.mesh.size

    def placed(self, tree: T) -> T:
        """Arrays of a picture where they belong."""
        return put_rows(tree, self.mesh)

    def statistics(self, image: jax.Array, mask: jax.Array | None, extent: jax.Array) -> Parts[dict[str, Statistics]]:
        """The style statistics of a picture of that extent over the positions that the mask counts.

        They come back to the first device: what is painted after that style may not be split.
        """
        yield ""
        found = _statistics(self.state, *self.placed((image, mask, extent)), **self._fixed)
        return jax.device_put(jax.device_get(found))

    def content_features(self, image: jax.Array, extent: jax.Array) -> Parts[dict[str, jax.Array]]:
        """The features of a picture of that extent at the content layers."""
        yield ""
        return _content_features(self.state, *self.placed((image, extent)), **self._fixed)

    def chunk(
        self, easel: Easel, targets: Targets, shares: tuple[jax.Array, jax.Array], *, steps: int, chunk: int
    ) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
        """`chunk` of the `steps` steps of a scale, as `optimizers.paint_chunk` takes them. All arrays are placed."""
        return paint_chunk_split(easel, self.state, targets, shares, steps=steps, chunk=chunk, **self._fixed)

    @property
    def _fixed(self) -> dict:
        """The static arguments of every program here."""
        return {"graph": self.graph, "method": self.method, "mesh": self.mesh}


def _on_bands(function: Callable[..., T], mesh: Mesh, *arguments: object, out_specs: Any) -> T:
    """What a function gives on each device, from the network's state and arrays of a picture."""
    state, *others = arguments
    specs = (WHOLE, *(rows_of(it) for it in others))
    # What varies from device to device is told by the functions here, not found out.
    mapped = jax.shard_map(function, mesh=mesh, in_specs=specs, out_specs=out_specs, check_vma=False)
    return mapped(state, *others)


_program = functools.partial(jax.jit, static_argnames=("graph", "method", "mesh"))


@_program
def _statistics(
    state: nnx.State,
    image: jax.Array,
    mask: jax.Array | None,
    extent: jax.Array,
    *,
    graph: nnx.GraphDef,
    method: Method,
    mesh: Mesh,
) -> dict[str, Statistics]:
    bands, layers = Bands(AXIS, mesh.size), [layer for layer, _ in method.style_layers]

    def band(state: nnx.State, image: jax.Array, mask: jax.Array | None, extent: jax.Array) -> dict[str, Statistics]:
        here = bands.extent(image, extent)
        features = nnx.merge(graph, state)(image, layers, pooling=method.pooling, extent=here, bands=bands)
        return lax.psum(_shares(features, _counted(bands, image, mask, extent, layers)), AXIS)

    return _on_bands(band, mesh, state, image, mask, extent, out_specs=WHOLE)


@_program
def _content_features(
    state: nnx.State, image: jax.Array, extent: jax.Array, *, graph: nnx.GraphDef, method: Method, mesh: Mesh
) -> dict[str, jax.Array]:
    bands, layers = Bands(AXIS, mesh.size), [layer for layer, _ in method.content_layers]

    def band(state: nnx.State, image: jax.Array, extent: jax.Array) -> dict[str, jax.Array]:
        here = bands.extent(image, extent)
        return nnx.merge(graph, state)(image, layers, pooling=method.pooling, extent=here, bands=bands)

    return _on_bands(band, mesh, state, image, extent, out_specs=rows(image))


@functools.partial(jax.jit, static_argnames=("graph", "method", "mesh", "steps", "chunk"), donate_argnames="easel")
def paint_chunk_split(
    easel: Easel,
    state: nnx.State,
    targets: Targets,
    shares: tuple[jax.Array, jax.Array],
    *,
    graph: nnx.GraphDef,
    method: Method,
    mesh: Mesh,
    steps: int,
    chunk: int,
) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
    """`optimizers.paint_chunk` of a picture in bands. The state's buffers are donated."""
    bands = Bands(AXIS, mesh.size)
    by_region = tuple(Counted(rows(easel.image), WHOLE) for _ in targets.regions)  # pyright: ignore[reportArgumentType]

    def measure(_: nnx.State, image: jax.Array, targets: Targets) -> Measured:
        return _measured(bands, image, targets)

    def look(state: nnx.State, image: jax.Array, *known: Any) -> tuple[jax.Array, jax.Array]:
        return _loss_and_gradient(nnx.merge(graph, state), bands, method, image, *known)

    measured = _on_bands(measure, mesh, state, easel.image, targets, out_specs=(by_region, WHOLE))

    def loss_and_gradient(image: jax.Array) -> tuple[jax.Array, jax.Array]:
        return _on_bands(look, mesh, state, image, targets, measured, shares, out_specs=(WHOLE, rows(image)))

    def placed(array: jax.Array) -> jax.Array:
        return lax.with_sharding_constraint(array, NamedSharding(mesh, rows(array)))

    def body(before: Easel, _: None) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
        after, loss = step_with(loss_and_gradient, before, method, steps=steps)
        after = jax.tree.map(placed, after)
        return after, (loss, after.average)

    return lax.scan(body, easel, length=chunk)


def _counted(
    bands: Bands, image: jax.Array, mask: jax.Array | None, extent: jax.Array, layers: Collection[str]
) -> Counted:
    """What counts of a band of an image, and of how much."""
    if mask is None:
        return Counted(dict.fromkeys(layers), {layer: positions(extent, layer) for layer in layers})
    weights = masks(mask, bands.extent(image, extent), layers)
    return Counted(dict(weights), lax.psum({layer: weight.sum() for layer, weight in weights.items()}, bands.axis))


def _shares(features: Mapping[str, jax.Array], counted: Counted) -> dict[str, Statistics]:
    """What a band adds to the statistics."""
    return {
        layer: share_of_statistics(features[layer], counted.weights[layer], total)
        for layer, total in counted.totals.items()
    }


def _measured(bands: Bands, image: jax.Array, targets: Targets) -> Measured:
    counted = tuple(
        _counted(bands, image, region.mask, targets.extent, list(region.style)) for region in targets.regions
    )
    squared = {layer: jnp.sum(wanted.astype(jnp.float32) ** 2) for layer, wanted in targets.content.items()}
    return counted, jax.tree.map(lambda norm: jnp.maximum(norm, LEAST_NORM), lax.psum(squared, bands.axis))


def _loss_and_gradient(
    network: VGG,
    bands: Bands,
    method: Method,
    image: jax.Array,
    targets: Targets,
    measured: Measured,
    shares: tuple[jax.Array, jax.Array],
) -> tuple[jax.Array, jax.Array]:
    """The objective of the whole picture, and its gradient with respect to one band of it."""
    counted, norms = measured
    extent = bands.extent(image, targets.extent)
    layers = {layer for region in targets.regions for layer in region.style} | set(targets.content)

    def look(image: jax.Array) -> tuple[Seen, jax.Array]:
        features = network(image, layers, pooling=method.pooling, extent=extent, bands=bands)
        # Beyond the picture both features are 0.
        content = {
            layer: jnp.sum(squares(features[layer], wanted)) / norms[layer] for layer, wanted in targets.content.items()
        }
        variation = share_of_variation(bands.with_neighbours(image)[:, 1:], extent, targets.extent)
        return Seen(tuple(_shares(features, it) for it in counted), content), variation

    share, go_back = jax.vjp(look, image)
    found = lax.psum(share, bands.axis)
    loss, wanted = jax.value_and_grad(lambda known: mixed(known[0], known[1], targets, shares, method))(found)
    # What a band has sent to its neighbours comes back with their part of the gradient.
    (gradient,) = go_back(wanted)
    return loss, gradient
