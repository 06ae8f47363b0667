"""How painting ends, whoever paints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.estimate import Pace, spread
from neural_gallery.corridor.events import TimeUp
from neural_gallery.corridor.plan import PlannedPair
from neural_gallery.errors import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What painting has come to, besides the paintings."""

    problems: tuple[Problem, ...] = ()  # of the pairs that could not be painted
    left: tuple[PlannedPair, ...] = ()  # those for which there was no time


def time_up(
    deadline: Deadline,
    painted: int,
    left: Sequence[PlannedPair],
    pace: Pace,
    *,
    rests: Mapping[str, float],
    begun: bool,
    hands: int = 1,
) -> TimeUp:
    """What is told where pairs are left. `rests` is what is known better of some, by id; so many paint at once.

    `begun`: any was.
    """
    seconds = [rests.get(planned.pair.id, pace.corrected(planned.seconds)) for planned in left]
    ids = tuple(planned.pair.id for planned in left)
    enough = None if begun else deadline.enough(left[0].seconds)
    return TimeUp(deadline.budget, painted, ids, spread(seconds, hands), enough)
