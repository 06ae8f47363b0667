"""Encoding how a painting came about: GIF, which plays everywhere, WebP, a third of its size, and AVIF, half of that.

All loop forever and hold the result, their last frame, for `HOLD` before they start again. Frames are 8-bit sRGB
arrays (height, width, 3). An economy takes off bytes; the frames that it leaves out are the caller's to leave out. The
same frames give the same bytes on every machine. (`gifsicle -O3` was tried on top of what is done here: it takes off
0.1 %.)
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from neural_gallery.errors import EncodeError, Problem
from neural_gallery.store.economy import ECONOMIES, Economy
from neural_gallery.store.pixels import image_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from neural_gallery.store.pixels import Alpha
    from neural_gallery.workers.messages import RGB

HOLD = 2000
"""Milliseconds for which the last frame stays."""

_FASTEST = 20  # milliseconds: browsers take anything shorter in a GIF for 100


def encode_gif(
    frames: Sequence[RGB], *, fps: int, alpha: Alpha | None = None, economy: Economy = ECONOMIES[0]
) -> bytes:
    """A GIF in one palette for all frames. Where `alpha` is below one half it is transparent. Raises EncodeError."""
    from neural_gallery.store.palette import TRANSPARENT, frames_in_palette, shared_palette

    colors = shared_palette(frames, economy.colors)
    images = [_paletted(indices, colors.tobytes()) for indices in frames_in_palette(frames, colors, alpha=alpha)]
    return _save(
        images,
        "GIF",
        duration=durations(len(frames), fps, tick=10),
        palette=colors.tobytes(),
        transparency=TRANSPARENT,
        disposal=1,  # what a frame leaves transparent keeps showing the one before
        optimize=False,
    )


def encode_webp(
    frames: Sequence[RGB], *, fps: int, alpha: Alpha | None = None, economy: Economy = ECONOMIES[0]
) -> bytes:
    """A lossy WebP animation. Raises EncodeError.

    Every second frame at least is a whole one (`kmax`). Left to itself libwebp keeps what changed little, and by the
    last frame that adds up: 28 dB instead of 30 for a fifth fewer bytes; `minimize_size` brings it down to 25 dB, and
    method 6 takes twenty times the time of method 4 to save 7 %.
    """
    images = [image_of(frame, alpha) for frame in frames]
    options = {"quality": economy.webp, "method": 4, "kmin": 1, "kmax": 2}
    return _save(images, "WEBP", duration=durations(len(frames), fps, tick=1), **options)


def encode_avif(
    frames: Sequence[RGB], *, fps: int, alpha: Alpha | None = None, economy: Economy = ECONOMIES[0]
) -> bytes:
    """An AVIF animation, its chroma at full resolution. Raises EncodeError.

    At 400 x 267 pixels 24 frames take 0.5 s; the last has 30 dB in half the bytes of a WebP, whose last has 29. Speed 6
    takes seven times as long to save a tenth.
    """
    images = [image_of(frame, alpha) for frame in frames]
    # One thread: several would make other bytes of the same frames on another machine.
    options = {"quality": economy.avif, "speed": 8, "subsampling": "4:4:4", "max_threads": 1}
    file = bytearray(_save(images, "AVIF", duration=durations(len(frames), fps, tick=1), **options))
    _forget_times(file, 0, len(file))
    return bytes(file)


def durations(count: int, fps: int, *, tick: int) -> list[int]:
    """How long each of `count` frames stays, in milliseconds: whole ticks of the format, the last one `HOLD`.

    Rounding does not add up: every frame begins within half a tick of its time, up to 50 frames a second.
    """
    length = max(1000 / fps, _FASTEST) / tick
    starts = [round(index * length) * tick for index in range(count)]
    return [end - start for start, end in itertools.pairwise(starts)] + [HOLD]


def _forget_times(file: bytearray, start: int, end: int) -> None:
    """Takes out of boxes (ISO/IEC 14496-12) when they were made, which libavif writes: bytes would differ each time.

    Nought stands for no time: each of these boxes has its version, its flags, and two times, of 8 bytes in version 1.
    """
    while start < end:
        size, kind = int.from_bytes(file[start : start + 4], "big"), file[start + 4 : start + 8]
        body, after = start + 8, start + size
        if size < 8 or after > end:  # the last one may do without, or need 8 bytes for it: that is where pictures are
            return
        if kind in (b"moov", b"trak", b"mdia"):
            _forget_times(file, body, after)
        elif kind in (b"mvhd", b"tkhd", b"mdhd"):
            times = 16 if file[body] else 8
            file[body + 4 : body + 4 + times] = bytes(times)
        start = after


def _paletted(indices: NDArray[np.uint8], colors: bytes) -> Image.Image:
    from PIL import Image

    height, width = indices.shape
    image = Image.frombytes("P", (width, height), indices.tobytes())
    image.putpalette(colors)
    return image


def _save(images: Sequence[Image.Image], format: str, **options: object) -> bytes:
    first, *others = images
    file = io.BytesIO()
    try:
        first.save(file, format, save_all=True, append_images=others, loop=0, **options)
    except (OSError, ValueError, KeyError) as error:
        size = f"{len(images)} frames of {first.width} x {first.height}"
        raise EncodeError(
            Problem(
                None,
                f"Pillow cannot encode {size} as an animated {format}: {error or 'no reason given'}.",
                "Install Pillow from PyPI, which brings every format, or leave this one out of `animation: formats`.",
            )
        ) from error
    return file.getvalue()
