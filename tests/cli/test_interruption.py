"""Ctrl-C and SIGTERM, sent to a real process while it paints."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import neural_gallery

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")

SLOW_GALLERY = """
import signal, sys, time
from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.messages import Painted, Progress

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it

def paint(job):
    for step in range(2 if job.name == "sky-sun" else 600):
        time.sleep(0.1)
        yield Progress(step, 600, "painting", 1.0, (job.content,))
    yield Painted(job.content, {})

main(sys.argv[1:], prog_name="neural-gallery", obj=Workshop(paint, "0" * 64))
"""


def slow_build(folder: Path) -> subprocess.Popen[str]:
    """A build whose first pair takes a moment, and whose second a minute."""
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_GALLERY, "build", "--json"],
        cwd=folder,
        env={"PYTHONPATH": str(Path(neural_gallery.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_done(write_site: Callable[..., Path], number: signal.Signals):
    """The finished pair is kept, the other is not, and the program says how to go on."""
    folder = write_site().parent
    with slow_build(folder) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"pair-progress"' in line and '"sea-sun"' in line:
                break
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told == "stopped: 1 of 2 pairs is painted and kept; run the same command again to go on\n"
    records = list((folder / ".neural-gallery/paintings").rglob("record.json"))
    assert len(records) == 1
    assert not (folder / "public").exists()
