"""YAML that remembers where everything stands, so that every message can name a line and a column.

`compose` turns text into plain Python values, as YAML 1.1 reads them, and a place for each key and each value,
found by its path: `("pairs", 2, "style")`. Lines and columns count from 1. Harmless surprises (a duplicate key, an
unknown tag, a date that is none) are collected, so that reading goes on; text that is not YAML is an error at once.
Hostile text is bounded: the size of a file, nesting, and what aliases expand to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from neural_gallery.errors import InputError, Location, Problem, abridged

KeyPath: TypeAlias = tuple[Any, ...]  # keys and indices from the top of a document down to one value

MAX_BYTES = 20_000_000  # of one file
MAX_VALUES = 100_000  # values of one document, aliases expanded; more where the text is so long that it may have them
LEAST_TEXT = 4  # characters of text that a value takes where a long document may have more of them
MAX_CHARACTERS = 10_000_000  # of the texts of one document, aliases expanded
MAX_DIGITS = 1000  # of a number or a date: reading one takes the square of its length
MAX_DEPTH = 64  # libyaml composes recursively and would overflow the C stack

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster, where PyYAML was built with it
_PREFIX = "tag:yaml.org,2002:"
_READ_AS_TEXT = (f"{_PREFIX}str", f"{_PREFIX}value", f"{_PREFIX}merge")
_CONSTRUCTORS: Mapping[str, Any] = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag in {_PREFIX + kind for kind in ("null", "bool", "int", "float", "binary", "timestamp")}
}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What an escape in quotes can write, and no page can show; the last range are noncharacters of Unicode.
_UNSHOWN = re.compile(f"{_UNPRINTABLE.pattern}|[\x7f\ufdd0-\ufdef]")


@dataclass(frozen=True, slots=True)
class Written:
    """How one key or value stands in the file."""

    line: int
    column: int
    text: str = ""  # a scalar's text, without quotes
    plain: bool = False  # a scalar without quotes, whose type YAML guesses


@dataclass(frozen=True, slots=True)
class Document:
    """A composed YAML document: its value, and where each part of it stands."""

    file: str
    value: object
    values: Mapping[KeyPath, Written]
    keys: Mapping[KeyPath, Written]
    problems: tuple[Problem, ...]

    def location(self, path: KeyPath) -> Location:
        """Where the value at `path` begins; for a path that is not there, its nearest parent that is."""
        while path and path not in self.values:
            path = path[:-1]
        written = self.values.get(path, Written(1, 1))
        return Location(self.file, written.line, written.column)

    def key_location(self, path: KeyPath) -> Location:
        """Where the key of `path` stands; the value's place where it is an entry of a list."""
        written = self.keys.get(path)
        return Location(self.file, written.line, written.column) if written else self.location(path)


