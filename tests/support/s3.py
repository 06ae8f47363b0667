"""A real S3 server in this process, which counts what it is asked for, and credentials that are good there only."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET, FORBIDDEN = "gallery", "forbidden"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",  # nobody is asked for other credentials
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""What has to stand in the environment of whoever uses the server."""

_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class _Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Not even this."""


@dataclass
class S3:
    """The server. It has one bucket that may be used, and refuses whatever concerns another."""

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)  # by method
    delay: float = 0.0
    _app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    @property
    def options(self) -> Mapping[str, object]:
        """For fsspec's file system."""
        return {"endpoint_url": self.url}

    def __call__(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        self.asked[environment["REQUEST_METHOD"]] += 1
        time.sleep(self.delay)
        if environment["PATH_INFO"].startswith(f"/{FORBIDDEN}"):
            start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(_DENIED)))])
            return [_DENIED]
        return self._app(environment, start)


@contextmanager
def s3_server(*, delay: float = 0.0) -> Iterator[S3]:
    """A server with its bucket, while it is needed. It waits `delay` seconds before each answer."""
    import s3fs

    s3 = S3(delay=delay)
    server = make_server("127.0.0.1", 0, s3, threaded=True, request_handler=_Silent)
    s3.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        s3fs.S3FileSystem(**s3.options, skip_instance_cache=True).mkdir(BUCKET)
        s3.asked.clear()
        yield s3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
