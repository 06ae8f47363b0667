"""The workflow that publishes a site on GitHub Pages: its shape, and its shell steps run one after the other.

The steps run in a copy of a small site.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.workflows import (
    ROOT,
    Ran,
    Runner,
    assert_paintings_are_kept,
    load,
    small_site,
    step_named,
)

WORKFLOW = load(ROOT / ".github/workflows/pages.yml")
STEPS = WORKFLOW["jobs"]["build"]["steps"]
INSTALLED = [
    "pip install --require-hashes --requirement requirements/run.txt",
    "pip install --no-deps --no-build-isolation .",
]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A small site, checked out."""
    runner = Runner.in_folder(tmp_path)
    small_site(runner.checkout)
    return runner


def run(runner: Runner, target: str = "") -> Ran:
    """Every step for that target."""
    values = {"inputs.target": target, "steps.pages.outputs.base_path": "/repository"}
    return runner.run(STEPS, values, environment=WORKFLOW["env"])


def test_html_steps_build_the_pages(runner: Runner) -> None:
    """The folder that is uploaded holds the page and its pictures; Jekyll is not asked for."""
    ran = run(runner)
    assert ran.failed is None, ran.told
    assert ran.used["Upload the site"]["path"] == "public"
    assert runner.record.read_text().splitlines() == INSTALLED
    page = (runner.checkout / "public/index.html").read_text(encoding="utf-8")
    assert 'src="static/img/sky-sea.png"' in page
    assert (runner.checkout / "public/static/img/sky-sea.png").is_file()
    assert not (runner.checkout / "_site").exists()


@pytest.mark.jekyll
def test_jekyll_steps_build_the_pages(runner: Runner) -> None:
    """Jekyll is installed and builds the site for the path under which Pages serves the repository."""
    ran = run(runner, "jekyll")
    assert ran.failed is None, ran.told
    assert ran.used["Upload the site"]["path"] == "_site"
    assert runner.record.read_text().splitlines() == [
        *INSTALLED,
        "sudo apt-get update",
        "sudo apt-get install --yes --no-install-recommends jekyll",
    ]
    page = (runner.checkout / "_site/2026/01/31/post/index.html").read_text(encoding="utf-8")
    assert 'src="/repository/static/img/sky-sea.png"' in page
    assert (runner.checkout / "_site/static/img/sky-sea.png").is_file()


def test_a_run_that_fails_keeps_what_it_painted(runner: Runner) -> None:
    """The job fails and publishes nothing; the next one paints only what is missing."""
    runner.environment["FAIL"] = "sea-sky"
    ran = run(runner)
    assert ran.failed == "Paint what is missing, and write the pages"
    assert "diverged" in ran.told
    assert ran.steps[-1] == "Save what has been painted"
    assert not (runner.checkout / "public").exists()
    runner.fresh_checkout()
    runner.environment["FAIL"] = "sky-sea"
    ran = run(runner)
    assert ran.failed is None, ran.told
    assert (runner.checkout / "public/static/img/sky-sea.png").is_file()
    assert (runner.checkout / "public/static/img/sea-sky.png").is_file()


def test_it_runs_on_main_and_on_request() -> None:
    """A push to main publishes HTML; by hand one may choose."""
    assert WORKFLOW["on"]["push"] == {"branches": ["main"]}
    target = WORKFLOW["on"]["workflow_dispatch"]["inputs"]["target"]
    assert (target["type"], target["options"], target["default"]) == ("choice", ["html", "jekyll"], "html")


def test_each_job_may_do_no_more_than_it_has_to() -> None:
    """Only the job that deploys may write, and it runs nothing of the repository's; two runs never deploy at once."""
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["build"]["permissions"] == {"contents": "read", "pages": "read"}
    assert WORKFLOW["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert WORKFLOW["concurrency"] == {"group": "pages", "cancel-in-progress": "false"}


def test_steps_stand_in_order() -> None:
    """The store is restored before painting and saved right after it, before anything else can fail."""
    assert [step["name"] for step in STEPS] == [
        "Check out",
        "Set up Python",
        "Install neural-gallery",
        "Check the site",
        "Install Jekyll",
        "Configure Pages",
        "Restore what has been painted",
        "Paint what is missing, and write the pages",
        "Forget what the site no longer uses",
        "Save what has been painted",
        "Build with Jekyll",
        "Upload the site",
    ]


def test_what_is_painted_is_saved_also_when_the_build_fails() -> None:
    """What is done is not lost, and no run finds its key taken."""
    assert_paintings_are_kept(STEPS)


def test_the_site_built_is_the_site_published() -> None:
    """The folder of the chosen target is uploaded, and deployed by a job that waits for it."""
    assert (
        step_named(WORKFLOW, "Upload the site")["with"]["path"]
        == "${{ env.TARGET == 'jekyll' && '_site' || 'public' }}"
    )
    deploy = WORKFLOW["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
