"""Names of files that exist only until they are written.

A killed run leaves them behind, and a later one removes them: from folders, too, where other files are. So a name ends
with a checksum of its beginning, which nobody writes by chance.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"\.neural-gallery-tmp-([0-9a-f]{12})([0-9a-f]{8})")


def temporary_beside(path: Path) -> Path:
    """A name for a temporary file or folder in the same folder as `path`, hence on the same file system."""
    chosen = secrets.token_hex(6)
    return path.with_name(f".neural-gallery-tmp-{chosen}{_checksum(chosen)}")


def is_temporary(name: str) -> bool:
    """Whether `name` was made by `temporary_beside`."""
    found = _NAME.fullmatch(name)
    return found is not None and found[2] == _checksum(found[1])


def _checksum(chosen: str) -> str:
    return hashlib.sha256(b"neural-gallery " + chosen.encode()).hexdigest()[:8]
