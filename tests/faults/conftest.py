"""Sites that something has happened to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result


@pytest.fixture
def built(write_site: Callable[..., Path], run: Callable[..., Result]) -> Path:
    """The folder of a small site that has been built."""
    folder = write_site().parent
    assert run("build").exit_code == 0
    return folder
