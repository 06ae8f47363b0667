"""A large picture cut into blocks: overlapping windows of one size, and in each the positions that are its own.

All numbers are pixels of the picture unless a layer is named. A window lies inside the picture, so that its borders
are either borders of the picture, where the network's padding belongs, or cuts. Near a cut the network sees padding
where the picture goes on; what it computes there is wrong as far as it reaches, and so the positions that a window
owns keep that distance from cuts. Every position of every layer is owned by exactly one window.

Poolings pair positions from the top left and leave out an odd last row or column. Windows begin at multiples of what
all poolings make of one position, and leave the same remainder as the picture: the last one ends where the picture
ends, pooled as the picture is, and one compiled program serves all. Winograd's tiles of 4 x 4 positions lie in a window
as in the picture too: otherwise rounding differs, a rectifier here and there decides differently on a value near 0,
and the gradient is off by 5e-5 of its norm instead of 2e-6.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neural_gallery.studio.architecture import Architecture, needed_convolutions

TILE = 4
"""Positions along a side of the tiles of Winograd's filtering; see `convolution`."""


@dataclass(frozen=True, slots=True)
class Span:
    """A window along one side of the picture, and its own part of that."""

    start: int
    stop: int
    own_start: int
    own_stop: int

    def at(self, shrinkage: int) -> Span:
        """The same at a layer where so many pixels of a side have become one position."""
        return Span(*(edge // shrinkage for edge in (self.start, self.stop, self.own_start, self.own_stop)))


@dataclass(frozen=True, slots=True)
class Block:
    """One window of a picture."""

    rows: Span
    columns: Span

    @property
    def place(self) -> NDArray[np.int32]:
        """Where it starts, where its own part starts and stops; rows, then columns: what a compiled program takes."""
        spans = (self.rows, self.columns)
        return np.array([(span.start, span.own_start, span.own_stop) for span in spans], np.int32)


@dataclass(frozen=True, slots=True)
class Grid:
    """All blocks of a picture, row by row."""

    shape: tuple[int, int]  # of the picture: height, width
    window: tuple[int, int]  # of each window
    blocks: tuple[Block, ...]


def shrinkage(layer: str) -> int:
    """How many pixels of a side are one position at that layer: 8 at `relu4_2`, behind three poolings."""
    return 2 ** (int(layer[4]) - 1)


def reach(architecture: Architecture, layers: Collection[str]) -> int:
    """How far a position of those layers sees beyond the pixels that are pooled into it, in pixels.

    A 3 x 3 convolution sees one position further: 70 pixels down to VGG-19's `relu5_1`.
    """
    return sum(shrinkage(name) for name in needed_convolutions(architecture, layers))


def spans(side: int, longest: int, *, margin: int, step: int) -> tuple[Span, ...]:
    """Windows of one length, `longest` at the most, over a side of a picture; a single one where that is enough.

    They own nothing that is nearer to a cut than `margin`, and what they own begins at multiples of `step`, they
    themselves at multiples of `TILE` steps. There are as few as possible, as short as possible. Raises ValueError
    where `longest` leaves them nothing to own.
    """
    if side <= longest:
        return (Span(0, side, 0, side),)
    halo, stride = -(-margin // step) * step, TILE * step

    def gaps(strides: int) -> int:
        """Into how many gaps so many strides from the first start to the last must be divided; 0: it cannot be."""
        length = side - strides * stride
        at_once = (length // step * step - 2 * halo) // stride
        return -(-strides // at_once) if at_once > 0 else 0

    shortest = -(-(side - longest) // stride)
    count = gaps(shortest)
    if count == 0:
        raise ValueError(f"a window of {longest} pixels has no middle between margins of {margin}")
    strides = max(strides for strides in range(shortest, side // stride + 1) if gaps(strides) == count)
    length = side - strides * stride
    starts = [index * strides // count * stride for index in range(count + 1)]
    # Two neighbours meet in the middle of what both see, but for the remainder of the last step: it is pooled away.
    meeting = [(this + length // step * step + following) // (2 * step) for this, following in pairwise(starts)]
    owned = [0, *(step * edge for edge in meeting), side]
    return tuple(Span(start, start + length, *own) for start, own in zip(starts, pairwise(owned), strict=True))


def grid_of(shape: tuple[int, int], longest: int, *, architecture: Architecture, layers: Collection[str]) -> Grid:
    """The blocks of a picture of that height and width, whose windows are `longest` pixels high and wide at the most.

    Each block's own positions of `layers` are exactly those of the whole picture.
    """
    margin, step = reach(architecture, layers), max(shrinkage(layer) for layer in layers)
    rows, columns = (spans(side, longest, margin=margin, step=step) for side in shape)
    window = rows[0].stop - rows[0].start, columns[0].stop - columns[0].start
    return Grid(shape, window, tuple(Block(down, across) for down in rows for across in columns))
