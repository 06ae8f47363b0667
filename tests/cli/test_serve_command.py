"""`serve` as a real process: it builds into a private folder, answers, and stops when asked."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import neural_gallery

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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to a process")
def test_serve(write_site: Callable[..., Path]):
    """The site is built as HTML, whatever its target and base URL, and shown; `output` is not touched."""
    folder = write_site(("target: html", "target: jekyll\n  base_url: /elsewhere")).parent
    with subprocess.Popen(
        [sys.executable, "-u", "-c", GALLERY, "serve", "--port", "0"],
        cwd=folder,
        env={"PYTHONPATH": str(Path(neural_gallery.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("serving "))
        url = line.split()[3]
        with urllib.request.urlopen(url, timeout=10) as page:
            assert b'id="sky-sun"' in page.read()
        with urllib.request.urlopen(f"{url}static/img/sky-sun-5fps.webp", timeout=10) as animation:
            assert animation.headers["Content-Type"] == "image/webp"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert line == f"serving Small at {url} (Ctrl-C stops)\n"
    assert process.returncode == 0
    assert told.splitlines()[-1] == "stopped serving"
    assert '"GET / HTTP/1.1" 200' in told
    assert not (folder / "public").exists()
    assert (folder / ".neural-gallery/serve/index.html").exists()


def test_serve_without_painting(run: Callable[..., Result], write_site: Callable[..., Path], painter):
    """`--no-paint` paints nothing, and so needs the paintings."""
    write_site()
    result = run("serve", "--no-paint", "--port", "0")
    assert result.exit_code == 1
    assert "pair 'sky-sun' is not painted yet (never painted). Run `neural-gallery build`." in result.stderr
    assert painter.painted == []


def test_serve_as_json(run: Callable[..., Result], write_site: Callable[..., Path]):
    """Programs get the events of the build, then the address, as soon as it answers; or the problems."""
    write_site()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neural_gallery.serve.SiteServer.serve_forever", _interrupted)
        result = run("serve", "--port", "0", "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [record["event"] for record in records[-2:]] == ["rendered", "serving"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", records[-1]["url"])
    write_site(("style: sun}", "style: moon}"))
    result = run("serve", "--json")
    (record,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, record["event"], record["problems"][0]["line"]) == (2, "error", 14)


def test_serving_keeps_the_output(run: Callable[..., Result], write_site: Callable[..., Path], tmp_path: Path):
    """A build after serving finds its own files as they were: the two folders are told apart."""
    write_site()
    run("build", "-q")
    before = sorted((tmp_path / "public").rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neural_gallery.serve.SiteServer.serve_forever", _interrupted)
        assert run("serve", "-q", "--port", "0").exit_code == 0
    assert sorted((tmp_path / "public").rglob("*")) == before
    assert "nothing changed in public" in run("build").stdout


def _interrupted(server: object) -> None:
    raise KeyboardInterrupt
