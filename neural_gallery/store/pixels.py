"""Pixels to and from the lossless files of a painting.

The still is a PNG, because people look into the store; the frames are lossless WebP. Measured on 24 frames of
400 x 267 pixels, one core: PNG at its fastest 0.40 s and 5.0 MB, WebP at method 0 0.15 s and 3.7 MB (method 1: 0.40 s
and 3.5 MB).
"""

from __future__ import annotations

import io
import struct
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from neural_gallery.workers.messages import RGB

    Alpha: TypeAlias = NDArray[np.uint8]  # (height, width); 255 is opaque


_PACKED: dict[int, tuple[weakref.ref[RGB], bytes]] = {}
"""What `pack_frame` need not pack, by the array's id; an entry goes with its array."""


class Still(NamedTuple):
    """A finished painting's pixels. `alpha` is None where all of it is opaque."""

    rgb: RGB  # (height, width, 3)
    alpha: Alpha | None


def image_of(rgb: RGB, alpha: Alpha | None) -> Image.Image:
    """Pixels as Pillow has them, RGB or RGBA; colours under transparency are kept as they are."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(rgb if alpha is None else np.dstack([rgb, alpha]))


def pack_still(rgb: RGB, alpha: Alpha | None) -> bytes:
    """PNG bytes, colours under transparency kept as they are."""
    file = io.BytesIO()
    image_of(rgb, alpha).save(file, "PNG", compress_level=1)
    return file.getvalue()


def remember_packed(rgb: RGB, data: bytes) -> None:
    """Lets `pack_frame` give those bytes, of which the array was unpacked, without packing it again.

    From now on nobody may write to the array. Bytes that are no lossless WebP of its size are not remembered.
    """
    if frame_size(data) != (rgb.shape[1], rgb.shape[0]):
        return
    rgb.setflags(write=False)
    number = id(rgb)
    _PACKED[number] = weakref.ref(rgb, lambda _: _PACKED.pop(number, None)), data


def pack_frame(rgb: RGB) -> bytes:
    """Lossless WebP bytes."""
    from PIL import Image

    known = _PACKED.get(id(rgb))
    if known is not None and known[0]() is rgb:
        return known[1]
    file = io.BytesIO()
    try:
        Image.fromarray(rgb).save(file, "WEBP", lossless=True, quality=0, method=0)
    except ValueError as error:
        if str(error) in ("encoding error 1", "encoding error 2"):  # libwebp's two for memory, which Pillow numbers
            raise MemoryError from error
        raise
    return file.getvalue()


PNG_BESIDES = 2**16
"""Bytes that a PNG of ours may have besides its pixels."""


def is_still(data: bytes, width: int, height: int, *, bits: int) -> bool:
    """Whether that begins as a PNG of that size and depth does, RGB or RGBA: for files of unknown origin.

    One much larger than its pixels is none: what is compressed in it could be a thousand times as much.
    """
    if len(data) > width * height * bits + PNG_BESIDES:  # twice what four channels take
        return False
    magic, kind, *rest = _fields(">8s4x4sIIBB", data, (b"", b"", 0, 0, 0, 0))
    return (magic, kind) == (b"\x89PNG\r\n\x1a\n", b"IHDR") and rest in (
        [width, height, bits, 2],
        [width, height, bits, 6],
    )


def frame_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a lossless WebP, by its first bytes; None where it is none: for files of unknown origin."""
    riff, kind, signature, sides = _fields("<4s4x8s4xBI", data, (b"", b"", 0, 0))
    if (riff, kind, signature) != (b"RIFF", b"WEBPVP8L", 0x2F):
        return None
    return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1


def _fields(format: str, data: bytes, missing: tuple[Any, ...]) -> tuple[Any, ...]:
    return struct.unpack_from(format, data) if len(data) >= struct.calcsize(format) else missing


def unpack(data: bytes) -> Still:
    """What `pack_still` or `pack_frame` packed."""
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return Still(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None)
