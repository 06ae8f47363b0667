"""The script that lets Atheris fuzz manifests, with a stand-in that tries every input of the folder once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..support.hostile import MANIFESTS

SCRIPT = Path(__file__).with_name("atheris_manifest.py")

# Where BROKEN is set, reading a manifest raises what it never should.
ATHERIS = """\
import contextlib
import os
from pathlib import Path


def instrument_imports(include):
    assert "neural_gallery.site" in include
    return contextlib.nullcontext()


def Setup(options, one):
    global given, tried
    given, tried = options, one


def Fuzz():
    import tests.support.trials

    def broken(path, *, cache):
        raise KeyError(path.read_text())

    if "BROKEN" in os.environ:
        tests.support.trials.load_site = broken
    print(*given[1:], sep="\\n")
    inputs = [Path(one) for one in given if not one.startswith("-")][1:]
    for file in (file for one in inputs for file in ([one] if one.is_file() else sorted(one.iterdir()))):
        tried(file.read_bytes())
        print("tried", file.name)
"""


def fuzz(folder: Path, *arguments: str, broken: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder."""
    (folder / "stand-in").mkdir(exist_ok=True)
    (folder / "stand-in/atheris.py").write_text(ATHERIS)
    environment = os.environ | {"PYTHONPATH": str(folder / "stand-in")} | ({"BROKEN": "1"} if broken else {})
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [[], ["-runs=5", "-artifact_prefix=elsewhere/"]])
def test_inputs_are_read_or_refused(tmp_path: Path, options: list[str]) -> None:
    """The folder begins with good manifests; findings go where it was started, unless the caller names a place."""
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs/bad").write_bytes(b"\xff: [")
    told = fuzz(tmp_path, *options, "inputs")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"-artifact_prefix={tmp_path}{os.sep}",
        *options,
        str(tmp_path / "inputs"),
        "tried bad",
        *(f"tried good-{number}.yaml" for number in range(len(MANIFESTS))),
    ]


def test_what_is_neither_is_found(tmp_path: Path) -> None:
    """An error that is not the program's own goes to the fuzzer; a file alone is tried, and nothing put beside it."""
    (tmp_path / "crash-1").write_text("version: 1\n")
    assert fuzz(tmp_path, "crash-1").stdout.splitlines()[-1] == "tried crash-1"
    told = fuzz(tmp_path, "crash-1", broken=True)
    assert told.returncode != 0
    assert told.stderr.splitlines()[-1] == r"KeyError: 'version: 1\n'"
    assert {path.name for path in tmp_path.iterdir()} == {"crash-1", "stand-in"}
