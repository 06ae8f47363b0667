"""The weights that ship with the package. No JAX here: planning needs to know which weights a painting used."""

from __future__ import annotations

import hashlib
from pathlib import Path

BUNDLED_WEIGHTS = Path(__file__).with_name("vgg19-8bit.safetensors")
BUNDLED_WEIGHTS_SHA256 = "9425f3049d23ae31bb9fe872bd47fc48c204f4ccbddc466ec39dbac2fec59803"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
