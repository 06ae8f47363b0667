"""`serve` as a command: what it tells, what it leaves behind, and that it stops when asked."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

import neural_gallery
from neural_gallery.live.events import AllPainted, LiveEvent, ProblemsFound
from neural_gallery.live.server import listen
from neural_gallery.live.site import LiveSite

EVENTS = LiveSite.events

GALLERY = """
import signal, sys
from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.messages import Painted

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it

def paint(job):
    yield Painted(job.content, {})

main(sys.argv[1:], prog_name="neural-gallery", obj=Workshop(paint, "0" * 64))
"""


@contextmanager
def gallery(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command on a free port, as a process of its own, until Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", GALLERY, "serve", "--port", "0", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path(neural_gallery.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()  # which does nothing to one that has ended
        process.communicate()


def stopped(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it tells after Ctrl-C, which it must end well."""
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=30)
    assert process.returncode == 0, told
    return told


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to a process")


@needs_signals
def test_serve(write_site: Callable[..., Path]):
    """The site is shown as HTML, whatever its target and base URL, and painted; `output` is not touched."""
    folder = write_site(("target: html", "target: jekyll\n  base_url: /elsewhere")).parent
    with gallery(folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        url = line.split()[2]
        told = [next(process.stderr)]
        while "sea-sun: painted" not in told[-1]:
            told.append(next(process.stderr))
        with urllib.request.urlopen(url, timeout=10) as page:
            assert b'id="sky-sun"' in page.read()
        with urllib.request.urlopen(f"{url}static/img/sky-sun-5fps.webp", timeout=10) as animation:
            assert animation.headers["Content-Type"] == "image/webp"
        (folder / "site.yaml").write_text((folder / "site.yaml").read_text().replace("title: Small", "title: Smaller"))
        while not told[-1].startswith("changed: site.yaml; shown after "):
            told.append(next(process.stderr))
        _, rest = stopped(process)
    assert line == f"serving at {url} (Ctrl-C stops)\n"
    assert told[0].startswith("painting 2 pairs, about ")
    assert rest.splitlines()[-1] == "stopped serving"
    assert not (folder / "public").exists()


@needs_signals
def test_serve_with_problems(write_site: Callable[..., Path]):
    """The manifest may be wrong at the start: it is told where, and in the page, until it is mended."""
    folder = write_site(("style: sun}", "style: sum}")).parent
    with gallery(folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[2]
        told = (
            "site.yaml:14:27: pair 1 names the style 'sum', which is not declared under images. Did you mean 'sun'?\n"
        )
        assert [next(process.stderr), next(process.stderr)] == [told, "1 problem\n"]
        with urllib.request.urlopen(url, timeout=10) as page:
            shown = page.read().decode()
        assert "site.yaml:14:27" in shown
        assert "Did you mean &#x27;sun&#x27;?" in shown
        (folder / "site.yaml").write_text((folder / "site.yaml").read_text().replace("sum}", "sun}"))
        assert next(process.stderr) == "mended\n"
        with urllib.request.urlopen(url, timeout=10) as page:
            assert b'id="sky-sun"' in page.read()
        stopped(process)


@needs_signals
def test_serve_quietly(write_site: Callable[..., Path]):
    """The address is what one needs; of the rest, only problems."""
    folder = write_site().parent
    with gallery(folder, "--quiet", "--no-paint") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        with urllib.request.urlopen(url, timeout=10) as page:
            assert page.status == 200
        assert stopped(process) == ("", "stopped serving\n")
    assert not (folder / ".neural-gallery/paintings").exists()


def test_serve_as_json(run: Callable[..., Result], write_site: Callable[..., Path], monkeypatch: pytest.MonkeyPatch):
    """Programs get the address first, then all that happens, problems included."""
    write_site()
    monkeypatch.setattr("neural_gallery.live.site.LiveSite.events", _until_all_is_painted)
    result = run("serve", "--port", "0", "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", records[0]["url"])
    names = [record["event"] for record in records]
    assert (names[0], names[1], names[-1]) == ("serving", "plan-ready", "all-painted")
    assert names.count("pair-done") == 2
    assert all("frame" not in record for record in records)
    write_site(("style: sun}", "style: moon}"))
    monkeypatch.setattr("neural_gallery.live.site.LiveSite.events", _until_there_is_a_problem)
    result = run("serve", "--port", "0", "--json")
    record = json.loads(result.stdout.splitlines()[-1])
    assert (result.exit_code, record["event"], record["problems"][0]["line"]) == (0, "problems", 14)


def test_a_taken_port(run: Callable[..., Result], write_site: Callable[..., Path]):
    """It is an error of the command line."""
    write_site()
    with listen(0) as listening:
        port = listening.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"port {port} is used by another program.")


def test_serving_keeps_the_output(
    run: Callable[..., Result], write_site: Callable[..., Path], tmp_path: Path, monkeypatch
):
    """A build after serving finds its own files as they were, and nothing left to encode."""
    write_site()
    run("build", "-q")
    before = sorted((tmp_path / "public").rglob("*"))
    monkeypatch.setattr("neural_gallery.live.site.LiveSite.events", _until_all_is_painted)
    assert run("serve", "-q", "--port", "0").exit_code == 0
    assert sorted((tmp_path / "public").rglob("*")) == before
    assert "nothing changed in public" in run("build").stdout


def test_a_build_after_serving_has_nothing_to_make(
    run: Callable[..., Result], write_site: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    """What was painted and encoded meanwhile is in the store."""
    write_site()
    monkeypatch.setattr("neural_gallery.live.site.LiveSite.events", _until_all_is_painted)
    run("serve", "-q", "--port", "0")
    names = {json.loads(line)["event"] for line in run("build", "--json").stdout.splitlines()}
    assert names == {"plan-ready", "rendered"}


def _until_all_is_painted(site: LiveSite) -> Iterator[LiveEvent]:
    yield from _until(site, AllPainted)


def _until_there_is_a_problem(site: LiveSite) -> Iterator[LiveEvent]:
    yield from _until(site, ProblemsFound)


def _until(site: LiveSite, kind: type[LiveEvent]) -> Iterator[LiveEvent]:
    """What happens, until one of that kind, and then Ctrl-C."""
    for event in EVENTS(site):
        yield event
        if isinstance(event, kind):
            raise KeyboardInterrupt
