"""Paths that a manifest names: relative to its folder, and inside it unless the author says otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.errors import ManifestError, Problem
from neural_gallery.site.source import Document, KeyPath


def absolute(path: Path) -> Path:
    """`path` from the root of the file system, without `..`; links are kept, so that names stay as they were given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve follows links)


@dataclass(frozen=True, slots=True)
class Folder:
    """The site's folder (absolute), and whether paths may lead out of it."""

    root: Path
    allow_outside: bool

    def resolve(self, written: str, key: KeyPath, document: Document) -> Path:
        """The absolute path of `written`. Raises ManifestError where it lies outside, links followed."""
        path = absolute(self.root / written)
        if not self.allow_outside and not self.contains(path):
            message = f"the path '{written}' leads out of the site's folder."
            remedy = "Use a path inside it, or give --allow-outside."
            raise ManifestError(Problem(document.location(key), message, remedy))
        return path

    def contains(self, path: Path) -> bool:
        """Whether `path`, links followed, is the folder or lies in it."""
        # realpath, because Path.resolve raises on links that go in circles
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))
