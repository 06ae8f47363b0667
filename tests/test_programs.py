"""Tests that need a program where there is none: skipped, or failed where the run asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .support.programs import REQUIRE

ROOT = Path(__file__).parents[1]
MISSING = "the jekyll command is not installed: apt-get install jekyll, or leave these out with -m 'not jekyll'"


@pytest.mark.parametrize(("required", "outcome", "code"), [("", "SKIPPED", 0), ("jekyll,browser", "ERROR", 1)])
def test_a_missing_program_is_told(tmp_path: Path, required: str, outcome: str, code: int) -> None:
    """A newcomer's run goes on without; one that requires the program fails."""
    told = pytest_without_programs(tmp_path, required)
    assert told.returncode == code, told.stdout + told.stderr
    (line,) = (line for line in told.stdout.splitlines() if line.startswith(outcome))
    assert MISSING in line


def test_a_misspelt_requirement_is_told(tmp_path: Path) -> None:
    """A requirement that nothing fulfils must not pass for one that is fulfilled."""
    told = pytest_without_programs(tmp_path, "jekyl")
    assert told.returncode != 0
    assert f"{REQUIRE} names jekyl; it may name jekyll, hugo, browser, cluster" in told.stdout + told.stderr


def pytest_without_programs(folder: Path, required: str) -> subprocess.CompletedProcess[str]:
    """Run one test that needs Jekyll, with nothing on the PATH."""
    test = "tests/pages/test_jekyll_build.py::test_whole_site_builds"
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--basetemp", str(folder / "base")]
    environment = os.environ | {"PATH": str(folder), REQUIRE: required, "COLUMNS": "400"}
    return subprocess.run(
        [*command, f"{test}[]"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
