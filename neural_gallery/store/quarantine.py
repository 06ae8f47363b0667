"""Where damaged objects go: out of the way, so that they count as absent, but not destroyed until the next `gc`."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from neural_gallery.errors import Problem, StoreError

_NAME = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]+)?-[0-9a-f]{8}")


class DamagedError(StoreError):
    """A stored object was found damaged while it was read. It is out of the way already: making it again mends it."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The folder of damaged objects, and a sentence for each one found by this run."""

    folder: Path
    notes: list[str] = field(default_factory=list)

    def take(self, path: Path, damage: str, cure: str) -> None:
        """Moves what stands at `path` here and keeps a note of `damage`. `cure`: "painted", as in "painted again"."""
        # In a store that cannot be written, reading goes on: the object counts as absent all the same.
        with contextlib.suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            os.replace(path, self.folder / f"{path.name}-{secrets.token_hex(4)}")  # noqa: PTH105 -- as in files.py
        note = f"{damage}; it is {cure} again"
        if note not in self.notes:  # where it cannot be moved, it is met again
            self.notes.append(note)

    def damaged(self, path: Path, damage: str, cure: str) -> DamagedError:
        """Like `take`, for an object found damaged while in use: an error to raise."""
        self.take(path, damage, cure)
        return DamagedError(Problem(None, f"{damage}.", f"Run the command again: it is {cure} again."))


def is_quarantined(name: str) -> bool:
    """Whether `name` was given by a quarantine."""
    return _NAME.fullmatch(name) is not None
