"""A small working site to start from: two pictures, one pair, one post."""

from __future__ import annotations

import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from neural_gallery.errors import Location, OutputError, Problem, UsageError

# Shipped without its dot: a real .gitignore inside the package would apply to the package.
_RENAMED = {"gitignore": ".gitignore"}


def write_scaffold(folder: Path) -> list[Path]:
    """Write the starting site into `folder`, which is made where it is missing; the new files, sorted.

    Nothing is written, and UsageError raised, where any of the files already exists.
    """
    wanted = {
        folder / _RENAMED.get(name, name): data for name, data in _walk(files("neural_gallery") / "scaffold_data")
    }
    taken = sorted(path for path in wanted if os.path.lexists(path))
    if taken:
        remedy = "Choose another folder, or move it away first; nothing was written."
        raise UsageError(*(Problem(Location(str(path)), "this file already exists.", remedy) for path in taken))
    for path, data in wanted.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # x: a file that appeared meanwhile is not overwritten either
                file.write(data)
        except OSError as error:
            raise OutputError(Problem(Location(str(path)), f"cannot write this file: {error.strerror}.")) from error
    return sorted(wanted)


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    """Every file under `folder` with its relative path."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
