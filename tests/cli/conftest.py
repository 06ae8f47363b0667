"""The command line, run in this process with a painter that needs no network."""

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
