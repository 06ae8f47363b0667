"""The workflow that publishes a site on GitHub Pages: its shape, and its shell steps run one after the other.

The steps run in a copy of a small site, with bash as on a runner. Stand-ins on the PATH take the place of what a runner
installs, and of the painter; expressions are replaced by what GitHub would put there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.load((ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
STEPS = WORKFLOW["jobs"]["build"]["steps"]

SITE = """\
version: 1
site: {title: Small}
defaults: {size: 32, quality: draft, animation: {frames: 2}, stills: {widths: [32]}}
images:
  sky: {file: content/sky.png, alt: a sky}
  sea: {file: content/sea.png, alt: a sea}
pairs:
  - {content: sky, style: sea}
posts: [content/*.md]
"""
POST = "---\ntitle: Small\ndate: 2026-01-31\n---\nOne pair.\n\n/// pair | sky-sea\n///\n"

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

    @property
    def record(self) -> Path:
        """What the stand-ins were called with, a line each."""
        return self.programs / "record.txt"

    def run(self, target: str) -> None:
        """Every shell step whose condition holds."""
        values = {"inputs.target || 'html'": target, "steps.pages.outputs.base_path": "/repository"}
        shared = {"PATH": f"{self.programs}:{os.environ['PATH']}", "RECORD": str(self.record), "LC_ALL": "C.UTF-8"}
        shared |= filled(WORKFLOW["env"], values)
        for step in STEPS:
            if "run" in step and holds(step.get("if"), target):
                environment = os.environ | shared | filled(step.get("env", {}), values)
                # The options with which a runner calls bash.
                bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
                told = subprocess.run(
                    bash, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False
                )
                assert told.returncode == 0, f"{step['name']}:\n{told.stdout}{told.stderr}"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A small site, checked out."""
    runner = Runner(tmp_path / "checkout", tmp_path / "programs")
    (runner.checkout / "content").mkdir(parents=True)
    runner.programs.mkdir()
    (runner.checkout / "site.yaml").write_text(SITE)
    (runner.checkout / "content/post.md").write_text(POST)
    for name, color in (("sky", "lightblue"), ("sea", "darkblue")):
        Image.new("RGB", (48, 32), color).save(runner.checkout / f"content/{name}.png")
    for name, text in (("neural-gallery", COMMAND), ("pip", RECORDER), ("sudo", RECORDER)):
        (runner.programs / name).write_text(text)
        (runner.programs / name).chmod(0o755)
    return runner


def test_html_steps_build_the_pages(runner: Runner) -> None:
    """The folder that is uploaded holds the page and its pictures; Jekyll is not asked for."""
    runner.run("html")
    assert runner.record.read_text() == "pip install .\n"
    page = (runner.checkout / "public/index.html").read_text(encoding="utf-8")
    assert 'src="static/img/sky-sea.png"' in page
    assert (runner.checkout / "public/static/img/sky-sea.png").is_file()
    assert not (runner.checkout / "_site").exists()


@pytest.mark.jekyll
def test_jekyll_steps_build_the_pages(runner: Runner) -> None:
    """Jekyll is installed and builds the site for the path under which Pages serves the repository."""
    runner.run("jekyll")
    assert runner.record.read_text().splitlines() == [
        "pip install .",
        "sudo apt-get update",
        "sudo apt-get install --yes --no-install-recommends jekyll",
    ]
    page = (runner.checkout / "_site/2026/01/31/post/index.html").read_text(encoding="utf-8")
    assert 'src="/repository/static/img/sky-sea.png"' in page
    assert (runner.checkout / "_site/static/img/sky-sea.png").is_file()


def test_what_is_kept_is_all_that_the_next_run_needs(runner: Runner) -> None:
    """A fresh checkout with the folder from the cache has nothing left to paint."""
    runner.run("html")
    (kept,) = {step["with"]["path"] for step in STEPS if step.get("uses", "").startswith("actions/cache/")}
    fresh = runner.checkout.with_name("fresh")
    for name in ("site.yaml", "content", kept):
        copy = shutil.copytree if (runner.checkout / name).is_dir() else shutil.copyfile
        (fresh / name).parent.mkdir(exist_ok=True)
        copy(runner.checkout / name, fresh / name)
    command = [runner.programs / "neural-gallery", "plan"]
    told = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=True)
    assert told.stdout == "sky-sea: 32x21: fresh\n1 pair: all painted\n"


def test_it_runs_on_main_and_on_request() -> None:
    """A push to main publishes HTML; by hand one may choose."""
    assert WORKFLOW["on"]["push"] == {"branches": ["main"]}
    target = WORKFLOW["on"]["workflow_dispatch"]["inputs"]["target"]
    assert (target["type"], target["options"], target["default"]) == ("choice", ["html", "jekyll"], "html")


def test_it_may_do_no_more_than_publish() -> None:
    """The token reads the repository and writes Pages; two runs never deploy at once."""
    assert WORKFLOW["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert WORKFLOW["concurrency"] == {"group": "pages", "cancel-in-progress": "false"}
    assert all("permissions" not in job for job in WORKFLOW["jobs"].values())


def test_steps_stand_in_order() -> None:
    """The store is restored before painting and saved right after it, before anything else can fail."""
    assert [step["name"] for step in STEPS] == [
        "Check out",
        "Set up Python",
        "Install neural-gallery",
        "Install Jekyll",
        "Configure Pages",
        "Restore what has been painted",
        "Paint what is missing, and write the pages",
        "Save what has been painted",
        "Build with Jekyll",
        "Upload the site",
    ]


def test_what_is_painted_is_saved_also_when_the_build_fails() -> None:
    """The save runs always, under the key that the restore had; that key is new in every run and every attempt."""
    restore, save = (step_named(name) for name in ("Restore what has been painted", "Save what has been painted"))
    assert save["if"].startswith("always() && ")
    assert save["with"]["key"] == f"${{{{ steps.{restore['id']}.outputs.cache-primary-key }}}}"
    assert save["with"]["path"] == restore["with"]["path"]
    key = restore["with"]["key"]
    assert "${{ github.run_id }}" in key
    assert "${{ github.run_attempt }}" in key
    prefixes = restore["with"]["restore-keys"].split()
    assert prefixes[-1] == "painted-"
    assert all(key.startswith(prefix) for prefix in restore["with"]["restore-keys"].splitlines())


def test_the_site_built_is_the_site_published() -> None:
    """The folder of the chosen target is uploaded, and deployed by a job that waits for it."""
    assert step_named("Upload the site")["with"]["path"] == "${{ env.TARGET == 'jekyll' && '_site' || 'public' }}"
    deploy = WORKFLOW["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def test_no_expression_stands_in_a_script() -> None:
    """Scripts get values through their environment, where no value can become a command."""
    assert [step["name"] for step in STEPS if "${{" in step.get("run", "")] == []


def step_named(name: str) -> dict[str, Any]:
    """The step of the build job with that name."""
    (step,) = (step for step in STEPS if step["name"] == name)
    return step


def holds(condition: str | None, target: str) -> bool:
    """Whether a step runs for that target."""
    return condition is None or {"env.TARGET == 'jekyll'": target == "jekyll"}[condition]


def filled(environment: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    """Variables with their expressions replaced. An expression without a value is an error."""
    expression = re.compile(r"\$\{\{ (.*?) \}\}")
    return {name: expression.sub(lambda found: values[found[1]], text) for name, text in environment.items()}
