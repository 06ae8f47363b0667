"""PNG files with 16 bits a colour, read back by the specification and by Pillow."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from neural_gallery.store.png16 import encode_png16


def decoded(data: bytes) -> np.ndarray:
    """The samples of a PNG of our kind, as the specification has it: chunks, checksums, the filter "Up"."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + body)
        chunks[name] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"sRGB", b"IDAT", b"IEND"]
    width, height, depth, color, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (16, [0, 0, 0])
    channels = {2: 3, 6: 4}[color]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 2 * channels * width)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).view(">u2").reshape(height, width, channels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (40, 30)])
@pytest.mark.parametrize("transparent", [False, True])
def test_every_bit_comes_back(shape: tuple[int, int], transparent: bool) -> None:
    """All 16 bits by the specification; Pillow, which reads the upper 8 of them, takes it for a whole PNG."""
    random = np.random.default_rng(1)
    rgb = random.integers(0, 65536, (*shape, 3), np.uint16)
    alpha = random.integers(0, 256, shape, np.uint8) if transparent else None
    data = encode_png16(rgb, alpha)
    samples = decoded(data)
    np.testing.assert_array_equal(samples[..., :3], rgb)
    if alpha is not None:
        np.testing.assert_array_equal(samples[..., 3], alpha * np.uint16(257))
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.mode == ("RGBA" if transparent else "RGB")
        np.testing.assert_array_equal(np.asarray(image)[..., :3], rgb >> 8)
