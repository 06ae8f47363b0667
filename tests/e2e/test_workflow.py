"""The workflow that publishes a site on GitHub Pages: its shape, and its shell steps run one after the other.

The steps run in a copy of a small site.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from PIL import Image

from ..support.workflows import ROOT, Runner, assert_paintings_are_kept, step_named

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


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A small site, checked out."""
    runner = Runner.in_folder(tmp_path)
    (runner.checkout / "content").mkdir()
    (runner.checkout / "site.yaml").write_text(SITE)
    (runner.checkout / "content/post.md").write_text(POST)
    for name, color in (("sky", "lightblue"), ("sea", "darkblue")):
        Image.new("RGB", (48, 32), color).save(runner.checkout / f"content/{name}.png")
    return runner


def run(runner: Runner, target: str) -> None:
    """Every shell step for that target."""
    values = {"inputs.target || 'html'": target, "steps.pages.outputs.base_path": "/repository"}
    conditions = {None: True, "env.TARGET == 'jekyll'": target == "jekyll"}
    runner.run(WORKFLOW, values, holds=lambda condition: conditions[condition])


def test_html_steps_build_the_pages(runner: Runner) -> None:
    """The folder that is uploaded holds the page and its pictures; Jekyll is not asked for."""
    run(runner, "html")
    assert runner.record.read_text() == "pip install .\n"
    page = (runner.checkout / "public/index.html").read_text(encoding="utf-8")
    assert 'src="static/img/sky-sea.png"' in page
    assert (runner.checkout / "public/static/img/sky-sea.png").is_file()
    assert not (runner.checkout / "_site").exists()


@pytest.mark.jekyll
def test_jekyll_steps_build_the_pages(runner: Runner) -> None:
    """Jekyll is installed and builds the site for the path under which Pages serves the repository."""
    run(runner, "jekyll")
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
    run(runner, "html")
    (kept,) = {step["with"]["path"] for step in STEPS if step.get("uses", "").startswith("actions/cache/")}
    fresh = runner.checkout.with_name("fresh")
    for name in ("site.yaml", "content", kept):
        copy = shutil.copytree if (runner.checkout / name).is_dir() else shutil.copyfile
        (fresh / name).parent.mkdir(exist_ok=True)
        copy(runner.checkout / name, fresh / name)
    command = [runner.programs / "neural-gallery", "plan"]
    told = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=True)
    first, _, last = told.stdout.splitlines()
    assert (first, last) == ("sky-sea: 32x21: fresh", "1 pair: all painted")


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
    """What is done is not lost, and no run finds its key taken."""
    assert_paintings_are_kept(WORKFLOW)


def test_the_site_built_is_the_site_published() -> None:
    """The folder of the chosen target is uploaded, and deployed by a job that waits for it."""
    assert (
        step_named(WORKFLOW, "Upload the site")["with"]["path"]
        == "${{ env.TARGET == 'jekyll' && '_site' || 'public' }}"
    )
    deploy = WORKFLOW["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def test_no_expression_stands_in_a_script() -> None:
    """Scripts get values through their environment, where no value can become a command."""
    assert [step["name"] for step in STEPS if "${{" in step.get("run", "")] == []
