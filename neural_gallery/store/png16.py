"""Writing PNG files with 16 bits a colour, which Pillow cannot.

The format is that of the PNG specification (https://www.w3.org/TR/png-3/): a signature, then chunks with a length, a
name and a checksum. Rows are filtered by what stands above them ("Up"), which suits paintings, and compressed by zlib.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neural_gallery.store.pixels import Alpha
    from neural_gallery.workers.messages import FineRGB

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _RGBA = 2, 6  # colour types
_UP = 2  # filter type
_PERCEPTUAL = 0  # rendering intent of the sRGB chunk


def encode_png16(rgb: FineRGB, alpha: Alpha | None = None) -> bytes:
    """PNG bytes of sRGB pixels, (height, width, 3) of uint16, opaque or with an 8-bit `alpha`, (height, width)."""
    import numpy as np

    pixels = rgb if alpha is None else np.dstack([rgb, alpha * np.uint16(257)])  # 255 -> 65535
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]  # above the first row lies nothing but zeros
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])  # modulo 256, as bytes are
    header = struct.pack(">IIBBBBB", width, height, 16, _RGB if channels == 3 else _RGBA, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"sRGB", bytes([_PERCEPTUAL])),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
