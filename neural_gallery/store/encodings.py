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
        facts, damage = _facts_path(self.path), partial(_damage, str(self.path))
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


def read_encoded(stem: str, quarantine: Quarantine) -> Encoded | None:
    """The encoding at `stem`, seen to have its size. None where it is absent or damaged. Raises OSError."""
    look = _Look(stem, quarantine)
    try:
        return quarantine.look(look.facts, look.judge, look.damage, "made")
    except DamagedError:  # with a word about it in the notes
        return None


class _Look:
    """A look at the encoding at `stem`, of which a build with nothing to do takes thousands: names are strings here."""

    def __init__(self, stem: str, quarantine: Quarantine) -> None:
        self.facts = f"{stem}.json"
        self._stem, self._quarantine = stem, quarantine
        self._about = self.facts

    def judge(self) -> Encoded | None:
        """The encoding. Raises SealError where it is damaged."""
        self._about = self.facts
        try:
            with open(self.facts, "rb") as file:  # noqa: PTH123 -- quicker than Path's
                facts = unseal(file.read())
        except FileNotFoundError:
            return None
        self._about, encoded = _load(self._stem, facts, self._quarantine)
        try:
            size = os.stat(self._about).st_size  # noqa: PTH116 -- as above
        except FileNotFoundError:
            raise SealError("is missing") from None
        if size != encoded.bytes:
            raise SealError(f"has {size} bytes instead of {encoded.bytes}")
        return encoded

    def damage(self, reason: SealError) -> str:
        """What is wrong, in words: with the file, where its facts could be read."""
        return _damage(self._about, reason)


def _load(stem: str, facts: dict[str, Any], quarantine: Quarantine) -> tuple[str, Encoded]:
    """What these facts tell of, and its name. Raises SealError where they tell of nothing that stands at `stem`."""
    try:
        path = os.path.join(os.path.dirname(stem), facts["file"])  # noqa: PTH118, PTH120 -- as above
        encoded = Encoded(**{**fields_of(Encoded, facts), "path": Path(path), "quarantine": quarantine})
    except (KeyError, TypeError, ValueError) as error:
        raise SealError("is incomplete") from error
    if os.path.splitext(path)[0] != stem:  # noqa: PTH122 -- as above
        raise SealError("tells of another file")
    return path, encoded


def _sha256_in(path: Path) -> object:
    """The checksum that the facts at `path` tell; None where they tell none."""
    try:
        return unseal(path.read_bytes()).get("sha256")
    except (FileNotFoundError, SealError):
        return None


def _facts_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _damage(path: str, reason: SealError) -> str:
    return f"the stored file {os.path.basename(path)} is damaged (it {reason})"  # noqa: PTH119
