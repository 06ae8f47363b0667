"""Stored encodings: `encoded/ab/<key>.<extension>`, with its facts beside it in `<key>.json`.

The facts are written last and taken away first: an encoding without them is absent.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from neural_gallery.errors import StoreError
from neural_gallery.store.files import told_as, write_file
from neural_gallery.store.quarantine import DamagedError, Quarantine, ReplacedError
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
        facts, damage = _facts_path(self.path), partial(_damage, self.path)
        with told_as(StoreError, f"cannot read {self.path}"):
            return self.quarantine.look(facts, self._judge, damage, "made")

    def _judge(self) -> bytes:
        """Its bytes. Raises SealError where they are damaged, ReplacedError where they are those of another one."""
        try:
            return self._verified()
        except SealError:
            if _sha256_in(_facts_path(self.path)) != self.sha256:
                raise ReplacedError(f"the stored file {self.path.name}") from None
            raise

    def _verified(self) -> bytes:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            raise SealError("is missing") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise SealError("does not match its checksum")
        return data


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
    path = _facts_path(stem)

    def judge() -> Encoded | None:
        nonlocal path
        path = _facts_path(stem)
        try:
            with open(path, "rb") as file:  # noqa: PTH123 -- a build with nothing to do comes here thousands of times
                facts = unseal(file.read())
        except FileNotFoundError:
            return None
        encoded = _load(stem, facts, quarantine)
        path = encoded.path
        try:
            size = os.stat(path).st_size  # noqa: PTH116 -- as above
        except FileNotFoundError:
            raise SealError("is missing") from None
        if size != encoded.bytes:
            raise SealError(f"has {size} bytes instead of {encoded.bytes}")
        return encoded

    try:
        return quarantine.look(path, judge, lambda error: _damage(path, error), "made")
    except DamagedError:  # with a word about it in the notes
        return None


def _load(stem: Path, facts: dict[str, Any], quarantine: Quarantine) -> Encoded:
    """The encoding that these facts tell of. Raises SealError where they tell of none that stands at `stem`."""
    try:
        path = stem.parent / facts["file"]
        encoded = Encoded(**{**fields_of(Encoded, facts), "path": path, "quarantine": quarantine})
    except (KeyError, TypeError, ValueError) as error:
        raise SealError("is incomplete") from error
    if path.parent != stem.parent or path.stem != stem.name:
        raise SealError("tells of another file")
    return encoded


def _sha256_in(path: Path) -> object:
    """The checksum that the facts at `path` tell; None where they tell none."""
    try:
        return unseal(path.read_bytes()).get("sha256")
    except (FileNotFoundError, SealError):
        return None


def _facts_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _damage(path: Path, reason: SealError) -> str:
    return f"the stored file {path.name} is damaged (it {reason})"
