"""Painting in executors: threads and processes of this machine."""

from __future__ import annotations

import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest

from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairStarted
from neural_gallery.corridor.workshop import Workshop, executor_workshop
from neural_gallery.errors import CrewError, PaintError, Problem, WeightsError
from neural_gallery.site.manifest import load_site
from neural_gallery.studio.memory import memory_may_run_out
from neural_gallery.workers import executors
from neural_gallery.workers.executors import ExecutorCrew
from neural_gallery.workers.messages import Job, Message, Painted, Painter, Progress

from ..support.crewed import EVERY, Crewed
from .conftest import PAIRS, Files

pytestmark = pytest.mark.usefixtures("workers_find_tests")
Built = Callable[..., Files]


def by(executor: Executor, painter: Painter, *, workers: int = 3, patience: float = 60.0) -> Workshop:
    """A workshop that paints in it."""
    return Workshop(painter, "0" * 64, crew=ExecutorCrew(executor, painter, workers=workers, patience=patience))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Three threads."""
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes, begun from nothing as on Windows and macOS."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_threads(threads: Executor, notes: Path, built: Built, serially: Files, told: list[Event]):
    """Several pairs are under way at once, each is painted once, and the site is what one process makes."""
    painter = Crewed(notes)
    assert built(by(threads, painter)) == serially
    assert sorted(one.pair for one in painter.stints("painted")) == sorted(PAIRS)
    first_done = next(index for index, event in enumerate(told) if isinstance(event, PairDone))
    assert sum(isinstance(event, PairStarted) for event in told[:first_done]) == 3
    assert not [one for one in threading.enumerate() if one.name == "crew"]


def test_processes(processes: Executor, notes: Path, built: Built, serially: Files):
    """The same in processes, both of them at work."""
    painter = Crewed(notes, seconds=0.05)
    assert built(by(processes, painter, workers=2)) == serially
    assert len({one.process for one in painter.stints()}) == 2


def test_a_process_is_killed(processes: Executor, notes: Path, built: Built, serially: Files):
    """That breaks such an executor. What is painted is kept, and a new one goes on from the checkpoints."""
    painter = Crewed(notes, seconds=0.02, kills=("sea-sky",))
    with pytest.raises(CrewError) as caught:
        built(by(processes, painter, workers=2))
    assert str(caught.value).startswith("the executor takes no more jobs (")
    assert str(caught.value).endswith("Run it again with a new one: what is painted is kept.")
    with ThreadPoolExecutor(2) as threads:
        assert built(by(threads, painter, workers=2)) == serially
    assert [one.since for one in painter.stints() if one.pair == "sea-sky"] == [0, 2 * EVERY]
    assert len(painter.stints("painted")) == len(PAIRS)


def test_a_worker_that_raises(threads: Executor, notes: Path, built: Built, told: list[Event]):
    """What no painter should raise is tried elsewhere, and at last told; the others are painted."""
    painter = Crewed(notes, raises=("sky-sun",))
    with pytest.raises(PaintError, match="'sky-sun' was given up after 3 workers failed at it: process ") as caught:
        built(by(threads, painter))
    assert str(caught.value).count("ended with RuntimeError: out of luck") == 3
    assert [one.since for one in painter.stints() if one.pair == "sky-sun"] == [0, 10, 10]
    assert [event.pair for event in told if isinstance(event, PairFailed)] == ["sky-sun"]
    assert len(painter.stints("painted")) == len(PAIRS) - 1


@pytest.mark.parametrize("device", [True, False])
def test_memory_runs_out(threads: Executor, notes: Path, built: Built, told: list[Event], device: bool):
    """On a device, or before one is asked: somebody else tries, and at last it is told with what to do."""

    def starving(job: Job) -> Iterator[Message]:
        for message in Crewed(notes)(job):
            yield message
            if job.name == "sky-sea" and isinstance(message, Progress) and message.step == 7:
                with memory_may_run_out("painting 48 x 32") if device else nullcontext():
                    raise MemoryError

    with pytest.raises(PaintError) as caught:
        built(by(threads, starving))
    told_of = str(caught.value.problems[0])
    assert told_of.startswith("'sky-sea' was given up after 3 workers failed at it: process ")
    assert told_of.count(" ran out of memory") == 3
    assert told_of.endswith(
        " ran out of memory. Memory ran out while painting 48 x 32. Close other programs, or choose a smaller size."
        if device
        else "paint it smaller, or give each worker more; then run the same command again."
    )
    assert [one.since for one in Crewed(notes).stints() if one.pair == "sky-sea"] == [0, 5, 5]
    assert sum(isinstance(event, Note) for event in told) == 2


class Stepping:
    """A painter of a job that takes its time, or none."""

    def __init__(self, steps: int, *, seconds: float = 0.05) -> None:
        self.steps, self.seconds, self.done, self.begun = steps, seconds, 0, threading.Event()

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint."""
        self.begun.set()
        for step in range(self.steps):
            time.sleep(self.seconds)
            self.done += 1
            yield Progress(step, self.steps, "painting", 1.0)
        yield Painted(job.content, {})


