"""An interrupted painting goes on in the next run, with all its frames."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from neural_gallery.corridor.events import Note
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.pixels import pack_frame
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Progress

WriteSite = Callable[..., Path]


class Counter:
    """A painter of ten steps whose pictures are as bright as the number of steps done; its state is that number.

    `stops_after` is the step at which the user presses Ctrl-C. `understands` says whether it can read checkpoints,
    `diverges` whether it then fails.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.stops_after = 0
        self.understands = True
        self.diverges = False

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair, from the checkpoint if there is one."""
        done = int(job.checkpoint) if job.checkpoint and self.understands else 0
        self.begun.append(done)
        if not done:
            yield Progress(0, 10, "starting", float("nan"), (self._frame(job, 0),))
        elif self.diverges:
            raise PaintError.at(None, "no finite number.")
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


def forge(manifest: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Puts other frames into what was interrupted, with checksums that fit, as whoever may write to a place can."""
    store = Store(manifest.parent / STORE_FOLDER)
    (key,) = store.keys()
    found = store.unfinished(key, asked=4)
    assert found is not None
    found.packed = change(found.packed)
    found.frames = found.frames[:1] * len(found.packed)
    store.keep_unfinished(key, found)


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


NOISE = pack_frame(np.random.default_rng(1).integers(0, 256, (32, 48, 3)).astype(np.uint8))
BOMB = NOISE[:21] + struct.pack("<I", 16_382 << 14 | 16_382) + NOISE[25:]  # so many pixels in each direction, less one


@pytest.mark.parametrize(
    "change",
    [
        lambda packed: [packed[0], NOISE[:40] + b"\xff" * (len(NOISE) - 40), *packed[2:]],
        lambda packed: [packed[0], packed[1][:30], *packed[2:]],
        lambda packed: [BOMB],
        lambda packed: [pack_frame(np.zeros((12, 12, 3), np.uint8))],
        lambda packed: packed[:1] * 100,
    ],
    ids=["damaged", "cut off", "a bomb", "of another size", "too many"],
)
def test_frames_that_another_machine_has_forged(
    interrupted: Path, counter: Counter, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """Such a checkpoint is none: the pair is painted, and nothing large is unpacked."""
    forge(interrupted, change)
    store = run(interrupted, counter)
    assert counter.begun == [0, 0]
    assert brightness(store) == [0, 40, 80, 120, 160, 200]


def test_a_checkpoint_that_leads_nowhere(interrupted: Path, counter: Counter) -> None:
    """What fails from a checkpoint on is begun anew in the same run: else it would fail in each, on every machine."""
    counter.diverges = True
    store = Store(interrupted.parent / STORE_FOLDER)
    events = list(build(load_site(interrupted), store, Workshop(counter, weights_sha256="0" * 64)))
    assert counter.begun == [0, 6, 0]
    notes = [event.message for event in events if isinstance(event, Note)]
    assert notes == ["'sky-sun' cannot be finished from its checkpoint, and so it is begun anew"]
    assert brightness(store) == [0, 40, 80, 120, 160, 200]
