"""What a run tells while it goes on: small records, in the order in which things happen.

A run is a generator of these. It works only while it is asked for the next one, so closing it stops the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from neural_gallery.corridor.plan import Plan
from neural_gallery.errors import Problem

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB


@dataclass(frozen=True, slots=True)
class PlanReady:
    """It is known what is to be done."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class PairStarted:
    """The painting of one pair begins."""

    pair: str
    position: int  # among the pairs painted in this run, from 1
    total: int
    expected_seconds: float


@dataclass(frozen=True, slots=True)
class PairProgress:
    """The painting goes on. Comes at least every ten seconds."""

    pair: str
    step: int
    steps: int
    stage: str  # for people: "compiling 200 x 133"
    loss: float  # NaN before the first step
    work: float  # share of the pair's work that is done, in [0, 1]: time goes with this, not with steps
    frame: RGB | None = field(default=None, repr=False, compare=False)  # the newest, where there is a new one


@dataclass(frozen=True, slots=True)
class PairDone:
    """One pair is painted and kept in the store: an interrupted run does not lose it."""

    pair: str
    position: int
    total: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PairFailed:
    """One pair could not be painted; the others go on."""

    pair: str
    position: int
    total: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class PairStopped:
    """One pair is left half painted, because time is up. The next run goes on with it."""

    pair: str
    position: int
    total: int
    work: float  # share of the pair's work that is done, in [0, 1]


@dataclass(frozen=True, slots=True)
class TimeUp:
    """Painting ends before everything is painted, so that the command keeps to its time budget."""

    budget: float  # seconds
    painted: int  # pairs, in this run
    left: tuple[str, ...]  # the ids of the pairs that are not painted, in the order in which the next run paints them
    seconds: float  # that these will take, roughly
    enough: float | None = None  # where no pair could be begun: a budget, in seconds, with which one could


@dataclass(frozen=True, slots=True)
class EncodingStarted:
    """A file for the pages is about to be encoded. Those that the store already has are not mentioned."""

    path: str  # relative to the output folder


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the author may want to know; the run goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The output folder is up to date. Paths are relative to it."""

    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    start: str  # the page to open first, "" where there is none to open without a site generator


@dataclass(frozen=True, slots=True)
class ProofLines:
    """Every proof is there. `lines` are those of a manifest that ask for each in full, by the proof's pair."""

    lines: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One painting that goes to or comes from a place that machines share."""

    pair: str  # the pair's id; where that is not known, the beginning of the key
    key: str
    finished: bool  # false: it is on its way, and another machine can go on with it
    bytes: int


@dataclass(frozen=True, slots=True)
class ExchangePlanned:
    """It is known what is to be transferred, and what is not because both sides have it."""

    transfers: tuple[Transfer, ...]
    already: int
    missing: tuple[str, ...]  # ids of pairs whose finished painting is neither transferred nor there already


@dataclass(frozen=True, slots=True)
class Transferred:
    """One painting has arrived, whole."""

    transfer: Transfer
    position: int  # among those of this run, from 1
    total: int


ExchangeEvent: TypeAlias = ExchangePlanned | Transferred | Note

Event: TypeAlias = (
    PlanReady
    | PairStarted
    | PairProgress
    | PairDone
    | PairFailed
    | PairStopped
    | TimeUp
    | EncodingStarted
    | Note
    | ProofLines
    | Rendered
)
