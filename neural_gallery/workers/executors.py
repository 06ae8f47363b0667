"""A crew of any `concurrent.futures.Executor` whose workers are on this machine: threads, processes, …

Executors know results, not what happens until then. So each job gets the address of a socket on this machine, with a
secret, and talks over it; the end of its connection is also how either side learns that the other one is gone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from typing import TypeAlias

from neural_gallery.errors import CrewError, Problem
from neural_gallery.workers.crew import PATIENCE, Failed, Lost, News
from neural_gallery.workers.hand import Unpaintable, paint_for
from neural_gallery.workers.messages import Job, Painted, Painter
from neural_gallery.workers.wire import DamagedError, Packed, pack, unpack

ON_ITS_WAY = 1.0
"""Seconds that a greeting may take when whoever sent it has ended already."""

Address: TypeAlias = "str | tuple[str, int]"


class ExecutorCrew:
    """Paints in an executor that the caller has made, and closes. `painter` has to be picklable where it has processes.

    Raises CrewError, at the end of a run, where the executor is broken, as one of processes is once one was killed.
    """

    def __init__(self, executor: Executor, painter: Painter, *, workers: int, patience: float = PATIENCE) -> None:
        self._executor, self._painter = executor, painter
        self._workers, self._patience = workers, patience

    @contextlib.contextmanager
    def shift(self) -> Iterator[ExecutorShift]:
        """The executor at work. Raises CrewError where it would fork a program that does not survive that."""
        _check_start(self._executor)
        shift = ExecutorShift(self._executor, self._painter, self._workers, self._patience)
        try:
            yield shift
        finally:
            shift.close()


@dataclass(slots=True)
class _Stint:
    """A job in somebody's hands."""

    ticket: int
    future: Future[None]
    worker: str = "a worker"
    greeted: bool = False
    heard: float = float("inf")  # when something was last heard, or before that, when it was first seen to run
    ended: float = float("inf")  # when it was seen to be over without a greeting; that may be on its way yet
    cut: bool = False  # its connection has ended


