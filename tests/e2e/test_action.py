"""The action that other repositories use: its inputs and outputs, and its steps run in a copy of a small site."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from ..support.expressions import filled
from ..support.workflows import ACTION, ADDRESS, ROOT, Ran, Runner, assert_paintings_are_kept, load, small_site

DEFINITION = load(ACTION)
STEPS = DEFINITION["runs"]["steps"]
DEFAULTS = {f"inputs.{name}": declared["default"] for name, declared in DEFINITION["inputs"].items()}
PAINT = "Paint what is missing, and write the pages"
DEPLOYING = {"Configure Pages", "Deploy"}
MAY_DEPLOY = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://token"}  # what a job with the permission has


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


def outputs(ran: Ran) -> dict[str, str]:
    """What the action tells the job's other steps."""

    def lookup(name: str) -> str:
        _, step, _, key = name.split(".")
        return ran.outputs.get(step, {}).get(key, "")

    return {name: filled(declared["value"], lookup, {}) for name, declared in DEFINITION["outputs"].items()}


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
    assert not {"Hand the share on", *DEPLOYING} & set(ran.steps)
    assert outputs(ran) == {"pages": "our site/public", "painted": "2", "left": "0", "url": ""}


def test_it_deploys(runner: Runner) -> None:
    """It looks first whether it may, and deploys last, plain pages, whatever the site says that they are for."""
    site = runner.checkout / "our site/site.yaml"
    site.write_text(site.read_text().replace("target: html", "target: jekyll"))
    runner.environment |= MAY_DEPLOY
    ran = run(runner, {"deploy": "true"})
    assert ran.failed is None, ran.told
    assert ran.steps[:3] == ("Check the inputs", "Configure Pages", "Set up Python")
    assert ran.steps[-2:] == ("Upload the site", "Deploy")
    assert not (runner.checkout / "our site/public/_config.yml").exists()
    assert ran.used["Upload the site"] == {"name": "github-pages-1", "path": "our site/public"}
    assert ran.used["Deploy"] == {"artifact_name": "github-pages-1"}
    assert outputs(ran) == {"pages": "our site/public", "painted": "2", "left": "0", "url": ADDRESS}


def test_nothing_is_deployed_where_painting_failed(runner: Runner) -> None:
    """What was painted is saved, and the pages stay as they are."""
    runner.environment |= {**MAY_DEPLOY, "FAIL": "sea-sky"}
    ran = run(runner, {"deploy": "true"})
    assert (ran.failed, ran.steps[-1]) == (PAINT, "Save what has been painted")
    assert outputs(ran)["url"] == ""


def test_nothing_is_painted_where_pages_is_not_set_up(runner: Runner) -> None:
    """The job ends within seconds, before the program is there."""
    runner.environment |= MAY_DEPLOY
    runner.failing.add("actions/configure-pages")
    ran = run(runner, {"deploy": "true"})
    assert (ran.failed, ran.steps) == ("Configure Pages", ("Check the inputs", "Configure Pages"))


@pytest.mark.parametrize(
    ("given", "permission", "told"),
    [
        ({"deploy": "yes"}, True, "The input 'deploy' is true or false."),
        ({"deploy": "true", "shard": "1/2"}, True, "A job with 'shard' writes no pages:"),
        ({"deploy": "true", "artifact": ""}, True, "with 'deploy', 'artifact' cannot be empty."),
        ({"deploy": "true", "target": "jekyll"}, True, "leave 'deploy' out, or say 'target: html'."),
        ({"deploy": "true"}, False, "give it the permissions 'pages: write' and 'id-token: write'."),
    ],
)
def test_what_cannot_be_deployed_is_told_first(
    runner: Runner, given: Mapping[str, str], permission: bool, told: str
) -> None:
    """Before anything is installed or painted."""
    runner.environment |= MAY_DEPLOY if permission else dict.fromkeys(MAY_DEPLOY, "")
    ran = run(runner, given)
    assert (ran.failed, ran.steps) == ("Check the inputs", ("Check the inputs",))
    assert "::error::" in ran.told
    assert told in ran.told


def test_deploying_takes_what_building_takes(runner: Runner) -> None:
    """No word about rights where nothing is deployed, and the target html may be written."""
    check = STEPS[:1]
    for given, permission in (
        ({"target": "hugo", "artifact": ""}, ""),
        ({"deploy": ""}, ""),
        ({"deploy": "true"}, "x"),
    ):
        runner.environment |= dict.fromkeys(MAY_DEPLOY, permission)
        values = {"target": "html", **given}
        ran = runner.run(check, DEFAULTS | {f"inputs.{name}": value for name, value in values.items()})
        assert ran.failed is None, ran.told


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
