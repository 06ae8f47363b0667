"""A runner of GitHub's for the steps of a workflow or an action: bash in a checkout, with stand-ins for the rest.

The stand-ins on the PATH are what a runner installs, `neural-gallery` with a painter that gives the content back among
them. Of the actions that steps use, only those of the cache do something: a folder keeps what they save. The one that
deploys tells an address.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from .expressions import evaluate, filled

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCAFFOLD = ROOT / "neural_gallery/scaffold/pages.yml"

# `neural-gallery` with a painter that gives the content back, or that fails where FAIL is set.
COMMAND = f"""\
#!{sys.executable}
import os
import sys

sys.path.insert(0, {str(ROOT)!r})

from neural_gallery.cli.main import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, Problem
from neural_gallery.workers.messages import Painted, Progress


def painter(job):
    if job.name in os.environ.get("FAIL", "").split():
        raise PaintError(Problem(None, f"'{{job.name}}' diverged.", "Try another seed."))
    for step in range(job.frames):
        yield Progress(step + 1, job.frames, "painting", 1.0, (job.content,))
    yield Painted(job.content, {{"seconds": 1.0}})


main(prog_name="neural-gallery", obj=Workshop(painter, weights_sha256="0" * 64))
"""
SITE = """\
version: 1
site: {title: Small, target: html}
defaults: {size: 32, quality: draft, animation: {frames: 2}, stills: {widths: [32]}}
images:
  sky: {file: content/sky.png, alt: a sky}
  sea: {file: content/sea.png, alt: a sea}
pairs:
  - {content: sky, style: sea}
  - {content: sea, style: sky}
