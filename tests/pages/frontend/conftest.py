"""A server that counts and can misbehave, and a browser whose console must stay clean."""

from __future__ import annotations

import functools
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .fixture_site import write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
class Gallery:
    """The fixture site: its folder, its address, and the server's recorder."""

    folder: Path
    address: str
    recorder: Recorder


@pytest.fixture(scope="package")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site on disk, with the theme's own CSS and JavaScript."""
    folder = tmp_path_factory.mktemp("gallery")
    write_site(folder)
    return folder


@pytest.fixture(scope="package")
def server(site_folder: Path) -> Iterator[Gallery]:
    """The site served on a free port of this machine."""
    recorder = Recorder()
    handler = functools.partial(Handler, recorder=recorder, directory=str(site_folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield Gallery(site_folder, f"http://127.0.0.1:{running.server_port}", recorder)
        recorder.reset()
        running.shutdown()
        thread.join()


@pytest.fixture
def gallery(server: Gallery) -> Iterator[Gallery]:
    """The served site, its recorder fresh."""
    server.recorder.reset()
    yield server
    server.recorder.reset()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the chromium command is not installed")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, gallery: Gallery) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the site; what the context accepts goes through. The console must stay clean."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_it(name: str, *, base: str = gallery.address, quiet: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        if quiet:
            page.on("console", lambda message: said.append(message.text))
        page.goto(f"{base}/{name}.html", wait_until="load")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert said == [], "the console must stay clean"
