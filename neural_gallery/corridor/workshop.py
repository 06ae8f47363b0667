"""Where paintings come from: a painter, and what tells its paintings from those of another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from neural_gallery import ENGINE_VERSION
from neural_gallery.site.model import PaintSettings, Site, WeightsFile
from neural_gallery.workers.messages import Ensemble, Painter


@dataclass(frozen=True, slots=True)
class Workshop:
    """A painter with its identity, which is part of every painting's key."""

    painter: Painter
    weights_sha256: str  # of the network's weights
    engine: int = ENGINE_VERSION
    weights: WeightsFile | None = None  # the file with them; None: those that are the painter's own
    ensemble: Ensemble | None = None  # paints several at once; None: they are painted one by one

    def for_site(self, site: Site) -> Workshop:
        """The same, painting with the weights that the site's manifest names, if it names any."""
        if site.weights is None:
            return self
        return replace(self, weights=site.weights, weights_sha256=site.weights.sha256)

    @staticmethod
    def scales(settings: PaintSettings) -> tuple[tuple[int, int], ...]:
        """Longest side and steps of each scale of a painting with these settings."""
        from neural_gallery.workers.local import scales_of

        return scales_of(settings)


def local_workshop(compiled: Path) -> Workshop:
    """The one in this process, which keeps compiled programs in that folder.

    JAX is loaded when the first pair is painted, not before.
    """
    from neural_gallery.workers.local import LocalEnsemble, painter_with_cache, weights_sha256

    return Workshop(painter_with_cache(compiled), weights_sha256(), ensemble=LocalEnsemble(compiled))
