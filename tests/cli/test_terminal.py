"""The commands on a terminal: a pseudo-terminal, with a real process behind it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import neural_gallery

pty = pytest.importorskip("pty", reason="only POSIX systems have pseudo-terminals")

GALLERY = """
import sys, time
from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.messages import Painted, Progress

def paint(job):
    for step in range(1, 4):
        time.sleep(0.15)
        yield Progress(step, 3, "painting", 1.0, (job.content,))
    yield Painted(job.content, {"seconds": 0.5})

main(sys.argv[1:], prog_name="neural-gallery", obj=Workshop(paint, "0" * 64))
"""


def on_terminal(folder: Path, *arguments: str) -> str:
    """All that a command writes to a terminal of 100 columns, escape sequences removed."""
    ours, theirs = pty.openpty()
    environment = {
        "PYTHONPATH": str(Path(neural_gallery.__file__).parents[1]),
        "TERM": "xterm",
        "COLUMNS": "100",
        "LINES": "30",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", GALLERY, *arguments], cwd=folder, env=environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how Linux says that the other side has closed it
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()).replace("\r", "\n")


def test_build_on_a_terminal(write_site: Callable[..., Path]):
    """Bars while it works, a line for each pair, and the summary at the end."""
    seen = on_terminal(write_site().parent, "build")
    assert "0 of 2" in seen
    assert re.search(r"[23]/3 painting", seen)
    assert re.search(r"\d+ s left", seen)
    assert re.search(r"painted sky-sun in \d+ s\n", seen)
    assert "painted 2 pairs, reused 0; wrote" in seen
    assert seen.rstrip().endswith("open public/index.html")


def test_plan_on_a_terminal(write_site: Callable[..., Path]):
    """A plan is a table."""
    folder = write_site().parent
    on_terminal(folder, "paint", "sky-sun", "-q")
    lines = [line.split() for line in on_terminal(folder, "plan").splitlines() if line]
    assert lines[0] == ["pair", "size", "state", "why", "about"]
    assert lines[1] == ["sky-sun", "48", "x", "32", "fresh"]
    assert lines[2][:7] == ["sea-sun", "48", "x", "32", "to", "paint", "never"]