class Calls:
    """Lets painters call only when it is told to; `held` of them wait until then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
        self.client, self.held, self.waits, self.go = executors.Client, held, threading.Event(), threading.Event()
        monkeypatch.setattr(executors, "Client", self)

    def __call__(self, address: object, **options: object) -> object:
        """Calls, sooner or later."""
        if options and self.held:
            self.held -= 1
            self.waits.set()
            self.go.wait(60)
        return self.client(address, **options)  # type: ignore[arg-type]


def job_of(manifest: Path) -> Job:
    """Any."""
    picture = np.zeros((4, 4, 3), np.uint8)
    return Job("sky-sun", picture, (), load_site(manifest).pairs[0].paint, 2)


def test_what_has_just_begun_is_stopped(manifest: Path):
    """It has greeted, and nobody has listened yet."""
    painter = Stepping(600)
    with ThreadPoolExecutor(1) as executor, ExecutorCrew(executor, painter, workers=1).shift() as shift:
        shift.begin(1, job_of(manifest))
        assert painter.begun.wait(30)
    assert painter.done < 300


@pytest.mark.parametrize("closed", [True, False])
def test_what_has_yet_to_greet_is_stopped(manifest: Path, monkeypatch: pytest.MonkeyPatch, closed: bool):
    """Whether it was left alone, or all are stopped: when it calls at last, nobody wants it."""
    painter, calls = Stepping(600), Calls(monkeypatch, 1)
    with ThreadPoolExecutor(1) as executor:
        with ExecutorCrew(executor, painter, workers=1).shift() as shift:
            shift.begin(1, job_of(manifest))
            assert calls.waits.wait(30)
            if not closed:
                shift.leave(1)
                calls.go.set()
                executor.shutdown()
                assert shift.news(0.1) == []
        calls.go.set()
    assert painter.done <= 1


def test_what_is_over_before_anybody_asks(manifest: Path):
    """Is heard all the same."""
    with ThreadPoolExecutor(1) as executor, ExecutorCrew(executor, Stepping(0), workers=1).shift() as shift:
        shift.begin(1, job_of(manifest))
        executor.shutdown()
        told = [*shift.news(5.0), *shift.news(0.1)]
    assert [(ticket, type(one)) for ticket, one in told] == [(1, Painted)]


def test_a_worker_hangs_before_it_has_greeted(
    threads: Executor, notes: Path, built: Built, serially: Files, told: list[Event], monkeypatch: pytest.MonkeyPatch
):
    """Its pair, which it has not begun, goes to another one."""
    calls = Calls(monkeypatch, 1)
    try:
        assert built(by(threads, Crewed(notes), patience=4.0)) == serially
    finally:
        calls.go.set()
    (note,) = (event.message for event in told if isinstance(event, Note))
    assert note.startswith("a worker gave no sign of life for 4 seconds; 'sky-sun' goes on from its last checkpoint.")
    assert len(Crewed(notes).stints("painted")) == len(Crewed(notes).stints()) == len(PAIRS)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="only some systems can fork")
def test_processes_are_not_forked_with_jax(monkeypatch: pytest.MonkeyPatch, notes: Path):
    """That would hang. Without JAX in this process, and where processes are started otherwise, nothing is said."""
    monkeypatch.setitem(sys.modules, "jax", sys)
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as forking,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as spawning,
    ):
        with pytest.raises(CrewError) as caught, ExecutorCrew(forking, Crewed(notes), workers=1).shift():
            pass
        with ExecutorCrew(spawning, Crewed(notes), workers=1).shift() as shift:
            assert shift.free() == 1
        monkeypatch.delitem(sys.modules, "jax")
        with ExecutorCrew(forking, Crewed(notes), workers=1).shift() as shift:
            assert shift.free() == 1
    assert str(caught.value) == (
        "the executor would start its processes by fork, and JAX, which this program has loaded, hangs in these. "
        'Give ProcessPoolExecutor the context `multiprocessing.get_context("spawn")`.'
    )


class Hanging:
    """Says nothing about one pair, the first time, until it is told to end."""

    def __init__(self, painter: Crewed, pair: str) -> None:
        self.painter, self.pair, self.ended = painter, pair, threading.Event()

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair."""
        for message in self.painter(job):
            yield message
            first = [one.pair for one in self.painter.stints()].count(self.pair) == 1
            if job.name == self.pair and first and isinstance(message, Progress) and message.step == 7:
                self.ended.wait(60)