posts: [content/*.md]
"""
POST = "---\ntitle: Small\ndate: 2026-01-31\n---\nTwo pairs.\n\n/// pair | sky-sea\n///\n\n/// pair | sea-sky\n///\n"
ADDRESS = "https://octocat.github.io/gallery/"  # where what is deployed is, if the stand-in is asked
RECORDER = '#!/bin/sh\necho "$(basename "$0") $*" >> "$RECORD"\n'


def load(path: Path) -> dict[str, Any]:
    """A workflow or an action. Every scalar is text, `on` too."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def small_site(folder: Path) -> None:
    """Two pairs and a post."""
    (folder / "content").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE)
    (folder / "content/post.md").write_text(POST)
    for name, color in (("sky", "lightblue"), ("sea", "darkblue")):
        Image.new("RGB", (48, 32), color).save(folder / f"content/{name}.png")


@dataclass(frozen=True)
class Ran:
    """What became of the steps of a job."""

    steps: tuple[str, ...]  # the names of those that ran, in their order
    failed: str | None  # the first that failed
    told: str
    outputs: Mapping[str, Mapping[str, str]]  # by the id of the step
    used: Mapping[str, Mapping[str, str]]  # what the steps that use an action gave it, by their names


@dataclass
class Runner:
    """A folder with a checkout, what stands in for a runner's programs, and the cache."""

    checkout: Path
    programs: Path
    cache: Path
    runs: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)  # the actions that fail, such as `actions/configure-pages`

    @classmethod
    def in_folder(cls, folder: Path) -> Runner:
        """A runner with its stand-ins, and an empty checkout."""
        runner = cls(folder / "checkout", folder / "programs", folder / "cache")
        for made in (runner.checkout, runner.programs, runner.cache):
            made.mkdir()
        for name, text in (("neural-gallery", COMMAND), ("pip", RECORDER), ("sudo", RECORDER)):
            (runner.programs / name).write_text(text)
            (runner.programs / name).chmod(0o755)
        # The action asks for `python`, which a machine without an environment may not have.
        (runner.programs / "python").symlink_to(sys.executable)
        return runner

    @property
    def record(self) -> Path:
        """What the stand-ins were called with, a line each."""
        return self.programs / "record.txt"

    def run(
        self,
        steps: Sequence[Mapping[str, Any]],
        values: Mapping[str, str],
        *,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Every step whose condition holds, after a failure only those that run always.

        `values` are those of names in expressions, such as `inputs.site`, and `environment` is the workflow's.
        """
        self.runs += 1
        job = _Job(self, {"github.run_id": str(self.runs), "github.run_attempt": "1", "github.job": "build", **values})
        job.environment = {name: job.fill(text) for name, text in (environment or {}).items()}
        for step in steps:
            if job.holds(step.get("if")):
                job.step(step)
        return Ran(tuple(job.ran), job.failed, job.told, job.outputs, job.used)

    def fresh_checkout(self) -> None:
        """The checkout as the next run finds it: without what builds have made."""
        for made in (".neural-gallery", "public", "_site"):
            for folder in self.checkout.rglob(made):
                shutil.rmtree(folder)

    def empty_cache(self) -> None:
        """As when another job has written nothing yet, or all is too old."""
        shutil.rmtree(self.cache)
        self.cache.mkdir()


class _Job:
    """The steps of one run, one after the other."""

    def __init__(self, runner: Runner, values: Mapping[str, str]) -> None:
        self.runner = runner
        self.values = values
        self.environment: dict[str, str] = {}
        self.ran: list[str] = []
        self.failed: str | None = None
        self.told = ""
        self.outputs: dict[str, dict[str, str]] = {}
        self.outcomes: dict[str, str] = {}
        self.used: dict[str, dict[str, str]] = {}

    def fill(self, text: str) -> str:
        """A text without expressions."""
        return filled(text, self.lookup, self.calls)

    def holds(self, condition: str | None) -> bool:
        """Whether a step with that condition runs."""
        if condition is None or not re.search(r"\b(always|failure|cancelled)\(\)", condition):
            condition = f"success() && ({condition})" if condition else "success()"
        return bool(evaluate(condition, self.lookup, self.calls))

    def step(self, step: Mapping[str, Any]) -> None:
        """Run one step."""
        name = step["name"]
        self.ran.append(name)
        succeeded = self.script(step) if "run" in step else self.action(step)
        if not succeeded and self.failed is None:
            self.failed = name
        self.outcomes[step.get("id", name)] = "success" if succeeded else "failure"

    def script(self, step: Mapping[str, Any]) -> bool:
        """Run a shell step as a runner does."""
        output = self.runner.programs / "output.txt"
        output.write_text("")
        shared = {
            "PATH": f"{self.runner.programs}:{os.environ['PATH']}",
            "RECORD": str(self.runner.record),
            "LC_ALL": "C.UTF-8",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        own = {name: self.fill(text) for name, text in step.get("env", {}).items()}
        # The options with which a runner calls bash.
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        environment = os.environ | self.runner.environment | self.environment | shared | own
        told = subprocess.run(
            bash, cwd=self.runner.checkout, env=environment, capture_output=True, text=True, check=False
        )
        self.told += f"{step['name']}:\n{told.stdout}{told.stderr}"
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs[step.get("id", step["name"])] = dict(line.split("=", 1) for line in lines)
        return told.returncode == 0

    def action(self, step: Mapping[str, Any]) -> bool:
        """Use an action: those of the cache keep a folder, the others do nothing. Only those fail that are to."""
        given = {name: self.fill(text) for name, text in step.get("with", {}).items()}
        self.used[step["name"]] = given
        action = step["uses"].split("@")[0]
        if action in self.runner.failing:
            return False
        if action == "actions/cache/restore":
            self.outputs[step["id"]] = {"cache-primary-key": given["key"]}
            self.restore(self.runner.checkout / given["path"], given["restore-keys"].split())
        elif action == "actions/cache/save":
            shutil.copytree(self.runner.checkout / given["path"], self.kept(given["key"]))
        elif action == "actions/deploy-pages":
            self.outputs[step["id"]] = {"page_url": ADDRESS}
        return True

    def restore(self, folder: Path, prefixes: Sequence[str]) -> None:
        """The newest entry of the first prefix that has one."""
        for prefix in prefixes:
            found = [path for path in self.runner.cache.iterdir() if path.name.startswith(self.kept(prefix).name)]
            if found:
                newest = max(found, key=lambda path: path.stat().st_ctime_ns)
                shutil.copytree(newest, folder, dirs_exist_ok=True)
                return

    def kept(self, key: str) -> Path:
        """Where the cache keeps the entry of that key."""
        return self.runner.cache / key.replace("/", "∕")

    def lookup(self, name: str) -> str:
        """The value of a name in an expression."""
        if name in self.values:
            return self.values[name]
        first, *rest = name.split(".")
        if first == "env":
            return self.environment[rest[0]]
        if first == "steps":
            step, what, *key = rest
            return (
                self.outcomes.get(step, "skipped") if what == "outcome" else self.outputs.get(step, {}).get(key[0], "")
            )
        raise KeyError(f"an expression has {name}, of which the test does not say what it is")

    @property
    def calls(self) -> dict[str, Any]:
        """The functions of expressions."""
        return {
            "always": lambda: True,
            "success": lambda: self.failed is None,
            "hashFiles": lambda *patterns: "hash",
            "format": str.format,
        }


def step_named(workflow: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The step of the build job with that name."""
    (step,) = (step for step in workflow["jobs"]["build"]["steps"] if step["name"] == name)
    return step


def assert_paintings_are_kept(steps: Sequence[Mapping[str, Any]], folder: str = ".neural-gallery") -> None:
    """The save runs always, under the key that the restore had; that key is new in every run and every attempt."""
    restore, save = (
        next(step for step in steps if step["name"] == name)
        for name in ("Restore what has been painted", "Save what has been painted")
    )
    assert save["if"] == f"always() && steps.{restore['id']}.outcome == 'success'"
    assert save["with"]["key"] == f"${{{{ steps.{restore['id']}.outputs.cache-primary-key }}}}"
    assert save["with"]["path"] == restore["with"]["path"] == folder
    key = restore["with"]["key"]
    assert "${{ github.run_id }}" in key
    assert "${{ github.run_attempt }}" in key
    prefixes = restore["with"]["restore-keys"].splitlines()
    assert prefixes[-1] == "painted-"
    assert all(key.startswith(prefix) for prefix in prefixes)
