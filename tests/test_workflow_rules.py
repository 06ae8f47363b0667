"""What holds for every workflow and the action: pins, rights, limits, no value in a script. And what linters say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .support.programs import program
from .support.workflows import ACTION, ROOT, SCAFFOLD, WORKFLOWS, load

PAGE = ROOT / "docs/github-actions.md"
FILES = [*WORKFLOWS, SCAFFOLD, ACTION]
DEPENDABOT = ROOT / ".github/dependabot.yml"

USES = re.compile(r"^\s*(?:- )?uses: (\S+)(?: # (\S+))?$", re.MULTILINE)
PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
OUR_ACTION = "OWNER/neural-gallery@COMMIT"  # as the documentation writes it: readers fill it in

READS = {"contents": "read"}
DEPLOYS = {"pages": "write", "id-token": "write"}


def examples() -> list[str]:
    """The workflows that the documentation shows."""
    return re.findall(r"^```yaml\n(name: .*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def steps(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The steps of an action, or those of every job."""
    for job in definition.get("jobs", {"": definition.get("runs")}).values():
        yield from job["steps"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_expression_stands_in_a_script(path: Path) -> None:
    """Scripts get values through their environment, where no value can become a command."""
    scripts = [step["run"] for step in steps(load(path)) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_that_scripts_name_are_there(path: Path) -> None:
    """A job that runs once a week would tell a week later."""
    scripts = "\n".join(step.get("run", "") for step in steps(load(path)))
    named = re.findall(r"(?:\.ci|requirements|tests)/[\w./-]*\w", scripts)
    assert named
    assert [file for file in named if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("path", [*FILES, PAGE], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_action_is_named_by_its_commit(path: Path) -> None:
    """A tag can be moved. The version stands beside the commit, for people and for Dependabot."""
    used = USES.findall(path.read_text(encoding="utf-8"))
    assert used
    for action, version in used:
        if action != OUR_ACTION:
            assert PIN.fullmatch(action), f"{action} is not named by its commit"
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), f"the version of {action} is not told"


def test_each_action_has_one_version() -> None:
    """The same commit and the same version in all files, also for `actions/cache/restore` and `actions/cache/save`."""
    pins: dict[str, set[tuple[str, str]]] = {}
    for path in (*FILES, PAGE):
        for action, version in USES.findall(path.read_text(encoding="utf-8")):
            name, commit = action.split("@")
            pins.setdefault("/".join(name.split("/")[:2]), set()).add((commit, version))
    assert {name: pin for name, pin in pins.items() if len(pin) > 1} == {}
    assert len(pins) > 5


@pytest.mark.parametrize("path", [*WORKFLOWS, SCAFFOLD], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_workflow_has_rights_and_limits(path: Path) -> None:
    """Nothing is granted to all jobs, each has a limit of time, and what is checked out keeps no credentials."""
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for name, job in workflow["jobs"].items():
        assert int(job["timeout-minutes"]) <= (350 if name == "slow" else 120), name
        writes = {right for right, granted in job["permissions"].items() if granted == "write"}
        assert writes <= ({"pages", "id-token"} if name == "deploy" else set()), name
    assert_no_credentials_are_kept(workflow)


@pytest.mark.parametrize("text", examples(), ids=lambda text: str(examples().index(text)))
def test_a_documented_workflow_has_exactly_these_rights(text: str) -> None:
    """Only the job that deploys may write: one of that name, which does only that, or one with our `deploy`."""
    workflow = yaml.load(text, yaml.BaseLoader)
    assert workflow["concurrency"] == "pages"
    assert workflow.get("permissions", {}) == {}
    for name, job in workflow["jobs"].items():
        given = [step.get("with", {}) for step in job["steps"] if step["uses"] == OUR_ACTION]
        deploys = name == "deploy" or any(inputs.get("deploy", "false") != "false" for inputs in given)
        assert job["permissions"] == (READS if given else {}) | (DEPLOYS if deploys else {}), name
        environment = job.get("environment", {})
        assert (environment if isinstance(environment, str) else environment.get("name")) == (
            "github-pages" if deploys else None
        ), name
        assert int(job["timeout-minutes"]) <= 350
    assert_no_credentials_are_kept(workflow)


def test_the_shortest_documented_workflow_comes_first() -> None:
    """One job that checks out and uses the action, whose defaults do for the rest. The next has a job that deploys."""
    first, second, *_ = (yaml.load(text, yaml.BaseLoader)["jobs"] for text in examples())
    (job,) = first.values()
    checkout, ours = job["steps"]
    assert checkout["uses"].startswith("actions/checkout@")
    assert ours == {"uses": OUR_ACTION, "with": {"deploy": "true"}}
    assert list(second) == ["build", "deploy"]


def test_the_action_deploys_as_the_workflow_does() -> None:
    """What `deploy` uses is what the workflow for Pages uses, so that one page explains both."""
    pages, action = (
        {step["uses"] for step in steps(load(path)) if "-pages" in step.get("uses", "")}
        for path in (ROOT / ".github/workflows/pages.yml", ACTION)
    )
    assert pages == action
    assert len(pages) == 3


def assert_no_credentials_are_kept(workflow: Mapping[str, Any]) -> None:
    """Beside the files that are checked out."""
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


@pytest.mark.parametrize(
    "workflow",
    [*(load(path) for path in (*WORKFLOWS, SCAFFOLD)), *(yaml.load(text, yaml.BaseLoader) for text in examples())],
    ids=lambda workflow: "+".join(workflow["jobs"]),
)
def test_a_run_that_deploys_can_be_run_again(workflow: Mapping[str, Any]) -> None:
    """Each attempt uploads pages under a name of its own, and that of the last attempt that built is deployed."""
    jobs = workflow["jobs"]
    if "deploy" not in jobs:
        assert not any("deploy-pages" in step.get("uses", "") for step in steps(workflow))
        return
    name = jobs["build"]["outputs"]["artifact"]
    assert "${{ github.run_attempt }}" in name
    given = [
        step.get("with", {}) for step in jobs["build"]["steps"] if re.search("upload-pages|OWNER", step.get("uses", ""))
    ]
    assert [inputs.get("artifact", inputs.get("name")) for inputs in given] == [name]
    assert jobs["deploy"]["steps"][-1]["with"] == {"artifact_name": "${{ needs.build.outputs.artifact }}"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_expressions_name_what_there_is(path: Path) -> None:
    """An input or a step that is not there would be empty text, and no error."""
    definition = load(path)
    given = (definition.get("on") or {}).get("workflow_dispatch") or {} if "on" in definition else definition
    known = {f"inputs.{name}" for name in given.get("inputs", {})}
    known |= {f"steps.{step['id']}" for step in steps(definition) if "id" in step}
    text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(re.findall(r"\b(?:inputs|steps)\.[\w-]+", text)) <= known


@pytest.mark.actionlint
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """In our workflows, in the one that `init` writes, and in those of the documentation, which use our action."""
    told = actionlint(checkout(tmp_path))
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.actionlint
@pytest.mark.parametrize(
    ("name", "right", "wrong", "found"),
    [
        ("pages.yml", "restore-keys:", "restore-key:", 'input "restore-key" is not defined in action'),
        ("documented-0.yml", "deploy:", "publish:", 'input "publish" is not defined in action "neural-gallery"'),
        ("pages.yml", "needs: build", "needs: built", 'job "deploy" needs job "built"'),
    ],
)
def test_actionlint_would_find(tmp_path: Path, name: str, right: str, wrong: str, found: str) -> None:
    """It knows the inputs of the actions, ours among them."""
    folder = checkout(tmp_path)
    workflow = folder / ".github/workflows" / name
    text = workflow.read_text(encoding="utf-8")
    assert right in text
    workflow.write_text(text.replace(right, wrong), encoding="utf-8")
    assert found in actionlint(folder).stdout


@pytest.mark.zizmor
def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """No finding about security, as far as it can look without the network."""
    folder = checkout(tmp_path, by_tag=False)
    told = run("zizmor", "--offline", "--no-progress", ".", folder=folder)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.check_jsonschema
@pytest.mark.parametrize(
    ("schema", "paths"),
    [("github-workflows", [*WORKFLOWS, SCAFFOLD]), ("github-actions", [ACTION]), ("dependabot", [DEPENDABOT])],
)
def test_files_have_the_form_that_github_asks_for(schema: str, paths: list[Path]) -> None:
    """By the published schemas, of which the checker brings copies."""
    files = [str(path) for path in paths]
    told = run("check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files, folder=ROOT)
    assert told.returncode == 0, told.stdout + told.stderr


def checkout(folder: Path, *, by_tag: bool = True) -> Path:
    """A repository with all workflows and the action, those of the documentation using the action beside them.

    Actionlint knows the inputs of actions by their tags: `by_tag` names the actions so.
    """
    workflows = folder / ".github/workflows"
    workflows.mkdir(parents=True)
    (folder / ".git").mkdir()  # what marks the root of a repository
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    texts["new-site.yml"] = SCAFFOLD.read_text(encoding="utf-8")
    for number, text in enumerate(examples()):
        ours = "./" if by_tag else f"OWNER/neural-gallery@{'0' * 40}"
        texts[f"documented-{number}.yml"] = text.replace(OUR_ACTION, ours)
    assert len(texts) >= 5
    for name, text in texts.items():
        named = re.sub(r"@[0-9a-f]{40} # (v\d+)\S*", r"@\1", text) if by_tag else text
        (workflows / name).write_text(named, encoding="utf-8")
    shutil.copy(ACTION, folder)
    return folder


def actionlint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What actionlint says of a repository. Without other linters, which one machine has and another has not."""
    return run("actionlint", "-no-color", "-shellcheck=", "-pyflakes=", folder=folder)


def run(marker: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program of that marker."""
    command = [str(program(marker)), *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
