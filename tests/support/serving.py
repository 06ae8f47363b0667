"""A server that counts what it is asked for, and can misbehave."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Recorder:
    """What the server was asked for, and how it shall misbehave. Paths have no leading slash."""

    requests: Counter[str] = field(default_factory=Counter)
    missing: set[str] = field(default_factory=set)  # answered with 404
    caching: str = "max-age=600"  # as GitHub Pages says it
    held: dict[str, threading.Event] = field(default_factory=dict)  # answered when the event is set

    def animations(self) -> Counter[str]:
        """The requests for animations only."""
        return Counter({path: count for path, count in self.requests.items() if "fps" in path})

    def hold(self, path: str) -> threading.Event:
        """Keep the answer for `path` back until the event that this returns is set."""
        return self.held.setdefault(path, threading.Event())

    def reset(self) -> None:
        """Let go of everything held, and forget."""
        for event in self.held.values():
            event.set()
        self.requests.clear()
        self.missing.clear()
        self.held.clear()
        self.caching = Recorder.caching


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and does as the recorder says."""

    def __init__(self, *args: Any, recorder: Recorder, **kwargs: Any) -> None:
        self.recorder = recorder
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Count, wait, then answer."""
        path = self.path.split("?")[0].lstrip("/")
        self.recorder.requests[path] += 1
        if path in self.recorder.held:
            self.recorder.held[path].wait(timeout=20)
        if path == "favicon.ico":  # which browsers ask for where no page names one
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return
        if path in self.recorder.missing:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            super().do_GET()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the browser gave up the download, as it should

    def send_response(self, code: int, message: str | None = None) -> None:
        """Say for how long what is found may be cached; what is not found never is."""
        super().send_response(code, message)
        if code == HTTPStatus.OK:
            self.send_header("Cache-Control", self.recorder.caching)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Served:
    """A served site: its folder, its address, and the server's recorder."""

    folder: Path
    address: str
    recorder: Recorder


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serves a folder on a free port of this machine."""
    recorder = Recorder()
    handler = functools.partial(Handler, recorder=recorder, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Served(folder, f"http://127.0.0.1:{running.server_port}", recorder)
        finally:  # also where a test fails: a thread that goes on serving keeps the whole run from ending
            recorder.reset()
            running.shutdown()
            thread.join()
