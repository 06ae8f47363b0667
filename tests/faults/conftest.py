"""The command line in this process, for sites that something has happened to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from neural_gallery.cli import main
from neural_gallery.corridor.workshop import Workshop


@pytest.fixture
def run(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in the folder of the small site; what is not foreseen fails the test with its traceback."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, obj=workshop, prog_name="neural-gallery", catch_exceptions=False)

    return invoke


@pytest.fixture
def built(write_site: Callable[..., Path], run: Callable[..., Result]) -> Path:
    """The folder of a small site that has been built."""
    folder = write_site().parent
    assert run("build").exit_code == 0
    return folder
