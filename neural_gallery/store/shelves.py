"""Where things stand in the store: `<shelf>/ab/<key>…`, in the folder of the key's first two digits.

Git, ccache and DVC do the same, because folders with thousands of entries are slow to list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_SHARD = re.compile(r"[0-9a-f]{2}")
_KEY = re.compile(r"[0-9a-f]{64}")


def place(shelf: Path, key: str) -> Path:
    """Where the object of that key stands."""
    return shelf.joinpath(key[:2], key)


def place_name(shelf: Path, key: str) -> str:
    """The same as text: to look for thousands of objects that may not be there, making paths takes most of the time."""
    return f"{shelf}{os.sep}{key[:2]}{os.sep}{key}"


def shelved(shelf: Path) -> Iterator[tuple[str, Path]]:
    """Everything that stands where its name, up to the first dot, puts it: key and path, sorted."""
    for shard in shards(shelf):
        for path in entries(shard):
            key = path.name.split(".")[0]
            if _KEY.fullmatch(key) and key.startswith(shard.name):
                yield key, path


def shards(shelf: Path) -> list[Path]:
    """The shelf's folders."""
    return [path for path in entries(shelf) if is_shard(path)]


def is_shard(path: Path) -> bool:
    """Whether that is the name of one of a shelf's folders."""
    return path.is_dir() and _SHARD.fullmatch(path.name) is not None


def entries(folder: Path) -> list[Path]:
    """What stands in `folder`, sorted, links left out, for those we did not make; nothing where it does not exist."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:  # which tells links from others without a look at each
        names = sorted(entry.name for entry in found if not entry.is_symlink())
    return [folder / name for name in names]
