"""Live sites with a painter that paints when it is let."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from neural_gallery.corridor.workshop import Workshop
from neural_gallery.live.events import LiveEvent
from neural_gallery.live.server import listen, serving
from neural_gallery.live.site import LiveSite, Source
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Painter

E = TypeVar("E")

PATIENCE = 20.0
"""Seconds after which what a test waits for will not come any more."""


class HeldPainter:
    """Another painter whose every message waits to be let through."""

    def __init__(self, painter: Painter) -> None:
        self.begun: list[Job] = []
        self.left: list[str] = []  # pairs whose painting was not followed to its end
        self.painter = painter
        self._permits = threading.Semaphore(0)

    def let(self, messages: int = 10_000) -> None:
        """Let so many messages through."""
        self._permits.release(messages)

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair."""
        self.begun.append(job)
        message: Message | None = None
        try:
            for message in self.painter(job):
                assert self._permits.acquire(timeout=PATIENCE)
                yield message
        finally:
            if not isinstance(message, Painted):
                self.left.append(job.name)


@dataclass
class Living:
    """A site that is served."""

    site: LiveSite
    url: str
    folder: Path
    heard: list[LiveEvent] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _seen: int = 0

    @property
    def port(self) -> int:
        """Where the server listens."""
        return int(self.url.rstrip("/").rpartition(":")[2])

    def follow(self) -> None:
        """Hear what happens, until the site is left."""
        for event in self.site.events():
            with self._news:
                self.heard.append(event)
                self._news.notify_all()

    def until(self, kind: type[E], condition: Callable[[E], bool] = lambda event: True) -> E:
        """The next event of that kind, of those that no call before this one has passed."""

        def found() -> E | None:
            while self._seen < len(self.heard):
                event = self.heard[self._seen]
                self._seen += 1
                if isinstance(event, kind) and condition(event):
                    return event
            return None

        with self._news:
            event = self._news.wait_for(found, PATIENCE)
        assert event is not None, f"no {kind.__name__} came; heard was {self.heard}"
        return event


@pytest.fixture
def held(painter: Painter) -> HeldPainter:
    """A painter that waits."""
    return HeldPainter(painter)


@pytest.fixture
def live(held: HeldPainter) -> Iterator[Callable[..., Living]]:
    """Serves the site of a manifest on a free port, painted by the held painter."""
    with ExitStack() as stack:

        def start(manifest: Path, *, paints: bool = True) -> Living:
            folder = manifest.parent
            store = Store(folder / STORE_FOLDER)
            source = Source(folder, lambda: load_site(manifest), store, Workshop(held, "0" * 64))
            site = stack.enter_context(LiveSite(source, paints=paints))
            stack.callback(held.let)  # first of all, so that the painter comes to its end
            living = Living(site, stack.enter_context(serving(site, listen(0))), folder)
            threading.Thread(target=living.follow, daemon=True).start()
            return living

        yield start
