"""The documentation keeps up with the program: keys, defaults, options, templates and dependencies."""

from __future__ import annotations

import dataclasses
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml
from PIL import Image

from neural_gallery.cli import main
from neural_gallery.corridor.events import Event
from neural_gallery.pages.placements import OPTIONS
from neural_gallery.site.manifest import load_site
from neural_gallery.site.schema import manifest_schema

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
SECTIONS = {  # heading in docs/manifest.md: the schema's definition
    "The sections": "",
    "`site`": "SiteSection",
    "`images`": "ImageSection",
    "`pairs`": "PairSection",
    "`style`": "StyleSection",
    "`defaults`": "Settings",
    "`animation`": "AnimationSection",
    "`stills`": "StillsSection",
    "`budgets`": "BudgetsSection",
}


@pytest.mark.parametrize(("heading", "definition"), SECTIONS.items())
def test_every_key_of_the_manifest_is_explained(heading: str, definition: str) -> None:
    """Each section's table has the schema's keys, no more and no fewer; a pair's other keys are those of defaults."""
    keys = set(properties(definition))
    if definition == "PairSection":
        keys -= set(properties("Settings"))
    assert {row[0] for row in table("docs/manifest.md", heading)} == keys


@pytest.mark.parametrize("heading", ["`site`", "`style`", "`defaults`", "`animation`", "`stills`"])
def test_defaults_are_those_of_the_schema(heading: str) -> None:
    """The second column is the default; empty where there is none, or where it is a section of its own."""
    defaults = {key: one.get("default", "") for key, one in properties(SECTIONS[heading]).items()}
    told = {key: yaml.safe_load(default) if default else "" for key, default, *_ in table("docs/manifest.md", heading)}
    assert told == {key: "" if isinstance(default, dict) else default for key, default in defaults.items()}


def test_choices_and_bounds_are_those_of_the_schema() -> None:
    """The third column of settings lists the choices, or the bounds."""
    schema = properties("Settings")
    for key, _, values, *_ in table("docs/manifest.md", "`defaults`"):
        if "minimum" in schema[key]:
            assert values == f"{schema[key]['minimum']:g} to {schema[key]['maximum']:.10g}"
        elif "enum" in (choices := referred(schema[key])):
            assert values.split(", ") == [str(choice) for choice in choices["enum"]]
        elif "oneOf" in schema[key] and key == "steps":
            number = schema[key]["oneOf"][0]
            assert values == f"{number['minimum']} to {number['maximum']}, or a list"


def test_every_layer_is_named() -> None:
    """The names that a style's `layers` may have stand in the text, or between two that do."""
    text = (ROOT / "docs/manifest.md").read_text(encoding="utf-8")
    sentence = re.search(r"The layers, from fine .*?\.\s", text, flags=re.DOTALL)
    assert sentence
    told: list[str] = []
    for first, last in re.findall(r"`(relu\d_\d)`(?: to `(relu\d_\d)`)?", sentence[0]):
        told += [f"{first[:-1]}{number}" for number in range(int(first[-1]), int((last or first)[-1]) + 1)]
    assert told == properties("StyleSection")["layers"]["items"]["enum"]


def test_the_example_of_masks_and_layers_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documentation shows under `style` passes the check, with pictures that fit it."""
    section = (ROOT / "docs/manifest.md").read_text(encoding="utf-8").split("\n### `style`\n")[1]
    example = re.match(r"\n[^`]*```yaml\n(.*?)```", section, flags=re.DOTALL)
    assert example
    (tmp_path / "content/images").mkdir(parents=True)
    for name, box in {
        "sky-mask": (0, 0, 60, 15),
        "ground-mask": (0, 15, 60, 40),
        "flowers-mask": (9, 9, 30, 30),
    }.items():
        mask = Image.new("L", (60, 40))
        mask.paste(255, box)
        mask.save(tmp_path / f"content/images/{name}.png")
    for name in ("harbour", "waves", "poppies"):
        Image.new("RGB", (90, 60), "teal").save(tmp_path / f"content/images/{name}.jpg")
    (tmp_path / "site.yaml").write_text(f"version: 1\n{example[1]}")
    monkeypatch.chdir(tmp_path)
    by_parts, by_layers = load_site(Path("site.yaml")).pairs
    assert [style.mask and style.mask.name for style in by_parts.styles] == ["sky-mask", "ground-mask"]
    assert [style.weight for style in by_layers.styles] == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("block", OPTIONS)
def test_every_option_of_a_block_is_explained(block: str) -> None:
    """Each block's table has its options, no more and no fewer."""
    assert {row[0] for row in table("docs/posts.md", f"`{block}`")} == set(OPTIONS[block])


def test_every_option_of_proof_is_explained() -> None:
    """The table has the options of the command with their defaults, but for those that most commands have."""
    options = [option for option in main.commands["proof"].params if isinstance(option, click.Option)]
    defaults = {option.opts[-1]: str(option.default) if option.show_default else "" for option in options}
    defaults["--output"] = ".neural-gallery/proofs/CONTENT"
    told = {option: default for option, default, *_ in table("docs/proof.md", "Proofs: choosing before painting")}
    assert told == {name: defaults[name] for name in defaults.keys() - {"--site", "--allow-outside", "--quiet"}}


def test_every_event_is_told() -> None:
    """With its keys, as programs get them, but for the plan's, which are those of a command."""
    rows = {row[0]: row for row in table("docs/commands.md", "What programs are told")}
    names = {re.sub(r"(?<!^)(?=[A-Z])", "-", one.__name__).lower(): one for one in get_args(Event)}
    assert rows.keys() - {"error"} == names.keys()
    for name in names.keys() - {"plan-ready"}:
        fields = [field.name for field in dataclasses.fields(names[name]) if field.name != "frame"]
        assert re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", rows[name][2])) == fields


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


def test_every_extra_is_told() -> None:
    """Those that are no devices' have their packages, with the bounds, in the text."""
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [name for name in extras if f"`{name}`" not in text and name != "test"] == []
    assert [package for name in ("keras", "docs") for package in extras[name] if f"`{package}`" not in text] == []


@pytest.mark.parametrize("file", ["commands.md", "keys.md"])
def test_the_reference_is_up_to_date(file: str) -> None:
    """What is committed is what `python docs/make_reference.py` would write now."""
    made = runpy.run_path(str(ROOT / "docs/make_reference.py"))["pages"]()
    assert (ROOT / "docs" / file).read_text(encoding="utf-8") == made[file], "run python docs/make_reference.py"


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", *DOCUMENTS])
def test_every_command_line_is_one(file: str) -> None:
    """What the blocks of commands have of ours is accepted: commands, options and their values."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        for line in re.split(r"&&|\n", block):
            program, *words = shlex.split(line.partition(" >")[0], comments=True) or [""]
            if program.endswith("neural-gallery"):
                parse(main, words)


@pytest.mark.parametrize("file", [*DOCUMENTS, "CONTRIBUTING.md"])
def test_links_between_documents_lead_somewhere(file: str) -> None:
    """Every relative link names a file that is there."""
    document = ROOT / file
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    assert [link for link in links if not (document.parent / link).exists()] == []


def parse(command: click.Command, words: list[str]) -> None:
    """Read a command line as the command would, without running it. Raises click's UsageError."""
    if isinstance(command, click.Group) and words and words[0] in command.commands:
        parse(command.commands[words[0]], words[1:])
    else:
        command.make_context("neural-gallery", words)


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