def read_text(path: Path, file: str) -> str:
    """The text of a UTF-8 file, without its byte order mark, line ends made `\\n`. Raises InputError."""
    try:
        if path.is_fifo():  # whoever opens one waits for somebody who writes
            raise InputError.at(Location(file), "this is a pipe, not a file.", "Write the text to a file.")
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}."
        raise InputError.at(Location(file), message, "Check its path and its permissions.") from error
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES // 1_000_000} MB, which is too much for text."
        raise InputError.at(Location(file), message, "Check that it is the right file, or divide it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        remedy = "Save it again with the encoding UTF-8."
        raise InputError.at(Location(file, line, column), "the file is not UTF-8 text.", remedy) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compose(text: str, file: str, *, first_line: int = 1, string_keys: bool = True) -> Document:
    """Read one YAML document.

    `first_line` is the line of the file on which `text` begins. With `string_keys`, a key that YAML reads as something
    other than text (`no`, `2015`) is a problem, and its text is used. Raises InputError where the text is not YAML.
    """
    found = _UNPRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start())
        place = Location(file, first_line + line, found.start() - text.rfind("\n", 0, found.start()))
        message = f"the character U+{ord(found.group()):04X} is not allowed in YAML."
        raise InputError.at(place, message, "Remove it.")
    most = max(MAX_VALUES, len(text) // LEAST_TEXT)
    try:
        if not (_is_shallow(text) and _is_sparse(text, most)):
            _check_bounds(text, file, first_line, _Loader, most)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in (error.problem or ""):
            # Where libyaml gives up at 1000, it has read ahead and not said yet where 64 were passed. The other parser
            # reads ahead as well, for what may be a key, and may stumble on the way.
            with suppress(yaml.MarkedYAMLError):
                _check_bounds(text, file, first_line, yaml.SafeLoader, most)
            raise InputError(_too_deep(error.problem_mark, file, first_line)) from error
        raise InputError(_syntax_problem(error, text, file, first_line)) from error
    builder = _Builder(file, first_line, string_keys, most)
    value = builder.build(node, ()) if node else None
    return Document(file, value, builder.values, builder.keys, tuple(builder.problems))


def _too_many(most: int) -> tuple[str, str]:
    return f"the document holds more than {most} values, aliases expanded.", "Make it smaller."


def _is_shallow(text: str) -> bool:
    """Whether the text is seen at a glance not to be nested too deep; most is, and parsing twice takes its time.

    Blocks nest by indentation, a list in a mapping without any, or by what stands before them on one line; brackets
    nest where they are. Only lines without quotes and comments can be trusted to close what they open.
    """
    deepest = fullest = unclosed = 0
    for line in text.split("\n"):
        opened = line.count("[") + line.count("{")
        deepest = max(deepest, len(line) - len(line.lstrip()))
        fullest = max(fullest, opened + line.count("- ") + line.count("? ") + line.count(": "))
        if opened and (opened != line.count("]") + line.count("}") or "'" in line or '"' in line or "#" in line):
            unclosed += opened
    return 2 * (deepest + 1) + fullest + unclosed < MAX_DEPTH - 2


def _is_sparse(text: str, most: int) -> bool:
    """Whether the text is seen at a glance to hold no more values than that: something stands before each of them."""
    return sum(text.count(before) for before in (",", "\n", ":", "- ", "[", "{", "?")) < 2 * most


def _check_bounds(
    text: str, file: str, first_line: int, loader: type[yaml.SafeLoader | yaml.CSafeLoader], most: int
) -> None:
    """Raises InputError where a document is too deep or holds too many values to be composed."""
    depth = count = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.NodeEvent):
            count += 1
            if count > 2 * most:  # keys are events as well
                place = Location(file, first_line + event.start_mark.line, event.start_mark.column + 1)
                raise InputError.at(place, *_too_many(most))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError(_too_deep(event.start_mark, file, first_line))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(mark: yaml.Mark | None, file: str, first_line: int) -> Problem:
    place = Location(file, first_line + mark.line, mark.column + 1) if mark else Location(file)
    return Problem(place, f"values are nested more than {MAX_DEPTH} deep.", "Nest them less deeply.")


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str, first_line: int) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    place = Location(file, first_line + line, column + 1)
    indentation = written[: len(written) - len(written.lstrip())]
    if "\t" in indentation and column <= len(indentation):
        return Problem(place, "the line is indented with a tab, which YAML does not allow.", "Indent it with spaces.")
    if written[column : column + 1] in ("@", "`", "%"):
        message = f"YAML does not allow text to begin with {written[column]}."
        return Problem(place, message, "Write the text in quotes.")
    reason = error.problem or "the document is not complete"
    opened = error.context_mark
    if error.context and opened and opened.line != line:
        reason += f", {error.context} that begins on line {first_line + opened.line}"
    if "mapping values" in reason or written[column : column + 1] == ":":
        remedy = "Write text that holds a colon and a space in quotes, and check the indentation."
    elif "another document" in reason or "single document" in reason:
        reason, remedy = "a second document begins here", "Remove the line '---'."
    else:
        remedy = "Check the brackets, quotes and indentation here and on the lines above."
    return Problem(place, f"this is not valid YAML: {reason}.", remedy)


