"""The server of a live site, asked over a real socket."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.events import PairProgress
from neural_gallery.errors import UsageError
from neural_gallery.live.events import AllPainted
from neural_gallery.live.server import listen

from .conftest import HeldPainter, Living

Live = Callable[..., Living]


@pytest.fixture
def living(live: Live, write_site: Callable[..., Path]) -> Living:
    """The small site, nothing painted, with a secret beside it that a link in its folder leads to."""
    manifest = write_site()
    (manifest.parent / "secret.txt").write_text("secret")
    return live(manifest, paints=False)


def ask(
    living: Living, path: str, *, method: str = "GET", host: str | None = None, bytes_at_most: int = -1
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer; the path is sent exactly as given."""
    connection = http.client.HTTPConnection("127.0.0.1", living.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=host is not None)
        if host:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read() if bytes_at_most < 0 else answer.read1(bytes_at_most)
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
    finally:
        connection.close()


def test_start_page(living: Living):
    """The root is the start page, never to be kept, with the parts that keep it up to date."""
    status, headers, body = ask(living, "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert b'id="sky-sun"' in body
    assert body.index(b"/_live/live.js") < body.index(b"</head>")
    assert living.site.version.encode() in body


def test_only_pages_get_the_live_parts(living: Living):
    """Script and stylesheet of the theme are what a built site has."""
    root = Path(__file__).parents[2]
    for name in ("static/css/gallery.css", "static/js/gallery.js"):
        assert ask(living, f"/{name}")[2] == (root / name).read_bytes()


def test_own_parts(living: Living):
    """The script and the stylesheet that pages name are there; nothing else of the package is."""
    assert ask(living, "/_live/live.js")[1]["content-type"] == "text/javascript; charset=utf-8"
    assert ask(living, "/_live/live.css")[1]["content-type"] == "text/css; charset=utf-8"
    for path in ("/_live/server.py", "/_live/..%2fserver.py", "/_live/%2e%2e/server.py", "/_live/"):
        assert ask(living, path)[0] == 404


@pytest.mark.parametrize(("path", "mime"), [("sky.png", "image/png"), ("sky-24w.webp", "image/webp")])
def test_pictures_are_made_when_they_are_asked_for(living: Living, path: str, mime: str):
    """They have their types, and nothing of them is put into the store, which somebody else may hold."""
    status, headers, body = ask(living, f"/static/img/{path}")
    assert (status, headers["content-type"]) == (200, mime)
    assert body[:4] in (b"\x89PNG", b"RIFF")


def test_a_waiting_result_is_its_content(living: Living):
    """Where a result will be, its content is, at the result's size."""
    from io import BytesIO

    from PIL import Image

    status, headers, body = ask(living, "/static/img/sky-sun.png")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert Image.open(BytesIO(body)).size == (48, 32)


def test_head_has_no_body(living: Living):
    """HEAD answers like GET, without the body."""
    status, headers, body = ask(living, "/index.html", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 1000


def test_an_icon_that_nobody_made(living: Living):
    """Browsers ask for one where no page names one; that there is none is no error in their consoles."""
    assert ask(living, "/favicon.ico")[0] == 204


def test_what_is_no_file_is_not_found(living: Living):
    """Folders are not listed. The page that says so keeps itself up to date: the file may yet come."""
    for path in ("/static/", "/static", "/static/img/", "/nothing.html"):
        status, headers, body = ask(living, path)
        assert (status, headers["cache-control"]) == (404, "no-store")
        assert b"sky" not in body
        assert b"/_live/live.js" in body


OUTSIDE = (
    "/secret.txt",
    "/site.yaml",
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/static/../../secret.txt",
    "/static/img/..%5c..%5csecret.txt",
    "//secret.txt",
    "/%00",
    "/.neural-gallery/pictures.json",
)


def test_nothing_but_the_site(living: Living):
    """No path leads to a file that is not one of the site's, however it is written."""
    for path in OUTSIDE:
        status, _, body = ask(living, path)
        assert status == 404, path
        assert b"secret" not in body


def test_only_get_and_head(living: Living):
    """Other methods are refused, and the answer says which are not."""
    for method, path in itertools.product(("POST", "PUT", "DELETE", "PATCH", "OPTIONS"), ("/", "/_live/events")):
        status, headers, _ = ask(living, path, method=method)
        assert (status, set(headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


FOREIGN = (
    "example.org",
    "127.0.0.1.example.org:{port}",
    "localhost@example.org:{port}",
    "[",
    "localhost:1",
    "127.0.0.1",
)


def test_foreign_hosts_are_refused(living: Living):
    """A request that names another host or port is not answered: this is what DNS rebinding sends."""
    for host, path in itertools.product(FOREIGN, ("/", "/_live/events", "/static/img/sky.png")):
        status, headers, body = ask(living, path, host=host.format(port=living.port))
        assert (status, headers["content-type"]) == (403, "text/plain; charset=utf-8")
        assert body == b"This server answers for localhost and 127.0.0.1 only, with its port.\n"


def test_local_hosts_are_answered(living: Living):
    """Every usual name of this machine is answered, with the server's port."""
    for host in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
        assert ask(living, "/", host=f"{host}:{living.port}")[0] == 200


def test_other_sites_cannot_use_what_is_served(living: Living):
    """Pictures and the stream of events are not for pages of other origins."""
    for path in ("/static/img/sky.png", "/_live/events"):
        headers = ask(living, path, bytes_at_most=10)[1]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_listens_on_this_machine_only():
    """The address is the loopback's, and port 0 becomes a real one."""
    with listen(0) as listening:
        address, port = listening.getsockname()
    assert address == "127.0.0.1"
    assert port > 0


def test_taken_port():
    """A port in use is an error with two ways out."""
    with listen(0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UsageError) as caught:
            listen(port)
    assert str(caught.value) == (
        f"port {port} is used by another program. Choose another with --port, or any free one: --port 0."
    )


def test_the_greeting(living: Living):
    """Who listens hears first what there was to be known."""
    status, headers, body = ask(living, "/_live/events", bytes_at_most=10_000)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    retry, event, data, *_ = body.decode().split("\n")
    assert (retry, event) == ("retry: 500", "event: hello")
    told = json.loads(data.removeprefix("data: "))
    assert told == {
        "version": living.site.version,
        "problems": [],
        "waiting": [
            {"pair": "sea-sun", "still": "static/img/sea-sun.png"},
            {"pair": "sky-sun", "still": "static/img/sky-sun.png"},
        ],
        "paints": False,
        "progress": None,
    }


def test_frames_while_a_pair_is_painted(live: Live, write_site: Callable[..., Path], held: HeldPainter):
    """The newest frame stands under an address of its own and where the result will be; then the result does."""
    living = live(write_site())
    assert ask(living, "/_live/frames/sky-sun")[0] == 204
    held.let(2)
    living.until(PairProgress, lambda event: event.step == 2)
    progress = living.site.greeting()["progress"]
    assert isinstance(progress, dict)
    assert (progress["pair"], progress["still"]) == ("sky-sun", "static/img/sky-sun.png")
    assert (progress["step"], progress["steps"], progress["loss"]) == (2, 4, 0.5)
    frame = ask(living, progress["frame"])
    assert (frame[0], frame[1]["content-type"]) == (200, "image/jpeg")
    assert ask(living, "/static/img/sky-sun.png")[2] == frame[2]
    assert ask(living, "/_live/frames/sea-sun")[0] == 204
    held.let()
    living.until(AllPainted)
    assert ask(living, "/static/img/sky-sun.png")[1]["content-type"] == "image/png"
    assert ask(living, "/static/img/sky-sun-5fps.webp")[1]["content-type"] == "image/webp"


def test_the_server_ends_though_somebody_listens(living: Living):
    """An open stream does not keep the program from ending: the fixture would wait for it."""
    connection = http.client.HTTPConnection("127.0.0.1", living.port, timeout=10)
    connection.request("GET", "/_live/events")
    answer = connection.getresponse()
    assert answer.read1(10)
    living.site.broadcast.close()
    assert b"hello" in answer.read()
    connection.close()
