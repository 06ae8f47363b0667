"""A crew on a Dask cluster: one job at a time in each worker process, wherever these are.

The scheduler is not left to choose: a job goes to a worker by its address, so that no process paints two, and a worker
that has compiled a shape gets the next one of it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import CrewError, Problem
from neural_gallery.workers.crew import NOBODY, PATIENCE, Failed, Lost, News, Remark
from neural_gallery.workers.identity import Identity, identity
from neural_gallery.workers.link import AGAIN, LOCAL, Link, linked
from neural_gallery.workers.messages import Job, Painted, Painter

if TYPE_CHECKING:
    from neural_gallery.workers.link import Future, Standing
    from neural_gallery.workers.wire import Packed

WAITING = 60.0
"""Seconds for a worker to come where there is none."""

LOOKING = 1.0
"""Seconds between two looks at which workers there are."""

RESTING = 3.0
"""Seconds after which a worker that is at rest will not give back the memory that it has taken."""

PACKED_BYTES = 256 * 2**20
"""How much of packed pictures is kept for the next worker."""


class ClusterCrew:
    """The workers of the scheduler at `address`, or with `local:4` so many processes, started for the run.

    `painter` is what they paint with, picklable; None: the local painter of each, with compiled programs in `compiled`.
    """

    def __init__(
        self, address: str, *, painter: Painter | None, compiled: Path | None, patience: float = PATIENCE
    ) -> None:
        self._address, self._painter, self._compiled, self._patience = address, painter, compiled, patience
        self._sharing = int(address.removeprefix(LOCAL)) if address.startswith(LOCAL) else 1

    @contextlib.contextmanager
    def shift(self) -> Iterator[ClusterShift]:
        """The cluster at work."""
        with linked(self._address) as link:
            shift = ClusterShift(link, self, self._patience)
            try:
                yield shift
            finally:
                shift.close()

    def painter_for(self, number: int, memory: int | None) -> Painter:
        """What the worker of that number paints with, which may have so many bytes."""
        from neural_gallery.workers.hand import LocalHand, machine_name

        if self._painter is not None:
            return self._painter
        assert self._compiled is not None
        return LocalHand(self._compiled.absolute(), machine_name(), number, self._sharing, memory)


@dataclass(slots=True)
class _Worker:
    """A process that paints."""

    label: str  # for people
    number: int  # among those that share this machine
    memory: int | None  # bytes that it may have
    greeting: Future | None  # while it has not said who it is
    welcome: bool = False
    busy: bool = False
    known: set[str] = field(default_factory=set)  # keys of the pictures that it was sent
    shapes: set[object] = field(default_factory=set)  # of what it has painted, so compiled
    lost: set[int] = field(default_factory=set)  # tickets of what it could not finish
    paused: float | None = None  # near its limit of memory, so that Dask lets it begin nothing: at rest since then
    painted: bool = False  # whether it has begun a job: what it has taken then, it had not when it came
    relieved: bool = False  # whether all was done about its being paused

    def is_idle(self) -> bool:
        """Whether a job could begin there now."""
        return self.welcome and not self.busy and self.paused is None


@dataclass(slots=True)
class _Stint:
    """A job in a worker's hands."""

    ticket: int
    job: Job
    address: str
    future: Future
    heard: float
    run: str = ""  # the worker's own name for it, which is another one where Dask has begun it again


