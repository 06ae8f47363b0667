"""The local web server, asked over a real socket."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural_gallery.errors import UsageError
from neural_gallery.serve import SiteServer, make_server


@pytest.fixture
def lines() -> list[str]:
    """What the server logs."""
    return []


@pytest.fixture
def server(tmp_path: Path, lines: list[str]) -> Iterator[SiteServer]:
    """A server for a small folder, with a secret beside the folder."""
    folder = tmp_path / "served"
    (folder / "posts").mkdir(parents=True)
    (folder / "static").mkdir()
    (folder / "index.html").write_text("<h1>start</h1>")
    (folder / "posts" / "index.html").write_text("<h1>posts</h1>")
    (folder / "static" / "a.avif").write_bytes(b"avif")
    (folder / "static" / "a.webp").write_bytes(b"webp")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    made = make_server(folder, port=0, log=lines.append)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def ask(
    server: SiteServer, path: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer; the path is sent exactly as given."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    try:
        connection.putrequest(method, path, skip_host=host is not None)
        if host:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_start_page(server: SiteServer):
    """The root is the start page, as UTF-8 HTML that a browser must ask for again."""
    status, headers, body = ask(server, "/")
    assert (status, body) == (200, b"<h1>start</h1>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"


def test_url_names_the_port(server: SiteServer):
    """Port 0 becomes a real port, which the address names."""
    assert server.server_address[1] != 0
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"


@pytest.mark.parametrize(("path", "mime"), [("/static/a.avif", "image/avif"), ("/static/a.webp", "image/webp")])
def test_modern_image_types(server: SiteServer, path: str, mime: str):
    """AVIF and WebP have their types, whatever the machine's own table says."""
    assert ask(server, path)[1]["content-type"] == mime


def test_head_has_no_body(server: SiteServer):
    """HEAD answers like GET, without the body."""
    status, headers, body = ask(server, "/index.html", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "14", b"")


def test_folder_with_an_index(server: SiteServer):
    """A folder's index page is served under the folder's address."""
    assert ask(server, "/posts/")[2] == b"<h1>posts</h1>"


def test_no_directory_listing(server: SiteServer):
    """A folder without an index page is not found; its files are not named."""
    status, _, body = ask(server, "/static/")
    assert status == 404
    assert b"a.avif" not in body


@pytest.mark.parametrize("path", ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/link.txt", "/%00"])
def test_nothing_outside_the_folder(server: SiteServer, path: str):
    """Neither dots, encoded or not, nor a symbolic link lead out of the folder."""
    status, _, body = ask(server, path)
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_get_and_head(server: SiteServer, method: str):
    """Other methods are refused, and the answer says which are not."""
    status, headers, _ = ask(server, "/", method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org:8000", "localhost@example.org", "["])
def test_foreign_hosts_are_refused(server: SiteServer, host: str):
    """A request that names another host is not answered: this is what DNS rebinding sends."""
    status, _, body = ask(server, "/", host=host)
    assert status == 421
    assert b"start" not in body


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_local_hosts_are_answered(server: SiteServer, host: str):
    """Every usual name of this machine is answered."""
    assert ask(server, "/", host=host)[0] == 200


def test_log_lines_have_no_control_characters(server: SiteServer, lines: list[str]):
    """A request cannot send escape sequences to the terminal that shows the log."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.connect()
    connection.sock.sendall(b"GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    connection.sock.recv(1000)
    connection.close()
    assert any("/?[31m" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_taken_port(server: SiteServer, tmp_path: Path):
    """A port in use is an error with two ways out."""
    port = server.server_address[1]
    with pytest.raises(UsageError) as caught:
        make_server(tmp_path, port=port)
    assert str(caught.value) == (
        f"port {port} is used by another program. Choose another with --port, or any free one: --port 0."
    )
