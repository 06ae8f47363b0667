"""From pictures to what a painting is drawn to: the styles' statistics, region by region, and the content's features.

Styles that go to one part of the content are a region: all styles without a mask are one, over the whole picture, and
those with equal masks are one each. Within a region the styles' statistics are blended, layer by layer, by the shares
of the styles that count at that layer (guided Gram matrices: Gatys et al. 2017, arXiv:1611.07865, section 5).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from neural_gallery.site.model import fit
from neural_gallery.studio import color
from neural_gallery.studio.arrays import Bytes, Floats
from neural_gallery.studio.blocks import grid_of
from neural_gallery.studio.losses import Region, Statistics, Targets, blend, statistics_at
from neural_gallery.studio.memory import Room, bands_for, block_size_for, room_here
from neural_gallery.studio.mesh import copies, mesh_of
from neural_gallery.studio.optimizers import remembered_bytes
from neural_gallery.studio.parts import Parts
from neural_gallery.studio.pyramid import Canvas, resize, style_bucket, to_floats
from neural_gallery.studio.recipe import Method, Recipe
from neural_gallery.studio.splitting import Split
from neural_gallery.studio.tiling import Tiling
from neural_gallery.studio.vgg import VGG

SMALLEST_STYLE = 16
"""No style is looked at with a longest side below this, however small the scale and `style_scale` are."""


@dataclass(frozen=True, slots=True)
class Style:
    """One style of a painting. Masks are (height, width): 255 counts wholly, 0 not at all."""

    rgb: Bytes  # (height, width, 3), at its natural size
    share: float = 1.0  # of the blend, relative to those of the other styles
    layers: tuple[str, ...] = ()  # the style layers at which it counts; empty: all of them
    mask: Bytes | None = None  # which part of the content it goes to, at the content's size; None: everywhere
    style_mask: Bytes | None = None  # which part of the style counts, at the style's size; None: all of it


def _counted(mask: Bytes | None) -> Floats | None:
    """How much each pixel counts. A mask that leaves nothing out is none: a step without one is faster."""
    return None if mask is None or mask.min() == 255 else to_floats(mask)


@dataclass(frozen=True, slots=True)
class Source:
    """A style as it is painted from, in [0, 1]: recoloured, if the colours ask for it."""

    image: Floats  # (height, width, 3)
    style: Style

    @property
    def mask(self) -> Floats | None:
        """Which part of the image counts, (height, width) in [0, 1]; None: all of it."""
        return _counted(self.style.style_mask)

    def share_at(self, layer: str) -> float:
        """Its share at that layer: none where it does not count there."""
        return self.style.share if not self.style.layers or layer in self.style.layers else 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the content and the styles that go there."""

    mask: Floats | None  # (height, width) of the content, in [0, 1]; None: everywhere
    sources: tuple[Source, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of its styles; they sum to 1."""
        total = sum(source.style.share for source in self.sources)
        return tuple(source.style.share / total for source in self.sources)

    def blended(self, seen: Sequence[dict[str, Statistics]], method: Method) -> dict[str, Statistics]:
        """The statistics of its styles, in their order, as one: by layer, of those that count there."""
        style = {}
        for layer, _ in method.style_layers:
            shares = [source.share_at(layer) for source in self.sources]
            here = [(found[layer], share) for found, share in zip(seen, shares, strict=True) if share > 0]
            if total := sum(share for _, share in here):
                style[layer] = blend([(found, share / total) for found, share in here])
        return style


def recolored(content: Floats, styles: Sequence[Style], recipe: Recipe) -> tuple[Floats, list[Source]]:
    """The pictures that are painted from, for the recipe's way with colours."""
    images = [to_floats(style.rgb) for style in styles]
    if recipe.colors == "luminance":
        images = [color.match_luma(image, content) for image in images]
        content = color.grey(content)
    elif recipe.colors == "match":
        images = [color.match_colors(image, content) for image in images]
    return content, [Source(image, style) for image, style in zip(images, styles, strict=True)]


def parts(sources: Sequence[Source]) -> tuple[Part, ...]:
    """The styles by where they go: those without a mask first, then by mask, in the order of their first style."""
    groups: dict[bytes | None, list[Source]] = {}
    for source in sorted(sources, key=lambda source: source.style.mask is not None):
        mask = source.style.mask
        groups.setdefault(None if mask is None else mask.tobytes(), []).append(source)
    masked = [group[0].style.mask for group in groups.values()]
    return tuple(Part(_counted(mask), tuple(group)) for mask, group in zip(masked, groups.values(), strict=True))


@functools.partial(jax.jit, static_argnames=("network_graph", "method"))
def _style_statistics(
    network_state: nnx.State,
    image: jax.Array,
    mask: jax.Array | None,
    extent: jax.Array,
    *,
    network_graph: nnx.GraphDef,
    method: Method,
) -> dict[str, Statistics]:
    network = nnx.merge(network_graph, network_state)
    layers = [layer for layer, _ in method.style_layers]
    features = network(image, layers, pooling=method.pooling, extent=extent)
    return statistics_at(features, mask, extent, layers)


@functools.partial(jax.jit, static_argnames=("network_graph", "method"))
def _content_features(
    network_state: nnx.State, image: jax.Array, extent: jax.Array, *, network_graph: nnx.GraphDef, method: Method
) -> dict[str, jax.Array]:
    network = nnx.merge(network_graph, network_state)
    return network(image, [layer for layer, _ in method.content_layers], pooling=method.pooling, extent=extent)


def style_canvas(source: Source, longest: int) -> Canvas:
    """Where a style lies when it is looked at with that longest side."""
    longest = max(SMALLEST_STYLE, longest)
    width, height = fit(source.image.shape[1], source.image.shape[0], longest)
    return Canvas(height, width, style_bucket(longest))


def shapes_on(canvas: Canvas, *, masked: bool = False) -> tuple[Any, Any, Any]:
    """What stands for a picture, its mask and its extent on that canvas where only their shapes count."""
    picture, mask = (jax.ShapeDtypeStruct((1, *canvas.shape, channels), jnp.float32) for channels in (3, 1))
    return picture, mask if masked else None, jax.ShapeDtypeStruct((2,), jnp.int32)


@dataclass(frozen=True)  # without slots, for what is worked out once
class Eye:
    """Looks at pictures with one network, in the way of one method; at large ones in bands or in blocks."""

    network: VGG
    method: Method
    room: Callable[[], Room] = room_here

    @functools.cached_property
    def _split(self) -> tuple[nnx.GraphDef, nnx.State]:
        return nnx.split(self.network)

    @property
    def graph(self) -> nnx.GraphDef:
        """What the network is, without its weights."""
        return self._split[0]

    @property
    def state(self) -> nnx.State:
        """The network's weights."""
        return self._split[1]

    def way(self, canvas: Canvas) -> Tiling | Split | None:
        """How a canvas is looked at: on several devices; in blocks, where there is no room for all of it; else None."""
        room, remembered = self.room(), remembered_bytes(self.method)
        bands = canvas.bands if canvas.bands > 1 else bands_for(canvas.shape, room, remembered=remembered)
        if bands > 1:
            mesh = mesh_of(bands)
            return Split(self.graph, copies(self.network, mesh), self.method, mesh)
        side = block_size_for(canvas.shape, room, remembered=remembered)
        if side is None:
            return None
        grid = grid_of(canvas.shape, side, architecture=self.network.architecture, layers=self.method.layers)
        return Tiling(self.graph, self.state, self.method, grid)

    def targets(self, content: Floats, styles: Sequence[Part], canvas: Canvas, *, longest: int) -> Parts[Targets]:
        """What a painting on that canvas is drawn to; styles are looked at with that longest side in pixels."""
        features = yield from self.content(content, canvas)
        regions = []
        for part in styles:
            regions.append((yield from self._region(part, canvas, longest)))
        return Targets(tuple(regions), features, jax.device_put(canvas.extent))

    def content(self, image: Floats, canvas: Canvas) -> Parts[dict[str, jax.Array]]:
        """The features of a picture of any size that is to be kept, by layer."""
        mounted = jax.device_put(canvas.mount(resize(image, canvas.height, canvas.width)))
        extent = jax.device_put(canvas.extent)
        if way := self.way(canvas):
            return (yield from way.content_features(mounted, extent))
        yield ""
        return _content_features(self.state, mounted, extent, network_graph=self.graph, method=self.method)

    def style(self, source: Source, longest: int) -> Parts[dict[str, Statistics]]:
        """A style's statistics by layer, looked at with that longest side."""
        canvas = style_canvas(source, longest)
        way = self.way(canvas)
        if isinstance(way, Split):
            canvas = replace(canvas, bands=way.bands)
        image = resize(source.image, canvas.height, canvas.width)
        arrays = jax.device_put((canvas.mount(image), canvas.mask(source.mask), canvas.extent))
        if way:
            return (yield from way.statistics(*arrays))
        yield ""
        return _style_statistics(self.state, *arrays, network_graph=self.graph, method=self.method)

    def traced_content(self, canvas: Canvas) -> jax.stages.Traced:
        """The program that `content` runs, where it does so at once."""
        picture, _, extent = shapes_on(canvas)
        return _content_features.trace(self.state, picture, extent, network_graph=self.graph, method=self.method)

    def traced_style(self, source: Source, longest: int) -> jax.stages.Traced:
        """The program that `style` runs, where it does so at once."""
        shapes = shapes_on(style_canvas(source, longest), masked=source.mask is not None)
        return _style_statistics.trace(self.state, *shapes, network_graph=self.graph, method=self.method)

    def _region(self, part: Part, canvas: Canvas, longest: int) -> Parts[Region]:
        seen = []
        for source in part.sources:
            seen.append((yield from self.style(source, longest)))
        area = 1.0 if part.mask is None else float(part.mask.mean())
        return Region(part.blended(seen, self.method), *jax.device_put((canvas.mask(part.mask), np.float32(area))))
