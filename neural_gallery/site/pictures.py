"""Picture files: seen to be whole before anything is painted, and read as pixels when they are needed.

Sizes are of upright pictures (EXIF orientation applied), in pixels.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

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


def read_pixels(picture: Picture, *, size: int | None = None) -> Pixels:
    """The picture upright, cropped, in sRGB; scaled by Lanczos to a longest side of `size` pixels where that is given.

    Raises PictureError where the file can no longer be read as it was when the manifest was checked.
    """
    import numpy as np
    from PIL import Image

    image = _cropped(picture)
    color, alpha = _flattened(image)
    if size is not None and picture.fitted(size) != color.size:
        color = color.resize(picture.fitted(size), Image.Resampling.LANCZOS)
        alpha = alpha and alpha.resize(picture.fitted(size), Image.Resampling.LANCZOS)
    return Pixels(np.array(color), np.array(alpha) if alpha else None)


def read_covering(picture: Picture, width: int, height: int) -> RGB:
    """The picture scaled to cover `width` x `height`, what protrudes cut off alike on both sides; on white.

    Raises PictureError as `read_pixels` does.
    """
    import numpy as np
    from PIL import Image, ImageOps

    color, _ = _flattened(_cropped(picture))
    return np.array(ImageOps.fit(color, (width, height), Image.Resampling.LANCZOS))


def read_mask(picture: Picture, width: int, height: int) -> Mask:
    """How bright the picture is (luma, what is transparent counting as black), scaled to `width` x `height`.

    Raises PictureError as `read_pixels` does.
    """
    import numpy as np
    from PIL import Image, ImageChops

    image = _cropped(picture)
    luma, alpha = to_srgb(image).convert("L"), alpha_of(image)
    if alpha:
        luma = ImageChops.multiply(luma, alpha)
    # Unlike Lanczos this never overshoots: masks that add up to white do so at every size.
    return np.array(luma.resize((width, height), Image.Resampling.BILINEAR))


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


class ProbeCache:
    """Remembers probes by path, size and time of change, so that an unchanged picture is not decoded again.

    What is known of masks is remembered by their contents; the hashes of other large files by path, size and time, too.

    Losing it costs nothing but time: a file that cannot be read is begun anew, one that cannot be written is not.
    """

    _VERSION = 1  # to be raised when `probe` learns to see more, so that what it let pass is looked at again

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[list[int], Probe]] = {}
        self._masks: dict[str, MaskProbe] = {}
        self._asked: set[str] = set()  # for which masks
        self._hashes: dict[str, tuple[list[int], str]] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            stored = json.loads(path.read_text("utf-8"))
            if stored["version"] == self._VERSION:
                self._known = {
                    file: ([int(number) for number in entry["stamp"]], Probe(**entry["probe"]))
                    for file, entry in stored["pictures"].items()
                }
                self._masks = {key: MaskProbe(**_tuples(found)) for key, found in stored.get("masks", {}).items()}
                self._hashes = {
                    file: ([int(number) for number in entry["stamp"]], str(entry["sha256"]))
                    for file, entry in stored.get("files", {}).items()
                }

    def probe(self, path: Path, location: Location | None, *, name: str = "") -> Probe:
        """What `probe` says, from memory where the file is unchanged."""
        stamp = self._stamp(path)
        stored, found = self._known.get(str(path), (None, None))
        if found and stamp and stored == stamp:
            return found
        found = probe(path, location, name=name)
        if stamp:
            self._known[str(path)] = (stamp, found)
            self._changed = True
        return found

    def probe_masks(self, masks: Sequence[Picture], width: int, height: int) -> MaskProbe:
        """What `probe_masks` says, from memory where the masks are unchanged."""
        parts = [(mask.sha256, mask.crop and astuple(mask.crop)) for mask in masks]
        key = hashlib.sha256(repr((parts, width, height)).encode()).hexdigest()
        self._asked.add(key)
        if key not in self._masks:
            self._masks[key] = probe_masks(masks, width, height)
            self._changed = True
        return self._masks[key]

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file that is no picture, from memory where the file is unchanged. Raises OSError."""
        status = path.stat()
        # Two files of weights have one size, and copying can keep the time of writing: that of the copy tells.
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        stored, found = self._hashes.get(str(path), (None, ""))
        if stored == stamp:
            return found
        found = file_sha256(path)
        self._hashes[str(path)] = (stamp, found)
        self._changed = True
        return found

    def save(self) -> None:
        """Write what is remembered of files that still exist and of masks in use, if anything new was learnt."""
        if not self._changed:
            return
        entries = {
            file: {"stamp": stamp, "probe": asdict(found)}
            for file, (stamp, found) in self._known.items()
            if Path(file).exists()
        }
        masks = {key: asdict(found) for key, found in self._masks.items() if key in self._asked}
        hashes = {
            file: {"stamp": stamp, "sha256": found}
            for file, (stamp, found) in self._hashes.items()
            if Path(file).exists()
        }
        data = json.dumps({"version": self._VERSION, "pictures": entries, "masks": masks, "files": hashes}, indent=1)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
                file.write(data)
            Path(file.name).replace(self._path)
            self._changed = False

    @staticmethod
    def _stamp(path: Path) -> list[int] | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return [status.st_size, status.st_mtime_ns]


def _tuples(stored: Mapping[str, object]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
