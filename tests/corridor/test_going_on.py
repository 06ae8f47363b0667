"""An interrupted painting goes on in the next run, with all its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Progress

WriteSite = Callable[..., Path]


class Counter:
    """A painter of ten steps whose pictures are as bright as the number of steps done; its state is that number.

    `stops_after` is the step at which the user presses Ctrl-C. `understands` says whether it can read checkpoints.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.stops_after = 0
        self.understands = True

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair, from the checkpoint if there is one."""
        done = int(job.checkpoint) if job.checkpoint and self.understands else 0
        self.begun.append(done)
        if not done:
            yield Progress(0, 10, "starting", float("nan"), (self._frame(job, 0),))
        for step in range(done + 1, 11):
            frames = (self._frame(job, step),) if step % 2 == 0 else ()
            state = str(step).encode() if step % 3 == 0 else None
            yield Progress(step, 10, "painting", 1.0, frames, step / 10, state)
            if step == self.stops_after:
                raise KeyboardInterrupt
        yield Painted(self._frame(job, 10), {"steps": 10, "seconds": 1.0})

    def _frame(self, job: Job, brightness: int) -> np.ndarray:
        return np.full_like(job.content, 20 * brightness)


@pytest.fixture
def counter() -> Counter:
    """A painter that counts."""
    return Counter()


def run(manifest: Path, counter: Counter) -> Store:
    """Build the site of one pair in a new process, as far as it goes."""
    store = Store(manifest.parent / STORE_FOLDER)
    list(build(load_site(manifest), store, Workshop(counter, weights_sha256="0" * 64)))
    return store


@pytest.fixture
def interrupted(write_site: WriteSite, counter: Counter) -> Path:
    """A site whose only pair was interrupted after eight of ten steps; the last checkpoint is of the sixth."""
    manifest = write_site(("  - {content: sea, style: sun, strength: 0.7}\n", ""))
    counter.stops_after = 8
    with pytest.raises(KeyboardInterrupt):
        run(manifest, counter)
    counter.stops_after = 0
    return manifest


def brightness(store: Store) -> list[int]:
    """Of the frames of the only painting."""
    (record,) = store.records()
    painting = store.painting(record.key)
    assert painting is not None
    return [int(painting.frame(index)[0, 0, 0]) for index in range(record.frames)]


def test_the_next_run_goes_on(interrupted: Path, counter: Counter) -> None:
    """From the last checkpoint, and the animation has each frame once."""
    store = run(interrupted, counter)
    assert counter.begun == [0, 6]
    assert brightness(store) == [0, 40, 80, 120, 160, 200]


def test_nothing_of_it_is_left(interrupted: Path, counter: Counter) -> None:
    """Once it is painted, the store has no unfinished painting any more."""
    assert list((interrupted.parent / STORE_FOLDER / "unfinished").rglob("state"))
    run(interrupted, counter)
    assert not list((interrupted.parent / STORE_FOLDER / "unfinished").rglob("*"))


def test_a_painter_that_cannot_go_on_begins_anew(interrupted: Path, counter: Counter) -> None:
    """The frames from before are not mixed with the new ones."""
    counter.understands = False
    store = run(interrupted, counter)
    assert counter.begun == [0, 0]
    assert brightness(store) == [0, 40, 80, 120, 160, 200]


@pytest.mark.parametrize(
    "change", [("size: 48", "size: 40"), ("frames: 4", "frames: 9"), ("defaults:", "defaults:\n  seed: 5")]
)
def test_a_change_begins_anew(
    interrupted: Path, counter: Counter, write_site: WriteSite, change: tuple[str, str]
) -> None:
    """Another size, other frames, another seed: what was begun is of no use."""
    run(write_site(("  - {content: sea, style: sun, strength: 0.7}\n", ""), change), counter)
    assert counter.begun == [0, 0]
