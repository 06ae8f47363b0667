"""The programs and packages that some tests need, by the marker that such tests carry.

A test whose program is missing is skipped, and says so. Where NEURAL_GALLERY_REQUIRE names the marker, as
`NEURAL_GALLERY_REQUIRE=jekyll,browser`, it fails instead: continuous integration must not pass because nothing ran.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

REQUIRE = "NEURAL_GALLERY_REQUIRE"
PROGRAMS = {
    "jekyll": ("jekyll",),
    "hugo": ("hugo",),
    "browser": ("chromium", "chromium-browser", "google-chrome"),  # as distributions name it
    "actionlint": ("actionlint",),
    "zizmor": ("zizmor",),
    "check_jsonschema": ("check-jsonschema",),
}
# Where they come from, if not from the system's packages.
EXTRAS = {"actionlint": "workflows", "zizmor": "workflows", "check_jsonschema": "workflows"}
PACKAGES = {"cluster": "distributed"}


def program(marker: str) -> str | None:
    """The path of the program that tests with that marker need."""
    # Those of this Python's environment are there also where the environment is not activated.
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return next(filter(None, (shutil.which(name, path=folders) for name in PROGRAMS[marker])), None)


def missing_program(marker: str) -> str:
    """What is missing for tests with that marker, and what to do; empty where nothing is."""
    if package := PACKAGES.get(marker):
        if importlib.util.find_spec(package):
            return ""
        return (
            f"the package {package} is not installed: pip install {package}, or leave these out with -m 'not {marker}'"
        )
    if program(marker):
        return ""
    name = PROGRAMS[marker][0]
    install = f"pip install -e '.[{EXTRAS[marker]}]'" if marker in EXTRAS else f"apt-get install {name}"
    return f"the {name} command is not installed: {install}, or leave these out with -m 'not {marker}'"


def require_programs(item: pytest.Item) -> None:
    """Skip or fail a test that cannot run for want of a program."""
    required = {name.strip() for name in os.environ.get(REQUIRE, "").split(",") if name.strip()}
    known = [*PROGRAMS, *PACKAGES]
    if unknown := required - set(known):
        raise pytest.UsageError(f"{REQUIRE} names {', '.join(sorted(unknown))}; it may name {', '.join(known)}")
    for marker in known:
        if item.get_closest_marker(marker) and (missing := missing_program(marker)):
            (pytest.fail if marker in required else pytest.skip)(missing)