class ClusterShift:
    """See `crew.Shift`."""

    def __init__(self, link: Link, crew: ClusterCrew, patience: float) -> None:
        from neural_gallery.workers.wire import Parcels

        self._link, self._crew, self._patience = link, crew, patience
        self._workers: dict[str, _Worker] = {}
        self._stints: dict[int, _Stint] = {}
        self._count = 0
        self._packed = Parcels(PACKED_BYTES)
        self._refused: dict[str, Problem] = {}  # by the worker's address
        self._looked = float("-inf")
        self._manned = time.monotonic()  # when there was last somebody to paint
        self._identity: Identity | None = None

    def free(self) -> int:
        """How many jobs could be begun now."""
        return len(self._idle())

    def suits(self, ticket: int) -> bool:
        """Whether somebody is free who has not lost it, or nobody is here who has not."""
        there = [one for one in self._workers.values() if one.welcome and (one.busy or one.paused is None)]
        untried = [one for one in there if ticket not in one.lost]
        return not untried or any(one.is_idle() for one in untried)

    def begin(self, ticket: int, job: Job) -> None:
        """Hands out a job."""
        shape = (job.content.shape, job.settings.quality)
        idle = self._idle()

        def rank(address: str) -> tuple[bool, bool, int]:
            """Who has compiled the shape paints it; else who has compiled least. Who has lost the job comes last."""
            worker = idle[address]
            return ticket in worker.lost, shape not in worker.shapes, len(worker.shapes)

        address = min(idle, key=rank)
        idle[address].shapes.add(shape)
        self._hand_out(ticket, job, address)

    def news(self, seconds: float) -> Sequence[tuple[int, News]]:
        """What has come since."""
        over = [number for number, stint in self._stints.items() if stint.future.done()]
        told = self._received(0.0)  # first: where we were busy with other things, nobody hangs because of that
        told += self._look() + self._overdue()
        for number in over:  # and whatever they have sent is read
            told += self._ended(number)
        return told or self._received(min(seconds, self._impatience()))

    def leave(self, ticket: int) -> None:
        """Stops that job."""
        for number in [number for number, stint in self._stints.items() if stint.ticket == ticket]:
            self._drop(number)

    def close(self) -> None:
        """Stops every job."""
        with contextlib.suppress(CrewError):  # they stop by themselves where the scheduler is gone
            for number in list(self._stints):
                self._drop(number)

    def _idle(self) -> dict[str, _Worker]:
        return {address: one for address, one in self._workers.items() if one.is_idle()}

    def _impatience(self) -> float:
        """Who has just come is let in soon."""
        return 0.1 if any(worker.greeting for worker in self._workers.values()) else LOOKING

    def _received(self, seconds: float) -> list[tuple[int, News]]:
        """What has come, or first comes within so many seconds."""
        return [news for number, packed in self._link.received(seconds) for news in self._sorted(number, packed)]

    def _hand_out(self, ticket: int, job: Job, address: str) -> None:
        from neural_gallery.workers.wire import pack

        worker = self._workers[address]
        packed = pack(job, known=worker.known, packed=self._packed)
        worker.known.update(packed.keys)
        worker.busy = True
        self._count += 1
        future = self._link.paint(address, self._crew.painter_for(worker.number, worker.memory), packed, self._count)
        self._stints[self._count] = _Stint(ticket, job, address, future, time.monotonic())

    def _drop(self, number: int) -> _Stint:
        """Ends a stint. A job that is still being painted stops at its next message."""
        stint = self._stints.pop(number)
        if worker := self._workers.get(stint.address):
            worker.busy = False
        self._link.cancel(stint.future)
        return stint

    def _look(self) -> list[tuple[int, News]]:
        """Sees which workers have come, which have gone, and who they are. Raises CrewError."""
        told = self._greeted()
        if time.monotonic() - self._looked < LOOKING:
            return told
        self._looked = time.monotonic()
        there = self._link.workers()
        for address in [address for address in self._workers if address not in there]:
            for number in [number for number, stint in self._stints.items() if stint.address == address]:
                told += self._lost(number, "went away, or was killed")
            del self._workers[address]
        for address, standing in there.items():
            if address not in self._workers:
                name = standing.name
                label = f"worker {address}" if name == address else f"worker {name} ({address})"
                number = name if isinstance(name, int) else 0
                self._workers[address] = _Worker(label, number, standing.memory, self._link.ask(address, identity))
            told += self._paused(address, standing)
        self._check_manned()
        return told

    def _paused(self, address: str, standing: Standing) -> list[tuple[int, News]]:
        """Has a worker started anew that Dask lets begin nothing, for what it has painted before is in its memory.

        One that has painted nothing yet has too little, and would be paused again.
        """
        worker, now = self._workers[address], time.monotonic()
        if not standing.paused:
            worker.paused, worker.relieved = None, False
            return []
        stints = [number for number, stint in self._stints.items() if stint.address == address]
        paints = any(self._stints[number].run for number in stints)
        worker.paused = now if paints or worker.paused is None else worker.paused
        if worker.relieved or now - worker.paused < RESTING:
            return []
        worker.relieved = True
        if anew := standing.nanny and worker.painted:
            self._link.restart(address)
        why = "has taken most of the memory that it may take"
        why = f"{why}, and is started anew" if anew else f"{why}, and gets no pair before it has less"
        if not stints:
            return [(NOBODY, Remark(f"{worker.label} {why}."))]
        return [news for number in stints for news in self._lost(number, why, blames=False)]  # they have not begun

    def _greeted(self) -> list[tuple[int, News]]:
        """Lets those in who are of our kind, and tells of the others."""
        told: list[tuple[int, News]] = []
        for address, worker in self._workers.items():
            if worker.greeting is None or not worker.greeting.done():
                continue
            greeting, worker.greeting = worker.greeting, None
            self._identity = self._identity or identity()
            if greeting.status == "finished":
                differs = self._identity.told_from(greeting.result())
            else:
                differs = f"it has no neural-gallery that answers ({greeting.exception()!r})"
            worker.welcome = not differs
            if differs:
                message = f"{worker.label} is left out: {differs}."
                self._refused[address] = Problem(None, message, self._identity.remedy())
                told.append((NOBODY, Remark(str(self._refused[address]))))
        return told

    def _check_manned(self) -> None:
        """Raises CrewError where nobody paints, and nobody is likely to."""
        hopeful = [worker for worker in self._workers.values() if worker.welcome or worker.greeting]
        if any(worker.busy or worker.paused is None for worker in hopeful):
            self._manned = time.monotonic()
        elif self._workers and self._refused.keys() >= self._workers.keys():
            refused = [self._refused[address] for address in self._workers]
            raise CrewError(*refused, Problem(None, f"no worker at {self._link.address} can paint.", AGAIN))
        elif time.monotonic() - self._manned > WAITING and hopeful:
            message = f"the workers at {self._link.address} have too little memory to begin a pair."
            raise CrewError(Problem(None, message, f"Give them more with `dask worker --memory-limit`. {AGAIN}"))
        elif time.monotonic() - self._manned > WAITING:
            message = f"no worker has been at {self._link.address} for {WAITING:.0f} seconds."
            raise CrewError(Problem(None, message, f"Start some with `dask worker`. {AGAIN}"))

    def _overdue(self) -> list[tuple[int, News]]:
        """Jobs whose worker hangs: it is restarted where it has a nanny, and gets no other job."""
        told: list[tuple[int, News]] = []
        now = time.monotonic()
        for number in [number for number, one in self._stints.items() if now - one.heard > self._patience]:
            address = self._stints[number].address
            told += self._lost(number, f"gave no sign of life for {self._patience:.0f} seconds")
            if worker := self._workers.get(address):
                worker.welcome = False
            self._link.restart(address)
        return told

    def _sorted(self, number: int, packed: Packed) -> list[tuple[int, News]]:
        """What one message means."""
        from neural_gallery.workers.hand import Unpaintable
        from neural_gallery.workers.wire import DamagedError, unpack

        stint = self._stints.get(number)
        if stint is None:
            return []
        stint.heard = time.monotonic()
        try:
            thing = unpack(packed)
        except DamagedError as error:
            return self._lost(number, f"sent something damaged ({error})")
        match thing:
            case str():
                restarted, stint.run = bool(stint.run), thing
                if worker := self._workers.get(stint.address):
                    worker.painted = True
                return self._lost(number, "was killed, and began anew") if restarted else []
            case Unpaintable():
                raise thing.told_of(self._label(stint.address))
            case Lost():
                return self._lost(number, thing.why, told=thing.told)
            case Painted() | Failed():
                self._drop(number)
        return [(stint.ticket, thing)]

    def _ended(self, number: int) -> list[tuple[int, News]]:
        """A job that is over for Dask, and has no result for us."""
        stint = self._stints.get(number)
        if stint is None:
            return []
        worker = self._workers.get(stint.address)
        if worker and stint.future.status == "finished":
            if lacking := stint.future.result():
                self._drop(number)
                worker.known.difference_update(lacking)
                self._hand_out(stint.ticket, stint.job, stint.address)
                return []
        elif stint.future.status == "error":
            error = stint.future.exception()
            return self._lost(number, f"ended with {type(error).__name__}: {error}")
        return self._lost(number, "ended without a result")

    def _lost(
        self, number: int, why: str, *, blames: bool = True, told: Problem | None = None
    ) -> list[tuple[int, News]]:
        stint = self._drop(number)
        if blames and (worker := self._workers.get(stint.address)):
            worker.lost.add(stint.ticket)
        return [(stint.ticket, Lost(self._label(stint.address), why, blames, told))]

    def _label(self, address: str) -> str:
        worker = self._workers.get(address)
        return worker.label if worker else f"worker {address}"
