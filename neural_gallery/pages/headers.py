"""Where a post's blocks stand: their headers and options, with line and column, before Markdown loses them.

Python-Markdown hands its block processors text without line numbers, and pymdownx drops a block without a word when
its options are not YAML. So the headers are read here first, from the lines as written:

    /// pair | tardis-starry_night          a header: name, bar, argument
        show: style                         its options: YAML, four spaces further in than the header
    ///

Each header then carries its line number through Markdown, as a placeholder. What is still marked at the end was no
block (code that shows how blocks are written), and loses its marks again. Lines and columns count from 1, in the body
of the post.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from neural_gallery.errors import abridged
from neural_gallery.pages.placeholders import MARK

_HEADER = re.compile(r"(?P<prefix>[> ]*)(?P<slashes>/{3,}) *(?P<name>[\w-]+) *(?:(?P<bar>\|) *(?P<argument>.*))?")
_LOOKS_LIKE_A_HEADER = re.compile(r"(?P<prefix>[> ]*)/{3,} *(?P<name>\w[\w-]*).*")
_OPTION = MARK.open + MARK.close  # marks a line of options
_BAR = f" |{_OPTION}"  # a bar that the author did not write: pymdownx takes an argument only behind one
# What no page can show. Placeholders may stand in the text by now, but only an author can write one as an escape.
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd6-\ufdef\ufffe\uffff]")
_PLACEHOLDERS = re.compile("[\ufdd0-\ufdd5]")
_MAX_DEPTH = 64
_LONGEST = 5000  # characters of an option, as of the manifest's texts
_ADDED = re.compile(rf"{re.escape(_BAR)}|{_OPTION}|{MARK.pattern}")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a block: what it says, and where."""

    value: str
    line: int
    column: int
    value_column: int


@dataclass(frozen=True, slots=True)
class Header:
    """The header of one block. `text` is its first line as written."""

    text: str
    name: str
    argument: str
    line: int
    column: int
    options: Mapping[str, Option]
    flaw: Flaw | None  # the options could not be read


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why options could not be read, and where."""

    message: str
    remedy: str
    line: int
    column: int


def mark_headers(lines: list[str], *, only: Collection[str] = ()) -> tuple[list[str], dict[int, Header]]:
    """`lines` with every header and option marked, and the headers by line; of all names, or `only` of some."""
    marked = list(lines)
    headers: dict[int, Header] = {}
    for index, line in enumerate(marked):
        looks = _LOOKS_LIKE_A_HEADER.fullmatch(line)
        if not looks or (only and looks["name"].lower() not in only):
            continue
        headers[index + 1] = _read_header(lines, index)
        match = _HEADER.fullmatch(line.rstrip(" "))
        bar = _BAR if match is not None and match["bar"] is None else ""
        marked[index] = f"{line}{bar}{MARK(index + 1)}"
        inset = len(line) - len(line.lstrip("> "))
        for option in range(index + 1, _options_end(marked, index)):
            # pymdownx must not read the options: it would call a function with whatever keys the YAML has.
            marked[option] = marked[option][:inset] + _OPTION + marked[option][inset:]
    return marked, headers


def marked_lines(text: str) -> list[int]:
    """The line numbers of all headers in `text`."""
    return [int(number) for number in re.findall(MARK.pattern, text)]


def without_options(text: str) -> str:
    """`text` without the lines that are options."""
    return "\n".join(line for line in text.split("\n") if _OPTION not in line)


def unmark(text: str) -> str:
    """`text` as it was before `mark_headers`."""
    return _ADDED.sub("", text)


def _options_end(lines: list[str], index: int) -> int:
    prefix = re.match("[> ]*", lines[index])
    inset = (prefix[0] if prefix else "") + "    "
    end = index + 1
    while end < len(lines) and lines[end].startswith(inset) and lines[end].strip():
        end += 1
    return end


def _read_header(lines: list[str], index: int) -> Header:
    text = lines[index]
    match = _HEADER.fullmatch(text.rstrip(" "))
    inset = len(text) - len(text.lstrip("> "))
    options, flaw = _read_options(lines[index + 1 : _options_end(lines, index)], index + 2, inset)
    if match is None:
        return Header(text.strip("> "), "", "", index + 1, inset + 1, options, flaw)
    argument = match["argument"] or ""
    column = (match.start("argument") if argument else match.start("name")) + 1
    return Header(text.strip("> "), match["name"].lower(), argument, index + 1, column, options, flaw)


def _read_options(lines: list[str], first_line: int, inset: int) -> tuple[dict[str, Option], Flaw | None]:
    """Options as text: `no` is the word no, and 2 the digit. Every value keeps its place."""
    import yaml

    if not lines:
        return {}, None
    text = "\n".join(line[inset:] for line in lines)
    if found := _UNSHOWN.search(text):
        before = text[: found.start()]
        place = first_line + before.count("\n"), inset + len(before) - before.rfind("\n")
        return {}, Flaw(f"the character U+{ord(found.group()):04X} cannot be shown.", "Remove it.", *place)
    try:
        node = None if _is_deep(text) else yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        hint = "Write `name: value`; put a value that holds a colon or begins with a special character in quotes."
        what = f"the block's options are not YAML: {error.problem}."
        return {}, Flaw(what, hint, first_line + min(line, len(lines) - 1), inset + column + 1)
    if not isinstance(node, yaml.MappingNode):
        hint = "Write each on its own line as `name: value`."
        return {}, Flaw("the block's options are not names with values.", hint, first_line, inset + 5)
    return _options_of(node, text, first_line, inset)


def _escaped_placeholder(value: str, written: str) -> re.Match[str] | None:
    """The first placeholder in a value, where there are others in it than were written as they are."""
    return _PLACEHOLDERS.search(value) if _PLACEHOLDERS.findall(value) != _PLACEHOLDERS.findall(written) else None


def _is_deep(text: str) -> bool:
    """Whether options are nested so deep that composing them could exhaust the stack. Raises MarkedYAMLError."""
    import yaml

    depth = 0
    for event in yaml.parse(text, yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            return True
    return False


def _options_of(mapping: object, text: str, first_line: int, inset: int) -> tuple[dict[str, Option], Flaw | None]:
    import yaml

    options: dict[str, Option] = {}
    assert isinstance(mapping, yaml.MappingNode)
    for key, value in mapping.value:
        line, column = first_line + key.start_mark.line, inset + key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            hint = "Put it in quotes if it is meant as text."
            return {}, Flaw("an option of a block is one value, not a list or a mapping.", hint, line, column)
        written = text[key.start_mark.index : value.end_mark.index]
        if found := _UNSHOWN.search(key.value + value.value) or _escaped_placeholder(key.value + value.value, written):
            what = f"the option holds the character U+{ord(found.group()):04X}, which cannot be shown."
            return {}, Flaw(what, "Remove it.", line, column)
        if len(value.value) > _LONGEST:
            what = f"the option '{abridged(key.value)}' is too long."
            return {}, Flaw(what, f"Write at most {_LONGEST} characters.", line, column)
        if key.value in options:
            return {}, Flaw(
                f"the option '{abridged(key.value)}' is given twice.", "Remove one of the two.", line, column
            )
        options[key.value] = Option(value.value, line, column, inset + value.start_mark.column + 1)
    return options, None
