"""The pins of requirements/: complete, within the bounds of pyproject.toml, each with its hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "requirements").glob("*.txt"))}
RENEW = "run requirements/compile"

NOT_IN_CI = {"cuda", "tpu"}  # gigabytes, for devices that no runner has
VERSIONS = ["3.11.0", "3.12.0", "3.13.0", "3.14.0"]

NEEDED_TO_RUN = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
NEEDED_IN_CI = [
    *NEEDED_TO_RUN,
    *(
        requirement
        for extra, requirements in PROJECT["project"]["optional-dependencies"].items()
        if extra not in NOT_IN_CI
        for requirement in requirements
    ),
]


def pins(name: str) -> list[tuple[Requirement, list[str]]]:
    """Each pin of a file with its hashes."""
    text = "\n".join(line for line in FILES[name].splitlines() if not line.startswith("#"))
    found = []
    for entry in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = entry.split("--hash=")
        found.append((Requirement(requirement), [value.strip() for value in hashes]))
    return found


def pinned(name: str, python: str) -> dict[str, str]:
    """The version of each package on Linux with that version of Python."""
    system = {"python_full_version": python, "python_version": python[:4], "sys_platform": "linux", "os_name": "posix"}
    system |= {"platform_system": "Linux", "implementation_name": "cpython", "extra": ""}
    return {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin, _ in pins(name)
        if pin.marker is None or Marker(str(pin.marker)).evaluate(system)
    }


@pytest.mark.parametrize("python", VERSIONS)
@pytest.mark.parametrize(("name", "needed"), [("run.txt", NEEDED_TO_RUN), ("ci.txt", NEEDED_IN_CI)])
def test_every_dependency_is_pinned_within_its_bounds(name: str, needed: list[str], python: str) -> None:
    """What pyproject.toml asks for has a pin that it allows."""
    versions = pinned(name, python)
    for requirement in map(Requirement, needed):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"requirements/{name} does not name {requirement.name}: {RENEW}"
        allowed = requirement.specifier.contains(version, prereleases=True)
        assert allowed, f"requirements/{name} pins {requirement.name} {version}, not {requirement.specifier}: {RENEW}"


@pytest.mark.parametrize("name", FILES)
def test_every_pin_is_exact_and_has_hashes(name: str) -> None:
    """Pip takes no other file than one of those that were seen when the pin was made."""
    for pin, hashes in pins(name):
        (specifier,) = pin.specifier
        assert (specifier.operator, pin.url) == ("==", None), pin
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), pin


def test_what_is_tested_is_what_runs() -> None:
    """The tests run with the versions that the action and the workflow for Pages install."""
    for python in VERSIONS:
        assert pinned("run.txt", python).items() <= pinned("ci.txt", python).items(), RENEW


@pytest.mark.parametrize("name", FILES)
def test_no_index_is_named(name: str) -> None:
    """Where packages come from is for each machine to say."""
    assert "://" not in FILES[name]
    assert not re.search(r"^\s*-(?!-hash=)", FILES[name], re.MULTILINE)


def test_there_are_no_upper_bounds() -> None:
    """As docs/dependencies.md says: what is too new is left out by name, and known to be."""
    for requirement in map(Requirement, NEEDED_IN_CI):
        assert {specifier.operator for specifier in requirement.specifier} <= {">=", "!="}, requirement
