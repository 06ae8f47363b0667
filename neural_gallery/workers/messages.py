"""What the corridor and a painter say to each other. No JAX here: pictures are 8-bit sRGB NumPy arrays.

A painter is a callable `paint(job) -> Iterator[Message]`: any number of `Progress` records, then one `Painted`.
It raises `PaintError` or `WeightsError`. Closing the iterator stops the painting. An `Ensemble` paints several at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_gallery.site.model import PaintSettings, WeightsFile

    RGB: TypeAlias = NDArray[np.uint8]  # (height, width, 3)
    FineRGB: TypeAlias = NDArray[np.uint16]  # (height, width, 3), 65535 being 1
    Mask: TypeAlias = NDArray[np.uint8]  # (height, width), 255 where something counts in full


@dataclass(frozen=True, slots=True)
class StyleSource:
    """One style: its pixels at their natural size, its share of the blend (the shares sum to 1), where it counts."""

    rgb: RGB  # (height, width, 3)
    weight: float
    layers: tuple[str, ...] = ()  # of the network, at which alone the style counts; empty: at every one
    mask: Mask | None = None  # where on the result, at the result's size; None: everywhere
    style_mask: Mask | None = None  # which part of `rgb` counts, at its size; None: all of it


@dataclass(frozen=True, slots=True)
class Job:
    """One painting to make. The result has the size of `content`."""

    name: str  # the pair's id, for messages only
    content: RGB  # (height, width, 3), already at the result's size, transparency flattened
    styles: tuple[StyleSource, ...]
    settings: PaintSettings
    frames: int  # how many frames to sample, the first (the start) and the last (the result) included
    weights: WeightsFile | None = None  # those to paint with; None: the painter's own
    start: RGB | None = None  # what to begin with, at the result's size, where `settings.init` is `Init.PICTURE`
    checkpoint: bytes | None = None  # of the same painting, to go on from; one that does not fit is ignored
    checkpoint_every: float | None = None  # seconds between two checkpoints, about; None: as the painter likes


@dataclass(frozen=True, slots=True)
class Progress:
    """One small step forward. Sent at least every ten seconds, also while the network is compiled."""

    step: int  # steps done, over all scales
    steps: int  # steps in all
    stage: str  # what goes on, for people: "compiling 200 x 133", "painting 400 x 267"
    loss: float  # the objective; NaN before the first step
    frames: tuple[RGB, ...] = ()  # frames sampled since the last record, at the result's size
    work: float = 0.0  # share of the whole painting's work that is done, in [0, 1]; steps do not all cost the same
    checkpoint: bytes | None = None  # now and then: what a later job of the same painting can go on from


@dataclass(frozen=True, slots=True)
class Painted:
    """The result, and what is worth keeping about how it was made."""

    rgb: RGB  # (height, width, 3)
    facts: Mapping[str, object]  # JSON values: steps, scales, losses [[step, loss], ...], seconds, device, versions
    fine: FineRGB | None = None  # the same in 16 bits a colour, where `settings.bits` is 16


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """What a file of weights holds."""

    kind: str  # of file: "PyTorch"
    architecture: str  # "VGG-19"
    convention: str  # how the network wants its pictures: "torchvision"
    sha256: str  # of the file's bytes
    kernels: Mapping[str, tuple[int, ...]]  # shapes, HWIO, by convolution


Message: TypeAlias = Progress | Painted
Painter: TypeAlias = Callable[[Job], Iterator[Message]]


class Ensemble(Protocol):
    """Paints several jobs in one go, for devices that one small picture leaves idle."""

    def at_once(self, job: Job, waiting: int) -> int:
        """How many of `waiting` jobs of that one's size are best painted together; 1: it is better painted singly."""
        ...

    def __call__(self, jobs: Sequence[Job]) -> Generator[tuple[int, Message], None, None]:
        """As a painter's messages, each with the position of its job; checkpoints in the jobs are not looked at.

        Raises PaintError, WeightsError: then no job that has no `Painted` yet is finished.
        """
        ...
