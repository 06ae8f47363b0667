"""Removing from the store what nobody uses, and nothing else.

Only names that this program gives are ever touched: a key in the folder of its first two digits, a quarantined
object, a temporary. Links are never followed nor removed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.store.files import is_temporary, temporary_beside
from neural_gallery.store.quarantine import is_quarantined
from neural_gallery.store.shelves import entries, is_shard, shards, shelved

_LEFTOVER_AGE = 3600  # seconds: a temporary that old belongs to no living write


@dataclass(frozen=True, slots=True)
class Swept:
    """What `gc` removed, or would remove."""

    paintings: tuple[str, ...]  # keys
    encoded: tuple[str, ...]  # keys
    paths: tuple[Path, ...]  # every file and folder removed: those of the keys, damaged ones and leftovers
    bytes: int


def sweep(folder: Path, keep: Collection[str], *, dry_run: bool) -> Swept:
    """Sweeps the store in `folder`; see `Store.gc`. Raises OSError."""
    kept = frozenset(keep)
    paintings = [(key, path) for key, path in shelved(folder / "paintings") if key not in kept and path.is_dir()]
    encoded = [(key, path) for key, path in shelved(folder / "encoded") if key not in kept and path.is_file()]
    unfinished = [path for key, path in shelved(folder / "unfinished") if key not in kept and path.is_dir()]
    damaged = [path for path in entries(folder / "damaged") if is_quarantined(path.name)]
    paths = (*(path for _, path in paintings + encoded), *unfinished, *damaged, *_leftovers(folder))
    size = sum(size_of(path) for path in paths)
    if not dry_run:
        for path in paths:
            remove(path)
    return Swept(
        paintings=tuple(key for key, _ in paintings),
        encoded=tuple(dict.fromkeys(key for key, _ in encoded)),
        paths=paths,
        bytes=size,
    )


def _leftovers(folder: Path) -> list[Path]:
    """Temporaries, wherever the store makes them, that no living process can still be writing."""
    shelves = (shards(folder / name) for name in ("paintings", "encoded", "unfinished"))
    places = [folder, *itertools.chain.from_iterable(shelves)]
    limit = time.time() - _LEFTOVER_AGE
    found = [path for place in places for path in entries(place) if is_temporary(path.name)]
    return [path for path in found if path.stat().st_mtime < limit]


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder. Raises OSError."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def remove(path: Path) -> None:
    """Removes a file or folder, if it is there, and its shard folder where that is empty now. Raises OSError.

    A folder is renamed first: killed half-way, it must not be found as a painting that lacks files.
    """
    if not path.exists():
        return
    if path.is_dir():
        doomed = temporary_beside(path)
        os.replace(path, doomed)  # noqa: PTH105 -- as in files.py
        shutil.rmtree(doomed)
    else:
        path.unlink()
    if is_shard(path.parent):
        with contextlib.suppress(OSError):
            path.parent.rmdir()
