"""A painter that takes its time, on a clock that a test moves: nothing waits."""

from __future__ import annotations

from collections.abc import Iterator

from neural_gallery.workers.messages import Job, Message, Painted, Progress


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


class SlowPainter:
    """Paints in steps of one second, from the content to the style's mean; its state is the number of steps done.

    It sends checkpoints as often as it is asked to, or else every 15 seconds, and goes on from them. Nothing it makes
    depends on when it was interrupted. `begun` are the pairs it was given, each with the steps done before; `done` how
    far it came.
    """

    def __init__(self, clock: Clock, *, steps: int = 40) -> None:
        self.clock = clock
        self.steps = steps
        self.begun: list[tuple[str, int]] = []
        self.done: dict[str, int] = {}
        self.jobs: list[Job] = []

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair."""
        self.jobs.append(job)
        done = int(job.checkpoint or b"0")
        self.begun.append((job.name, done))
        every, saved = job.checkpoint_every or 15.0, self.clock.now
        sampled = {round(k * self.steps / (job.frames - 1)) for k in range(job.frames)}
        if not done:
            yield Progress(0, self.steps, "starting", float("nan"), (self._frame(job, 0),))
        for step in range(done + 1, self.steps + 1):
            self.clock.now += 1
            self.done[job.name] = step
            state = None
            if self.clock.now - saved >= every:
                state, saved = str(step).encode(), self.clock.now
            frames = (self._frame(job, step),) if step in sampled else ()
            yield Progress(step, self.steps, "painting", 1.0, frames, step / self.steps, state)
        yield Painted(self._frame(job, self.steps), {"steps": self.steps, "seconds": float(self.steps)})

    def _frame(self, job: Job, step: int):
        import numpy as np

        share = job.settings.strength * step / self.steps
        mean = sum(style.weight * style.rgb.mean((0, 1)) for style in job.styles)
        return ((1 - share) * job.content + share * mean).astype(np.uint8)
