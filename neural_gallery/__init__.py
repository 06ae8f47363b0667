"""neural-gallery: a static-site gallery builder that paints.

The package has five rooms and a corridor; `docs/architecture.md` is their map. Nothing here imports JAX: only the
studio does, and only when something is painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural_gallery.api import Style, stylize

__version__ = "0.1.0"

ENGINE_VERSION = 8
"""Part of every painting's key. Raise it when the studio would paint other pixels from the same inputs."""

__all__ = ["ENGINE_VERSION", "Style", "__version__", "stylize"]


def __getattr__(name: str) -> Any:
    """`stylize` and `Style`, imported when they are asked for: commands that do not paint need neither."""
    if name in ("Style", "stylize"):
        from neural_gallery import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
