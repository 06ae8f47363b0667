"""Resizing between scales, and the canvas that a scale is painted on.

Arrays are float32 NumPy, (height, width, channels), on the host: this happens a few times in a painting, and Pillow's
resampling needs no compilation. A canvas is the picture with its edges mirrored outwards, by `MARGIN` at least and
until both sides are multiples of a bucket; what is painted there is cut off again. The margin takes the coloured noise
that the network's zero padding draws along the border, and the buckets let pictures of nearly the same shape share one
compiled program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from neural_gallery.studio.arrays import Bytes, Floats

BUCKET = 8
MARGIN = 6


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a picture of `height` x `width` lies on its canvas, whose sides are multiples of `bucket`."""

    height: int
    width: int
    bucket: int = BUCKET

    @property
    def padding(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Mirrored rows above and below, columns left and right."""
        spare = [whole - side for whole, side in zip(self.shape, (self.height, self.width), strict=True)]
        (above, left) = (extra // 2 for extra in spare)
        return (above, spare[0] - above), (left, spare[1] - left)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        rows, columns = (-(-(side + 2 * MARGIN) // self.bucket) * self.bucket for side in (self.height, self.width))
        return rows, columns

    def mount(self, image: Floats) -> Floats:
        """The picture on its canvas: (height, width, C) -> (1, *shape, C)."""
        return np.pad(image, (*self.padding, (0, 0)), mode="symmetric")[None]

    def mask(self) -> Floats:
        """1 on the picture, 0 on the margin: (1, *shape, 1)."""
        mask = np.zeros((1, *self.shape, 1), np.float32)
        self.cut(mask)[...] = 1
        return mask

    def mask_of(self, mask: Floats) -> Floats:
        """A mask of any size over the picture, nothing on the margin: (h, w) -> (1, *shape, 1)."""
        whole = self.mask()
        self.cut(whole)[...] = np.clip(resize(mask[..., None], self.height, self.width), 0, 1)
        return whole

    def cut(self, canvas: Floats) -> Floats:
        """The picture back from its canvas: (1, *shape, C) -> (height, width, C)."""
        (above, _), (left, _) = self.padding
        return canvas[0, above : above + self.height, left : left + self.width]


def style_bucket(longest: int) -> int:
    """The bucket for a style of that longest side: coarse, so that styles of many shapes share a few programs.

    A style is looked at once for each scale. Looking at a fifth more pixels takes less time than compiling.
    """
    return max(BUCKET, longest // 6 // BUCKET * BUCKET)


def resize(image: Floats, height: int, width: int) -> Floats:
    """(h, w, C) -> (height, width, C) by Lanczos, which may overshoot."""
    if image.shape[:2] == (height, width):
        return image
    planes = (np.ascontiguousarray(image[..., channel], dtype=np.float32) for channel in range(image.shape[2]))
    resized = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS), np.float32)
        for plane in planes
    ]
    return np.stack(resized, axis=-1)


def covering(image: Floats, height: int, width: int) -> Floats:
    """The middle of a picture, scaled to cover `height` x `width`."""
    factor = max(height / image.shape[0], width / image.shape[1])
    scaled = resize(image, max(height, round(image.shape[0] * factor)), max(width, round(image.shape[1] * factor)))
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return scaled[top : top + height, left : left + width]


def to_floats(rgb: Bytes) -> Floats:
    """8-bit pixels -> [0, 1]."""
    return np.divide(rgb, 255, dtype=np.float32)


def to_bytes(image: Floats) -> Bytes:
    """[0, 1], clipped -> 8-bit pixels, rounded."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
