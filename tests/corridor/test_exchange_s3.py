"""Paintings go through a real S3 server: many machines send at once, one collects, and damage stops nothing."""

from __future__ import annotations

import shutil
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import s3fs

from neural_gallery.corridor.events import Note, Transferred
from neural_gallery.corridor.exchange import Wanted, pull, push, wanted_by
from neural_gallery.corridor.run import build, paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import RemoteError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site
from neural_gallery.store.archives import pack, read_label, unpack
from neural_gallery.store.remote import Remote
from neural_gallery.store.store import Store

from ..support.s3 import BUCKET, ENVIRONMENT, FORBIDDEN, S3, s3_server

SHARDS = 5
PAIRS = ["sky-sun", "sea-sun", "sun-sky", "sun-sea", "sky-sea", "sea-sky"]
MANIFEST_PAIRS = (
    "  - {content: sky, style: sun}\n  - {content: sea, style: sun, strength: 0.7}\n",
    "".join("  - {{content: {}, style: {}}}\n".format(*pair.split("-")) for pair in PAIRS),
)


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    """One server for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        with s3_server() as running:
            yield running


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """That server, with an empty bucket and credentials for it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(**server.options, skip_instance_cache=True, use_listings_cache=False)
    if found := files.find(BUCKET):
        files.rm(found)
    server.asked.clear()
    return server


@pytest.fixture
def remote(s3: S3) -> Remote:
    """A folder in its bucket."""
    return Remote(f"s3://{BUCKET}/site", s3.options)


@pytest.fixture
def site(write_site: Callable[..., Path]) -> Site:
    """Of six pairs."""
    return load_site(write_site(MANIFEST_PAIRS))


@pytest.fixture
def wanted(site: Site, workshop: Workshop) -> Wanted:
    """All of them."""
    return wanted_by(site, workshop)


def transferred(events: list) -> list[str]:
    """The pairs that went, sorted."""
    return sorted(event.transfer.pair for event in events if isinstance(event, Transferred))


def notes(events: list) -> list[str]:
    """What was told besides."""
    return [event.message for event in events if isinstance(event, Note)]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def no_painter(job: object) -> Iterator[object]:
    """A painter that must not be needed."""
    raise AssertionError("nothing is to be painted")


