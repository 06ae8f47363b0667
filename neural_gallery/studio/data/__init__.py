"""The weights that ship with the package. No JAX here: planning needs to know which weights a painting used."""

from __future__ import annotations

import errno
import hashlib
import stat
from pathlib import Path

BUNDLED_WEIGHTS = Path(__file__).with_name("vgg19-8bit.safetensors")
BUNDLED_WEIGHTS_SHA256 = "9425f3049d23ae31bb9fe872bd47fc48c204f4ccbddc466ec39dbac2fec59803"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError, also where it is a device, which may have no end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no file", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
