"""A site of six pairs, painted by one process to compare with, and a cluster of three processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neural_gallery.corridor.events import Event
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

from ..support.crewed import Crewed

WriteSite = Callable[..., Path]
Files = dict[str, bytes]

PAIRS = ("sky-sun", "sea-sun", "sun-sky", "sea-sky", "sky-sea", "sun-sea")
MORE = "".join(f"  - {{content: {pair.split('-')[0]}, style: {pair.split('-')[1]}}}\n" for pair in PAIRS[2:])
LAST = "  - {content: sea, style: sun, strength: 0.7}\n"
ROOT = Path(__file__).parents[2]


def files(folder: Path) -> Files:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def workers_find_tests() -> Iterator[None]:
    """Processes that are started find the package and the painters of tests, as this one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ":".join([str(ROOT), *filter(None, sys.path)]))
        yield


@pytest.fixture
def manifest(write_site: WriteSite) -> Path:
    """The site of six pairs."""
    return write_site((LAST, LAST + MORE))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where painters note what they do."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def told(manifest: Path) -> list[Event]:
    """What the last build told, up to its end or failure."""
    return []


@pytest.fixture
def built(manifest: Path, told: list[Event]) -> Callable[..., Files]:
    """Builds the site, and gives what is published."""

    def run(workshop: Workshop, **options: object) -> Files:
        told.clear()
        for event in build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop, **options):
            told.append(event)
        return files(manifest.parent / "public")

    return run


@pytest.fixture
def serially(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What one process publishes, which paints pair after pair, undisturbed."""
    folder = tmp_path_factory.mktemp("serially")
    for path in manifest.parent.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    workshop = Workshop(Crewed(folder, seconds=0), "0" * 64)
    list(build(load_site(folder / "site.yaml"), Store(folder / STORE_FOLDER), workshop))
    return files(folder / "public")


@contextmanager
def cluster_of(workers: int, **more: object) -> Iterator[str]:
    """The address of a scheduler with so many worker processes."""
    import logging

    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    with LocalCluster(n_workers=workers, silence_logs=logging.CRITICAL + 1, **(options | more)) as cluster:
        yield cluster.scheduler_address
