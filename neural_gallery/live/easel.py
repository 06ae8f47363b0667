"""Painting beside everything else, in a thread: always what the newest manifest asks for.

When that changes, a pair that is still wanted is finished first; one that is not is left at once, as Ctrl-C leaves it:
what it has come to is in the store, and is gone on with should it be wanted again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import closing

from neural_gallery.corridor.events import Event, PairDone, PairFailed, PairStarted
from neural_gallery.corridor.planning import frames_wanted, painting_keys
from neural_gallery.corridor.run import Run, encode_painted, paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import NeuralGalleryError, PaintError, Problem, StoreError, problems_in
from neural_gallery.live.events import AllPainted
from neural_gallery.site.model import Site
from neural_gallery.store.store import Store

Tell = Callable[[Event | AllPainted], None]
Report = Callable[[tuple[Problem, ...]], None]

PATIENCE = 3.0
"""Seconds after which it is tried again to write to a store in which another program is at work."""


class Easel(threading.Thread):
    """Paints, then encodes. Tells of it by `tell`, and by `report` of all that keeps pairs from being painted."""

    def __init__(self, store: Store, workshop: Workshop, tell: Tell, report: Report, *, paints: bool) -> None:
        # A daemon: compiling cannot be interrupted, and nothing is lost where the program ends meanwhile.
        super().__init__(name="easel", daemon=True)
        self._store, self._workshop, self._tell, self._report = store, workshop, tell, report
        self._paints = paints
        self._condition = threading.Condition()
        self._wanted: Site | None = None
        self._stopped = False
        self._failed: dict[str, tuple[Problem, ...]] = {}  # by the painting's key: it would fail again

    def want(self, site: Site) -> None:
        """Paint this site from now on."""
        with self._condition:
            self._wanted = site
            self._condition.notify()

    def stop(self, *, patience: float) -> None:
        """Stop at the next sign of progress, and wait so many seconds for it."""
        with self._condition:
            self._stopped = True
            self._condition.notify()
        if self.is_alive():
            self.join(patience)

    def run(self) -> None:
        """Until it is stopped."""
        done: Site | None = None
        while (site := self._next(done)) is not None:
            done = site if self._work(site) else None

    def _next(self, done: Site | None) -> Site | None:
        """The site to work for, when it is another than the one just done; None at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or self._wanted is not done)
            return None if self._stopped else self._wanted

    def _work(self, site: Site) -> bool:
        """Paint and encode. Returns whether nothing is left to be done for that site."""
        try:
            keys = painting_keys(site, self._workshop)
            pair_ids = [pair.id for pair in site.pairs if keys[pair.id] not in self._failed]
            if self._paints and pair_ids:
                run = paint(site, self._store, self._workshop, pair_ids=pair_ids)
                if not self._follow(site, run):
                    return False
            self._report(self._failures(keys.values()))
            if not self._follow(site, encode_painted(site, self._store, self._workshop)):
                return False
        except PaintError:
            return False  # noted pair by pair; the others are looked at again, without those
        except StoreError as error:
            self._report(error.problems)
            with self._condition:
                self._condition.wait_for(lambda: self._stopped or self._wanted is not site, PATIENCE)
            return False
        except (NeuralGalleryError, OSError) as error:
            self._report(problems_in(error, unnamed="the store"))
            return True
        self._tell(AllPainted())
        return True

    def _follow(self, site: Site, run: Run) -> bool:
        """Tell a run's events. Returns whether it came to its end: it is left where it does what is not wanted."""
        keys, current = painting_keys(site, self._workshop), ""
        with closing(run):
            for event in run:
                if isinstance(event, PairStarted):
                    current = event.pair
                elif isinstance(event, PairFailed):
                    self._failed[keys[event.pair]] = event.problems
                self._tell(event)
                if isinstance(event, PairFailed):
                    self._report(self._failures(keys.values()))
                between = isinstance(event, PairDone | PairFailed)
                if self._stopped or (self._wanted is not site and (between or not self._is_wanted(site, current))):
                    return False
        return True

    def _is_wanted(self, site: Site, pair_id: str) -> bool:
        """Whether a pair of `site` is painted for the newest one, too, with as many frames."""
        assert self._wanted is not None
        if not pair_id:
            return False
        before, now = painting_keys(site, self._workshop), painting_keys(self._wanted, self._workshop)
        frames = frames_wanted(self._wanted, now)
        key = before[pair_id]
        return frames.get(key) == frames_wanted(site, before)[key]

    def _failures(self, keys: Collection[str]) -> tuple[Problem, ...]:
        return tuple(problem for key in keys for problem in self._failed.get(key, ()))