def test_shards_send_at_the_same_time_and_one_job_collects(
    s3: S3, remote: Remote, site: Site, wanted: Wanted, workshop: Workshop, tmp_path: Path
) -> None:
    """Each has two pairs, one of them its neighbour's too. The collected site is that of a machine that painted all."""
    alone = Store(tmp_path / "alone")
    list(build(site, alone, workshop))
    reference = files_of(site.output)
    shutil.rmtree(site.output)

    shards = []
    for number in range(SHARDS):
        shards.append(Store(tmp_path / f"shard-{number}"))
        list(paint(site, shards[-1], workshop, pair_ids=PAIRS[number : number + 2]))
    together, sent = threading.Barrier(SHARDS), []

    def send(shard: Store) -> None:
        there = Remote(remote.url, s3.options)
        together.wait()
        sent.extend(transferred(list(push(shard, there, wanted))))

    threads = [threading.Thread(target=send, args=[shard]) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(sent) == set(PAIRS)

    collected = Store(tmp_path / "collected")
    assert transferred(list(pull(collected, remote, wanted))) == sorted(PAIRS)
    list(build(site, collected, Workshop(no_painter, workshop.weights_sha256)))  # type: ignore[arg-type]
    assert files_of(site.output) == reference


def test_a_painting_is_one_request_and_listing_does_not_grow_with_them(
    s3: S3, remote: Remote, here: Store, wanted: Wanted, tmp_path: Path
) -> None:
    """Ten thousand pairs must not cost ten thousand questions."""
    empty = Counter(GET=2, HEAD=1)  # s3fs makes sure, by asking for two things more, that nothing is there
    list(push(here, remote, wanted))
    assert s3.asked == empty + empty + Counter(PUT=len(PAIRS))
    s3.asked.clear()
    list(pull(Store(tmp_path / "there"), remote, wanted))
    assert s3.asked == Counter(GET=1) + empty + Counter(GET=len(PAIRS))
    s3.asked.clear()
    list(push(here, remote, wanted))
    assert s3.asked == Counter(GET=1) + empty


def test_what_is_damaged_on_the_server_is_named_and_stops_nothing(
    s3: S3, remote: Remote, here: Store, wanted: Wanted, tmp_path: Path
) -> None:
    """One is tampered with, one cut short, one lacks its record under a name that is true: three of six arrive."""
    list(push(here, remote, wanted))
    files = s3fs.S3FileSystem(**s3.options, skip_instance_cache=True)
    by_key = {path.split("/")[-1][:64]: path for path in files.find(BUCKET)}
    tampered, torn, headless = (by_key[wanted.pairs[pair]] for pair in PAIRS[:3])
    data = files.cat_file(tampered)
    files.pipe_file(tampered, data[:300] + bytes([data[300] ^ 1]) + data[301:])
    files.pipe_file(torn, files.cat_file(torn)[:-200])
    label = read_label(headless.removeprefix(f"{BUCKET}/site/"))
    assert label is not None
    inside = unpack(label, files.cat_file(headless))
    del inside["record.json"]
    forged, data = pack(label.shelf, label.key, label.asked, label.frames, inside)
    files.rm_file(headless)
    files.pipe_file(f"{BUCKET}/site/{forged.path}", data)

    there = Store(tmp_path / "there")
    events = list(pull(there, remote, wanted))
    assert transferred(events) == sorted(PAIRS[3:])
    assert sorted(notes(events)) == sorted(
        f"refused s3://{path}: it {reason}; it counts as absent"
        for path, reason in (
            (tampered, "does not match the checksum in its name"),
            (torn, "does not match the checksum in its name"),
            (f"{BUCKET}/site/{forged.path}", "record.json is missing"),
        )
    )
    assert all(there.painting(wanted.pairs[pair]) is None for pair in PAIRS[:3])
    # A machine that has them sends them once more; what has another name stays in nobody's way.
    list(push(here, remote, wanted, replace=True))
    assert transferred(list(pull(there, remote, wanted))) == sorted(PAIRS[:3])


def test_a_bucket_that_is_forbidden_is_told(s3: S3, here: Store, wanted: Wanted) -> None:
    """Reading fails and writing fails, each with the place and what to do."""
    forbidden = Remote(f"s3://{FORBIDDEN}/site", s3.options)
    for run in (push(here, forbidden, wanted), pull(here, forbidden, None)):
        with pytest.raises(RemoteError) as caught:
            list(run)
        assert str(caught.value) == (
            f"cannot list s3://{FORBIDDEN}/site: Access Denied. Give these credentials the right to list, read and "
            "write there, then run it again."
        )


def test_a_bucket_that_is_not_there_is_told(s3: S3, here: Store, wanted: Wanted) -> None:
    """A misspelt name must not pass for an empty place when something is sent."""
    with pytest.raises(RemoteError, match=r"^cannot (list|write to) s3://galery/site: .*Make it, or mend the URL\.$"):
        list(push(here, Remote("s3://galery/site", s3.options), wanted))


def test_a_server_that_does_not_answer_is_told(s3: S3, here: Store, wanted: Wanted) -> None:
    """Nobody listens at that port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"endpoint_url": f"http://127.0.0.1:{port}", "config_kwargs": {"retries": {"max_attempts": 0}}}
    with pytest.raises(RemoteError) as caught:
        list(pull(here, Remote(f"s3://{BUCKET}/site", options), wanted))
    assert str(caught.value) == (
        f'cannot list s3://{BUCKET}/site: Could not connect to the endpoint URL: "http://127.0.0.1:{port}/{BUCKET}. '
        "See that it can be reached, and that the credentials are its. Everything that has arrived is kept: run the "
        "same command again to go on."
    )
