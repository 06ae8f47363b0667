"""What is remembered of files between two runs, so that what has not changed is not decoded again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_gallery.errors import Location
from neural_gallery.site.pictures import MaskProbe, Probe, file_sha256, probe, probe_masks
from neural_gallery.temporaries import temporary_beside

if TYPE_CHECKING:
    from neural_gallery.site.model import Picture


class ProbeCache:
    """Remembers probes by path, size and time of change, so that an unchanged picture is not decoded again.

    What is known of masks is remembered by their contents; the hashes of other large files by path, size and time, too.

    Losing it costs nothing but time: a file that cannot be read, or does not match its checksum, is begun anew; one
    that cannot be written is not.
    """

    _VERSION = 1  # to be raised when `probe` learns to see more, so that what it let pass is looked at again

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[list[int], Probe]] = {}
        self._masks: dict[str, MaskProbe] = {}
        self._asked: set[str] = set()  # for which masks
        self._hashes: dict[str, tuple[list[int], str]] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            stored = json.loads(path.read_text("utf-8"))
            if stored.pop("checksum") == _checksum(stored) and stored["version"] == self._VERSION:
                self._known = {
                    file: ([int(number) for number in entry["stamp"]], Probe(**entry["probe"]))
                    for file, entry in stored["pictures"].items()
                }
                self._masks = {key: MaskProbe(**_tuples(found)) for key, found in stored.get("masks", {}).items()}
                self._hashes = {
                    file: ([int(number) for number in entry["stamp"]], str(entry["sha256"]))
                    for file, entry in stored.get("files", {}).items()
                }

    def probe(self, path: Path, location: Location | None, *, name: str = "") -> Probe:
        """What `probe` says, from memory where the file is unchanged."""
        try:
            stamp = _stamp(path.stat())
        except OSError:
            stamp = None  # `probe` says what is wrong
        stored, found = self._known.get(str(path), (None, None))
        if found and stamp and stored == stamp:
            return found
        found = probe(path, location, name=name)
        if stamp:
            self._known[str(path)] = (stamp, found)
            self._changed = True
        return found

    def probe_masks(self, masks: Sequence[Picture], width: int, height: int) -> MaskProbe:
        """What `probe_masks` says, from memory where the masks are unchanged."""
        parts = [(mask.sha256, mask.crop and astuple(mask.crop)) for mask in masks]
        key = hashlib.sha256(repr((parts, width, height)).encode()).hexdigest()
        self._asked.add(key)
        if key not in self._masks:
            self._masks[key] = probe_masks(masks, width, height)
            self._changed = True
        return self._masks[key]

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file that is no picture, from memory where the file is unchanged. Raises OSError."""
        stamp = _stamp(path.stat())
        stored, found = self._hashes.get(str(path), (None, ""))
        if stored == stamp:
            return found
        found = file_sha256(path)
        self._hashes[str(path)] = (stamp, found)
        self._changed = True
        return found

    def save(self) -> None:
        """Write what is remembered of files that still exist and of masks in use, if anything new was learnt."""
        if not self._changed:
            return
        entries = {
            file: {"stamp": stamp, "probe": asdict(found)}
            for file, (stamp, found) in self._known.items()
            if Path(file).exists()
        }
        masks = {key: asdict(found) for key, found in self._masks.items() if key in self._asked}
        hashes = {
            file: {"stamp": stamp, "sha256": found}
            for file, (stamp, found) in self._hashes.items()
            if Path(file).exists()
        }
        known = {"version": self._VERSION, "pictures": entries, "masks": masks, "files": hashes}
        temporary = temporary_beside(self._path)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_text(json.dumps({**known, "checksum": _checksum(known)}, indent=1), "utf-8")
                temporary.replace(self._path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            self._changed = False


def _stamp(status: os.stat_result) -> list[int]:
    """What changes when a file does. Copying can keep the time of writing, and so the size often is: ctime tells."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _checksum(known: Mapping[str, object]) -> str:
    """Of what is remembered: a flipped bit in a hash or a size would make a picture another one, to be painted anew."""
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _tuples(stored: Mapping[str, object]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
