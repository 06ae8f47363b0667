"""Stored encodings: `encoded/ab/<key>.<extension>`, with its facts beside it in `<key>.json`.

The facts are written last and taken away first: an encoding without them is absent.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neural_gallery.errors import StoreError
from neural_gallery.store.files import told_as, write_file
from neural_gallery.store.quarantine import Quarantine
from neural_gallery.store.sealed import SealError, fields_of, seal, unseal


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded still or animation in the store."""

    path: Path
    bytes: int
    width: int
    height: int
    sha256: str
    quarantine: Quarantine = field(repr=False, compare=False)

    def read(self) -> bytes:
        """Its bytes, verified. Where they are damaged, it is absent from now on: DamagedError; encode it again."""
        with told_as(StoreError, f"cannot read {self.path}"):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                raise self._damaged("it is missing") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise self._damaged("it does not match its checksum")
        return data

    def _damaged(self, reason: str) -> StoreError:
        return self.quarantine.damaged(_facts_path(self.path), _damage(self.path, reason), "made")


def write_encoded(
    stem: Path, data: bytes, quarantine: Quarantine, *, extension: str, width: int, height: int
) -> Encoded:
    """Writes `<stem>.<extension>` and its facts. Raises OSError."""
    path = stem.with_name(f"{stem.name}.{extension}")
    encoded = Encoded(path, len(data), width, height, hashlib.sha256(data).hexdigest(), quarantine)
    facts = {"file": path.name, "bytes": len(data), "width": width, "height": height, "sha256": encoded.sha256}
    _facts_path(path).unlink(missing_ok=True)
    write_file(path, data)
    write_file(_facts_path(path), seal(facts))
    return encoded


def read_encoded(stem: Path, quarantine: Quarantine) -> Encoded | None:
    """The encoding at `stem`, seen to have its size. None where it is absent or damaged. Raises OSError."""
    try:
        with open(f"{stem}.json", "rb") as file:  # noqa: PTH123 -- a build with nothing to do comes here thousands of times
            data = file.read()
    except FileNotFoundError:
        return None
    path = _facts_path(stem)
    try:
        facts: dict[str, Any] = unseal(data)
        place = stem.parent / facts["file"]
        encoded = Encoded(**{**fields_of(Encoded, facts), "path": place, "quarantine": quarantine})
        path = encoded.path
        size = os.stat(path).st_size  # noqa: PTH116 -- as above
    except SealError as error:
        reason = f"it {error}"
    except (KeyError, TypeError, ValueError):
        reason = "it is incomplete"
    except FileNotFoundError:
        reason = "it is missing"
    else:
        if size == encoded.bytes:
            return encoded
        reason = f"it has {size} bytes instead of {encoded.bytes}"
    quarantine.take(_facts_path(stem), _damage(path, reason), "made")
    return None


def _facts_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _damage(path: Path, reason: str) -> str:
    return f"the stored file {path.name} is damaged ({reason})"
