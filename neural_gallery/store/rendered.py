"""What was rendered last for each output folder, in `rendered.json`: of what, by one hash, and to which files.

So a build with nothing to do renders nothing, where its files still stand there. Losing the record costs nothing but
time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neural_gallery.store.files import write_file
from neural_gallery.store.paths import relative
from neural_gallery.store.sealed import SealError, seal, unseal

_RECORD = "rendered.json"


@dataclass(frozen=True, slots=True)
class LastRendering:
    """The record of the output folder `folder` in the store in `store`."""

    store: Path
    folder: Path

    def files(self, digest: str) -> Mapping[str, str]:
        """The SHA-256 of each file by its path, if what was rendered last had that digest; else nothing."""
        last = self._read().get(relative(self.folder, self.store), {})
        return last.get("files", {}) if digest and last.get("digest") == digest else {}

    def remember(self, digest: str, files: Mapping[str, str]) -> None:
        """Those files have been written, and are what that digest renders to."""
        record = {**self._read(), relative(self.folder, self.store): {"digest": digest, "files": {**files}}}
        with contextlib.suppress(OSError):
            write_file(self.store / _RECORD, seal({"folders": record}, for_people=False))

    def _read(self) -> dict[str, Any]:
        try:
            folders: Any = unseal((self.store / _RECORD).read_bytes())["folders"]
        except (OSError, SealError, KeyError):
            return {}
        return folders
