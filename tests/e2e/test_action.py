"""The action that other repositories use: its inputs and outputs, and its steps run in a copy of a small site."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from ..support.workflows import ACTION, ROOT, Ran, Runner, assert_paintings_are_kept, load, small_site

DEFINITION = load(ACTION)
STEPS = DEFINITION["runs"]["steps"]
DEFAULTS = {f"inputs.{name}": declared["default"] for name, declared in DEFINITION["inputs"].items()}
PAINT = "Paint what is missing, and write the pages"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A small site in a folder of a checkout."""
    runner = Runner.in_folder(tmp_path)
    small_site(runner.checkout / "our site")
    return runner


def run(runner: Runner, inputs: Mapping[str, str] | None = None) -> Ran:
    """Every step, with the site's folder and these inputs."""
    given = {f"inputs.{name}": value for name, value in {"site": "our site", **(inputs or {})}.items()}
    assert given.keys() <= DEFAULTS.keys()
    return runner.run(STEPS, DEFAULTS | given)


def test_it_builds_a_site_and_tells_what_it_did(runner: Runner) -> None:
    """The pages are uploaded from where they were written; the program is that beside the action, with its pins."""
    ran = run(runner)
    assert ran.failed is None, ran.told
    assert ran.outputs["paint"] == {"pages": "our site/public", "painted": "2", "left": "0"}
    assert ran.used["Upload the site"] == {"name": "github-pages", "path": "our site/public"}
    page = (runner.checkout / "our site/public/index.html").read_text(encoding="utf-8")
    assert 'src="static/img/sky-sea.png"' in page
    assert runner.record.read_text().splitlines() == [
        f"pip install --require-hashes --requirement {ROOT}/requirements/run.txt",
        f"pip install --no-deps --no-build-isolation -- {ROOT}",
    ]
    assert "Hand the share on" not in ran.steps


def test_a_failed_run_is_continued(runner: Runner) -> None:
    """The store is saved and nothing is uploaded; the next run paints the rest, with other options, elsewhere."""
    runner.environment["FAIL"] = "sea-sky"
    ran = run(runner)
    assert ran.failed == PAINT
    assert ran.steps[-1] == "Save what has been painted"
    runner.fresh_checkout()
    runner.environment["FAIL"] = "sky-sea"
    ran = run(runner, {"target": "jekyll", "quality": "draft", "artifact": "", "install": "neural-gallery==9"})
    assert ran.failed is None, ran.told
    assert ran.outputs["paint"] == {"pages": "our site/public", "painted": "1", "left": "0"}
    assert (runner.checkout / "our site/public/_config.yml").is_file()
    assert runner.record.read_text().splitlines()[-1] == "pip install -- neural-gallery==9"
    assert not {"Upload the site", "Forget what the site no longer uses"} & set(ran.steps)


def test_a_run_whose_time_is_over_publishes_what_there_is(runner: Runner) -> None:
    """The job succeeds, uploads the pages, and says what is left for the next run."""
    ran = run(runner, {"time-budget": "0.1"})
    assert ran.failed is None, ran.told
    assert ran.outputs["paint"] == {"pages": "our site/public", "painted": "0", "left": "2"}
    assert {"Save what has been painted", "Upload the site"} <= set(ran.steps)


def test_pages_that_are_elsewhere_are_told(runner: Runner) -> None:
    """Rather than an upload of nothing."""
    ran = run(runner, {"output": "pages"})
    assert ran.failed == PAINT
    assert "::error::The pages are not in the folder that the input 'output' names" in ran.told
    assert ran.steps[-1] == "Save what has been painted"


def test_shards_are_put_together(runner: Runner) -> None:
    """Each job hands its share on, and one that has all of them has nothing left to paint."""
    store, artifacts = runner.checkout / "our site/.neural-gallery", runner.cache.with_name("artifacts")
    for shard in ("1/2", "2/2"):
        ran = run(runner, {"shard": shard})
        assert ran.failed is None, ran.told
        assert ran.outputs["paint"] == {"shard": shard[0], "painted": "1", "left": "1"}
        handed = ran.used["Hand the share on"]
        assert (handed["name"], handed["path"]) == (f"painted-{shard[0]}", "our site/.neural-gallery")
        assert "Upload the site" not in ran.steps
        merge(store, artifacts)
        runner.fresh_checkout()
        runner.empty_cache()
    merge(artifacts, store)
    runner.environment["FAIL"] = "sky-sea sea-sky"
    ran = run(runner)
    assert ran.outputs["paint"] == {"pages": "our site/public", "painted": "0", "left": "0"}, ran.told


def test_a_misspelt_shard_is_told(runner: Runner) -> None:
    """Nothing of it reaches the outputs, whatever stands in it."""
    ran = run(runner, {"shard": "2 of 5\nleft=0"})
    assert (ran.failed, ran.outputs["paint"]) == (PAINT, {})
    assert "::error::The input 'shard' says which share of how many, as 2/5." in ran.told


def test_no_input_becomes_a_command(runner: Runner) -> None:
    """What an input holds is one argument, whatever stands in it."""
    evil = "'; touch evil; $(touch evil) `touch evil` \" && touch evil #"
    ran = run(runner, {"install": evil, "site": evil})
    assert runner.record.read_text() == f"pip install -- {evil}\n"
    assert (ran.failed, "cannot" in ran.told or "no such" in ran.told.lower()) == ("Check the site", True), ran.told
    assert not list(runner.checkout.rglob("evil"))


def test_what_is_painted_is_saved_also_when_the_build_fails() -> None:
    """What is done is not lost, and no run finds its key taken."""
    assert_paintings_are_kept(STEPS, "${{ inputs.site }}/.neural-gallery")


def test_its_inputs_and_outputs_are_explained() -> None:
    """Every input has a default, so that none must be given, and the page about the action names all of them."""
    page = (ROOT / "docs/github-actions.md").read_text(encoding="utf-8")
    for kind in ("inputs", "outputs"):
        for name, declared in DEFINITION[kind].items():
            assert declared["description"].endswith("."), name
            assert re.search(rf"^\| `{name}` \|", page, re.MULTILINE), f"docs/github-actions.md explains no {name}"
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (?:`([^`]*)`)? ?\|", page, re.MULTILINE))
    assert {name: rows[name] for name in DEFINITION["inputs"]} == {
        name.removeprefix("inputs."): default for name, default in DEFAULTS.items()
    }


def merge(source: Path, target: Path) -> None:
    """Copy a store's files to where another's are."""
    shutil.copytree(source, target, dirs_exist_ok=True)
