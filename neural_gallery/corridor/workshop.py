"""Where paintings come from: a painter, and what tells its paintings from those of another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery import ENGINE_VERSION
from neural_gallery.site.model import PaintSettings, Site, WeightsFile
from neural_gallery.workers.messages import Ensemble, Painter

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from neural_gallery.workers.crew import Crew


@dataclass(frozen=True, slots=True)
class Workshop:
    """A painter with its identity, which is part of every painting's key."""

    painter: Painter
    weights_sha256: str  # of the network's weights
    engine: int = ENGINE_VERSION
    weights: WeightsFile | None = None  # the file with them; None: those that are the painter's own
    ensemble: Ensemble | None = None  # paints several at once; None: they are painted one by one
    crew: Crew | None = None  # paints in the painter's place, several pairs under way at once; None: nobody does

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


def with_cluster(workshop: Workshop, address: str, compiled: Path | None, *, patience: float | None = None) -> Workshop:
    """The same, painting on a Dask cluster: the scheduler's address, or `local:4` for one that is started here.

    There each process has a local painter of its own, with compiled programs in that folder where it is on this
    machine; where there is none, the workshop's painter, which then has to be picklable. After `patience` seconds
    without a sign of life a worker counts as hanging. Raises CrewError where the package that this needs is missing.
    """
    from neural_gallery.workers.cluster import ClusterCrew
    from neural_gallery.workers.crew import PATIENCE
    from neural_gallery.workers.link import require_distributed

    require_distributed()
    painter = None if compiled else workshop.painter
    patience = PATIENCE if patience is None else patience
    return replace(workshop, crew=ClusterCrew(address, painter=painter, compiled=compiled, patience=patience))


def executor_workshop(executor: Executor, compiled: Path, *, workers: int, patience: float | None = None) -> Workshop:
    """One whose pairs are painted in an executor on this machine, as many at once as it has workers.

    Each worker keeps compiled programs in that folder, and paints on a fair share of the cores where it is a process of
    its own. After so many seconds without a sign of life a worker counts as hanging.
    """
    from neural_gallery.workers.crew import PATIENCE
    from neural_gallery.workers.executors import ExecutorCrew
    from neural_gallery.workers.hand import LocalHand, machine_name

    hand = LocalHand(compiled.absolute(), machine_name())
    crew = ExecutorCrew(executor, hand, workers=workers, patience=PATIENCE if patience is None else patience)
    return replace(local_workshop(compiled), crew=crew)
