"""Resizing between scales, and the canvas that a scale is painted on.

Arrays are float32 NumPy, (height, width, channels), on the host: this happens a few times in a painting, and Pillow's
resampling needs no compilation. A canvas has the picture at its top left, and sides that are multiples of a bucket:
pictures of nearly the same shape share one compiled program. What lies beyond the picture is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neural_gallery.studio.arrays import Bytes, Floats

Kind = TypeVar("Kind", np.uint8, np.uint16)

BUCKET = 8

POOLED = 16
"""What all poolings of a VGG make of one position: a band of a picture has a multiple of so many rows."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a picture of `height` x `width` lies on its canvas, whose sides are multiples of `bucket`.

    A canvas in several bands, one for each of several devices, is as much higher as makes all of them equally high.
    """

    height: int
    width: int
    bucket: int = BUCKET
    bands: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        rows, columns = (-(-side // self.bucket) * self.bucket for side in (self.height, self.width))
        step = self.bands * POOLED if self.bands > 1 else 1
        return -(-rows // step) * step, columns

    @property
    def extent(self) -> NDArray[np.int32]:
        """Height and width of the picture, (2,)."""
        return np.array((self.height, self.width), np.int32)

    def mount(self, image: Floats) -> Floats:
        """The picture on its canvas: (height, width, C) -> (1, *shape, C)."""
        spare = ((0, whole - side) for whole, side in zip(self.shape, (self.height, self.width), strict=True))
        return np.pad(image, (*spare, (0, 0)), mode="edge")[None]

    def mask(self, mask: Floats | None) -> Floats | None:
        """A mask of any size, (h, w), over the picture: (1, *shape, 1). None stays None."""
        if mask is None:
            return None
        return self.mount(np.clip(resize(mask[..., None], self.height, self.width), 0, 1))

    def cut(self, canvas: Floats) -> Floats:
        """The picture back from its canvas: (1, *shape, C) -> (height, width, C)."""
        return canvas[0, : self.height, : self.width]


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
    return _rounded(image, np.uint8)


def to_sixteen_bits(image: Floats) -> NDArray[np.uint16]:
    """[0, 1], clipped -> 16-bit pixels, rounded."""
    return _rounded(image, np.uint16)


def _rounded(image: Floats, kind: type[Kind]) -> NDArray[Kind]:
    return np.round(np.clip(image, 0, 1) * np.iinfo(kind).max).astype(kind)
