"""Which sheets of proofs there are, and which paintings each shows, in `proofs.json`.

So a sheet may be drawn again where one of ours stands, and `gc` keeps the paintings of every sheet that is still there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from neural_gallery.errors import StoreError
from neural_gallery.store.files import told_as, write_file
from neural_gallery.store.paths import relative
from neural_gallery.store.sealed import SealError, seal, unseal

_RECORD = "proofs.json"


class Sheets:
    """The sheets that were drawn from the store in `folder`. Every method raises StoreError where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._record = folder / _RECORD
        with told_as(StoreError, f"cannot read {self._record}"):
            self._sheets = self._read()

    def paintings(self) -> set[str]:
        """The keys of all paintings that some sheet shows that is still there."""
        return {key for sheet, keys in self._there().items() for key in keys}

    def has(self, sheet: Path) -> bool:
        """Whether that file is one of our sheets, as far as is known."""
        return relative(sheet, self._record.parent) in self._sheets

    def add(self, sheet: Path, keys: Collection[str]) -> None:
        """Notes a sheet that is about to be written; those that have gone are forgotten."""
        self._sheets = {**self._there(), relative(sheet, self._record.parent): sorted(keys)}
        with told_as(StoreError, f"cannot write {self._record}"):
            write_file(self._record, seal({"sheets": self._sheets}))

    def _there(self) -> dict[str, list[str]]:
        return {sheet: keys for sheet, keys in self._sheets.items() if (self._record.parent / sheet).is_file()}

    def _read(self) -> dict[str, list[str]]:
        try:
            sheets: Any = unseal(self._record.read_bytes())["sheets"]
            return {str(sheet): [str(key) for key in keys] for sheet, keys in dict(sheets).items()}
        except (FileNotFoundError, SealError, KeyError, TypeError, ValueError):
            return {}  # at worst some proofs are painted once more
