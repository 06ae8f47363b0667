"""Painting on a Dask cluster: a real scheduler, worker processes, and what befalls them."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import neural_gallery
from neural_gallery.cli import main
from neural_gallery.corridor import deadline
from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.events import Event, Note, PairDone, PairFailed, PairProgress, PairStarted, PairStopped
from neural_gallery.corridor.reserve import Publishing
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop, local_workshop, with_cluster
from neural_gallery.errors import CrewError, PaintError
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers import link
from neural_gallery.workers.link import Link

from ..support.crewed import EVERY, Crewed
from .conftest import PAIRS, Files, cluster_of

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("workers_find_tests")]
Built = Callable[..., Files]


@pytest.fixture(scope="module")
def address(workers_find_tests: None) -> Iterator[str]:
    """A scheduler with three worker processes, for all tests here: those that are killed are started again."""
    with cluster_of(3) as address:
        yield address


def on(address: str, painter: Crewed, patience: float = 60.0) -> Workshop:
    """A workshop that paints there."""
    return with_cluster(Workshop(painter, "0" * 64), address, None, patience=patience)


def of_kind(told: list[Event], kind: type) -> list:
    """The events of that kind."""
    return [event for event in told if isinstance(event, kind)]


def test_memory_runs_out(address: str, notes: Path, built: Built, told: list[Event]):
    """Another worker goes on from the checkpoint; where three have too little, it is told what the painter said.

    (The first of the tests, while all workers are there.)
    """
    painter = Crewed(notes, seconds=0.05, starves=("sea-sun",), famished=("sun-sea",))
    with pytest.raises(PaintError) as caught:
        built(on(address, painter))
    assert [event.pair for event in of_kind(told, PairFailed)] == ["sun-sea"]
    told_of = str(caught.value.problems[0])
    assert told_of.startswith("'sun-sea' was given up after 3 workers failed at it: worker ")
    assert told_of.endswith(") ran out of memory. Memory ran out while painting 48 x 32. Choose a smaller size.")
    assert told_of.count(") ran out of memory") == 3
    rescued = [note for note in of_kind(told, Note) if "'sea-sun' goes on from its last checkpoint." in note.message]
    assert [") ran out of memory;" in note.message for note in rescued] == [True]
    for pair, since in (("sea-sun", [0, 10]), ("sun-sea", [0, 10, 10])):
        stints = [one for one in painter.stints() if one.pair == pair]
        assert [one.since for one in stints] == since
        assert len({one.process for one in stints}) > 1  # of three, one may come late
    assert sorted(one.pair for one in painter.stints("painted")) == sorted(set(PAIRS) - {"sun-sea"})


def test_a_worker_is_killed(address: str, notes: Path, built: Built, serially: Files, told: list[Event]):
    """In the middle of a pair: another one goes on from its checkpoint, and the site is what one process makes."""
    painter = Crewed(notes, seconds=0.1, kills=("sea-sun",))
    assert built(on(address, painter)) == serially
    begun, painted = painter.stints(), painter.stints("painted")
    assert sorted(one.pair for one in painted) == sorted(PAIRS)
    assert [one.since for one in begun if one.pair == "sea-sun"] == [0, 2 * EVERY]
    assert len([one for one in begun if one.pair != "sea-sun"]) == len(PAIRS) - 1
    assert len({one.process for one in begun}) >= 2
    (note,) = of_kind(told, Note)
    assert "went away, or was killed; 'sea-sun' goes on from its last checkpoint." in note.message
    assert len(of_kind(told, PairStarted)) == len(of_kind(told, PairDone)) == len(PAIRS)
    under_way = {event.pair for event in told[: told.index(of_kind(told, PairDone)[0])] if hasattr(event, "pair")}
    assert len(under_way) >= 2  # the third may have come late
    assert {event.pair for event in of_kind(told, PairProgress)} == set(PAIRS)


def test_a_worker_hangs(address: str, notes: Path, built: Built, serially: Files, told: list[Event]):
    """After a time without a sign of life its pair is given to another one, with the last checkpoint."""
    painter = Crewed(notes, hangs=("sky-sea",))
    assert built(on(address, painter, patience=6)) == serially
    assert [one.since for one in painter.stints() if one.pair == "sky-sea"] == [0, 2 * EVERY]
    assert len({one.process for one in painter.stints() if one.pair == "sky-sea"}) == 2
    assert len(painter.stints("painted")) == len(PAIRS)
    (note,) = of_kind(told, Note)
    assert note.message.endswith("gave no sign of life for 6 seconds; 'sky-sea' goes on from its last checkpoint.")


def test_a_pair_that_kills_its_workers(address: str, notes: Path, built: Built, told: list[Event]):
    """It is given up after three, which are named; the others are painted, each once."""
    painter = Crewed(notes, deadly=("sun-sea",))
    with pytest.raises(PaintError) as caught:
        built(on(address, painter))
    assert [event.pair for event in of_kind(told, PairFailed)] == ["sun-sea"]
    told_of = str(caught.value.problems[0])
    assert told_of.startswith("'sun-sea' was given up after 3 workers failed at it: worker ")
    assert told_of.count("(tcp://127.0.0.1:") == told_of.count("went away, or was killed") == 3
    assert "give each worker more; then run the same command again." in told_of
    assert [one.since for one in painter.stints() if one.pair == "sun-sea"] == [0, 10, 10]
    assert sorted(one.pair for one in painter.stints("painted")) == sorted(set(PAIRS) - {"sun-sea"})


def test_pictures_travel_once(
    address: str, notes: Path, built: Built, serially: Files, monkeypatch: pytest.MonkeyPatch
):
    """No worker is sent a picture that it was sent already, whether as a content or as a style."""
    sent: list[tuple[str, str]] = []
    paint = Link.paint

    def noting(self: Link, address: str, painter, packed, number: int):
        sent.extend((address, key) for key in packed.parcels)
        return paint(self, address, painter, packed, number)

    monkeypatch.setattr(Link, "paint", noting)
    assert built(on(address, Crewed(notes))) == serially
    assert len(sent) == len(set(sent)) >= 6  # three pictures, as contents and as styles, for each who painted


def test_a_worker_has_forgotten(address: str, notes: Path, built: Built, serially: Files, told: list[Event]):
    """One that has no room for all pictures says which it lacks, and is sent them again."""
    assert built(on(address, Crewed(notes, forgets=True))) == serially
    assert of_kind(told, Note) == []


def be(engine: int) -> None:
    """What makes a worker one of another version."""
    neural_gallery.ENGINE_VERSION = engine


def test_workers_of_another_version(notes: Path, built: Built, serially: Files, told: list[Event]):
    """They are left out, and it is told which and why; where there are no others, the run ends before it has begun."""
    from distributed import Client

    engine, painter = neural_gallery.ENGINE_VERSION, Crewed(notes)
    # Of their own, for all of them have to be there: one that was killed may be long in coming back.
    with cluster_of(2) as address, Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        processes = client.run(os.getpid)
        there = list(processes)
        client.run(be, 1)
        with pytest.raises(CrewError) as caught:
            built(on(address, painter))
        client.run(be, engine, workers=there[1:])
        assert built(on(address, painter)) == serially
    *refused, last = map(str, caught.value.problems)
    version = neural_gallery.__version__
    assert len(refused) == 2
    for problem in refused:
        assert problem.endswith(
            f" is left out: it has neural-gallery {version} (engine 1), and this is {version} (engine {engine}). "
            f"Install neural-gallery {version} there, and start the worker again."
        )
    assert last.startswith(f"no worker at {address} can paint.")
    (note,) = of_kind(told, Note)
    assert there[0] in note.message
    assert processes[there[0]] not in {one.process for one in painter.stints()}


def test_time_is_up(
    address: str, notes: Path, built: Built, serially: Files, told: list[Event], monkeypatch: pytest.MonkeyPatch
):
    """Every pair under way is stopped and kept; the next run goes on with each, and paints none twice."""
    monkeypatch.setattr(deadline, "LEAST", 0.5)
    monkeypatch.setattr(deadline, "CHECKPOINT_EVERY", 0.5)
    monkeypatch.setattr(Publishing, "seconds", lambda self: 100.0)  # half of the budget, then
    painter = Crewed(notes, seconds=0.2)
    built(on(address, painter), deadline=Deadline.after(10))
    stopped = of_kind(told, PairStopped)
    assert stopped
    begun = painter.stints()
    fast = Crewed(notes)
    assert built(on(address, fast)) == serially
    assert sorted(one.pair for one in painter.stints("painted")) == sorted(PAIRS)
    again = {one.pair: one.since for one in fast.stints()[len(begun) :]}
    assert all(again[event.pair] > 0 for event in stopped if event.work >= 0.3)


def test_an_interruption(address: str, notes: Path, manifest: Path):
    """What is under way is stopped on the workers, too, and its checkpoints are kept."""
    painter = Crewed(notes, seconds=0.2)
    store = Store(manifest.parent / STORE_FOLDER)
    with closing(build(load_site(manifest), store, on(address, painter))) as run:
        for event in run:
            if isinstance(event, PairProgress) and event.step > 2 * EVERY:
                break
    time.sleep(3)  # in which all of them would be finished
    assert painter.stints("painted") == []
    assert any((store.folder / "unfinished").glob("*/*/state"))


def test_no_scheduler(notes: Path, built: Built, monkeypatch: pytest.MonkeyPatch):
    """One that does not answer: how it is started is part of what is told."""
    monkeypatch.setattr(link, "CONNECTING", 1.0)
    with pytest.raises(CrewError) as caught:
        built(on("tcp://127.0.0.1:9", Crewed(notes)))
    assert str(caught.value).startswith("no Dask scheduler answers at tcp://127.0.0.1:9 (")
    assert "Start it with `dask scheduler`, see that this machine may reach it" in str(caught.value)


def test_the_scheduler_goes_away(notes: Path, manifest: Path, tmp_path: Path):
    """It is told, and what is painted is kept: another run paints only the rest."""
    painter = Crewed(notes, seconds=0.1)
    store, where = Store(manifest.parent / STORE_FOLDER), tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(where)]
    with subprocess.Popen([*dask, "scheduler", *options], **quiet) as scheduler:
        more = ["--nthreads", "1", "--no-dashboard", "--no-nanny", "--death-timeout", "20"]
        with subprocess.Popen([*dask, "worker", "--scheduler-file", str(where), *more], **quiet) as worker:
            try:
                while not where.exists():
                    time.sleep(0.1)
                address = json.loads(where.read_text())["address"]
                with pytest.raises(CrewError) as caught:  # noqa: PT012  (it is the run that raises)
                    for event in build(load_site(manifest), store, on(address, painter)):
                        if isinstance(event, PairDone):
                            scheduler.send_signal(signal.SIGKILL)
            finally:
                scheduler.kill()
                worker.kill()
    assert str(caught.value).startswith(f"the Dask scheduler at {address} does not answer any more (")
    assert str(caught.value).endswith("What is painted is kept: run the same command again to go on.")
    assert len(store.records()) == 1


def test_the_command(manifest: Path, notes: Path, serially: Files, monkeypatch: pytest.MonkeyPatch):
    """`build --cluster local:2` starts two processes, each with half of the machine's memory for its paintings, and
    tells programs of several pairs at once.
    """
    from distributed.system import MEMORY_LIMIT

    seen: list[int | None] = []
    workers = Link.workers

    def noting(self: Link):
        there = workers(self)
        seen.extend(standing.memory for standing in there.values())
        return there

    monkeypatch.setattr(Link, "workers", noting)
    arguments = ["build", "--site", str(manifest), "--json", "--cluster", "local:2", "--worker-timeout", "60s"]
    painter = Crewed(notes)
    result = CliRunner().invoke(main, arguments, obj=Workshop(painter, "0" * 64), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names[:2] == ["plan-ready", "pair-started"]
    assert names.count("pair-done") == len(PAIRS)
    assert len(painter.stints("painted")) == len(PAIRS)
    assert set(seen) == {MEMORY_LIMIT // 2}
    public = manifest.parent / "public"
    assert {name: (public / name).read_bytes() for name in serially} == serially


INTERRUPTED = """
import signal, sys
from pathlib import Path
from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from tests.support.crewed import Crewed

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
main(sys.argv[2:], prog_name="neural-gallery", obj=Workshop(Crewed(Path(sys.argv[1]), seconds=0.2), "0" * 64))
"""


def living_in(session: int) -> list[str]:
    """The processes of that session that are still there."""
    import psutil  # comes with distributed

    found: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.parametrize("before", ["", "import signal; del signal.pthread_sigmask"], ids=["here", "as on Windows"])
def test_ctrl_c(manifest: Path, notes: Path, built: Built, serially: Files, before: str):
    """As in a terminal, where it reaches every process: told in a line, none is left, and the next run goes on."""
    command = [sys.executable, "-c", before + INTERRUPTED, notes, "build", "--json", "--cluster", "local:2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=manifest.parent, start_new_session=True, **pipes) as process:
        try:
            under_way: set[str] = set()
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "pair-progress" and event["step"] > EVERY:
                    under_way.add(event["pair"])
                if len(under_way) == 2:  # both workers are there
                    break
            os.killpg(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=40)
            until = time.monotonic() + 10
            while (left := living_in(process.pid)) and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert told == "stopped: 0 of 6 pairs are painted and kept; run the same command again to go on\n"
    assert process.returncode == 130
    assert left == []
    interrupted = len(Crewed(notes).stints())
    assert built(Workshop(Crewed(notes, seconds=0), "0" * 64)) == serially
    assert max(one.since for one in Crewed(notes).stints()[interrupted:]) >= EVERY


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate that it has signed itself, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with openssl")
    both, key = tmp_path / "both.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=painters", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    made = [*("openssl", "req", "-x509"), *kind, *subject, "-keyout", str(key), "-out", str(both)]
    subprocess.run(made, check=True, capture_output=True, timeout=30)
    both.write_text(both.read_text() + key.read_text())
    return both


def test_with_certificates(notes: Path, built: Built, serially: Files, certificate: Path):
    """`tls://` with what Dask's configuration names; whoever has none is told that nobody answers."""
    import dask.config
    from distributed import Security

    names = ("ca-file", "client.cert", "scheduler.cert", "worker.cert")
    settings = dask.config.set({f"distributed.comm.tls.{name}": str(certificate) for name in names})
    with settings, cluster_of(1, protocol="tls", security=Security(require_encryption=True)) as address:
        assert address.startswith("tls://127.0.0.1:")
        with dask.config.set({"distributed.comm.tls.ca-file": None}), pytest.raises(CrewError) as caught:
            built(on(address, Crewed(notes)))
        assert built(on(address, Crewed(notes))) == serially
    assert str(caught.value).startswith(f"no Dask scheduler answers at {address} (")
    assert {one.process for one in Crewed(notes).stints()}.isdisjoint({os.getpid()})


