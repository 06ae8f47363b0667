"""Writes docs/commands.md from the commands' helps, and docs/keys.md from the manifest's JSON Schema.

    python docs/make_reference.py

Both are committed, and a test compares them with what this would write. They are made of the commands and the schema
as data, not of what `--help` prints, so that they do not depend on a terminal's width or on click's version.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import click

from neural_gallery.cli import main as program
from neural_gallery.cli.completion import PROGRAM
from neural_gallery.site.schema import manifest_schema

Schema: TypeAlias = Mapping[str, Any]

DOCS = Path(__file__).resolve().parent
MADE_BY = "<!-- Written by docs/make_reference.py: change what it reads, and run it. -->"
COMMANDS = """\
Every command and all of its options, as `--help` tells them; `-h` and `--help` are options of each. Exit codes: 0 done,
1 the run failed, 2 something in the site or on the command line is wrong, 130 interrupted.
"""
KEYS = """\
Every key of `site.yaml`, as `neural-gallery schema` has them for editors. [The manifest](manifest.md) explains them.
Whatever has no default is left out, or left to the program, unless it is given; **bold** keys have to be given.
`relu1_1` to `relu5_4` are [the network's layers](manifest.md#style).
"""
TOLD = """\
With `--json`, `build`, `paint`, `render`, `proof` and `serve` print an event a line, as soon as it happens, each an
object with its name under `event`. Keys may be added, and do not change. Where the command fails, the last line is
`error`.
"""
EVENTS = (
    (
        "plan-ready",
        "it is known what will be painted",
        "those of `plan --json`; with `--shard` also `shard` (`number`, `count`) and `all_pairs`",
    ),
    ("pair-started", "a pair is begun", "`pair`, `position`, `total`, `expected_seconds`"),
    ("pair-progress", "at least every ten seconds", "`pair`, `step`, `steps`, `stage`, `loss`, `work` (0 to 1)"),
    ("pair-done", "a pair is painted and kept", "`pair`, `position`, `total`, `seconds`"),
    ("pair-failed", "a pair could not be painted", "`pair`, `position`, `total`, `problems`"),
    (
        "pair-stopped",
        "a pair is left half painted, because time is up",
        "`pair`, `position`, `total`, `work` (0 to 1)",
    ),
    (
        "time-up",
        "painting ends before everything is painted, to keep to `--time-budget`",
        "`budget` (seconds), `painted` (pairs), `left` (ids), `seconds` (what these will take, roughly), `enough` "
        "(where no pair could be begun: a budget, in seconds, with which one could; else null)",
    ),
    ("encoding-started", "a file is encoded", "`path`"),
    ("note", "there is something to know", "`message`"),
    ("proof-lines", "every proof is there", "`lines` (by proof)"),
    ("rendered", "the output folder is up to date", "`written`, `unchanged`, `removed`, `start`"),
    ("error", "the command failed", "`problems`"),
)
"""What programs are told: each event, when it comes, and its keys."""

SECTIONS = {
    "Manifest": "The top",
    "SiteSection": "`site`",
    "ImageSection": "Entries of `images`",
    "PairSection": "Entries of `pairs`",
    "StyleSection": "Styles of a blend",
    "Settings": "`defaults`",
    "AnimationSection": "`animation`",
    "StillsSection": "`stills`",
    "BudgetsSection": "`budgets`",
}
"""The schema's definitions that have keys, each under its heading."""

KINDS = {"integer": ("whole number", "whole numbers"), "number": ("number", "numbers"), "string": ("text", "texts")}
"""What the schema calls a type: one such value, several."""

MANY = 8
"""Of so many choices only the first and the last are shown: those are layers, and have an order."""


def pages() -> dict[str, str]:
    """Both pages, by the names of their files."""
    return {"commands.md": "\n".join(command_lines()), "keys.md": "\n".join(key_lines(manifest_schema()))}


def command_lines() -> Iterator[str]:
    """The page of the commands."""
    yield from (MADE_BY, "", "# Commands", "", COMMANDS)
    yield from _command(program, click.Context(program, info_name=PROGRAM))
    yield from ("## What programs are told", "", TOLD)
    yield from _table(("event", "when", "keys"), [(_code(name), when, keys) for name, when, keys in EVENTS])


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    """A command, then those that belong to it."""
    pieces = command.collect_usage_pieces(context)
    yield from (f"## `{context.command_path}`", "", "```text", " ".join([context.command_path, *pieces]), "```", "")
    yield from _help(inspect.cleandoc(command.help or ""))
    options = [option for option in command.params if isinstance(option, click.Option)]
    if rows := [_option(option, context) for option in options if "--help" not in option.opts]:
        yield from _table(("option", "default", "values", "meaning"), rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, "a group has the commands that it lists"
            yield from _command(inner, click.Context(inner, info_name=name, parent=context))


def _help(text: str) -> Iterator[str]:
    """A docstring's paragraphs, and its example as a block of commands."""
    prose, _, example = text.partition("\b\nExample:\n")
    for paragraph in prose.strip().split("\n\n"):
        yield from (_escaped(paragraph), "")
    if example:
        yield from ("```sh", *(line.strip() for line in example.strip().splitlines()), "```", "")


def _option(option: click.Option, context: click.Context) -> Sequence[str]:
    shown = option.show_default
    default = shown if isinstance(shown, str) else str(option.default) if shown else ""
    return _code(", ".join(option.opts)), _code(default), _accepted(option, context), _escaped(option.help or "")


def _accepted(option: click.Option, context: click.Context) -> str:
    """What an option takes; empty where it takes nothing."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return ", ".join(_code(choice) for choice in option.type.choices)
    if isinstance(option.type, click.IntRange):
        return f"{option.type.min} to {option.type.max}"
    return _code(option.make_metavar(context))


def key_lines(schema: Schema) -> Iterator[str]:
    """The page of the manifest's keys."""
    definitions = schema["$defs"]
    settings = definitions["Settings"]["properties"]
    yield from (MADE_BY, "", "# Keys of `site.yaml`", "", KEYS)
    for name, heading in SECTIONS.items():
        section = definitions.get(name, schema)
        required = section.get("required", [])
        keys = section["properties"]
        if name == "PairSection":
            keys = {key: told for key, told in keys.items() if key not in settings}
        yield from (f"## {heading}", "", _escaped(section["description"]), "")
        if name == "PairSection":
            yield from (f"Besides these it may have every key of [`defaults`](#{_anchor('Settings')}).", "")
        yield from _table(
            ("key", "default", "values", "meaning"),
            [_key(key, told, definitions, required=key in required) for key, told in keys.items()],
        )


def _key(key: str, told: Schema, definitions: Schema, *, required: bool) -> Sequence[str]:
    default = told.get("default", "")
    shown = "" if required or _is_no_value(told) else _code(_yaml(default))
    name = f"**{_code(key)}**" if required else _code(key)
    meaning = told.get("description") or definitions[_reference(told)]["description"]  # told once where it is the same
    return name, shown, _values(told, definitions), _escaped(meaning[:1].upper() + meaning[1:])


def _is_no_value(told: Schema) -> bool:
    """Whether what stands as default only says that nothing was given: it would not be allowed, or is a section."""
    default = told.get("default", "")
    # A key that names other keys' section has their defaults; a crop's default is of the model's, for want of None.
    return default in ("", []) or isinstance(default, dict) or "prefixItems" in told


def _values(told: Schema, definitions: Schema) -> str:
    """What a key may have, in words."""
    if "$ref" in told:
        name = _reference(told)
        if name not in SECTIONS:
            return _values(definitions[name], definitions)
        heading = SECTIONS[name]
        return f"[{heading[:1].lower()}{heading[1:]}](#{_anchor(name)})"
    if "oneOf" in told:
        return ", or ".join(_values(one, definitions) for one in told["oneOf"])
    if "const" in told:
        return _code(_yaml(told["const"]))
    if "enum" in told:
        return _choices(told["enum"])
    if told["type"] == "boolean":
        return "`true`, `false`"
    if told["type"] == "array":
        return _list(told, definitions)
    if told["type"] == "object":
        return _mapping(told, definitions)
    return f"{KINDS[told['type']][0]}{_bounds(told)}"


def _reference(told: Schema) -> str:
    return told["$ref"].rsplit("/", 1)[1]


def _list(told: Schema, definitions: Schema) -> str:
    if "prefixItems" in told:
        return f"list of {', '.join(one['title'] + _bounds(one) for one in told['prefixItems'])}, whole numbers"
    count = _count(told.get("minItems", 0), told["maxItems"])
    items = told["items"]
    if "enum" in items:
        return f"list of {count} of {_choices(items['enum'])}"
    if items.get("type") in KINDS:
        return f"list of {count} {KINDS[items['type']][1]}{_bounds(items, each=True)}"
    return f"list of {count}: {_values(items, definitions)}"


def _mapping(told: Schema, definitions: Schema) -> str:
    if "patternProperties" in told:
        (value,) = told["patternProperties"].values()
        return f"mapping of names: {_values(value, definitions)}"
    names = "layers" if "enum" in told.get("propertyNames", {}) else "names"
    count = _count(told["minProperties"], told["maxProperties"])
    return f"mapping of {count} {names}: {_values(told['additionalProperties'], definitions)}"


def _count(least: int, most: int) -> str:
    return f"{least} to {most}" if least else f"up to {most}"


def _bounds(told: Schema, *, each: bool = False) -> str:
    """Between which numbers a value lies, or how long a text may be, in parentheses; empty where any will do."""
    if "exclusiveMinimum" in told:
        bounds = f"more than {told['exclusiveMinimum']:g}, up to {told['maximum']:.10g}"
    elif "minimum" in told:
        bounds = f"{told['minimum']:g} to {told['maximum']:.10g}"
    elif "maxLength" in told:
        bounds = f"{_count(told.get('minLength', 0), told['maxLength'])} characters"
    else:
        return ""
    return f" (each {bounds})" if each else f" ({bounds})"


def _choices(values: Sequence[object]) -> str:
    shown = [_code(_yaml(value)) for value in values]
    return ", ".join(shown) if len(shown) < MANY else f"{shown[0]} to {shown[-1]}"


def _yaml(value: object) -> str:
    """A value as an author writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def _anchor(definition: str) -> str:
    """What MkDocs and code hosts make of a section's heading."""
    return re.sub(r"[^a-z0-9 ]", "", SECTIONS[definition].lower()).replace(" ", "-")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The columns in which something stands, and an empty line."""
    kept = [number for number in range(len(head)) if any(row[number] for row in rows)]
    for row in (head, ["---"] * len(head), *rows):
        yield "|" + "".join(f" {row[number]} |" if row[number] else " |" for number in kept)
    yield ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _escaped(text: str) -> str:
    """Text, of which nothing is taken for emphasis; what is code in it stays so."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"\*|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


def main() -> None:
    """Write both pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
