"""Hearing of changes to whatever a site is made of: all folders below the site's, and those elsewhere that it uses.

Folders are watched, not files, because many editors save by putting a new file in the old one's place. Hidden folders
are left out, the store with them, and so are the output folder and what package managers fill.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.site.model import Site

if TYPE_CHECKING:
    import threading

    from watchfiles import Change

DEBOUNCE = 50
"""Milliseconds: changes that lie closer together are one."""

STEP = 10
"""Milliseconds of silence after which a change is told."""

QUIET = 200
"""Milliseconds in which nothing changes, after which that is told."""

MOST_FOLDERS = 4000
"""No more are watched: systems limit it."""

_NOT_WATCHED = {"node_modules", "__pycache__"}
_PASSING = ("~", ".swp", ".swx", ".tmp", ".part", ".crdownload")
"""How names end of files that come and go while others are saved."""


def folders_of(root: Path, site: Site | None) -> frozenset[Path]:
    """The folders to watch for a site in `root`. Of one that cannot be read, `site` is None, only what lies there."""
    found = set(_below(root, site.output if site else None))
    if site is not None:
        files = [
            site.manifest,
            *(picture.path for picture in site.images.values()),
            *(post.path for post in site.posts),
        ]
        found.update(path.parent for path in files)
        if site.theme and not site.theme.is_relative_to(root):
            found.update(_below(site.theme, None))
    return frozenset(found)


def changes(folders: Callable[[], frozenset[Path]], stop: threading.Event) -> Iterator[frozenset[Path]]:
    """What has changed, again and again, until `stop` is set.

    `folders` is asked anew after each change. The set is empty where something may have changed unseen: whenever
    watching has just begun, with the first folders and with those that came since.
    """
    from watchfiles import watch

    watched = folders()
    while not stop.is_set():
        batches = watch(
            *watched,
            recursive=False,
            watch_filter=_is_source,
            debounce=DEBOUNCE,
            step=STEP,
            stop_event=stop,
            rust_timeout=QUIET,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        known = False
        with contextlib.closing(batches):
            for batch in batches:
                # That anything comes, if only word of silence, shows that the folders are being watched by now.
                if known and not batch:
                    continue
                known = True
                yield frozenset(Path(path) for _, path in batch)
                now = folders()
                if now != watched:
                    watched = now
                    break


def _below(root: Path, output: Path | None) -> Iterator[Path]:
    """`root` and the folders below it."""
    count = 0
    for folder, inner, files in os.walk(root):
        if "pyvenv.cfg" in files or (output is not None and Path(folder) == output and output != root):
            inner.clear()
            continue
        inner[:] = [name for name in inner if not name.startswith(".") and name not in _NOT_WATCHED]
        yield Path(folder)
        count += 1
        if count == MOST_FOLDERS:
            return


def _is_source(change: Change, path: str) -> bool:
    """Whether a file is one that somebody may have meant to save."""
    name = os.path.basename(path)  # noqa: PTH119  (asked for every event, and a Path takes longer)
    return not (name.startswith((".", "#")) or name.endswith(_PASSING) or name == "4913")
