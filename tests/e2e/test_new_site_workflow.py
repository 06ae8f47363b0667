"""The workflow that `init --github` writes: its shape, and its shell steps run in the new site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from neural_gallery.cli import main
from neural_gallery.scaffold.example import pages_workflow

from ..support.workflows import Runner, assert_paintings_are_kept, step_named

((FILE, TEXT),) = pages_workflow().items()
WORKFLOW = yaml.load(TEXT, yaml.BaseLoader)
BUILD, DEPLOY = WORKFLOW["jobs"]["build"], WORKFLOW["jobs"]["deploy"]


@pytest.mark.parametrize("options", [[], ["--from-folders", "photos", "paintings"]])
def test_its_steps_build_the_new_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: Sequence[str]) -> None:
    """In a checkout of the new site every shell step succeeds, and the folder that is uploaded holds its pages."""
    runner = Runner.in_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "paintings"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (48, 32), "teal").save(tmp_path / folder / f"{folder}.png")
    told = CliRunner().invoke(main, ["init", "checkout", "--github", *options]).stdout.splitlines()
    assert told[0] == f"wrote checkout/{FILE}"
    assert told[-1] == "  push to GitHub           and choose GitHub Actions under Settings > Pages, once"
    assert (runner.checkout / FILE).read_bytes() == TEXT
    ran = runner.run(BUILD["steps"], {})
    assert ran.failed is None, ran.told
    assert runner.record.read_text() == "pip install neural-gallery\n"
    uploaded = runner.checkout / ran.used["Upload the site"]["path"]
    assert '<figure class="pair"' in (uploaded / "index.html").read_text(encoding="utf-8")
    assert (runner.checkout / ".neural-gallery").is_dir()


def test_its_commands_have_these_options() -> None:
    """Each command line of the program names a command that there is, with options that its help explains."""
    lines = [step["run"].split() for step in BUILD["steps"] if step.get("run", "").startswith("neural-gallery")]
    assert [line[1] for line in lines] == ["check", "build", "gc"]
    for _, command, *options in lines:
        told = CliRunner().invoke(main, [command, "--help"]).stdout
        assert all(option in told for option in options if option.startswith("--"))


def test_it_runs_on_main_and_on_request() -> None:
    """A push to main publishes; two runs never deploy at once."""
    assert WORKFLOW["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": ""}
    assert WORKFLOW["concurrency"] == {"group": "pages", "cancel-in-progress": "false"}


def test_each_job_may_do_no_more_than_it_has_to() -> None:
    """Only the job that deploys may write, and it runs nothing of the repository's."""
    assert WORKFLOW["permissions"] == {}
    assert BUILD["permissions"] == {"contents": "read", "pages": "read"}
    assert DEPLOY["permissions"] == {"pages": "write", "id-token": "write"}
    assert DEPLOY["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in DEPLOY["steps"]] == ["actions/deploy-pages"]


def test_steps_stand_in_order() -> None:
    """What is wrong is found before anything is painted; the store is saved before anything else can fail."""
    assert [step["name"] for step in BUILD["steps"]] == [
        "Check out",
        "Set up Python",
        "Install neural-gallery",
        "Check the site",
        "Configure Pages",
        "Restore what has been painted",
        "Paint what is missing, and write the pages",
        "Forget what the site no longer uses",
        "Save what has been painted",
        "Upload the site",
    ]


def test_what_is_painted_is_saved_also_when_the_build_fails() -> None:
    """What is done is not lost, and no run finds its key taken."""
    assert_paintings_are_kept(BUILD["steps"])


def test_pip_keeps_what_it_fetched() -> None:
    """A site has no requirements file, whose hash names the cache: the workflow's own stands for it."""
    assert step_named(WORKFLOW, "Set up Python")["with"]["cache-dependency-path"] == FILE
