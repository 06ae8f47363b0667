"""Many files written at once: each whole and durable, whatever happens to another."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural_gallery.store import files as writing
from neural_gallery.store.files import write_files
from neural_gallery.temporaries import is_temporary


def many(folder: Path, count: int = 100) -> dict[Path, bytes]:
    """Files for two folders that are not there yet."""
    return {folder / ("a", "b")[number % 2] / f"{number}.txt": f"text {number}".encode() for number in range(count)}


def there(folder: Path) -> dict[Path, bytes]:
    """Every file in `folder`."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_is_there_when_it_is_told(tmp_path: Path) -> None:
    """All are written, and each path is given in its order, once its file has its content."""
    files, told = many(tmp_path), []
    for path in write_files(files.items()):
        assert path.read_bytes() == files[path]
        told.append(path)
    assert told == list(files)
    assert there(tmp_path) == files


def test_several_are_flushed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after another would never come by the barrier."""
    barrier = threading.Barrier(4, timeout=30)
    flush = writing._write_flushed

    def flush_together(path: Path, data: bytes) -> None:
        barrier.wait()
        flush(path, data)

    monkeypatch.setattr(writing, "_write_flushed", flush_together)
    files = many(tmp_path, 40)
    assert list(write_files(files.items())) == list(files)


def test_only_a_few_wait_in_memory(tmp_path: Path) -> None:
    """Contents are asked for as they are written: a large site does not fit into memory."""
    asked, most = 0, 0

    def contents() -> Iterator[tuple[Path, bytes]]:
        nonlocal asked
        for one in many(tmp_path, 300).items():
            asked += 1
            yield one

    for told, _ in enumerate(write_files(contents())):
        most = max(most, asked - told)
    assert asked == 300
    assert most < 40


def test_what_is_durable_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is flushed before it is renamed into place, and its folder after the last of its renames."""
    seen: list[tuple[str, str]] = []
    names: dict[int, str] = {}
    fsync, replace = os.fsync, os.replace

    def flushed(descriptor: int) -> None:
        fsync(descriptor)
        seen.append(("flushed", str(Path(f"/proc/self/fd/{descriptor}").readlink())))

    def renamed(source: Path, target: Path) -> None:
        replace(source, target)
        names[len(seen)] = str(source)
        seen.append(("renamed", str(source)))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the names of open files are told by /proc")
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", renamed)
    files = many(tmp_path, 30)
    list(write_files(files.items()))
    assert len(names) == 30
    for index, name in names.items():
        assert ("flushed", name) in seen[:index]
    assert sorted(seen[-2:]) == [("flushed", str(tmp_path / "a")), ("flushed", str(tmp_path / "b"))]
    assert max(names) < len(seen) - 2


def test_one_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes out, no file is half there, nothing is left of the temporary ones, and the rest is not begun."""
    files = many(tmp_path, 200)
    replace, full = os.replace, list(files)[20]

    def refuse(source: Path, target: Path) -> None:
        if target == full:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    told = []
    with pytest.raises(OSError, match="No space left") as caught:
        told.extend(write_files(files.items()))
    assert caught.value.errno == errno.ENOSPC
    found = there(tmp_path)
    assert found.items() <= files.items()
    assert full not in found
    assert 20 <= len(found) < 60
    assert not any(is_temporary(path.name) for path in tmp_path.rglob("*"))


def test_who_stops_listening(tmp_path: Path) -> None:
    """Left in the middle, as by Ctrl-C, no file is torn and none is written later."""
    files = many(tmp_path, 200)
    telling = write_files(files.items())
    for _ in range(10):
        next(telling)
    telling.close()
    found = there(tmp_path)
    assert 10 <= len(found) < 60
    assert found.items() <= files.items()