def test_without_the_package(manifest: Path, monkeypatch: pytest.MonkeyPatch):
    """What to install is told, and nothing else happens."""
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: None)
    arguments = ["build", "--site", str(manifest), "--cluster", "local:2"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "a cluster needs the package distributed, which is not installed. Run `pip install 'neural-gallery[cluster]'`.",
        "1 problem",
    ]


@pytest.mark.slow
def test_the_real_engine(manifest: Path, told: list[Event], built: Built):
    """Drafts of 64 pixels in two processes: the same pictures that one process paints."""
    text = manifest.read_text().replace("  size: 48", "  size: 64\n  quality: draft").split("  - {content: sun")[0]
    manifest.write_text(text)
    compiled = manifest.parent / STORE_FOLDER / "compiled"
    shared = built(with_cluster(local_workshop(compiled), "local:2", compiled))
    assert len(of_kind(told, PairDone)) == 2
    assert any(compiled.iterdir())
    shutil.rmtree(manifest.parent / "public")
    shutil.rmtree(manifest.parent / STORE_FOLDER / "paintings")
    alone = built(local_workshop(compiled))
    for name in ("sky-sun", "sea-sun"):
        pixels = [np.asarray(Image.open(io.BytesIO(one[f"static/img/{name}.png"])), int) for one in (shared, alone)]
        assert np.abs(pixels[0] - pixels[1]).mean() < 2
