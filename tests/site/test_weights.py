"""`weights:` in the manifest: the file is found, and its hash is remembered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.errors import Location
from neural_gallery.site import memory
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Site, WeightsFile

Load = Callable[[str], Site]
Told = Callable[[str], list[str]]
EMPTY = "version: 1\nimages: {}\npairs: []\n"


def test_no_weights(load: Load) -> None:
    """Without the key the package's weights are used."""
    assert load(EMPTY).weights is None


def test_weights(load: Load, folder: Path) -> None:
    """The file's path, as written and in full, its hash, and the place where it is named."""
    (folder / "nets").mkdir()
    (folder / "nets" / "vgg.npz").write_bytes(b"weights")
    assert load(EMPTY + "weights: nets/vgg.npz\n").weights == WeightsFile(
        folder / "nets" / "vgg.npz",
        "nets/vgg.npz",
        hashlib.sha256(b"weights").hexdigest(),
        Location("site.yaml", 4, 10),
    )


def test_problems_of_weights(told: Told, folder: Path) -> None:
    """A file that is missing, outside, a folder or no text is told with its place."""
    (folder / "vgg.npz").write_bytes(b"weights")
    assert told(EMPTY + "weights: vgg.npy\n") == ["4:10: there is no file 'vgg.npy'. Did you mean 'vgg.npz'?"]
    assert told(EMPTY + "weights: other/file\n") == [
        "4:10: there is no file 'other/file'. Correct the path; it is relative to the manifest's folder."
    ]
    assert told(EMPTY + "weights: .\n") == [
        "4:10: weights is '.', which is not a file. Name a file with the network's weights."
    ]
    assert told(EMPTY + "weights: ../vgg.npz\n") == [
        "4:10: the path '../vgg.npz' leads out of the site's folder. Use a path inside it, or give --allow-outside."
    ]
    assert [line.split(" ")[0] for line in told(EMPTY + "weights: [a, b]\n")] == ["4:10:"]


def test_the_hash_is_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is read once, until it changes, even where size and time of writing stay the same."""
    (folder / "site.yaml").write_text(EMPTY + "weights: vgg.npz\n")
    (folder / "vgg.npz").write_bytes(b"weights")
    read: list[Path] = []
    hashing = memory.file_sha256
    monkeypatch.setattr(memory, "file_sha256", lambda path: read.append(path) or hashing(path))

    def loaded() -> str:
        weights = load_site(Path("site.yaml"), cache=ProbeCache(folder / "cache.json")).weights
        assert weights is not None
        return weights.sha256

    assert [loaded(), loaded()] == [hashlib.sha256(b"weights").hexdigest()] * 2
    assert len(read) == 1
    times = (folder / "vgg.npz").stat()
    (folder / "vgg.npz").write_bytes(b"WEIGHTS")
    os.utime(folder / "vgg.npz", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [loaded(), loaded()] == [hashlib.sha256(b"WEIGHTS").hexdigest()] * 2
    assert len(read) == 2
