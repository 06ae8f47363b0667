"""The pictures in a folder, seen to be whole, with what their own metadata says of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import Location, PictureError, Problem, UsageError
from neural_gallery.site.pictures import open_picture

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_TEXT = 200  # characters; some programs write whole essays into a picture's metadata


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture that can be painted and published. Texts are "" where the metadata (EXIF) does not have them."""

    path: Path
    description: str  # ImageDescription
    credit: str  # Artist, or else Copyright
    located: bool  # whether it says where it was taken


@dataclass(frozen=True, slots=True)
class FoundPictures:
    """What is in a folder: pictures by their file names, and why each of the other files is not among them."""

    pictures: tuple[FoundPicture, ...]
    skipped: tuple[Problem, ...]


def find_pictures(folder: Path) -> FoundPictures:
    """The pictures that stand in `folder`, not those in folders inside it; hidden files are left out in silence.

    Raises UsageError where the folder cannot be read, or has no picture that can be used.
    """
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        message, remedy = f"this folder cannot be read: {error.strerror}.", "Give a folder with pictures."
        raise UsageError.at(Location(str(folder)), message, remedy) from error
    pictures: list[FoundPicture] = []
    skipped: list[Problem] = []
    for path in sorted(paths, key=lambda path: (path.name.casefold(), path.name)):
        try:
            pictures.append(_described(path, open_picture(path)))
        except PictureError as error:
            skipped += error.problems
    if not pictures:
        message = "there is no picture in this folder that can be used."
        remedy = "Put JPEG, PNG, WebP, AVIF or GIF files into it, or give another folder."
        raise UsageError(Problem(Location(str(folder)), message, remedy), *skipped)
    return FoundPictures(tuple(pictures), tuple(skipped))


def _described(path: Path, image: Image) -> FoundPicture:
    from PIL.ExifTags import GPS, IFD, Base

    try:
        exif = image.getexif()
        located = GPS.GPSLatitude in exif.get_ifd(IFD.GPSInfo)
    except Exception:  # metadata that cannot be read says nothing; the pixels are whole
        return FoundPicture(path, "", "", located=False)
    description = _text(exif.get(Base.ImageDescription))
    if description == description.upper():
        description = ""  # what cameras write into every picture: OLYMPUS DIGITAL CAMERA
    credit = _text(exif.get(Base.Artist)) or _text(exif.get(Base.Copyright))
    return FoundPicture(path, description, credit, located)


def _text(value: object) -> str:
    """A text of the metadata on one line, without what cannot be printed."""
    if not isinstance(value, str):
        return ""
    with contextlib.suppress(UnicodeError):  # Latin-1 it was
        value = value.encode("latin-1").decode("utf-8")  # EXIF means ASCII, programs write UTF-8
    printable = "".join(character if character.isprintable() else " " for character in value)
    return " ".join(printable.split())[:LONGEST_TEXT].rstrip()
