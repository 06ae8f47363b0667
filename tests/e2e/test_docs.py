"""The documentation keeps up with the program: keys, defaults, options, templates and dependencies."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from neural_gallery.pages.placements import OPTIONS
from neural_gallery.site.schema import manifest_schema

ROOT = Path(__file__).parents[2]
SECTIONS = {  # heading in docs/manifest.md: the schema's definition
    "The sections": "",
    "`site`": "SiteSection",
    "`images`": "ImageSection",
    "`pairs`": "PairSection",
    "`defaults`": "Settings",
    "`animation`": "AnimationSection",
    "`stills`": "StillsSection",
}


@pytest.mark.parametrize(("heading", "definition"), SECTIONS.items())
def test_every_key_of_the_manifest_is_explained(heading: str, definition: str) -> None:
    """Each section's table has the schema's keys, no more and no fewer; a pair's other keys are those of defaults."""
    keys = set(properties(definition))
    if definition == "PairSection":
        keys -= set(properties("Settings"))
    assert {row[0] for row in table("docs/manifest.md", heading)} == keys


@pytest.mark.parametrize("heading", ["`site`", "`defaults`", "`animation`", "`stills`"])
def test_defaults_are_those_of_the_schema(heading: str) -> None:
    """The second column is the default; empty where there is none, or where it is a section of its own."""
    schema = properties(SECTIONS[heading])
    told = {key: yaml.safe_load(default) if default else "" for key, default, *_ in table("docs/manifest.md", heading)}
    assert told == {key: "" if isinstance(one["default"], dict) else one["default"] for key, one in schema.items()}


def test_choices_and_bounds_are_those_of_the_schema() -> None:
    """The third column of settings lists the choices, or the bounds."""
    schema = properties("Settings")
    for key, _, values, *_ in table("docs/manifest.md", "`defaults`"):
        if "minimum" in schema[key]:
            assert values == f"{schema[key]['minimum']:g} to {schema[key]['maximum']:.10g}"
        elif "enum" in (choices := referred(schema[key])):
            assert values.split(", ") == choices["enum"]


@pytest.mark.parametrize("block", OPTIONS)
def test_every_option_of_a_block_is_explained(block: str) -> None:
    """Each block's table has its options, no more and no fewer."""
    assert {row[0] for row in table("docs/posts.md", f"`{block}`")} == set(OPTIONS[block])


def test_every_template_is_listed() -> None:
    """The table of templates names every file of the default theme's templates."""
    listed = [name for row in table("docs/themes.md", "Changing one thing") for name in row[0].split(", ")]
    templates = ROOT / "templates"
    assert sorted(listed) == sorted(path.relative_to(templates).as_posix() for path in templates.rglob("*.html"))


def test_every_dependency_has_its_reason() -> None:
    """Packages and lower bounds are those of pyproject.toml, in its order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = table("docs/dependencies.md", "To run")
    assert [row[0] for row in rows] == project["dependencies"]
    assert all(reason for row in rows for reason in row[1:])
    tested = [re.split(r"[><=!]", requirement)[0] for requirement in project["optional-dependencies"]["test"]]
    assert [row[0] for row in table("docs/dependencies.md", "To test")] == tested


@pytest.mark.parametrize("file", [*sorted(path.name for path in (ROOT / "docs").glob("*.md")), "../CONTRIBUTING.md"])
def test_links_between_documents_lead_somewhere(file: str) -> None:
    """Every relative link names a file that is there."""
    document = ROOT / "docs" / file
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    assert [link for link in links if not (document.parent / link).exists()] == []


def table(file: str, heading: str) -> list[list[str]]:
    """The rows below the heading, and above the next one, of the first table there; cells without their backticks."""
    text = (ROOT / file).read_text(encoding="utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    rows = list(_rows(re.split(r"^#+ ", section, flags=re.MULTILINE)[0].splitlines()))
    assert rows, f"{file} has no table under '{heading}'"
    return rows[2:]


def _rows(lines: list[str]) -> Iterator[list[str]]:
    begun = False
    for line in lines:
        if line.startswith("|"):
            begun = True
            yield [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        elif begun:
            return


def properties(definition: str) -> dict[str, dict]:
    """The keys of a section of the manifest with their schemas."""
    schema = manifest_schema()
    return (schema["$defs"][definition] if definition else schema)["properties"]


def referred(schema: dict) -> dict:
    """A key's schema, or the one that it refers to."""
    return manifest_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
