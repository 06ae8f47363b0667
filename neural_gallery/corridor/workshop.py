"""Where paintings come from: a painter, and what tells its paintings from those of another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neural_gallery import ENGINE_VERSION
from neural_gallery.workers.messages import Painter


@dataclass(frozen=True, slots=True)
class Workshop:
    """A painter with its identity, which is part of every painting's key."""

    painter: Painter
    weights_sha256: str  # of the network's weights
    engine: int = ENGINE_VERSION


def local_workshop(compiled: Path) -> Workshop:
    """The one in this process, which keeps compiled programs in that folder.

    JAX is loaded when the first pair is painted, not before.
    """
    from neural_gallery.workers.local import painter_with_cache, weights_sha256

    return Workshop(painter_with_cache(compiled), weights_sha256())
