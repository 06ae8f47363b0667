"""Who paints: a process may only paint for another one if both would make the same of a job."""

from __future__ import annotations

from dataclasses import dataclass

import neural_gallery
from neural_gallery.studio.data import BUNDLED_WEIGHTS, file_sha256


@dataclass(frozen=True, slots=True)
class Identity:
    """What a process paints with."""

    version: str  # of the package
    engine: int
    weights_sha256: str  # of the weights that it has, as they lie on its disk

    def told_from(self, other: Identity) -> str:
        """How another one differs, for people; "" where it does not."""
        if (self.version, self.engine) != (other.version, other.engine):
            mine, its = (f"{one.version} (engine {one.engine})" for one in (self, other))
            return f"it has neural-gallery {its}, and this is {mine}"
        return (
            "" if self.weights_sha256 == other.weights_sha256 else "its copy of the weights is damaged, or another one"
        )

    def remedy(self) -> str:
        """What to do about one that differs."""
        return f"Install neural-gallery {self.version} there, and start the worker again."


def identity() -> Identity:
    """That of this process. Raises OSError."""
    weights = file_sha256(BUNDLED_WEIGHTS)
    return Identity(neural_gallery.__version__, neural_gallery.ENGINE_VERSION, weights)
