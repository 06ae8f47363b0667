"""What a path in the output folder may be: it stays inside, on every system, and no two are the same file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from neural_gallery.errors import Problem

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\:]")  # what Windows takes for a separator, a drive or a stream; and controls


def folded(path: str) -> str:
    """The same for paths that are one file on systems that ignore case or normalise Unicode."""
    return unicodedata.normalize("NFC", path).casefold()


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are one file, as `A` and `a` can be."""
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def relative(path: Path, start: Path) -> str:
    """How `path` is found from the folder `start`, POSIX, so that both may be moved together."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive, on Windows
        return path.as_posix()


def misplaced(folder: Path, path: str, *, sound: set[str] | None = None) -> Problem | None:
    """What is wrong with `path`, POSIX and relative, as the place of a file in `folder`; None where it is right.

    `sound` are the folders, as paths have them, that were looked at before for other files; new ones are added.
    """
    if _UNSAFE.search(path) or any(part in ("", ".", "..") for part in path.split("/")):
        return Problem(
            None,
            f"{path!r} cannot be the path of a file in the output folder.",
            "Use a relative path without '..', ':', backslashes and control characters.",
        )
    folders = path.rpartition("/")[0]
    if sound is not None and folders in sound:
        return None
    parent = (folder / path).parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        return Problem(None, f"{parent} is a file where a folder is needed for '{path}'.", "Move or delete it.")
    if folder.exists() and not parent.resolve().is_relative_to(folder.resolve()):
        return Problem(
            None,
            f"{folder / path} leads out of the output folder through a symbolic link.",
            f"Replace the link by a folder, or set `output` to where it leads ({parent.resolve()}).",
        )
    if sound is not None:
        sound.add(folders)
    return None


def collisions(paths: Iterable[str], taken: dict[str, str]) -> list[Problem]:
    """A problem for each path that is one file with another where case does not count; adds `paths` to `taken`."""
    problems = []
    for path in paths:
        other = taken.setdefault(folded(path), path)
        if other != path:
            problems.append(
                Problem(
                    None,
                    f"'{other}' and '{path}' would be one file on systems that do not tell upper from lower case.",
                    "Rename one of them.",
                )
            )
    return problems
