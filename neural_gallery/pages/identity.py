"""What the pages of a site are made of, as one hash: pages of the same are the same, and need not be made again."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import os
import pickle
import sys
from pathlib import Path

from neural_gallery import __version__
from neural_gallery.pages.views import Gallery
from neural_gallery.site.model import Site

_LIBRARIES = ("jinja2", "markdown", "markupsafe", "pymdown-extensions", "pyyaml")


def digest_of(site: Site, gallery: Gallery, theme: str, existing_site: bool) -> str:
    """SHA-256 over a site, what its pages show, the theme's digest and the programs that make pages of them.

    "" where something in it cannot be written down. Nothing that is written down is ever read again.
    """
    fields = [getattr(site, field.name) for field in dataclasses.fields(site)]
    found = _Hash()
    try:
        # Equal values may be written differently, and then pages are made once more; different ones never alike.
        pickle.Pickler(found, protocol=5).dump([_programs(), theme, existing_site, fields, gallery])
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return ""
    return found.sha256.hexdigest()


class _Hash:
    """A file that keeps nothing of what is written to it but the hash."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        """As files do."""
        self.sha256.update(data)
        return len(data)


def _programs() -> list[object]:
    """This one, also as it is being worked on, and the libraries that it makes pages with."""
    with os.scandir(Path(__file__).parent) as found:
        own = sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in found if one.is_file())
    return [__version__, sys.version, own, [importlib.metadata.version(name) for name in _LIBRARIES]]
