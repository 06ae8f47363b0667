"""One build at a time in one site: an advisory lock that the system releases even when its holder is killed.

The lock is on the open file, not its existence, so a file left behind locks nothing. (`filelock` would do; importing
it takes a tenth of the time that a build with nothing to do may take.)
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from neural_gallery.errors import Problem, StoreError
from neural_gallery.store.files import told_as

_PATIENCE, _TRIES = 0.2, 4  # seconds


@contextlib.contextmanager
def locked(path: Path, *, patient: bool = True) -> Iterator[None]:
    """Holds the lock file at `path`. Raises StoreError where another process (or this one) holds it.

    Who only reads may hold it for a moment, to judge what seems damaged; so who is `patient` tries again meanwhile.
    """
    with told_as(StoreError, f"cannot lock {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    with file:
        with told_as(StoreError, f"cannot lock {path}"):
            taken = _try_lock(file) or (patient and any(_try_lock_later(file) for _ in range(_TRIES)))
        if not taken:
            raise StoreError(
                Problem(
                    None,
                    "another neural-gallery is at work in this site.",
                    "Wait until it ends, or stop it, then run the command again.",
                )
            )
        try:
            yield
        finally:
            # Closing would not do: processes that were forked meanwhile have the same open file, and so the lock.
            _unlock(file)


def _try_lock_later(file: IO[bytes]) -> bool:
    time.sleep(_PATIENCE / _TRIES)
    return _try_lock(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)  # Windows locks a range of bytes from the current position
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