@dataclass
class _Builder:
    """Makes plain values of one document's nodes, and notes their places."""

    file: str
    first_line: int
    string_keys: bool
    most: int  # values
    values: dict[KeyPath, Written] = field(default_factory=dict)
    keys: dict[KeyPath, Written] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    characters: int = 0
    parents: list[Node] = field(default_factory=list)

    def build(self, node: Node, path: KeyPath) -> Any:
        self.count += 1
        if self.count > self.most:
            self.stop(node, *_too_many(self.most))
        self.values[path] = self.written(node)
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        if any(node is parent for parent in self.parents):
            self.stop(node, "the anchor holds an alias of itself.", "Write the values out.")
        if node.tag not in (f"{_PREFIX}map", f"{_PREFIX}seq"):
            self.report(node, f"the tag '{_short(node.tag)}' is not known here.", "Remove it.")
        self.parents.append(node)
        built = self.mapping(node, path) if isinstance(node, MappingNode) else self.sequence(node, path)
        self.parents.pop()
        return built

    def sequence(self, node: Node, path: KeyPath) -> list[Any]:
        return [self.build(entry, (*path, index)) for index, entry in enumerate(node.value)]

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[Any, Any]:
        built: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_PREFIX}merge":
                built |= self.merged(value_node, path)
        self.values[path] = self.written(node)
        own: set[Any] = set()
        for key_node, value_node in node.value:
            if key_node.tag == f"{_PREFIX}merge":
                continue
            key = self.key(key_node)
            if key in own:
                first = self.keys[(*path, key)]
                message = (
                    f"the key '{abridged(str(key))}' is given twice, first on line {first.line}, column {first.column}."
                )
                self.report(key_node, message, "Remove one of the two.")
                continue
            own.add(key)
            self.keys[(*path, key)] = self.written(key_node)
            built[key] = self.build(value_node, (*path, key))
        return built

    def merged(self, node: Node, path: KeyPath) -> dict[Any, Any]:
        """The keys of `<<: *name`, or of `<<: [*first, *second]`, of which the first one wins."""
        built: dict[Any, Any] = {}
        for source in reversed(node.value) if isinstance(node, SequenceNode) else [node]:
            if isinstance(source, MappingNode):
                built |= self.build(source, path)
            else:
                self.report(source, "'<<' can only merge mappings.", "Write an alias of a mapping: '<<: *name'.")
        return built

    def key(self, node: Node) -> Any:
        if not isinstance(node, ScalarNode):
            self.stop(node, "a list or a mapping cannot be a key here.", "Write the key as text, in quotes.")
        key = self.scalar(node)
        if self.string_keys and not isinstance(key, str):
            message, remedy = misread(self.written(node), key)
            self.report(node, f"the key is not text: {message}", remedy)
            return node.value
        return key

    def scalar(self, node: ScalarNode) -> Any:
        self.characters += len(node.value)
        if self.characters > MAX_CHARACTERS:
            message = f"the document holds more than {MAX_CHARACTERS} characters, aliases expanded."
            self.stop(node, message, "Make it smaller.")
        if node.tag in _READ_AS_TEXT:
            return self.shown(node)
        construct = _CONSTRUCTORS.get(node.tag)
        if construct is None:
            self.report(node, f"the tag '{_short(node.tag)}' is not known here.", "Remove it.")
            return self.shown(node)
        kind = {"timestamp": "date", "int": "number", "float": "number"}.get(_short(node.tag).strip("!"), "value")
        try:
            if kind != "value" and len(node.value) > MAX_DIGITS:
                raise ValueError
            return construct(yaml.constructor.SafeConstructor(), node)
        except (ValueError, OverflowError, LookupError, AttributeError, yaml.YAMLError):
            message = f"'{abridged(node.value)}' looks like a {kind}, but is none."
            self.report(node, message, "Correct it, or write it in quotes if it is meant as text.")
            return self.shown(node)

    def shown(self, node: ScalarNode) -> str:
        """The text, without what no page can show."""
        found = _UNSHOWN.search(node.value)
        if found is None:
            return node.value
        self.report(
            node, f"the text holds the character U+{ord(found.group()):04X}, which cannot be shown.", "Remove it."
        )
        return _UNSHOWN.sub("", node.value)

    def written(self, node: Node) -> Written:
        mark = node.start_mark
        line, column = self.first_line + mark.line, mark.column + 1
        if isinstance(node, ScalarNode):
            return Written(line, column, node.value, node.style is None or node.style == "")
        return Written(line, column)

    def report(self, node: Node, message: str, remedy: str) -> None:
        written = self.written(node)
        self.problems.append(Problem(Location(self.file, written.line, written.column), message, remedy))

    def stop(self, node: Node, message: str, remedy: str) -> NoReturn:
        self.report(node, message, remedy)
        raise InputError(*self.problems)


def misread(written: Written | None, value: object) -> tuple[str, str]:
    """Why YAML did not read a plain scalar as text (a sentence), and how to make it do so."""
    kind = "bytes" if isinstance(value, bytes) else "a date"
    if value is None:
        kind = "nothing"
    elif isinstance(value, bool):
        kind = "true" if value else "false"
    elif isinstance(value, int | float):
        kind = "a number"
    text = abridged(written.text if written else str(value))
    return f"YAML reads {text or 'an empty value'} as {kind}.", f"Write it in quotes: '{text}'."


def _short(tag: str) -> str:
    return abridged(tag.replace(_PREFIX, "!!"))
