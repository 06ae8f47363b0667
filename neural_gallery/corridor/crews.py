"""Painting with a crew: several pairs under way at once, each kept, finished and timed as where one paints alone.

What a lost worker had is begun again from the checkpoint in the store, as the next run would begin it. A pair that has
cost several workers is given up, so that it cannot take all of them with it.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace

from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.easel import Easel, begin
from neural_gallery.corridor.estimate import Pace
from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairStarted, PairStopped
from neural_gallery.corridor.outcome import Outcome, time_up
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, PictureError, Problem
from neural_gallery.store.store import Store
from neural_gallery.workers.crew import CHECKPOINT_EVERY, Crew, Failed, Lost, News, Remark, Shift, unpainted
from neural_gallery.workers.messages import Painted

ATTEMPTS = 3
"""So many workers a pair may cost."""

LOOKED_AT = 64
"""So many of those that wait are looked at for who is free. Who has lost them all waits until others have them."""

LISTENING = 1.0
"""Seconds between two looks at the time where nothing is heard."""


@dataclass(slots=True)
class _Place:
    """One pair's place in the run."""

    planned: PlannedPair
    position: int  # from 1
    begun: float = math.nan  # when it was
    easel: Easel | None = None  # while it is under way
    lost: list[Lost] = field(default_factory=list)  # the workers that it may have cost

    @property
    def name(self) -> str:
        return self.planned.pair.id


def paint_with_crew(
    plan: Plan, store: Store, workshop: Workshop, crew: Crew, *, deadline: Deadline
) -> Generator[Event, None, Outcome]:
    """As `paint_missing`, with several pairs under way at once. Raises CrewError where nobody can paint any more."""
    if not plan.to_paint:
        return Outcome()
    with crew.shift() as shift, closing(_Run(plan, store, workshop, deadline, shift).events()) as events:
        return (yield from events)


class _Run:
    """One run of a crew."""

    def __init__(self, plan: Plan, store: Store, workshop: Workshop, deadline: Deadline, shift: Shift) -> None:
        self._store, self._workshop, self._deadline, self._shift = store, workshop, deadline, shift
        self._places = [_Place(planned, position) for position, planned in enumerate(plan.to_paint, start=1)]
        self._waiting = deque(range(len(self._places)))
        self._under_way: set[int] = set()
        self._problems: list[Problem] = []
        self._pace, self._rests = Pace(), dict[str, float]()
        self._painted = self._most = 0
        self._ending = False  # no more pairs are begun

    def events(self) -> Generator[Event, None, Outcome]:
        """Paints."""
        while self._under_way or (self._waiting and self._goes_on(self._waiting[0])):
            while self._shift.free() > 0 and (ticket := self._next()) is not None and self._goes_on(ticket):
                self._waiting.remove(ticket)
                yield from self._begin(ticket)
            for ticket, news in self._shift.news(LISTENING):
                yield from self._hear(ticket, news)
            if self._deadline.left() <= 0:  # also where nobody has said a word
                for ticket in sorted(self._under_way):
                    yield from self._stop(ticket)
        left = tuple(place.planned for place in map(self._places.__getitem__, sorted(self._waiting)))
        if left:
            begun, hands = self._most > 0, max(1, self._most)
            yield time_up(self._deadline, self._painted, left, self._pace, rests=self._rests, begun=begun, hands=hands)
        return Outcome(tuple(self._problems), left)

    def _next(self) -> int | None:
        """The first of those that wait that suits who is free; what was lost stands in front, and may have to wait."""
        first = itertools.islice(self._waiting, LOOKED_AT)
        return next((ticket for ticket in first if self._shift.suits(ticket)), None)

    def _goes_on(self, ticket: int) -> bool:
        """Whether there is time to begin that pair."""
        return not self._ending and self._deadline.allows(self._places[ticket].planned.seconds)

    def _begin(self, ticket: int) -> Generator[Event, None, None]:
        place, total = self._places[ticket], len(self._places)
        watch = self._deadline.watch(place.planned.seconds)
        if math.isnan(place.begun):
            place.begun = self._deadline.clock()
            yield PairStarted(place.name, place.position, total, place.planned.seconds)
        try:
            easel = begin(place.planned, self._store, self._workshop, watch)
        except PictureError as error:
            yield self._fail(ticket, error)
            return
        easel.job = replace(easel.job, checkpoint_every=easel.job.checkpoint_every or CHECKPOINT_EVERY)
        place.easel = easel
        self._shift.begin(ticket, easel.job)
        self._under_way.add(ticket)
        self._most = max(self._most, len(self._under_way))

    def _hear(self, ticket: int, news: News) -> Generator[Event, None, None]:
        if isinstance(news, Remark):
            yield Note(news.text)
        elif ticket not in self._under_way:
            pass  # it was stopped by what came just before
        elif isinstance(news, Lost):
            yield self._lose(ticket, news)
        elif isinstance(news, Failed):
            yield self._begin_anew(ticket, news) or self._fail(ticket, news.error)
        elif isinstance(news, Painted):
            yield self._finish(ticket, news)
        else:
            easel = self._easel(ticket)
            yield easel.note(news, self._store)
            if easel.watch.has_to_stop(saved=news.checkpoint is not None, work=news.work):
                yield from self._stop(ticket)

    def _finish(self, ticket: int, painted: Painted) -> Event:
        place = self._places[ticket]
        try:
            self._easel(ticket).finish(painted, self._store, self._workshop)
        except PaintError as error:
            return self._fail(ticket, error)
        self._put_away(ticket)
        seconds = self._deadline.clock() - place.begun
        self._pace.learn(place.planned.seconds, seconds)
        self._painted += 1
        return PairDone(place.name, place.position, len(self._places), seconds)

    def _fail(self, ticket: int, error: PaintError | PictureError) -> Event:
        place = self._places[ticket]
        self._put_away(ticket)
        self._problems += error.problems
        return PairFailed(place.name, place.position, len(self._places), error.problems)

    def _begin_anew(self, ticket: int, failed: Failed) -> Event | None:
        """Lets a pair wait for another beginning that failed from its checkpoint on; None where it had none."""
        note = self._easel(ticket).begins_anew(failed.error, self._store)
        if note is not None:
            self._put_away(ticket)
            self._waiting.appendleft(ticket)
        return note

    def _lose(self, ticket: int, lost: Lost) -> Event:
        """Its next worker begins where the last checkpoint is."""
        place = self._places[ticket]
        if lost.blames:
            place.lost.append(lost)
        if len(place.lost) >= ATTEMPTS:
            return self._fail(ticket, unpainted(place.name, place.lost))
        self._put_away(ticket)
        self._waiting.appendleft(ticket)
        return Note(f"{lost.worker} {lost.why}; '{place.name}' goes on from its last checkpoint.")

    def _stop(self, ticket: int) -> Generator[Event, None, None]:
        """Leaves a pair for which there is no more time."""
        place, watch = self._places[ticket], self._easel(ticket).watch
        self._shift.leave(ticket)
        self._put_away(ticket)
        self._waiting.appendleft(ticket)
        self._ending = True
        if math.isfinite(watch.rest()):
            self._rests[place.name] = watch.rest()
        yield PairStopped(place.name, place.position, len(self._places), watch.work)

    def _easel(self, ticket: int) -> Easel:
        easel = self._places[ticket].easel
        assert easel is not None
        return easel

    def _put_away(self, ticket: int) -> None:
        self._places[ticket].easel = None
        self._under_way.discard(ticket)
