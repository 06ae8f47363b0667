"""Pictures that somebody edits while the program is at work: no result is kept under the name of another picture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.workers.messages import Job, Message

from ..conftest import BlendPainter
from ..support.killing import tree

Run = Callable[..., Result]
WriteSite = Callable[..., Path]


class Editing(BlendPainter):
    """Somebody else writes another picture into `sea.png`, while the first pair is painted."""

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint a pair."""
        shutil.copyfile("sun.png", "sea.png")
        yield from super().__call__(job)


@pytest.fixture
def folder(write_site: WriteSite, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small site, and another picture as large as `sea.png`."""
    from PIL import Image, ImageOps

    folder = write_site().parent
    monkeypatch.chdir(folder)
    with Image.open("sea.png") as sea:
        ImageOps.invert(sea.convert("RGB")).save("sun.png")
    return folder


def build(painter: BlendPainter) -> Result:
    """The command, with that painter."""
    obj = Workshop(painter, "0" * 64)
    return CliRunner().invoke(main, ["build"], obj=obj, prog_name="neural-gallery", catch_exceptions=False)


def test_a_picture_that_is_edited_while_another_pair_is_painted(folder: Path) -> None:
    """Its own pair fails; with the old picture back, the site is what it would have been without the edit."""
    original = (folder / "sea.png").read_bytes()
    disturbed = build(Editing())
    assert disturbed.exit_code == 1
    assert "the file 'sea.png' has changed since the manifest was read. Run the command again." in disturbed.stderr
    assert build(BlendPainter()).exit_code == 0
    (folder / "sea.png").write_bytes(original)
    assert build(BlendPainter()).exit_code == 0
    found = tree(folder / "public")
    shutil.rmtree(folder / "public")
    shutil.rmtree(folder / ".neural-gallery")
    assert build(BlendPainter()).exit_code == 0
    assert tree(folder / "public") == found


def test_a_copy_with_the_time_of_another_file(folder: Path) -> None:
    """Copied with its time of writing, and as large as what was there: the picture is another one all the same."""
    for name in ("sea", "sun"):
        file = folder / f"{name}.png"
        file.write_bytes(file.read_bytes().ljust(9999, b"\0"))  # after its end, a PNG file may have anything
        os.utime(file, (1e9, 1e9))
    memory = folder / "memory.json"
    cache = ProbeCache(memory)
    before = load_site(folder / "site.yaml", cache=cache).images["sea"].sha256
    cache.save()
    shutil.copy2(folder / "sun.png", folder / "sea.png")
    assert load_site(folder / "site.yaml", cache=ProbeCache(memory)).images["sea"].sha256 != before
