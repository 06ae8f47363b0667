"""Removing from the store what nobody uses, and nothing else.

Only what bears the names that this program gives is ever touched: a key in the folder of its first two digits, a
quarantined object, a temporary; and of folders only those that hold nothing but files with such names. Links are never
followed nor removed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.store.quarantine import is_quarantined
from neural_gallery.store.shelves import entries, is_shard, shards, shelved
from neural_gallery.temporaries import is_temporary, temporary_beside

ENCODED_AS = frozenset({"json", "png", "jpg", "webp", "avif", "gif", "mp4"})
"""What names of encodings end with, and of the facts beside them."""

_IN_FOLDERS = re.compile(r"record\.json|still(-16bit)?\.png|state|frame-[0-9]{3,}\.webp")
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
    paintings = [(key, path) for key, path in _objects(folder / "paintings") if key not in kept]
    encoded = [(key, path) for key, path in _encodings(folder / "encoded") if key not in kept]
    unfinished = [path for key, path in _objects(folder / "unfinished") if key not in kept]
    damaged = [path for path in _entries(folder / "damaged") if is_quarantined(path.name) and _is_ours(path)]
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


def _objects(shelf: Path) -> Iterator[tuple[str, Path]]:
    """The folders on a shelf that are as we make them: a record among files of ours. They appear in one step."""
    for key, path in _shelved(shelf):
        if path.name == key and path.is_dir() and (path / "record.json").is_file() and _is_ours(path):
            yield key, path


def _encodings(shelf: Path) -> Iterator[tuple[str, Path]]:
    """The files on the shelf of encodings that have names as we give them."""
    for key, path in _shelved(shelf):
        if path.name.removeprefix(f"{key}.") in ENCODED_AS and path.is_file():
            yield key, path


def _is_ours(path: Path) -> bool:
    """Whether that is a file, or a folder with nothing in it but files that bear our names."""
    if not path.is_dir():
        return path.is_file()
    with os.scandir(path) as inside:
        found = [entry.is_file(follow_symlinks=False) and bool(_IN_FOLDERS.fullmatch(entry.name)) for entry in inside]
    return bool(found) and all(found)


def _shelved(shelf: Path) -> Iterator[tuple[str, Path]]:
    return iter(()) if shelf.is_symlink() else shelved(shelf)


def _entries(folder: Path) -> list[Path]:
    return [] if folder.is_symlink() else entries(folder)


def _leftovers(folder: Path) -> list[Path]:
    """Temporaries, wherever the store makes them, that no living process can still be writing."""
    names = [folder / name for name in ("paintings", "encoded", "unfinished")]
    shelves = (shards(shelf) for shelf in names if not shelf.is_symlink())
    places = [folder, *itertools.chain.from_iterable(shelves)]
    limit = time.time() - _LEFTOVER_AGE
    found = [path for place in places for path in entries(place) if is_temporary(path.name) and _is_leftover(path)]
    return [path for path in found if path.stat().st_mtime < limit]


def _is_leftover(path: Path) -> bool:
    return _is_ours(path) or (path.is_dir() and not any(path.iterdir()))


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
