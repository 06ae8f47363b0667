"""Compiling the programs of a painting before their turn comes.

A compiler keeps a core and a half busy and tracing keeps one, so programs are compiled two at a time, and those of the
finer scales while the coarser ones are painted. JAX keeps what it has compiled for arguments of some shape: the call
that comes later finds it. What cannot be compiled here fails again there, where it is told.
"""

from __future__ import annotations

from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from neural_gallery.studio import optimizers
from neural_gallery.studio.losses import Region, Targets
from neural_gallery.studio.painting import Painting
from neural_gallery.studio.recipe import Scale
from neural_gallery.studio.targets import shapes_on, style_canvas

THREADS = "compiling-ahead"
"""What the names of the threads begin with."""

_NUMBER: Any = jax.ShapeDtypeStruct((), jnp.float32)
"""Stands for a number where only its shape counts."""


class Ahead:
    """Compiles what a painting will run at its scales from `first` on, in that order, in two threads."""

    def __init__(self, painting: Painting, first: int = 0) -> None:
        self._painting = painting
        self._pools = ThreadPoolExecutor(1, THREADS), ThreadPoolExecutor(1, THREADS)
        self._chunks: dict[Scale, Future[None]] = {}
        self._looks = {
            scale: self._pools[0].submit(self._compile_looks, scale)
            for scale in painting.recipe.scales[first:]
            if painting.way(scale) is None  # blocks and bands have programs of their own
        }

    def looks(self, scale: Scale) -> None:
        """Waits until the pictures of that scale can be looked at."""
        _wait_for(self._looks.get(scale))

    def chunk(self, scale: Scale) -> None:
        """Waits until the steps of that scale can be taken, once its pictures can be looked at."""
        _wait_for(self._chunks.get(scale))

    def stop(self) -> None:
        """Gives up what has not been begun."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def _compile_looks(self, scale: Scale) -> None:
        """The looks at content and styles; beside them the steps, as soon as the shapes of what is seen are known."""
        painting, canvas = self._painting, self._painting.canvas(scale)
        longest, eye = painting.style_size(scale), painting.eye
        content = eye.traced_content(canvas)
        styles = [[eye.traced_style(source, longest) for source in part.sources] for part in painting.parts]
        seen = [[traced.out_info for traced in traces] for traces in styles]
        style = [
            jax.eval_shape(partial(part.blended, method=eye.method), found)
            for part, found in zip(painting.parts, seen, strict=True)
        ]
        _, mask, extent = shapes_on(canvas, masked=True)
        regions = tuple(
            Region(blended, None if part.mask is None else mask, _NUMBER)
            for blended, part in zip(style, painting.parts, strict=True)
        )
        targets = Targets(regions, content.out_info, extent)
        self._chunks[scale] = self._pools[1].submit(self._compile_chunk, scale, targets)
        content.lower().compile()
        for part, traces in zip(painting.parts, styles, strict=True):
            for source, traced in zip(part.sources, traces, strict=True):
                if eye.way(style_canvas(source, longest)) is None:
                    traced.lower().compile()

    def _compile_chunk(self, scale: Scale, targets: Targets) -> None:
        painting = self._painting
        begin = painting.traced_begin(scale)
        begin.lower().compile()
        optimizers.duplicate.trace(begin.out_info).lower().compile()
        optimizers.paint_chunk.trace(
            begin.out_info,
            painting.state,
            targets,
            (_NUMBER, _NUMBER),
            network_graph=painting.graph,
            method=painting.recipe.method,
            steps=scale.steps,
            chunk=painting.chunk_length(scale),
        ).lower().compile()


def _wait_for(future: Future[None] | None) -> None:
    if future is not None:
        futures.wait([future])
