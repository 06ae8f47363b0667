"""Which files in the output folder are ours: the record that lets us share a folder with somebody else's site.

The record is one sealed JSON file in the store. It keeps several output folders apart, each named relative to the
record, so that a site may be moved, and `--target` may write elsewhere for once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neural_gallery.store.files import write_file
from neural_gallery.store.paths import relative
from neural_gallery.store.sealed import SealError, fields_of, seal, unseal


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """One file as it was last written or seen by us."""

    sha256: str
    bytes: int
    modified: int  # nanoseconds since 1970; 0 while it is being written for the first time
    found: bool = False  # it was there before us, with the very bytes that we would have written: never deleted
    claimed: str = ""  # SHA-256 of what is being written in its place

    def as_json(self) -> dict[str, object]:
        """Its fields, for the record of thousands."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def surely_ours(self) -> bool:
        """Whether it is ours whatever is in it now: it was not found, and its first writing was seen to end."""
        return self.modified != 0 and not self.found

    def is_untouched(self, state: os.stat_result | None) -> bool:
        """Whether what stands there is what we last wrote or saw, by its size and its time."""
        return state is not None and self.modified == state.st_mtime_ns and self.bytes == state.st_size

    def knows(self, sha256: str) -> bool:
        """Whether those are bytes that it was left with, or a killed run may have given it."""
        return sha256 in (self.sha256, self.claimed)


class Ownership:
    """The files owned in `folder`, by path relative to it, POSIX; kept in the file `record`."""

    def __init__(self, folder: Path, record: Path) -> None:
        self._record = record
        self._name = relative(folder, record.parent)
        self._folders: dict[str, Any] = {}
        self.note = ""
        """What was wrong with the record, if anything; then nothing is owned."""
        self.files: dict[str, OwnedFile] = {}
        self._read()
        self._saved = dict(self.files)

    def save(self) -> None:
        """Writes the record where it has changed. Raises OSError."""
        if self.files == self._saved:
            return
        self._folders[self._name] = {path: file.as_json() for path, file in sorted(self.files.items())}
        write_file(self._record, seal({"folders": self._folders}, for_people=False))
        self._saved = dict(self.files)

    def _read(self) -> None:
        try:
            folders: Any = unseal(self._record.read_bytes())["folders"]
            files = dict(folders).get(self._name, {})
            self.files = {path: OwnedFile(**fields_of(OwnedFile, file)) for path, file in dict(files).items()}
            self._folders = folders
        except FileNotFoundError:
            return
        except SealError as error:
            self._distrust(str(error))
        except (KeyError, TypeError, ValueError):
            self._distrust("is incomplete")

    def _distrust(self, reason: str) -> None:
        self.note = (
            f"the record of what was written to the output folder, {self._record.name}, {reason}; "
            "files that are there already count as somebody else's where they differ from what is made"
        )
