"""The command line with the real painter, which keeps a checkpoint of every chunk.

As in `quick_gallery.py`, each job that it begins is a line in LOG: the pair, and the step that it goes on from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.local import painter_with_cache, weights_sha256
from neural_gallery.workers.messages import Job, Message, Painted


def paint(log: Path, job: Job) -> Iterator[Message]:
    """Paint one pair."""
    from neural_gallery.studio import painting
    from neural_gallery.studio.checkpoint import read_checkpoint

    painting.CHECKPOINT_EVERY = 0.0
    resumed = read_checkpoint(job.checkpoint) if job.checkpoint else None
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{job.name} {resumed.done if resumed else 0}\n")
    for message in painter_with_cache(Path(".neural-gallery/compiled").absolute())(job):
        if isinstance(message, Painted):  # pages tell how long it took, which is never the same
            message = replace(message, facts={**message.facts, "seconds": 1.0})
        yield message


if __name__ == "__main__":
    log = Path(sys.argv[1])
    main(sys.argv[2:], prog_name="neural-gallery", obj=Workshop(lambda job: paint(log, job), weights_sha256()))