def test_a_thread_hangs(threads: Executor, notes: Path, built: Built, serially: Files, told: list[Event]):
    """It is left alone, and its pair is given to another one; what it says later is not heard."""
    painter = Crewed(notes)
    hanging = Hanging(painter, "sea-sun")
    try:
        assert built(by(threads, hanging, patience=1.5)) == serially
    finally:
        hanging.ended.set()
    assert [one.since for one in painter.stints() if one.pair == "sea-sun"] == [0, EVERY]
    (note,) = (event for event in told if isinstance(event, Note))
    assert "gave no sign of life for 2 seconds; 'sea-sun' goes on from its last checkpoint." in note.message


def test_a_pair_that_cannot_be_painted(threads: Executor, notes: Path, built: Built, told: list[Event]):
    """What a painter says of a pair is said of it, once, and by nobody else again."""

    def failing(job: Job) -> Iterator[Message]:
        if job.name == "sky-sea":
            raise PaintError(Problem(None, "'sky-sea' diverged.", "Try another seed."))
        yield from Crewed(notes)(job)

    with pytest.raises(PaintError, match=r"^'sky-sea' diverged\. Try another seed\.") as caught:
        built(by(threads, failing))
    assert len([event for event in told if isinstance(event, PairFailed)]) == 1
    assert len(caught.value.problems) == 2  # and that the pages, which show it, are not written


def test_what_concerns_all_pairs(threads: Executor, built: Built):
    """Missing weights end the run; it is told whose they are."""

    def without(job: Job) -> Iterator[Message]:
        raise WeightsError(Problem(None, "the weights are missing.", "Install it again."))
        yield

    with pytest.raises(WeightsError, match=r"^process \d+, \S+: the weights are missing\. Install it again\.$"):
        built(by(threads, without))


def test_strangers_are_not_heard(threads: Executor, notes: Path):
    """Whoever calls without the secret is hung up on, and the run goes on."""
    calls: list[bytes] = []
    crew = ExecutorCrew(threads, Crewed(notes), workers=1)
    with crew.shift() as shift:
        with socket.create_connection(shift._listener.address) as stranger:
            stranger.settimeout(10)
            stranger.sendall(b"\x00\x00\x00\x04evil")
            with suppress(ConnectionError):
                while heard := stranger.recv(1000):
                    calls.append(heard)
        assert shift.news(0.1) == []
    assert b"WELCOME" not in b"".join(calls)


@pytest.mark.slow
def test_the_real_engine(tmp_path: Path, manifest: Path, built: Built, told: list[Event]):
    """Two processes paint a draft of two pairs."""
    text = manifest.read_text().replace("  size: 48", "  size: 64\n  quality: draft").split("  - {content: sun")[0]
    manifest.write_text(text)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        workshop = executor_workshop(executor, tmp_path / ".neural-gallery" / "compiled", workers=2)
        assert "static/img/sky-sun.png" in built(workshop)
    assert sum(isinstance(event, PairDone) for event in told) == 2


def test_a_checkpoint_that_leads_nowhere(
    threads: Executor, notes: Path, built: Built, serially: Files, told: list[Event]
):
    """A pair that fails from its checkpoint on is begun anew, by whoever is free."""
    painter = Crewed(notes)

    def fickle(job: Job) -> Iterator[Message]:
        if job.name == "sea-sun" and job.checkpoint:
            raise PaintError(Problem(None, "'sea-sun' diverged.", "Try another seed."))
        for message in painter(job):
            yield message
            first = [one.pair for one in painter.stints()].count("sea-sun") == 1
            if job.name == "sea-sun" and first and isinstance(message, Progress) and message.step == 7:
                raise RuntimeError("out of luck")

    assert built(by(threads, fickle)) == serially
    assert [one.since for one in painter.stints() if one.pair == "sea-sun"] == [0, 0]
    messages = [event.message for event in told if isinstance(event, Note)]
    assert messages[-1] == "'sea-sun' cannot be finished from its checkpoint, and so it is begun anew"
