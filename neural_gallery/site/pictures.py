"""Picture files: seen to be whole before anything is painted, and read as pixels when they are needed.

Sizes are of upright pictures (EXIF orientation applied), in pixels.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from neural_gallery.errors import Location, PictureError, did_you_mean
from neural_gallery.site.decoding import (
    EXTENSIONS,
    FOREIGN_EXTENSIONS,
    SIGNATURE_LENGTH,
    alpha_of,
    decode,
    format_of,
    to_srgb,
)
from neural_gallery.site.model import fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from neural_gallery.site.model import Picture

    RGB: TypeAlias = NDArray[np.uint8]  # (height, width, 3)
    Alpha: TypeAlias = NDArray[np.uint8]  # (height, width)
    Mask: TypeAlias = NDArray[np.uint8]  # (height, width)

MIN_LONGEST, MIN_SHORTEST = 16, 2
WHITE, ROUNDING = 255, 2  # 8 bits; how far one mask may be off by resampling and by lossy formats
SMALLEST = f"Use at least {MIN_LONGEST} pixels on the longer side and {MIN_SHORTEST} on the shorter."
_SUPPORTED = "Give a JPEG, PNG, WebP, AVIF or GIF file."


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a picture file that was decoded once, from its first byte to its last."""

    sha256: str  # of the file's bytes
    width: int
    height: int
    has_alpha: bool  # at least one pixel is not opaque


