"""A small web server for looking at a built site on one's own machine.

It listens on the loopback address only, answers GET and HEAD only, lists no folders, follows no path out of the
folder it serves, and refuses requests that name another host (a web page elsewhere could otherwise read the site
through a name that it points at this machine: DNS rebinding).
"""

from __future__ import annotations

import errno
import urllib.parse
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from neural_gallery.errors import Problem, RunError, UsageError

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = frozenset({"localhost", LOOPBACK, "::1"})

_MIME_TYPES = {
    "": "application/octet-stream",
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""The same on every machine, where Python's own table reads the system's registry."""

Log = Callable[[str], None]
"""Told one line for each request."""


class SiteServer(ThreadingHTTPServer):
    """Serves one folder; `url` is where."""

    daemon_threads = True  # an open connection must not keep the program alive after Ctrl-C

    @property
    def url(self) -> str:
        """The address of the start page."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"


def make_server(folder: Path, *, port: int = 8000, log: Log = lambda line: None) -> SiteServer:
    """A server for `folder`, already listening; `serve_forever()` answers. Port 0 takes any free one.

    Raises UsageError where the port is taken, RunError where the machine refuses it otherwise.
    """
    handler = partial(_Handler, directory=str(folder.resolve()), log=log)
    try:
        return SiteServer((LOOPBACK, port), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = Problem(
                None,
                f"port {port} is used by another program.",
                "Choose another with --port, or any free one: --port 0.",
            )
            raise UsageError(problem) from error
        raise RunError(Problem(None, f"cannot listen on port {port}: {error.strerror}.")) from error


class _Handler(SimpleHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server_version = "neural-gallery"
    sys_version = ""
    timeout = 30.0  # seconds that an idle connection is kept

    def __init__(self, *arguments, directory: str, log: Log) -> None:
        self._log = log
        self.extensions_map = _MIME_TYPES
        super().__init__(*arguments, directory=directory)

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Answer with the headers of the file asked for; None where the answer is complete with that."""
        if not self._host_is_local():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, explain="This server answers for localhost only.")
            return None
        if not self._stays_inside():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: object) -> None:
        """A folder without an index page does not exist."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Every answer may be kept, but is asked for again: pages change while they are looked at."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Pass one line on, without control characters that a request may hold."""
        line = format % values
        self._log("".join(character if character.isprintable() else "?" for character in line))

    def _refuse_method(self) -> None:
        """Writing is not served. The connection ends: the body of the request stays unread."""
        self.close_connection = True
        self.send_response(HTTPStatus.METHOD_NOT_ALLOWED)
        self.send_header("Allow", "GET, HEAD")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse_method  # noqa: N815 (http.server's names)

    def _host_is_local(self) -> bool:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1:
            return False
        try:
            return urllib.parse.urlsplit(f"//{hosts[0]}").hostname in LOCAL_NAMES
        except ValueError:
            return False

    def _stays_inside(self) -> bool:
        """Also through symbolic links. A null byte is no path at all."""
        try:
            return Path(self.translate_path(self.path)).resolve().is_relative_to(self.directory)
        except ValueError:
            return False
