"""The command line with a painter that takes a tenth of a second: `python quick_gallery.py LOG COMMAND …`.

Its pictures depend on every step before them, through a checkpoint too, so that a frame that was lost or painted twice
shows in the bytes. Each job that it begins is a line in LOG: the pair, and the step that it goes on from.
"""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.messages import Job, Message, Painted, Progress

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

STEPS = 12
PAUSE = 0.002  # seconds for a step


def picture_of(job: Job, digest: bytes) -> RGB:
    """The content in colours that the digest decides."""
    colors = np.frombuffer(digest[:3], np.uint8)
    return np.bitwise_xor(job.content, colors)


def paint(log: Path, job: Job) -> Iterator[Message]:
    """Steps that follow from each other: every second has a frame, every third a checkpoint."""
    done, digest = 0, job.name.encode()
    if job.checkpoint:
        number, _, state = job.checkpoint.partition(b" ")
        done, digest = int(number), state
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{job.name} {done}\n")
    if not done:
        yield Progress(0, STEPS, "starting", float("nan"), (picture_of(job, digest),))
    for step in range(done + 1, STEPS + 1):
        time.sleep(PAUSE)
        digest = hashlib.sha256(digest + job.content.tobytes()).digest()
        frames = (picture_of(job, digest),) if step % 2 == 0 else ()
        checkpoint = b"%d %b" % (step, digest) if step % 3 == 0 else None
        yield Progress(step, STEPS, "painting", 1 / step, frames, step / STEPS, checkpoint)
    yield Painted(picture_of(job, digest), {"steps": STEPS, "seconds": 0.1, "scales": [[32, STEPS]], "device": "test"})


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
    log = Path(sys.argv[1])
    main(sys.argv[2:], prog_name="neural-gallery", obj=Workshop(lambda job: paint(log, job), "0" * 64))
