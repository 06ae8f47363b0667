"""A runner of GitHub's for a workflow's shell steps: bash in a checkout, with stand-ins for what a runner installs.

The stand-ins are on the PATH, `neural-gallery` with a painter that gives the content back among them. Expressions are
replaced by what GitHub would put there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

# `neural-gallery` with a painter that gives the content back.
COMMAND = f"""\
#!{sys.executable}
import sys

sys.path.insert(0, {str(ROOT)!r})

from neural_gallery.cli.main import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.messages import Painted, Progress


def painter(job):
    for step in range(job.frames):
        yield Progress(step + 1, job.frames, "painting", 1.0, (job.content,))
    yield Painted(job.content, {{"seconds": 1.0}})


main(prog_name="neural-gallery", obj=Workshop(painter, weights_sha256="0" * 64))
"""
RECORDER = '#!/bin/sh\necho "$(basename "$0") $*" >> "$RECORD"\n'


@dataclass(frozen=True)
class Runner:
    """A folder with a checkout, and what stands in for a runner's programs."""

    checkout: Path
    programs: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Runner:
        """A runner with its stand-ins, and an empty checkout."""
        runner = cls(folder / "checkout", folder / "programs")
        runner.checkout.mkdir()
        runner.programs.mkdir()
        for name, text in (("neural-gallery", COMMAND), ("pip", RECORDER), ("sudo", RECORDER)):
            (runner.programs / name).write_text(text)
            (runner.programs / name).chmod(0o755)
        return runner

    @property
    def record(self) -> Path:
        """What the stand-ins were called with, a line each."""
        return self.programs / "record.txt"

    def run(
        self,
        workflow: Mapping[str, Any],
        values: Mapping[str, str],
        *,
        holds: Callable[[str | None], bool] = lambda condition: condition is None,
    ) -> None:
        """Every shell step of the build whose condition `holds`; `values` are those of the expressions."""
        shared = {"PATH": f"{self.programs}:{os.environ['PATH']}", "RECORD": str(self.record), "LC_ALL": "C.UTF-8"}
        shared |= _filled(workflow.get("env", {}), values)
        for step in workflow["jobs"]["build"]["steps"]:
            if "run" in step and holds(step.get("if")):
                environment = os.environ | shared | _filled(step.get("env", {}), values)
                # The options with which a runner calls bash.
                bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
                told = subprocess.run(
                    bash, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False
                )
                assert told.returncode == 0, f"{step['name']}:\n{told.stdout}{told.stderr}"


def step_named(workflow: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The step of the build job with that name."""
    (step,) = (step for step in workflow["jobs"]["build"]["steps"] if step["name"] == name)
    return step


def assert_paintings_are_kept(workflow: Mapping[str, Any]) -> None:
    """The save runs always, under the key that the restore had; that key is new in every run and every attempt."""
    restore, save = (
        step_named(workflow, name) for name in ("Restore what has been painted", "Save what has been painted")
    )
    assert save["if"] == f"always() && steps.{restore['id']}.outcome == 'success'"
    assert save["with"]["key"] == f"${{{{ steps.{restore['id']}.outputs.cache-primary-key }}}}"
    assert save["with"]["path"] == restore["with"]["path"] == ".neural-gallery"
    key = restore["with"]["key"]
    assert "${{ github.run_id }}" in key
    assert "${{ github.run_attempt }}" in key
    prefixes = restore["with"]["restore-keys"].splitlines()
    assert prefixes[-1] == "painted-"
    assert all(key.startswith(prefix) for prefix in prefixes)


def _filled(environment: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Variables with their expressions replaced. An expression without a value is an error."""
    expression = re.compile(r"\$\{\{ (.*?) \}\}")
    return {name: expression.sub(lambda found: values[found[1]], text) for name, text in environment.items()}
