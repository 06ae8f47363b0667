"""Painting in executors: threads and processes of this machine."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairStarted
from neural_gallery.corridor.workshop import Workshop, executor_workshop
from neural_gallery.errors import CrewError, PaintError, Problem, WeightsError
from neural_gallery.workers.executors import ExecutorCrew
from neural_gallery.workers.messages import Job, Message, Painter, Progress

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
