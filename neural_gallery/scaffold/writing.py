"""New files in a folder, all or none of them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from neural_gallery.errors import Location, OutputError, Problem, UsageError

Files: TypeAlias = Mapping[str, bytes | Path]
"""What is to be written, by its relative path: these bytes, or a copy of that file."""


def write_new(folder: Path, files: Files) -> list[Path]:
    """Write `files` into `folder`, which is made where it is missing; the new files, sorted.

    Nothing is written, and UsageError raised, where any of the files already exists. Where one cannot be written,
    OutputError is raised, and those before it are removed again.
    """
    wanted = {folder / name: content for name, content in files.items()}
    taken = sorted(path for path in wanted if os.path.lexists(path))
    if taken:
        remedy = "Choose another folder, or move it away first; nothing was written."
        raise UsageError(*(Problem(Location(str(path)), "this file already exists.", remedy) for path in taken))
    written: list[Path] = []
    for path, content in wanted.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # x: a file that appeared meanwhile is not overwritten either
                written.append(path)
                with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source:
                    shutil.copyfileobj(source, file)
        except OSError as error:
            _remove(written)  # or the next try would find them in its way
            raise OutputError(Problem(Location(str(path)), f"cannot write this file: {error.strerror}.")) from error
    return sorted(wanted)


def _remove(written: list[Path]) -> None:
    for path in written:
        with contextlib.suppress(OSError):
            path.unlink()
