"""Putting an animation's frames into one palette, so that what stands still does not flicker.

A palette for each frame would make every frame's colours jump, and a dither that carries errors along (Floyd and
Steinberg's) makes the whole picture boil when one pixel changes. Here every frame shares one palette, chosen over all
of them, and the dither is Bayer's (Bayer, "An optimum method for two-level rendition of continuous-tone pictures",
1973): its pattern depends on the place only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_gallery.store.pixels import Alpha
    from neural_gallery.workers.messages import RGB

TRANSPARENT = 255
"""The index that shows what was there before; the palette's colours are those below it."""

_DITHER = 6  # levels between the darkest and the lightest threshold: bands go, the pattern cannot be seen
_LAZINESS = 6  # levels: a pixel this near to what is shown already stays, which takes off a tenth of the file
_SAMPLES = 600_000  # pixels from which the palette is made
_ROUNDS = 6  # of k-means; after that the error falls by less than a hundredth a round


def shared_palette(frames: Sequence[RGB], count: int = TRANSPARENT) -> NDArray[np.uint8]:
    """The colours nearest to all frames, `count` of them: octree, then k-means. (256, 3); those left over are black."""
    step = max(1, round((sum(frame.shape[0] * frame.shape[1] for frame in frames) / _SAMPLES) ** 0.5))
    samples = np.concatenate([frame[::step, ::step].reshape(-1, 3) for frame in frames])
    start = Image.fromarray(samples[None]).quantize(count, method=Image.Quantize.FASTOCTREE)
    colors = np.zeros((256, 3))
    found = np.asarray(start.getpalette(), float).reshape(-1, 3)[:count]
    colors[: len(found)] = found
    for _ in range(_ROUNDS):
        nearest = _nearest(samples[None], colors.round().astype(np.uint8)).ravel()
        members = np.bincount(nearest, minlength=256)
        for channel in range(3):
            sums = np.bincount(nearest, samples[:, channel], minlength=256)
            np.divide(sums, members, out=colors[:, channel], where=members > 0)
    return colors.round().astype(np.uint8)


def frames_in_palette(
    frames: Sequence[RGB], colors: NDArray[np.uint8], *, alpha: Alpha | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Each frame's indices into the palette, (height, width), `TRANSPARENT` where what is shown already may stay.

    The last frame stays only where it would be the same: it is the result. Where `alpha` is below 128, nothing is
    ever shown.
    """
    thresholds = _bayer(*frames[0].shape[:2])[..., None] * _DITHER
    hidden = np.zeros(frames[0].shape[:2], bool) if alpha is None else alpha < 128
    shown = np.full(hidden.shape, TRANSPARENT, np.uint8)
    for number, frame in enumerate(frames):
        wanted = _nearest(np.clip(frame + thresholds, 0, 255).round().astype(np.uint8), colors)
        stays = wanted == shown
        if 0 < number < len(frames) - 1:
            stays |= np.abs(colors[shown].astype(np.int16) - frame).max(axis=-1) <= _LAZINESS
        stays |= hidden
        yield np.where(stays, TRANSPARENT, wanted).astype(np.uint8)
        shown = np.where(stays, shown, wanted)


def _nearest(rgb: RGB, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The index, below `TRANSPARENT`, of the palette's colour nearest to each pixel."""
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors[:TRANSPARENT].tobytes())
    return np.asarray(Image.fromarray(rgb).quantize(palette=palette, dither=Image.Dither.NONE))


def _bayer(height: int, width: int) -> NDArray[np.float64]:
    """Bayer's 8 x 8 thresholds, from -1/2 to 1/2, tiled over a picture."""
    matrix = np.zeros((1, 1))
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    tiles = np.tile((matrix + 0.5) / 64 - 0.5, (-(-height // 8), -(-width // 8)))
    return tiles[:height, :width]
