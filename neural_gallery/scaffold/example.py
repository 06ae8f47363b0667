"""A small working site to start from: two pictures, one pair, one post. And how GitHub publishes a site."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

_SITE = files("neural_gallery") / "scaffold_data"

# Shipped without its dot: a real .gitignore inside the package would apply to the package.
_RENAMED = {"gitignore": ".gitignore"}


def example_site() -> dict[str, bytes]:
    """The files of the example, by their relative paths."""
    return {_RENAMED.get(name, name): data for name, data in _walk(_SITE)}


def pages_workflow() -> dict[str, bytes]:
    """The workflow by which GitHub builds a site whenever it is pushed, and publishes it on GitHub Pages."""
    return {".github/workflows/pages.yml": (files("neural_gallery.scaffold") / "pages.yml").read_bytes()}


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    """Every file under `folder` with its relative path."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
