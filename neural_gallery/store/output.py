"""The output folder, which may be somebody else's site: only files that we own are ever replaced or removed.

A file is ours once we have written it; the record (ownership.py) is saved before a new file appears and after, so
that a run killed in between leaves nothing behind that nobody owns. A file that is there already and has the very
bytes that we make is taken into the record too, but is never deleted. Paths are relative to the folder, POSIX.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from neural_gallery.errors import OutputError, Problem
from neural_gallery.store.encodings import Encoded
from neural_gallery.store.files import told_as, write_files
from neural_gallery.store.ownership import OwnedFile, Ownership
from neural_gallery.store.paths import collisions, folded, misplaced, same_file
from neural_gallery.temporaries import is_temporary

_ELSEWHERE = "Move or delete it, or set another `output` or `images_path` in site.yaml, then run the command again."


class Output:
    """The files we own in `folder`; `record` is where that is written down, outside of the folder."""

    def __init__(self, folder: Path, record: Path) -> None:
        self.folder = folder
        with told_as(OutputError, f"cannot read {record}"):
            self._ownership = Ownership(folder, record)
        self._written: dict[str, str] = {}  # by folded path, over all calls
        self._owned_before: Mapping[str, Collection[str]] = {}  # paths by folded path, when writing began
        self.notes: list[str] = [self._ownership.note] if self._ownership.note else []

    @property
    def owned(self) -> Collection[str]:
        """The paths of all files we own."""
        return self._ownership.files.keys()

    def size_without(self, paths: Collection[str]) -> int:
        """How many bytes the files have that we own, those at `paths` left out, as they were last written."""
        return sum(file.bytes for path, file in self._ownership.files.items() if path not in paths)

    def write(self, path: str, content: bytes | Encoded) -> bool:
        """Writes one file where it differs, and says whether it did. See `write_all`."""
        return bool(self.write_all({path: content}))

    def write_all(self, files: Mapping[str, bytes | Encoded]) -> tuple[str, ...]:
        """Writes every file that differs from what is there, each atomically, and gives the paths of those.

        Everything is checked first: one OutputError names every path that leads out of the folder, is not ours, is a
        folder or a link, or is one file with another where case does not count; then nothing has been written.
        Raises DamagedError where an encoding turns out to be damaged as it is read.
        """
        problems = collisions(files, self._written)
        changed: dict[str, bytes | Encoded] = {}
        self._owned_before, sound = _by_folded(self.owned), set[str]()
        with told_as(OutputError, f"cannot read {self.folder}"):
            for path, content in files.items():
                if problem := misplaced(self.folder, path, sound=sound):
                    problems.append(problem)
                    continue
                state = self._state(path)
                if problem := self._obstacle(path, content, state):
                    problems.append(problem)
                elif not self._is_current(path, content, state):
                    changed[path] = content
        if problems:
            raise OutputError(*problems)
        with told_as(OutputError, f"cannot write to {self.folder}"):
            self._write_changed(changed)
        return tuple(changed)

    def removable(self, keep: Collection[str]) -> tuple[str, ...]:
        """The paths of the files that `sweep` would remove. A word in `notes` about each that somebody has changed."""
        kept = set(keep)
        by_folded = _by_folded(kept)
        with told_as(OutputError, f"cannot read {self.folder}"):
            return tuple(path for path in sorted(set(self.owned) - kept) if self._is_removable(path, by_folded))

    def holds(self, files: Mapping[str, str]) -> bool:
        """Whether each of those files, SHA-256 by path, stands there as we wrote it and nobody has touched it since."""
        with told_as(OutputError, f"cannot read {self.folder}"):
            return all(
                (owned := self._ownership.files.get(path)) is not None
                and owned.sha256 == sha256
                and owned.is_untouched(self._state(path))
                for path, sha256 in files.items()
            )

    def sweep(self, keep: Collection[str]) -> tuple[str, ...]:
        """Removes the files we own whose paths are not in `keep`, and the folders that this empties.

        A file that somebody has changed since, or that was there before us, stays, and is not ours any more.
        """
        kept = set(keep)
        removed = []
        with told_as(OutputError, f"cannot sweep {self.folder}"):
            self._tidy()
            doomed = sorted(set(self.owned) - kept)
            kept_by_folded = _by_folded(kept) if doomed else {}
            for path in doomed:
                if self._is_removable(path, kept_by_folded):
                    (self.folder / path).unlink()
                    self._remove_empty(path)
                    removed.append(path)
                del self._ownership.files[path]
            self._ownership.save()
        return tuple(removed)

    def _write_changed(self, changed: Mapping[str, bytes | Encoded]) -> None:
        for path, content in changed.items():
            self._claim(path, content)
        self._ownership.save()
        places = {self.folder / path: path for path in changed}
        contents = (one if isinstance(one, bytes) else one.read() for one in changed.values())
        try:
            for place in write_files(zip(places, contents, strict=True)):
                self._see(places[place], changed[places[place]], found=False)
        finally:
            self._ownership.save()

    def _claim(self, path: str, content: bytes | Encoded) -> None:
        """Makes the record such that, wherever the run is killed, what stands at `path` is known to be ours."""
        place = self.folder / path
        sha256 = _sha256(content)
        if place.exists():
            state = place.stat()
            known = self._ownership.files.get(path)
            claim = OwnedFile(
                _sha256_of(place),
                state.st_size,
                state.st_mtime_ns,
                found=known is not None and known.found,
                claimed=sha256,
            )
        else:
            claim = OwnedFile(sha256, _size(content), modified=0)
        self._ownership.files[path] = claim

    def _state(self, path: str) -> os.stat_result | None:
        """What stands at `path`, links not followed: one look at each of many files. None: nothing."""
        try:
            return os.lstat(f"{self.folder}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _obstacle(self, path: str, content: bytes | Encoded, state: os.stat_result | None) -> Problem | None:
        """Why `content` may not be written at `path`, where `state` is."""
        if state is None:
            return None
        place = self.folder / path
        if stat.S_ISLNK(state.st_mode):
            return Problem(None, f"{place} is a symbolic link, which will not be replaced.", _ELSEWHERE)
        if stat.S_ISDIR(state.st_mode):
            return Problem(None, f"{place} is a folder where a file is to be written.", _ELSEWHERE)
        if not stat.S_ISREG(state.st_mode):  # a pipe, say, which would be waited for
            return Problem(None, f"{place} is no file, and will not be replaced.", _ELSEWHERE)
        if self._owns(path):
            return None
        known = self._ownership.files.get(path)
        sha256 = _sha256_of(place)
        if sha256 == _sha256(content) or (known and known.knows(sha256)):
            return None
        return Problem(None, f"{place} is there already, and neural-gallery did not write it.", _ELSEWHERE)

    def _owns(self, path: str) -> bool:
        """Whether the file at `path` is ours whatever is in it."""
        owned = self._ownership.files.get(path)
        if owned:
            return owned.surely_ours
        # Where case does not count, an owned file that is renamed from `A` to `a` is found under both names.
        return any(self._same(other, path) for other in self._owned_before.get(folded(path), ()))

    def _is_current(self, path: str, content: bytes | Encoded, state: os.stat_result | None) -> bool:
        """Whether the file at `path` has that content; owned from now on, if it was not."""
        if state is None or state.st_size != _size(content):
            return False
        owned = self._ownership.files.get(path)
        sha256 = _sha256(content)
        if owned and owned.is_untouched(state):
            return owned.sha256 == sha256
        if _sha256_of(self.folder / path) != sha256:
            return False
        self._see(path, content, found=owned is None or (owned.found and owned.sha256 == sha256))
        return True

    def _see(self, path: str, content: bytes | Encoded, *, found: bool) -> None:
        state = (self.folder / path).stat()
        self._ownership.files[path] = OwnedFile(_sha256(content), state.st_size, state.st_mtime_ns, found=found)

    def _is_removable(self, path: str, kept: Mapping[str, Collection[str]]) -> bool:
        place = self.folder / path
        owned = self._ownership.files[path]
        if misplaced(self.folder, path) or place.is_symlink() or not place.is_file():
            return False
        if any(self._same(other, path) for other in kept.get(folded(path), ())):
            return False
        sha256 = _sha256_of(place)
        if owned.found and sha256 != owned.claimed:
            return False
        if not owned.knows(sha256):
            note = f"{place} is not made any more, but was changed by somebody else, and so it stays"
            if note not in self.notes:
                self.notes.append(note)
            return False
        return True

    def _same(self, one: str, other: str) -> bool:
        return same_file(self.folder / one, self.folder / other)

    def _tidy(self) -> None:
        """Removes what killed runs left beside the files we own."""
        one_in_each_folder = {path.rpartition("/")[0]: path for path in self.owned}
        for path in one_in_each_folder.values():
            folder = (self.folder / path).parent
            if misplaced(self.folder, path) or not folder.is_dir():
                continue
            for entry in list(folder.iterdir()):
                if is_temporary(entry.name) and entry.is_file() and not entry.is_symlink():
                    entry.unlink()

    def _remove_empty(self, path: str) -> None:
        """Removes the folders of `path` that are empty now, inmost first."""
        with contextlib.suppress(OSError):  # the first that is not empty ends it
            for parent in PurePosixPath(path).parents[:-1]:
                (self.folder / parent).rmdir()


def _by_folded(paths: Iterable[str]) -> Mapping[str, Collection[str]]:
    """Paths by what they are where case does not count."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[folded(path)].append(path)
    return found


def _sha256(content: bytes | Encoded) -> str:
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else content.sha256


def _size(content: bytes | Encoded) -> int:
    return len(content) if isinstance(content, bytes) else content.bytes


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
