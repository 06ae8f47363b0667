"""Where damaged objects go: out of the way, so that they count as absent, but not destroyed until the next `gc`.

Whoever reads without the store's lock may meet an object while another process replaces it: the old record, say, and
the new files. So nothing is moved on the word of one look. It is judged again while nobody can write, which is when
this process has the lock, and moved only if it is damaged then; where another process has the lock, or the store cannot
be written, it stays, and counts as absent all the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from neural_gallery.errors import Problem, StoreError
from neural_gallery.store.lock import locked
from neural_gallery.store.sealed import SealError

LOOKS = 3
"""How often an object that another process may be replacing is looked at before it is judged."""

_NAME = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]+)?-[0-9a-f]{8}")
_Found = TypeVar("_Found")


class DamagedError(StoreError):
    """A stored object was found damaged while it was read. It is out of the way already: making it again mends it."""


class ReplacedError(DamagedError):
    """A stored object was replaced while it was read: what stands there now is to be read instead."""

    def __init__(self, what: str) -> None:
        super().__init__(Problem(None, f"{what} was replaced while it was read.", "Run the command again."))


@dataclass(slots=True)
class Quarantine:
    """The folder of damaged objects of one store, and a sentence for each one found by this run."""

    folder: Path
    lock: Path  # the store's
    notes: list[str] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)  # held while a thread replaces a painting
    _locked: bool = False  # whether this process has the lock already

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Within this, no other process writes. Raises StoreError where one is at work."""
        with locked(self.lock):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def look(
        self, path: Path | str, judge: Callable[[], _Found], damage: Callable[[SealError], str], cure: str
    ) -> _Found:
        """What `judge` finds of the object at `path`; where it raises SealError and means it, DamagedError is raised.

        Then the object is moved here, if it may be, and noted. `damage` puts what is wrong in words; `cure`: "painted",
        as in "painted again".
        """
        with contextlib.suppress(SealError):
            return judge()
        told = ""
        with self._nobody_writing() as nobody:
            for _ in range(1 if nobody else LOOKS):
                try:
                    return judge()
                except SealError as error:
                    told = damage(error)
            if nobody:
                self._move(Path(path))
        note = f"{told}; it is {cure} again"
        if note not in self.notes:  # where it cannot be moved, it is met again
            self.notes.append(note)
        raise DamagedError(Problem(None, f"{told}.", f"Run the command again: it is {cure} again."))

    @contextlib.contextmanager
    def _nobody_writing(self) -> Iterator[bool]:
        """Gives whether nobody can be writing within this: no other process, and no thread of this one."""
        with contextlib.ExitStack() as stack:
            nobody = True
            try:
                if not self._locked:
                    stack.enter_context(locked(self.lock, patient=False))
                stack.enter_context(self.writing)
            except StoreError:  # another process has the lock, or it cannot be taken in a store that cannot be written
                nobody = False
            yield nobody

    def _move(self, path: Path) -> None:
        with contextlib.suppress(OSError):  # on a full disk, say, reading goes on
            self.folder.mkdir(exist_ok=True)
            os.replace(path, self.folder / f"{path.name}-{secrets.token_hex(4)}")  # noqa: PTH105 -- as in files.py


def is_quarantined(name: str) -> bool:
    """Whether `name` was given by a quarantine."""
    return _NAME.fullmatch(name) is not None
