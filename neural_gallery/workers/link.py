"""The way to a Dask cluster, and what its workers run. The only place that knows Dask.

Progress comes back through a queue of the scheduler's: in order, and lost only with the scheduler. A job that nobody
wants any more is cancelled, which its worker sees in its own state, also where whoever wanted it is gone.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import pickle
import signal
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural_gallery.errors import CrewError, Problem
from neural_gallery.workers.messages import Painter

if TYPE_CHECKING:
    from distributed import Client, Future

    from neural_gallery.workers.wire import Packed

LOCAL = "local:"
"""Before the number of processes, in the place of an address."""

CONNECTING = 15.0
"""Seconds for the scheduler to answer."""

QUEUED = 256
"""Messages on their way: where nobody takes them, painters wait."""

ASKING = 10.0
"""Seconds that one waits for room in the queue before it looks whether its job is wanted yet."""

AGAIN = "What is painted is kept: run the same command again to go on."


def require_distributed() -> None:
    """Raises CrewError where the package is missing."""
    if importlib.util.find_spec("distributed") is None:
        remedy = "Run `pip install 'neural-gallery[cluster]'`."
        raise CrewError.at(None, "a cluster needs the package distributed, which is not installed.", remedy)


@contextlib.contextmanager
def linked(address: str) -> Iterator[Link]:
    """The scheduler at that address, or with `local:4` one with so many processes, for as long. Raises CrewError."""
    import dask.config
    from distributed import Client, LocalCluster

    require_distributed()
    # Jobs carry pictures; Dask would warn of each.
    settings = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    with _quiet(), settings, contextlib.ExitStack() as stack:
        where: Any = address
        if address.startswith(LOCAL):
            options: dict[str, Any] = {
                "n_workers": int(address.removeprefix(LOCAL)),
                "threads_per_worker": 1,
                "processes": True,
                "host": "127.0.0.1",
                "dashboard_address": "127.0.0.1:0",
                "memory_limit": 0,  # how much memory painting takes is the studio's business
                "silence_logs": _SILENCE,
                "preload": "neural_gallery.workers.deaf",
            }
            with _deaf_to_interrupts():
                where = stack.enter_context(LocalCluster(**options))
        try:
            client = Client(where, timeout=CONNECTING, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            message = f"no Dask scheduler answers at {address} ({error})."
            remedy = "Start it with `dask scheduler`, see that this machine may reach it, then run the command again."
            raise CrewError(Problem(None, message, remedy)) from error
        link = Link(client, address)
        try:
            yield link
        finally:
            link.close()


@dataclass(frozen=True, slots=True)
class Standing:
    """What the scheduler knows of a worker."""

    name: int | str
    paused: bool = False  # near its limit of memory: it finishes what it does, and Dask lets it begin nothing
    nanny: bool = False  # whether somebody is there who starts it anew
    memory: int | None = None  # bytes that it may have; None: there is no limit


class Link:
    """A client of a scheduler. Every method raises CrewError where the scheduler is gone."""

    def __init__(self, client: Client, address: str) -> None:
        from distributed import Queue
        from distributed.system import MEMORY_LIMIT

        self.address = address
        local = address.startswith(LOCAL)  # nobody limits these: each is told what its share of the machine is
        self._share = MEMORY_LIMIT // int(address.removeprefix(LOCAL)) if local else None
        self._client = client
        self._restarts: list[threading.Thread] = []
        with self._reachable():
            self._queue = Queue(f"neural-gallery-{uuid.uuid4().hex}", client=client, maxsize=QUEUED)

    def workers(self) -> Mapping[str, Standing]:
        """The workers that are there, by their addresses."""
        with self._reachable():
            there: Any = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: self._standing(address, info) for address, info in there.items()}

    def _standing(self, address: str, info: Mapping[str, Any]) -> Standing:
        memory = info.get("memory_limit") or self._share
        return Standing(info.get("name", address), info.get("status") == "paused", bool(info.get("nanny")), memory)

    def ask(self, address: str, question: Any) -> Future:
        """What a function without arguments answers there."""
        return self._submit(address, question)

    def paint(self, address: str, painter: Painter, packed: Packed, number: int) -> Future:
        """Has a job painted there. Its result are keys of pictures that the worker lacks, if it lacks some."""
        return self._submit(address, _paint, painter, pickle.dumps(packed), number, self._queue.name)

    def received(self, seconds: float) -> list[tuple[int, Packed]]:
        """All that stands in the queue; or what first comes within so many seconds. Numbers are `paint`'s."""
        found: Any = []
        with self._reachable():
            if not seconds:
                found = self._queue.get(batch=True)
            else:
                with contextlib.suppress(TimeoutError):
                    found = [self._queue.get(timeout=seconds)]
        return [pickle.loads(one) for one in found]

    def cancel(self, future: Future) -> None:
        """Nobody wants it any more."""
        with self._reachable():
            future.cancel(force=True)

    def restart(self, address: str) -> None:
        """Has the nanny of a worker kill it and start another, if there is one; does not wait for that."""

        def ask() -> None:
            with contextlib.suppress(Exception):  # then it is left alone
                self._client.restart_workers([address], timeout=30.0, raise_for_error=False)

        thread = threading.Thread(target=ask, daemon=True)
        self._restarts.append(thread)
        thread.start()

    def close(self) -> None:
        """Ends it, whether or not the scheduler is there."""
        for thread in self._restarts:
            thread.join(2.0)
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._queue.get(batch=True)
                self._queue.close()
        with contextlib.suppress(Exception):
            self._client.close(timeout=5.0)

    def _submit(self, address: str, function: Any, *arguments: Any) -> Future:
        key = f"neural-gallery-{uuid.uuid4().hex}"
        with self._reachable():
            return self._client.submit(function, *arguments, key=key, workers=[address], pure=False, retries=0)

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        """Tells of a scheduler that is gone."""
        from distributed.client import ClosedClientError

        try:
            yield
        except (OSError, KeyError, ClosedClientError) as error:  # KeyError: another scheduler, which has no such queue
            message = f"the Dask scheduler at {self.address} does not answer any more ({type(error).__name__})."
            raise CrewError(Problem(None, message, AGAIN)) from error


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes that are started here, and by these, never hear of Ctrl-C; it waits for this thread.

    A terminal tells all processes of it. The workers would each die with a traceback; they are ended by us. Besides,
    each turns a deaf ear to it, once it has come so far.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: there it is only that, so not in the first seconds
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # whoever starts it hears again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_SILENCE = logging.CRITICAL + 1


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Only the command speaks: what Dask logs of workers that come and go is told by us where it matters."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(_SILENCE)
    try:
        yield
    finally:
        logger.setLevel(level)