@dataclass(slots=True)
class ExecutorShift:
    """See `crew.Shift`."""

    executor: Executor
    painter: Painter
    workers: int
    patience: float
    _stints: dict[int, _Stint] = field(default_factory=dict)
    _stuck: list[Future[None]] = field(default_factory=list)  # of workers that hang: they have no hands free
    _count: int = 0
    _lines: dict[int, Connection | None] = field(default_factory=dict)  # of those that have called; None: it need not
    _calls: threading.Lock = field(default_factory=threading.Lock)  # for these
    _heard: queue.SimpleQueue[tuple[int, object]] = field(default_factory=queue.SimpleQueue)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _listener: Listener = field(init=False)
    _closing: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = Listener(("127.0.0.1", 0), backlog=64)
        self._start(self._accept)

    def free(self) -> int:
        """How many jobs could be begun now."""
        self._stuck = [future for future in self._stuck if not future.done()]
        return self.workers - len(self._stints) - len(self._stuck)

    def suits(self, ticket: int) -> bool:
        """Which worker takes a job is the executor's affair."""
        return True

    def begin(self, ticket: int, job: Job) -> None:
        """Hands out a job."""
        self._count += 1
        address = self._listener.address
        try:
            future = self.executor.submit(_paint, self.painter, pack(job), address, self._secret, self._count)
        except RuntimeError as error:  # BrokenExecutor is one
            message = f"the executor takes no more jobs ({error})."
            raise CrewError.at(None, message, "Run it again with a new one: what is painted is kept.") from error
        self._stints[self._count] = _Stint(ticket, future)

    def news(self, seconds: float) -> Sequence[tuple[int, News]]:
        """What has come since."""
        told = self._received(0)  # first: where we were busy with other things, nobody hangs because of that
        told += self._overdue()
        if not told and self.free() <= 0 and not self._stints:
            raise CrewError.at(None, "every worker of the executor hangs.", "What is painted is kept.")
        return told or self._received(seconds)

    def leave(self, ticket: int) -> None:
        """Stops that job."""
        for number, stint in list(self._stints.items()):
            if stint.ticket == ticket:
                self._drop(number)

    def close(self) -> None:
        """Stops every job, and listening."""
        for number in list(self._stints):
            self._drop(number)
        self._closing = True
        with contextlib.suppress(OSError):
            Client(self._listener.address).close()  # wakes who waits for a call
        self._listener.close()
        end = time.monotonic() + 1.0  # they end at once, but for those that listen to a worker that hangs
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _received(self, seconds: float) -> list[tuple[int, News]]:
        """What was heard, or is within so many seconds."""
        told: list[tuple[int, News]] = []
        with contextlib.suppress(queue.Empty):
            told += self._sorted(*self._heard.get(timeout=seconds))
            while True:
                told += self._sorted(*self._heard.get_nowait())
        return told

    def _drop(self, number: int) -> _Stint:
        """The connection's end is what stops a painter."""
        stint = self._stints.pop(number)
        stint.future.cancel()
        with self._calls:
            line = self._lines.pop(number, None)
            if line is None:
                self._lines[number] = None  # it is hung up on when it calls
        if line is not None:
            with contextlib.suppress(OSError):
                line.send_bytes(b"stop")
        return stint

    def _greets(self, number: int, line: Connection) -> bool:
        """Whether that job is still wanted."""
        with self._calls:
            return self._lines.setdefault(number, line) is line

    def _sorted(self, number: int, thing: object) -> list[tuple[int, News]]:
        """What one thing that was heard means."""
        stint = self._stints.get(number)
        if stint is None:
            return []
        stint.heard = time.monotonic()
        match thing:
            case str():
                stint.worker, stint.greeted, stint.ended = thing, True, float("inf")
                return []
            case None:
                stint.cut = True
                return self._overdue()
            case Unpaintable():
                raise thing.told_of(stint.worker)
            case Lost():
                return self._lost(number, thing.why, told=thing.told)
            case Painted() | Failed():
                self._drop(number)
        return [(stint.ticket, thing)]  # type: ignore[list-item]

    def _overdue(self) -> list[tuple[int, News]]:
        """Jobs whose worker is gone, hangs, or has ended without a result."""
        told: list[tuple[int, News]] = []
        now = time.monotonic()
        for number, stint in list(self._stints.items()):
            if not stint.greeted and stint.future.done():
                stint.ended = min(stint.ended, now)
            elif not stint.greeted and stint.future.running():
                stint.heard = min(stint.heard, now)
            if stint.cut or now - stint.ended > ON_ITS_WAY:
                told += self._lost(number, _ending(stint.future))
            elif now - stint.heard > self.patience:
                self._stuck.append(stint.future)
                why = f"gave no sign of life for {self.patience:.0f} seconds"
                told += self._lost(number, why, blames=stint.greeted)  # a job is opened after the greeting
        return told

    def _lost(
        self, number: int, why: str, *, blames: bool = True, told: Problem | None = None
    ) -> list[tuple[int, News]]:
        stint = self._drop(number)
        return [(stint.ticket, Lost(stint.worker, why, blames, told))]

    def _accept(self) -> None:
        """Takes calls."""
        while not self._closing:
            with contextlib.suppress(OSError):
                # Who calls has to prove itself: that may take its time, and is not waited for here.
                self._start(self._listen, self._listener.accept())

    def _listen(self, line: Connection) -> None:
        """Hears one job to its end, if it is one of ours."""
        number = 0
        try:
            deliver_challenge(line, self._secret)
            answer_challenge(line, self._secret)
            number, worker = line.recv()
            if not self._greets(number, line):
                return
            self._heard.put((number, worker))
            while True:
                self._heard.put((number, unpack(line.recv())))
        except DamagedError as error:
            self._heard.put((number, Lost("", f"sent something damaged ({error})")))
        except (EOFError, OSError, AuthenticationError):
            self._heard.put((number, None))
        finally:
            line.close()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="crew", daemon=True)  # type: ignore[arg-type]
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()


def _check_start(executor: Executor) -> None:
    """Raises CrewError where it has yet to fork this process, and JAX, whose threads do not come along, is in it."""
    context = getattr(executor, "_mp_context", None)  # there is no other way to see how its processes will be started
    forks = context is not None and context.get_start_method() == "fork" and not getattr(executor, "_processes", None)
    if forks and "jax" in sys.modules:
        message = (
            "the executor would start its processes by fork, and JAX, which this program has loaded, hangs in these."
        )
        raise CrewError.at(
            None, message, 'Give ProcessPoolExecutor the context `multiprocessing.get_context("spawn")`.'
        )


def _ending(future: Future[None]) -> str:
    """How a job has ended that has no result."""
    try:
        error = future.exception(timeout=5.0)
    except BaseException as cancelled:
        error = cancelled
    return f"ended with {type(error).__name__}: {error}" if error else "ended without a result"


class _Connected:
    """See `hand.Line`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, packed: Packed) -> None:
        """Sends a message."""
        self._connection.send(packed)

    def is_cut(self) -> bool:
        """The other side says nothing but that."""
        return self._connection.poll()


def _paint(painter: Painter, packed: Packed, address: Address, secret: bytes, number: int) -> None:
    """What the executor runs."""
    try:
        connection = Client(address, authkey=secret)
    except (ConnectionError, EOFError):
        return  # nobody listens any more, so the job is not wanted
    with contextlib.suppress(ConnectionError), connection:
        connection.send((number, f"process {os.getpid()}, {threading.current_thread().name}"))
        paint_for(painter, packed, _Connected(connection))
