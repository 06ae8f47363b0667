"""A crew of any `concurrent.futures.Executor` whose workers are on this machine: threads, processes, …

Executors know results, not what happens until then. So each job gets the address of a socket on this machine, with a
secret, and talks over it; the end of its connection is also how either side learns that the other one is gone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
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
        """The executor at work."""
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
    heard: float = float("inf")  # when something was last heard; it may have to wait before it is begun
    line: Connection | None = None
    ended: bool = False  # its connection was


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
        told = self._overdue()
        if not told and self.free() <= 0 and not self._stints:
            raise CrewError.at(None, "every worker of the executor hangs.", "What is painted is kept.")
        with contextlib.suppress(queue.Empty):
            told += self._sorted(*self._heard.get(timeout=0 if told else seconds))
            while True:
                told += self._sorted(*self._heard.get_nowait())
        return told

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

    def _drop(self, number: int) -> _Stint:
        """The connection's end is what stops a painter."""
        stint = self._stints.pop(number)
        stint.future.cancel()
        if stint.line is not None:
            with contextlib.suppress(OSError):
                stint.line.send_bytes(b"stop")
        return stint

    def _sorted(self, number: int, thing: object) -> list[tuple[int, News]]:
        """What one thing that was heard means."""
        stint = self._stints.get(number)
        if stint is None:
            return []
        stint.heard = time.monotonic()
        match thing:
            case _Hello(worker, line):
                stint.worker, stint.line = worker, line
                return []
            case None:
                stint.ended = True
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
        for number, stint in list(self._stints.items()):
            if stint.ended or (stint.future.done() and stint.line is None):
                told += self._lost(number, _ending(stint.future))
            elif time.monotonic() - stint.heard > self.patience:
                self._stuck.append(stint.future)
                told += self._lost(number, f"gave no sign of life for {self.patience:.0f} seconds")
        return told

    def _lost(self, number: int, why: str, *, told: Problem | None = None) -> list[tuple[int, News]]:
        stint = self._drop(number)
        return [(stint.ticket, Lost(stint.worker, why, told=told))]

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
            self._heard.put((number, _Hello(worker, line)))
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


@dataclass(frozen=True, slots=True)
class _Hello:
    worker: str
    line: Connection


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
    with contextlib.suppress(ConnectionError, BrokenPipeError), Client(address, authkey=secret) as connection:
        connection.send((number, f"process {os.getpid()}, {threading.current_thread().name}"))
        paint_for(painter, packed, _Connected(connection))