def _paint(painter: Painter, packed: bytes, number: int, queue: str) -> list[str]:
    """What a worker runs. Everything is told through the queue, but for the keys of pictures that it lacks."""
    from neural_gallery.workers.hand import paint_for
    from neural_gallery.workers.wire import LackingError, pack

    line = _Queued(number, queue)
    try:
        line.send(pack(uuid.uuid4().hex))
        paint_for(painter, pickle.loads(packed), line)
    except LackingError as error:
        return sorted(error.keys)
    finally:
        line.close()
    return []


class _Queued:
    """See `hand.Line`."""

    def __init__(self, number: int, queue: str) -> None:
        from distributed import Queue, get_client, get_worker

        self._number = number
        self._worker = get_worker()
        self._task = self._worker.get_current_task()
        self._queue = Queue(queue, client=get_client(), maxsize=QUEUED)

    def send(self, packed: Packed) -> None:
        """Sends a message, when there is room for it: whoever wants the job may be busy for a while."""
        message = pickle.dumps((self._number, packed))
        while True:
            try:
                self._queue.put(message, timeout=ASKING)
                return
            except TimeoutError:
                if self.is_cut():
                    raise

    def is_cut(self) -> bool:
        """The worker knows when a task is not wanted any more."""
        task = self._worker.state.tasks.get(self._task)
        return task is None or task.state != "executing"

    def close(self) -> None:
        """The queue lives as long as somebody has it."""
        self._queue.close()
