"""Pictures made from good ones of every format that is read, damaged at random; a seed is a case."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from .hostile import damaged


def picture(rng: random.Random, samples: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The file name and the bytes of a picture that was good."""
    name = rng.choice(sorted(samples))
    data = samples[name]
    if data.startswith(b"\x89PNG") and rng.random() < 0.5:
        return name, _png_bent(rng, data)
    # Most of what decides anything stands at the beginning.
    head = rng.choice((32, 128, 600, len(data)))
    changed = damaged(rng, data[:head]) + data[head:]
    if rng.random() < 0.1:
        changed = rng.choice(sorted(samples.values()))[: rng.randrange(1, 40)] + changed
    return name, changed


def _png_bent(rng: random.Random, data: bytes) -> bytes:
    """A PNG with one chunk changed, whose checksums are right, so that decoders go on."""
    chunks = png_chunks(data)
    place = rng.randrange(len(chunks))
    kind, body = chunks[place]
    what = rng.randrange(5)
    if what == 0:
        chunks[place] = (kind, damaged(rng, body))
    elif what == 1:
        chunks.insert(rng.randrange(len(chunks)), chunks[place])
    elif what == 2:
        del chunks[place]
    elif what == 3:
        kinds = (
            b"iCCP",
            b"tRNS",
            b"PLTE",
            b"eXIf",
            b"zTXt",
            b"iTXt",
            b"tEXt",
            b"acTL",
            b"fcTL",
            b"fdAT",
            b"pHYs",
            b"cHRM",
            b"gAMA",
        )
        chunks.insert(
            rng.randrange(len(chunks)), (rng.choice(kinds), rng.randbytes(rng.choice((0, 1, 4, 13, 26, 300))))
        )
    else:
        raw = bytearray(zlib.decompress(b"".join(one for name, one in chunks if name == b"IDAT")))
        changed = damaged(rng, bytes(raw))
        chunks = [one for one in chunks if one[0] != b"IDAT"]
        chunks.insert(-1, (b"IDAT", zlib.compress(changed)))
    return png_of(chunks)


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a good PNG: kind and body."""
    chunks, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return chunks


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks, with right lengths and checksums."""
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def picture_samples() -> dict[str, bytes]:
    """Small pictures of every format that is read, in all the kinds that differ in how they are decoded."""
    import numpy as np
    from PIL import Image, ImageCms

    y, x = np.mgrid[0:20, 0:28]
    base = Image.fromarray(np.stack([x * 9, y * 12, (x * y) % 256], -1).astype(np.uint8))
    clear = base.copy()
    clear.putalpha(Image.fromarray((x * 9).astype(np.uint8)))
    grey16 = Image.fromarray((x * 2000).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frames = [base.rotate(angle) for angle in (90, 180)]
    saved: dict[str, Callable[[io.BytesIO], None]] = {
        "rgb.png": lambda to: base.save(to, "PNG", exif=exif, icc_profile=profile),
        "rgba.png": lambda to: clear.save(to, "PNG"),
        "palette.png": lambda to: base.quantize(16).save(to, "PNG", transparency=3),
        "grey16.png": lambda to: grey16.save(to, "PNG", transparency=2000),
        "bits.png": lambda to: base.convert("1").save(to, "PNG"),
        "animated.png": lambda to: base.save(to, "PNG", save_all=True, append_images=frames),
        "rgb.jpg": lambda to: base.save(to, "JPEG", exif=exif, icc_profile=profile),
        "progressive.jpg": lambda to: base.save(to, "JPEG", progressive=True, quality=95),
        "grey.jpg": lambda to: base.convert("L").save(to, "JPEG"),
        "cmyk.jpg": lambda to: base.convert("CMYK").save(to, "JPEG"),
        "lossy.webp": lambda to: clear.save(to, "WEBP", exif=exif, icc_profile=profile),
        "lossless.webp": lambda to: clear.save(to, "WEBP", lossless=True),
        "animated.webp": lambda to: base.save(to, "WEBP", save_all=True, append_images=frames),
        "plain.gif": lambda to: base.save(to, "GIF"),
        "animated.gif": lambda to: base.save(to, "GIF", save_all=True, append_images=frames, transparency=2),
        "rgb.avif": lambda to: base.save(to, "AVIF", exif=exif, icc_profile=profile),
        "rgba.avif": lambda to: clear.save(to, "AVIF", speed=9),
        "animated.avif": lambda to: base.save(to, "AVIF", save_all=True, append_images=frames, speed=9),
    }
    samples = {}
    for name, save in saved.items():
        save(to := io.BytesIO())
        samples[name] = to.getvalue()
    samples["interlaced.png"] = interlaced_png(np.asarray(base))
    samples["rgb16.png"] = png_of(
        [
            (b"IHDR", struct.pack(">IIBBBBB", 28, 20, 16, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in (np.asarray(base).astype(">u2") * 257)))),
            (b"IEND", b""),
        ]
    )
    return samples


def interlaced_png(rgb: Any) -> bytes:
    """A PNG in seven passes (Adam7)."""
    height, width, _ = rgb.shape
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = [
        b"\0" + row.tobytes() for top, left, down, across in passes for row in rgb[top::down, left::across] if row.size
    ]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return png_of([(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")])
