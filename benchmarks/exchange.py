"""Pushing paintings to an S3 server and pulling them from there: seconds and requests for each.

    python benchmarks/exchange.py [--paintings 1000] [--at-once 1 8 16]

The server is moto's, in a process of its own on this machine: it answers each request in Python, in some
milliseconds, and there is no way to it, so seconds are what both take together. `--delay` has it wait before each
answer, as a real one far away does. Requests are counted by the server.

The paintings are small, 48 x 32 pixels with four frames, and each is another: about 12 kB as an archive. Every round
pushes all of them into an empty bucket, pulls them into an empty store, and pulls again with nothing to do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from build import machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the server is that of the tests

from neural_gallery.corridor import exchange
from neural_gallery.store.records import Origin, Source
from neural_gallery.store.remote import Remote
from neural_gallery.store.sealed import digest
from neural_gallery.store.store import Store
from tests.support.s3 import BUCKET, ENVIRONMENT, s3_server


def serve(connection: Connection, delay: float) -> None:
    """Run the server until the other end closes; answer each message with the requests since the last one."""
    os.environ.update(ENVIRONMENT)
    with s3_server(delay=delay) as s3:
        connection.send(s3.url)
        while connection.recv():
            connection.send(sum(s3.asked.values()))
            s3.asked.clear()


def paint(store: Store, count: int) -> None:
    """Fill a store with noise."""
    noise = np.random.default_rng(0)
    source = Source("noise", "noise.png", "0" * 64, None, 1.0)
    for index in range(count):
        frames = list(noise.integers(0, 256, (4, 32, 48, 3), np.uint8))
        origin = Origin(f"pair-{index}", source, (source,), {}, 1, "0" * 64, {"steps": 4})
        store.add_painting(digest(index), frames[-1], None, frames, origin)


def timed(run: Iterable[object]) -> float:
    """Seconds until a run ends."""
    begun = time.monotonic()
    deque(run, maxlen=0)
    return time.monotonic() - begun


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--paintings", type=int, default=1000)
    parser.add_argument("--at-once", type=int, nargs="+", default=[exchange.AT_ONCE])
    parser.add_argument("--delay", type=float, default=0.0, help="milliseconds")
    arguments = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, arguments.delay / 1000))
    server.start()
    options = {"endpoint_url": here.recv()}
    print(f"{machine()}; {arguments.paintings} paintings, {arguments.delay:g} ms before each answer\n")
    print("| at once | run | seconds | ms a painting | requests | requests a painting |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "here")
        paint(store, arguments.paintings)
        for at_once in arguments.at_once:
            exchange.AT_ONCE = at_once
            remote = Remote(f"s3://{BUCKET}/{at_once}", options)
            other = Store(Path(folder) / f"there-{at_once}")
            for name, run in (
                ("push", exchange.push(store, remote, None)),
                ("pull", exchange.pull(other, remote, None)),
                ("pull again", exchange.pull(other, remote, None)),
            ):
                here.send(True)
                here.recv()
                seconds = timed(run)
                here.send(True)
                asked, count = here.recv(), arguments.paintings
                each = f"{1000 * seconds / count:.1f} | {asked} | {asked / count:.3f}"
                print(f"| {at_once} | {name} | {seconds:.1f} | {each} |")
            assert other.records() == store.records()
    here.send(False)
    server.join()


if __name__ == "__main__":
    main()
