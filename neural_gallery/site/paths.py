"""Paths that a manifest names: relative to its folder, and inside it unless the author says otherwise.

What the system cannot look at (too long a name, links in a circle) is not there.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.errors import ManifestError, Problem
from neural_gallery.site.source import Document, KeyPath


def absolute(path: Path) -> Path:
    """`path` from the root of the file system, without `..`; links are kept, so that names stay as they were given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve follows links)


def exists(path: Path) -> bool:
    """Whether there is something at `path`."""
    return os.path.exists(path)  # noqa: PTH110  (Path.exists raises on names that are too long)


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`."""
    return os.path.isdir(path)  # noqa: PTH112


@dataclass(frozen=True, slots=True)
class Folder:
    """The site's folder (absolute), and whether paths may lead out of it."""

    root: Path
    allow_outside: bool

    def resolve(self, written: str, key: KeyPath, document: Document) -> Path:
        """The absolute path of `written`. Raises ManifestError where it lies outside, links followed."""
        path = absolute(self.root / written)
        if not self.allows(path):
            message = f"the path '{written}' leads out of the site's folder."
            remedy = "Use a path inside it, or give --allow-outside."
            raise ManifestError(Problem(document.location(key), message, remedy))
        return path

    def contains(self, path: Path) -> bool:
        """Whether `path`, links followed, is the folder or lies in it."""
        # realpath, because Path.resolve raises on links that go in circles
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def allows(self, path: Path) -> bool:
        """Whether a manifest may name `path`."""
        return self.allow_outside or self.contains(path)

    def strays(self, folder: Path) -> Iterator[Path]:
        """What lies in a folder, but is a link to where a manifest may not lead."""
        for path, folders, files in os.walk(folder):
            for name in (*folders, *files):
                inner = Path(path, name)
                if inner.is_symlink() and not self.allows(inner):
                    yield inner

    def matches(self, pattern: str) -> list[Path]:
        """The files that a pattern matches, sorted; `**` stands for any folders, as many as there are.

        `**` does not lead out of the site's folder where paths may not, and enters no folder twice, however many links
        lead to it. Raises LookupError where it begins outside.
        """
        # Not Path.glob, which raises on patterns that an author may well write, absolute ones and 'a**'; and glob's own
        # '**' follows links in circles, each as often as the system lets it.
        anchor, parts = Path(pattern).anchor, Path(pattern).parts
        found = [Path(anchor) if anchor else self.root]
        for part in parts[1:] if anchor else parts:
            if part == "**":
                if not all(map(self.allows, found)):
                    raise LookupError(pattern)
                seen: set[str] = set()
                found = [inner for folder in found for inner in self._folders_below(folder, seen)]
            else:
                found = [folder / name for folder in found for name in glob.glob(part, root_dir=folder)]  # noqa: PTH207
        files = {absolute(path) for path in found if os.path.isfile(path)}  # noqa: PTH113
        return sorted(files, key=lambda path: path.as_posix())

    def _folders_below(self, folder: Path, seen: set[str]) -> Iterator[Path]:
        """The folder, and all below it that are not hidden and whose real paths were not seen."""
        for path, names, _ in os.walk(folder, followlinks=True):
            real = os.path.realpath(path)
            if real in seen or not self.allows(Path(path)):
                names.clear()
                continue
            seen.add(real)
            names[:] = sorted(name for name in names if not name.startswith("."))
            yield Path(path)
