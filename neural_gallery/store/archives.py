"""One painting as one object for other machines: an uncompressed zip, whose name says what is in it.

    paintings/ab/<key>-<asked>-<frames>-<sha256>.zip
    unfinished/ab/<key>-<asked>-<frames>-<sha256>.zip

Places that machines share can rarely rename, and several write to them at once. So a painting is one object, which
such a place shows whole or not at all, and its name is made of what it holds: writing the same twice changes nothing,
and two machines that painted the same pair differently do not overwrite one another. All that is needed to choose
(frames asked for, frames there) is in the name, so that one listing tells what is to be fetched. The checksum in it is
of the archive: what was cut short or altered on its way is not even opened.

Nothing in an archive is trusted: names must be those that the record implies, sizes and checksums its own.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from neural_gallery.store.sealed import SealError

PAINTINGS, UNFINISHED = "paintings", "unfinished"

_NAME = re.compile(
    rf"({PAINTINGS}|{UNFINISHED})/([0-9a-f]{{2}})/(\2[0-9a-f]{{62}})-([0-9]{{1,6}})-([0-9]{{1,6}})-([0-9a-f]{{64}})\.zip"
)
_MEMBER = re.compile(r"[a-z0-9][a-z0-9-]{0,40}(\.[a-z]{1,8})?")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive at every time


class TornError(SealError):
    """An archive is not the one that its name promises: nobody can use it, whatever their version of the program."""


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """What the name of an archive says about it."""

    shelf: str  # PAINTINGS or UNFINISHED
    key: str
    asked: int  # how many frames were asked for
    frames: int  # how many there are
    sha256: str  # of the archive

    @property
    def path(self) -> str:
        """The name, POSIX, relative to the place that is shared."""
        return f"{self.shelf}/{self.key[:2]}/{self.key}-{self.asked}-{self.frames}-{self.sha256}.zip"


@dataclass(frozen=True, slots=True)
class Holding:
    """What a store has of one painting, for others."""

    shelf: str  # as in a Label
    key: str
    asked: int
    frames: int
    bytes: int  # about what its archive has
    pair: str  # the pair's id when it was painted; "" where that is not known


def read_label(path: str) -> Label | None:
    """The label of which `path` is the name; None where something else has that name."""
    found = _NAME.fullmatch(path)
    if found is None:
        return None
    shelf, _, key, asked, frames, sha256 = found.groups()
    label = Label(shelf, key, int(asked), int(frames), sha256)
    return label if label.path == path else None  # "007" frames have been written by nobody


def pack(shelf: str, key: str, asked: int, frames: int, files: Mapping[str, bytes]) -> tuple[Label, bytes]:
    """An archive of `files` with its label; equal files make equal archives."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), files[name])
    packed = data.getvalue()
    return Label(shelf, key, asked, frames, hashlib.sha256(packed).hexdigest()), packed


def unpack(label: Label, data: bytes) -> dict[str, bytes]:
    """The files in an archive. Raises TornError where it is not what its name promises, SealError on oddities.

    What the files are is for `check_files` of `paintings` and of `unfinished` to say.
    """
    if hashlib.sha256(data).hexdigest() != label.sha256:
        raise TornError("does not match the checksum in its name")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check(members, len(data))
            return {member.filename: archive.read(member) for member in members}
    except SealError:
        raise
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        KeyError,
        EOFError,
        OSError,
        OverflowError,
        struct.error,
    ) as error:
        raise SealError(f"is no whole archive ({error})") from error


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise SealError("has two files of one name")
    for member in members:
        if not _MEMBER.fullmatch(member.orig_filename):
            raise SealError(f"has a file named {member.orig_filename[:80]!r}")
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise SealError(f"has a compressed or encrypted file, {member.filename}")
        if member.file_size != member.compress_size:
            raise SealError(f"tells two sizes of {member.filename}")
    # Entries of a zip may share bytes: what few bytes hold must not become many.
    if sum(member.file_size for member in members) > size:
        raise SealError("has files that overlap")
