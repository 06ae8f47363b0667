"""Writing so that no reader, and no crash, ever meets half of a file.

Everything is written under a temporary name beside its place, flushed to the disk, and renamed into place: the name
holds the old content or the new one, never a part. Temporary names are nobody else's, so that what a killed run leaves
behind can be told from everything else and swept.

Permissions follow the user's umask (`tempfile` would make files that a web server may not read).
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import Problem, RunError
from neural_gallery.temporaries import temporary_beside

if TYPE_CHECKING:
    from concurrent.futures import Executor

_BATCH, _AT_ONCE = 32, 8
"""How many files are written before they are renamed, all open; and how many of them are flushed at once."""

_HERE = -100  # Linux's AT_FDCWD: names are relative to the current folder
_EXCHANGE = 2  # RENAME_EXCHANGE on Linux, RENAME_SWAP on macOS
_KEPT = "Everything finished so far is kept."
_NOT_FOR_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_CAUSES = {
    errno.ENOSPC: ("the disk is full", f"Free some space, then run the command again. {_KEPT}"),
    errno.EFBIG: (
        "the file would be larger than the file system, or a limit of your user (`ulimit -f`), allows",
        f"Raise the limit, or work on another disk, then run the command again. {_KEPT}",
    ),
    errno.EDQUOT: ("your disk quota is used up", f"Free some space, then run the command again. {_KEPT}"),
    errno.EROFS: ("the file system is read-only", "Work in a copy of the site on a disk that can be written."),
    errno.EACCES: ("permission is denied", "Give your user the right to read and write there, then run it again."),
    errno.EEXIST: ("a file stands where a folder belongs", "Move it away, then run the command again."),
    errno.ENOTDIR: ("a file stands where a folder belongs", "Move it away, then run the command again."),
    errno.EPERM: ("permission is denied", "Give your user the right to read and write there, then run it again."),
}


@contextlib.contextmanager
def told_as(error: type[RunError], what: str) -> Iterator[None]:
    """Turns an `OSError` into `error`, with its cause and what to do. `what`: "cannot write the store"."""
    try:
        yield
    except OSError as caught:
        code = caught.errno or 0
        cause, remedy = _CAUSES.get(code, (caught.strerror or str(caught), "Mend this, then run the command again."))
        raise error(Problem(None, f"{what}: {cause}.", remedy)) from caught


def write_file(path: Path, data: bytes) -> None:
    """Puts `data` at `path` atomically; folders are made as needed. Raises OSError, and then nothing has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        _write_flushed(temporary, data)
        os.replace(temporary, path)  # noqa: PTH105 -- os.replace is the documented atomic one, and tests intercept it
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def write_files(files: Iterable[tuple[Path, bytes]]) -> Generator[Path, None, None]:
    """Puts each of many files in its place as `write_file` does, and gives its path once it is there.

    Writing a small file is waiting for the disk, which flushes several at once nearly as fast as one: so they are
    written a batch at a time. Folders are flushed at the end. The first OSError ends it, and no file is half there.
    """
    from concurrent.futures import ThreadPoolExecutor

    left, folders = iter(files), set[Path]()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while batch := list(islice(left, _BATCH)):
            for folder in {path.parent for path, _ in batch} - folders:
                folder.mkdir(parents=True, exist_ok=True)
                folders.add(folder)
            yield from _put_batch(batch, pool)
    for folder in folders:
        _flush_folder(folder)


def _put_batch(batch: Sequence[tuple[Path, bytes]], pool: Executor) -> Iterator[Path]:
    """Writes these files, flushes them together, and renames them into place: gives each path after that."""
    from concurrent.futures import wait

    temporaries = [temporary_beside(path) for path, _ in batch]
    try:
        with contextlib.ExitStack() as opened:
            written: list[int] = []
            for temporary, (_, data) in zip(temporaries, batch, strict=True):
                file = opened.enter_context(temporary.open("xb"))
                file.write(data)
                file.flush()
                written.append(file.fileno())
            # Few calls for many files, as each costs a change of threads. None is at work any more when files close.
            shares = [written[first::_AT_ONCE] for first in range(_AT_ONCE)]
            wait(flushing := [pool.submit(_flush_all, share) for share in shares])
            for one in flushing:
                one.result()
        for temporary, (path, _) in zip(temporaries, batch, strict=True):
            os.replace(temporary, path)  # noqa: PTH105 -- os.replace is the documented atomic one, and tests intercept it
            yield path
    finally:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)


def _flush_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.fsync(descriptor)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Puts a folder of `files` at `path`, all of them or none. A folder that is there already is replaced.

    Raises OSError, and then what was there before is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        temporary.mkdir()
        for name, data in files.items():
            _write_flushed(temporary / name, data)
        _flush_folder(temporary)
        _swap_in(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _flush_folder(path.parent)


def _swap_in(prepared: Path, path: Path) -> None:
    """Renames a folder into place.

    A full folder that is there is exchanged with it in one step where the system can do that. Where it cannot, the old
    one steps aside first; killed between the two renames, the name is free: readers see nothing there, as is true.
    """
    if not path.exists():
        os.replace(prepared, path)  # noqa: PTH105 -- as above
        return
    if _exchange(prepared, path):
        shutil.rmtree(prepared, ignore_errors=True)
        return
    old = temporary_beside(path)
    os.replace(path, old)  # noqa: PTH105 -- as above
    try:
        os.replace(prepared, path)  # noqa: PTH105 -- as above
    except BaseException:
        os.replace(old, path)  # noqa: PTH105 -- as above
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Lets two names change places in one step; False, and nothing has changed, where that is not possible.

    Linux and macOS have a call for it that Python does not offer; some file systems refuse it.
    """
    if sys.platform not in ("linux", "darwin"):
        return False
    import ctypes

    library = ctypes.CDLL(None)
    names = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "linux":
            return library.renameat2(_HERE, names[0], _HERE, names[1], ctypes.c_uint(_EXCHANGE)) == 0
        return library.renamex_np(*names, ctypes.c_uint(_EXCHANGE)) == 0
    except AttributeError:  # a C library without the call
        return False


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut. Windows has no such call, and needs none.

    Some file systems, mounted over a network mostly, refuse it for folders; then the rename is as durable as it gets.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(descriptor)
