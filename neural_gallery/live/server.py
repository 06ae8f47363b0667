"""The web server: pages, pictures, frames, and the stream of what happens.

It listens on the loopback address only, answers GET and HEAD only, and refuses requests that name another host or port:
a web page elsewhere could otherwise read the site through a name that it points at this machine (DNS rebinding). It
opens no file that a request names: what it answers is looked up among the files of the site.
"""

from __future__ import annotations

import errno
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

from neural_gallery.errors import NeuralGalleryError, Problem, RunError, UsageError
from neural_gallery.live.markup import PROBLEMS_PAGE, missing_page, problems_page, with_live_parts
from neural_gallery.live.site import LiveSite
from neural_gallery.live.state import FRAMES
from neural_gallery.store.quarantine import DamagedError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from neural_gallery.corridor.preview import Asset

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = ("localhost", LOOPBACK, "[::1]")

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer: pages change while they are looked at, and nobody else is to look at them."""

_OWN = {"live.js": "text/javascript", "live.css": "text/css"}


def listen(port: int) -> socket.socket:
    """A socket that listens on this machine only. Port 0 takes any free one.

    Raises UsageError where the port is taken, RunError where the machine refuses it otherwise.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # where it would take the port from another program
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            remedy = "Choose another with --port, or any free one: --port 0."
            raise UsageError(Problem(None, f"port {port} is used by another program.", remedy)) from error
        raise RunError(Problem(None, f"cannot listen on port {port}: {error.strerror}.")) from error
    return listening


@contextmanager
def serving(site: LiveSite, listening: socket.socket) -> Iterator[str]:
    """Within this, the site is served, in a thread; gives its address."""
    import uvicorn

    port = listening.getsockname()[1]
    config = uvicorn.Config(
        make_app(site, port),
        log_config=None,
        log_level="error",
        access_log=False,
        lifespan="off",
        http="h11",
        ws="none",
        loop="asyncio",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{port}/"
    finally:
        site.broadcast.close()
        server.should_exit = True
        thread.join(5)
        listening.close()


def make_app(site: LiveSite, port: int) -> Starlette:
    """The application that answers requests for that port."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    async def events(request: Request) -> Response:
        stream = site.broadcast.listen(site.greeting)
        return StreamingResponse(stream, headers=HEADERS, media_type="text/event-stream")

    def own(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _OWN:
            return _missing(site)
        data = (resources.files("neural_gallery.live") / "static" / name).read_bytes()
        return Response(data, headers=HEADERS, media_type=_OWN[name])

    def frame(request: Request) -> Response:
        return _frame(site, request.path_params["pair"])

    def file(request: Request) -> Response:
        return _file(site, request.path_params["path"])

    routes = [
        Route("/_live/events", events),
        Route(f"{FRAMES}{{pair}}", frame),
        Route("/_live/{name}", own),
        Route("/{path:path}", file),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_LocalOnly, port=port)])


class _LocalOnly:
    """Answers nothing that is not asked of this very server."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}".encode() for name in LOCAL_NAMES}
        if port == 80:  # which browsers do not say
            self._hosts |= {name.encode() for name in LOCAL_NAMES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or hosts[0] not in self._hosts:
                from starlette.responses import PlainTextResponse

                told = "This server answers for localhost and 127.0.0.1 only, with its port.\n"
                await PlainTextResponse(told, 403, headers=HEADERS)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _file(site: LiveSite, path: str) -> Response:
    """A file of the site; a folder stands for its index page. While there is no site, what keeps it from being."""
    from starlette.responses import RedirectResponse, Response

    if site.preview is None:
        return _page(site, problems_page(site.problems), mark=PROBLEMS_PAGE)
    asset = site.find(f"{path}index.html" if path.endswith("/") or not path else path)
    if asset is None:
        if site.find(f"{path}/index.html") is not None:
            return RedirectResponse(f"/{path}/", headers=HEADERS)
        return Response(status_code=204, headers=HEADERS) if path == "favicon.ico" else _missing(site)
    for pair in site.preview.waiting:
        if site.preview.stills[pair] == path and site.progress.frame(pair) is not None:
            return _frame(site, pair)
    return _answer(site, asset)


def _answer(site: LiveSite, asset: Asset) -> Response:
    from starlette.responses import PlainTextResponse, Response

    version = site.version  # before reading: a page that changes meanwhile is rather loaded once too often
    try:
        try:
            data = asset.read()
        except DamagedError:
            data = asset.read()  # what was damaged is out of the way, and so is made again
    except (NeuralGalleryError, OSError) as error:
        return PlainTextResponse(f"{error}\n", 500, headers=HEADERS)
    if asset.type == "text/html":
        data = with_live_parts(data, version)
    return Response(data, headers=HEADERS, media_type=asset.type)


def _frame(site: LiveSite, pair: str) -> Response:
    from starlette.responses import Response

    from neural_gallery.store.stills import encode_still

    frame = site.progress.frame(pair)
    if frame is None:  # not any more: no error for consoles to tell of
        return Response(status_code=204, headers=HEADERS)
    data = encode_still(frame, None, format="jpeg", width=frame.shape[1])
    return Response(data, headers=HEADERS, media_type="image/jpeg")


def _missing(site: LiveSite) -> Response:
    return _page(site, missing_page(), status=404)


def _page(site: LiveSite, html: str, *, status: int = 200, mark: str = "") -> Response:
    from starlette.responses import Response

    data = with_live_parts(html.encode(), site.version, mark=mark)
    return Response(data, status, headers=HEADERS, media_type="text/html")
