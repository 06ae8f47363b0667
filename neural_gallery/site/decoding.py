"""From the bytes of a picture file to an upright picture in 8-bit sRGB.

A file's format is told from its first bytes, never from its name. Only formats that browsers show are decoded, because
pictures are published as they are. Pillow and NumPy are imported inside the functions: checking a site whose pictures
are known does without them.
"""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import Location, PictureError, Problem

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 100_000_000
MAX_SCANS = 100  # of a JPEG file, each of which is decoded over all its pixels; programs write about ten

EXTENSIONS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WebP", ".avif": "AVIF", ".gif": "GIF"}
FOREIGN_EXTENSIONS = {  # pictures that browsers cannot show
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".heic": "HEIC",
    ".heif": "HEIC",
    ".jp2": "JPEG 2000",
    ".jxl": "JPEG XL",
    ".psd": "PSD",
}
_SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("AVIF", re.compile(rb"....ftyp(avi[fs]|mif1....(.{4}){0,8}avi[fs])", re.DOTALL)),
    ("HEIC", re.compile(rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1)", re.DOTALL)),
    ("TIFF", re.compile(rb"II\*\x00|MM\x00\*")),
    ("BMP", re.compile(rb"BM.{4}\x00\x00\x00\x00", re.DOTALL)),
    ("JPEG 2000", re.compile(rb"\x00\x00\x00\x0cjP  ")),
    ("JPEG XL", re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL ")),
    ("PSD", re.compile(rb"8BPS")),
)
SIGNATURE_LENGTH = 64
# 0 is a byte of data, D0 to D7 stand within a scan, FF fills up.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def format_of(head: bytes) -> str | None:
    """The format of a file that begins with `head` (`SIGNATURE_LENGTH` bytes are enough), or None."""
    return next((name for name, signature in _SIGNATURES if signature.match(head)), None)


def decode(path: Path, *, name: str, location: Location | None) -> Image:
    """The first frame of a picture file, decoded to its last byte and turned upright; the file is closed again.

    `name` is what messages call the file. Raises PictureError.
    """
    from PIL import Image, UnidentifiedImageError

    with path.open("rb") as file:
        head = file.read(SIGNATURE_LENGTH)
    form = format_of(head)
    if (pixels := _pixels_of_webp(head)) > MAX_PIXELS:  # Pillow takes memory for them before it says how many
        raise _too_large(pixels, name, location)
    if form == "JPEG" and _scans_of_jpeg(path.read_bytes()) > MAX_SCANS:
        raise _damaged(f"it has more than {MAX_SCANS} scans", name, location)
    try:
        # Pillow warns of harmless oddities, and of sizes that are checked here against a limit of our own.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=[str(form).upper()]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _too_large(image.width * image.height, name, location)
                image.load()
                _shorten_transparency(image)
                _turn_upright(image)
                return image
    except Image.DecompressionBombError as error:
        # Pillow stops at its own, higher limit before it tells the size, except in its message.
        raise _too_large(int(re.findall(r"\d+", str(error))[0]), name, location) from error
    except UnidentifiedImageError as error:
        raise _damaged("it ends too early, or its header is wrong", name, location) from error
    except PictureError:
        raise
    except MemoryError as error:
        message = f"there is not enough memory to read the picture '{name}'."
        raise PictureError(Problem(location, message, "Scale it down, or free some memory.")) from error
    except Exception as error:  # Pillow's decoders raise whatever the damage makes them trip over
        reason = re.sub(r" \(.*\)|\.$", "", str(error)) or type(error).__name__
        raise _damaged(reason, name, location) from error


def _pixels_of_webp(head: bytes) -> int:
    """How many pixels the canvas of an extended WebP file has; 0 for other files, whose sides have 14 bits."""
    if format_of(head) != "WebP" or head[12:16] != b"VP8X":
        return 0
    width, height = (1 + int.from_bytes(head[place : place + 3], "little") for place in (24, 27))
    return width * height


def _scans_of_jpeg(data: bytes) -> int:
    """How many scans the first picture of a JPEG file has, as far as its markers can be followed."""
    scans, place = 0, 2
    while marker := _JPEG_MARKER.search(data, place):
        kind = data[marker.end() - 1]
        if kind == _END_OF_IMAGE:
            break
        scans += kind == _START_OF_SCAN
        place = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans


def _too_large(pixels: int, name: str, location: Location | None) -> PictureError:
    million = 1_000_000
    message = (
        f"the picture '{name}' has {pixels / million:.1f} million pixels, more than {MAX_PIXELS // million} million."
    )
    return PictureError(Problem(location, message, "Scale it down."))


def _damaged(reason: str, name: str, location: Location | None) -> PictureError:
    return PictureError(Problem(location, f"the picture '{name}' is damaged: {reason}.", "Replace it by a good copy."))


def _shorten_transparency(image: Image) -> None:
    """Drops what says how transparent colours are that a palette cannot have: browsers pass over it, Pillow fails."""
    alphas = image.info.get("transparency")
    if image.mode == "P" and isinstance(alphas, bytes):
        image.info["transparency"] = alphas[:256]


def _turn_upright(image: Image) -> None:
    from PIL import ImageOps

    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # metadata that cannot be read says nothing about orientation; the pixels are whole
        return


def alpha_of(image: Image) -> Image | None:
    """The transparency of a picture as a picture of mode L, or None where every pixel is opaque."""
    if "transparency" in image.info and image.mode.startswith("I"):
        import numpy as np
        from PIL.Image import fromarray

        alpha = fromarray(np.where(np.asarray(image) == image.info["transparency"], 0, 255).astype(np.uint8))
    elif image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
    else:
        return None
    return None if alpha.getextrema() == (255, 255) else alpha


def to_srgb(image: Image) -> Image:
    """The colours of a picture as mode RGB in sRGB, by its embedded colour profile where that can be used."""
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    if profile:
        from PIL import ImageCms

        try:
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile, or one for other channels: browsers ignore it as well
        else:
            assert converted is not None  # only in-place conversion returns None
            return converted
    return image.convert("RGB")


def _eight_bits(image: Image) -> Image:
    """The colours as one of the modes that colour profiles are made for, 8 bits each: L, RGB or CMYK."""
    if image.mode.startswith("I"):
        import numpy as np
        from PIL.Image import fromarray

        return fromarray(((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8))
    if image.mode == "CMYK" and "adobe" not in image.info:
        from PIL import ImageChops

        return ImageChops.invert(image)  # Pillow takes every CMYK file for one of Adobe's, whose values are inverted
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode in ("1", "LA", "La"):
        return image.convert("LA").getchannel("L")
    return image.convert("RGBA").convert("RGB")
