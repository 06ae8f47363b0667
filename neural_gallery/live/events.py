"""What `serve` tells besides the events of painting: small records, in the order in which things happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from neural_gallery.corridor.events import Event
from neural_gallery.errors import Problem


@dataclass(frozen=True, slots=True)
class Serving:
    """The site is there to be looked at."""

    url: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Sources have changed, and pages with them."""

    sources: tuple[str, ...]  # relative to the site's folder, as far as they lie in it
    files: tuple[str, ...]  # of the site, as in an output folder: those that are new, other or gone
    seconds: float  # from hearing of the change to telling browsers


@dataclass(frozen=True, slots=True)
class ProblemsFound:
    """Something is wrong, or something else than before: all that is."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """Nothing is wrong any more."""


@dataclass(frozen=True, slots=True)
class AllPainted:
    """There is nothing left to paint or to encode, until something changes."""


LiveEvent: TypeAlias = Event | Serving | Refreshed | ProblemsFound | Mended | AllPainted
