"""A small site, a painter that needs no network, the command line with it, and programs that some tests need."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, Problem
from neural_gallery.workers.messages import Job, Message, Painted, Progress

from .support.browsing import chromium
from .support.programs import require_programs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MANIFEST = """\
version: 1
site:
  title: Small
  target: html
defaults:
  size: 48
  animation: {fps: 5, frames: 4, formats: [gif, webp]}
  stills: {formats: [webp], widths: [24, 48]}
images:
  sky: {file: sky.png, alt: a sky}
  sea: {file: sea.png, alt: a sea}
  sun: {file: sun.jpg, alt: a sun}
pairs:
  - {content: sky, style: sun}
  - {content: sea, style: sun, strength: 0.7}
"""


class BlendPainter:
    """Blends content and style in as many frames as asked for, by the strength; remembers what it painted.

    `fails` names pairs that it cannot paint, `stops_at` one at which the user presses Ctrl-C.
    """

    def __init__(self) -> None:
        self.painted: list[str] = []
        self.fails: set[str] = set()
        self.stops_at = ""

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint one pair."""
        import numpy as np

        height, width, _ = job.content.shape
        style = np.zeros(job.content.shape)
        for source in job.styles:
            rows = np.arange(height) * source.rgb.shape[0] // height
            columns = np.arange(width) * source.rgb.shape[1] // width
            style += source.weight * source.rgb[rows][:, columns]
        frame = job.content
        for step in range(job.frames):
            share = job.settings.strength * step / max(1, job.frames - 1)
            frame = ((1 - share) * job.content + share * style).astype(np.uint8)
            yield Progress(step + 1, job.frames, f"painting {width} x {height}", 1.0 / (step + 1), (frame,))
            if job.name == self.stops_at:
                raise KeyboardInterrupt
            if job.name in self.fails:
                raise PaintError(Problem(None, f"'{job.name}' diverged.", "Try another seed."))
        self.painted.append(job.name)
        facts = {"steps": job.frames, "seconds": 0.25, "scales": [[48, job.frames]], "device": "test"}
        yield Painted(frame, facts, frame * np.uint16(257) if job.settings.bits == 16 else None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a person may say who wants to look at the pages."""
    group = parser.getgroup("screenshots")
    group.addoption("--screenshots", metavar="FOLDER", type=Path, help="keep the screenshots of all pages there")
    group.addoption("--painted", metavar="STORE", type=Path, help="a store, .neural-gallery, whose paintings they show")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests that need a program say so where it is missing."""
    require_programs(item)


@pytest.fixture
def painter() -> BlendPainter:
    """A painter that needs no network."""
    return BlendPainter()


@pytest.fixture
def workshop(painter: BlendPainter) -> Workshop:
    """That painter, with an identity."""
    return Workshop(painter, weights_sha256="0" * 64)


@pytest.fixture
def write_site(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small site into a folder, three pictures included, and gives its manifest.

    Called again it replaces the manifest only. `replacing` is a pair of texts: what to replace in the manifest by what.
    """

    def write(*replacing: tuple[str, str], posts: dict[str, str] | None = None) -> Path:
        manifest = MANIFEST
        for old, new in replacing:
            assert old in manifest
            manifest = manifest.replace(old, new)
        if not (tmp_path / "sky.png").exists():
            _draw_pictures(tmp_path)
        for name, text in (posts or {}).items():
            (tmp_path / name).write_text(textwrap.dedent(text))
            manifest += f"posts: ['{name}']\n"
        (tmp_path / "site.yaml").write_text(manifest)
        return tmp_path / "site.yaml"

    return write


@pytest.fixture
def run(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in the folder of the small site; what is not foreseen fails the test with its traceback."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, obj=workshop, prog_name="neural-gallery", catch_exceptions=False)

    return invoke


def _draw_pictures(folder: Path) -> None:
    import numpy as np
    from PIL import Image

    rows, columns = np.mgrid[0:60, 0:90]
    for index, name in enumerate(("sky.png", "sea.png", "sun.jpg")):
        waves = np.stack([rows * 4, columns * 2, (rows + columns) * (index + 1)], axis=-1) % 256
        Image.fromarray(waves.astype(np.uint8)).save(folder / name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it: one for all tests, because two Playwrights cannot run in one thread."""
    with chromium() as launched:
        yield launched
