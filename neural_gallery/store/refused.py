"""What was refused of places that machines share, in `refused.json`: for each place the sizes of archives, by name.

An archive's name tells what is in it, and stands there whatever has become of its bytes. So `push`, which lists names
and reads nothing, would take a damaged one for whole for ever. What `pull` has read and refused is remembered until
something else is there. Losing the record means that the next `pull` refuses it once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neural_gallery.store.archives import Label, read_label
from neural_gallery.store.files import write_file
from neural_gallery.store.sealed import SealError, seal, unseal

_RECORD = "refused.json"


@dataclass(frozen=True, slots=True)
class Refused:
    """The record in the store in `store` of the place with that URL."""

    store: Path
    place: str

    def among(self, there: Mapping[str, Mapping[Label, int]]) -> dict[Label, bool]:
        """What is still there of it, with the size that was refused; whether it is of no use to anybody.

        `there`: sizes of archives, by key.
        """
        found = {label: known for path, known in self._read().items() if (label := read_label(path))}
        return {
            label: useless is True
            for label, (size, useless) in found.items()
            if there.get(label.key, {}).get(label) == size
        }

    def remember(
        self, there: Mapping[str, Mapping[Label, int]], refused: Mapping[Label, bool], mended: Collection[Label]
    ) -> None:
        """Add what was refused now, and forget what is whole or gone."""
        before = self._read()
        kept = {**self.among(there), **refused}
        now = {label.path: [there[label.key][label], kept[label]] for label in kept if label not in mended}
        if now != before:
            with contextlib.suppress(OSError):
                write_file(self.store / _RECORD, seal({"places": {**self._places(), self.place: now}}))

    def _read(self) -> dict[str, list[Any]]:
        found = self._places().get(self.place)
        if not isinstance(found, dict):
            return {}
        return {path: known for path, known in found.items() if isinstance(known, list) and len(known) == 2}

    def _places(self) -> dict[str, Any]:
        try:
            places = unseal((self.store / _RECORD).read_bytes()).get("places")
        except (OSError, SealError, RecursionError):
            return {}
        return places if isinstance(places, dict) else {}