@dataclass(frozen=True, slots=True)
class MaskProbe:
    """What is known of masks that were read together, at one size. Parts of a whole are percent."""

    black: tuple[int, ...]  # which of them, counted from 0, are black throughout
    excess: float  # by how much they add up to more than white, where they do most; 0 where they nowhere do
    place: tuple[float, float]  # where that is, from the left and from the top
    area: float  # on how much of the picture they add up to more than white


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture as 8-bit sRGB, flattened on white where it is transparent."""

    rgb: RGB  # (height, width, 3)
    alpha: Alpha | None  # (height, width), 255 is opaque; None where every pixel is


def probe(path: Path, location: Location | None, *, name: str = "") -> Probe:
    """Decode the whole file once, and so see that it is a picture that can be painted and published.

    `location` is where the author names the file, and `name` what messages call it: its path, unless given.
    Raises PictureError.
    """
    name = name or path.as_posix()
    sha256 = _check_file(path, name, location)
    image = decode(path, name=name, location=location)
    width, height = image.size
    if too_small(width, height):
        raise PictureError.at(location, f"the picture '{name}' has only {width} x {height} pixels.", SMALLEST)
    return Probe(sha256, width, height, alpha_of(image) is not None)


def too_small(width: int, height: int) -> bool:
    """Whether a picture, or a part of one, has too few pixels to be painted."""
    return max(width, height) < MIN_LONGEST or min(width, height) < MIN_SHORTEST


def open_picture(path: Path) -> Image:
    """A picture file as it is, upright. Raises PictureError where it is none, or too small to be painted."""
    name = path.as_posix()
    _check_file(path, name, None)
    image = decode(path, name=name, location=None)
    if too_small(*image.size):
        raise PictureError.at(None, f"the picture '{name}' has only {image.width} x {image.height} pixels.", SMALLEST)
    return image


def read_pixels(picture: Picture, *, size: int | None = None) -> Pixels:
    """The picture upright, cropped, in sRGB; scaled by Lanczos to a longest side of `size` pixels where that is given.

    Raises PictureError where the file can no longer be read as it was when the manifest was checked.
    """
    return pixels_of(_cropped(picture), size=size)


def read_covering(picture: Picture, width: int, height: int) -> RGB:
    """The picture scaled to cover `width` x `height`, what protrudes cut off alike on both sides; on white.

    Raises PictureError as `read_pixels` does.
    """
    return covering(_cropped(picture), width, height)


def read_mask(picture: Picture, width: int, height: int) -> Mask:
    """How bright the picture is (luma, what is transparent counting as black), scaled to `width` x `height`.

    Raises PictureError as `read_pixels` does.
    """
    return mask_of(_cropped(picture), width, height)


def pixels_of(image: Image, *, size: int | None = None) -> Pixels:
    """An image in sRGB, scaled to a longest side of `size` pixels where that is given."""
    import numpy as np
    from PIL.Image import Resampling

    color, alpha = _flattened(image)
    if size is not None and (fitted := fit(*color.size, size)) != color.size:
        color = color.resize(fitted, Resampling.LANCZOS)
        alpha = alpha and alpha.resize(fitted, Resampling.LANCZOS)
    return Pixels(np.array(color), np.array(alpha) if alpha else None)


def covering(image: Image, width: int, height: int) -> RGB:
    """An image scaled to cover `width` x `height`, what protrudes cut off alike on both sides; on white."""
    import numpy as np
    from PIL import ImageOps
    from PIL.Image import Resampling

    color, _ = _flattened(image)
    return np.array(ImageOps.fit(color, (width, height), Resampling.LANCZOS))


def mask_of(image: Image, width: int, height: int) -> Mask:
    """How bright an image is (luma, what is transparent counting as black), scaled to `width` x `height`."""
    import numpy as np
    from PIL import ImageChops
    from PIL.Image import Resampling

    luma, alpha = to_srgb(image).convert("L"), alpha_of(image)
    if alpha:
        luma = ImageChops.multiply(luma, alpha)
    # Unlike Lanczos this never overshoots: masks that add up to white do so at every size.
    return np.array(luma.resize((width, height), Resampling.BILINEAR))


def probe_masks(masks: Sequence[Picture], width: int, height: int) -> MaskProbe:
    """Read masks as large as they will be used, and see whether they can be used together. Raises PictureError."""
    import numpy as np

    black, total = [], np.zeros((height, width), np.uint16)
    for number, picture in enumerate(masks):
        mask = read_mask(picture, width, height)
        total += mask
        if not mask.any():
            black.append(number)
    above = total > WHITE + ROUNDING * len(masks)
    if not above.any():
        return MaskProbe(tuple(black), 0.0, (0.0, 0.0), 0.0)
    row, column = np.unravel_index(int(total.argmax()), total.shape)
    place = (100 * (int(column) + 0.5) / width, 100 * (int(row) + 0.5) / height)
    excess = 100 * (int(total.max()) - WHITE) / WHITE
    return MaskProbe(tuple(black), excess, place, 100 * float(above.mean()))


def _cropped(picture: Picture) -> Image:
    """The picture as the file has it, upright, or the part of it that is declared."""
    if not picture.path.is_file():
        raise PictureError.at(picture.location, f"the file '{picture.file}' is gone.", "Put it back.")
    image = decode(picture.path, name=picture.file, location=picture.location)
    # After that, so that what was decoded has this hash: it is part of the keys under which results are kept.
    if _check_file(picture.path, picture.file, picture.location) != picture.sha256:
        message = f"the file '{picture.file}' has changed since the manifest was read."
        raise PictureError.at(picture.location, message, "Run the command again.")
    if not picture.crop:
        return image
    crop = picture.crop
    return image.crop((crop.left, crop.top, crop.left + crop.width, crop.top + crop.height))


def _flattened(image: Image) -> tuple[Image, Image | None]:
    """Its colours in sRGB, on white where it is transparent, and its transparency."""
    from PIL.Image import composite, new

    color, alpha = to_srgb(image), alpha_of(image)
    if alpha:
        # Before scaling: the colours of invisible pixels must not bleed into visible ones.
        color = composite(color, new("RGB", color.size, (255, 255, 255)), alpha)
    return color, alpha


def _check_file(path: Path, name: str, location: Location | None) -> str:
    """See that a file can be read and is of a format that its name tells; its SHA-256."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PictureError.at(location, f"'{name}' is a folder, not a picture.", _SUPPORTED)
        if not stat.S_ISREG(status.st_mode):
            raise PictureError.at(location, f"'{name}' is not a regular file.", _SUPPORTED)
        if status.st_size == 0:
            raise PictureError.at(location, f"the file '{name}' is empty.", _SUPPORTED)
        with path.open("rb") as file:
            _check_format(path, file.read(SIGNATURE_LENGTH), name, location)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        remedy = nearest_file(path, name) or "Check the path; it is relative to the manifest's folder."
        raise PictureError.at(location, f"there is no file '{name}'.", remedy) from error
    except OSError as error:
        message = f"the file '{name}' cannot be read: {error.strerror}."
        raise PictureError.at(location, message, "Check its path and its permissions.") from error


def _check_format(path: Path, head: bytes, name: str, location: Location | None) -> None:
    extension = path.suffix.lower()
    actual = format_of(head)
    foreign = FOREIGN_EXTENSIONS.get(extension, actual if actual in FOREIGN_EXTENSIONS.values() else None)
    if foreign:
        message = f"the picture '{name}' is a {foreign} file, which browsers cannot show."
        raise PictureError.at(location, message, "Convert it to PNG or JPEG.")
    stated = EXTENSIONS.get(extension)
    if actual is None or stated is None:
        message = f"the file '{name}' is not a picture of a format that can be used."
        raise PictureError.at(location, message, _SUPPORTED)
    if actual != stated:
        fitting = next(known for known, form in EXTENSIONS.items() if form == actual)
        message = f"the picture '{name}' is a {actual} file, though its extension says {stated}."
        raise PictureError.at(location, message, f"Rename it to '{Path(name).with_suffix(fitting).as_posix()}'.")


def nearest_file(path: Path, name: str) -> str:
    """A question that names the file beside a missing `path` that is called most like it, or ""."""
    try:
        siblings = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    folder = Path(name).parent
    return did_you_mean(name, [(folder / sibling).as_posix() for sibling in siblings])


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
