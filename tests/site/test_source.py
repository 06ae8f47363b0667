"""YAML with places: what is read, where it stands, and what is told about text that is not well-formed."""

from __future__ import annotations

import datetime
import os
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.errors import InputError, Location, abridged
from neural_gallery.site.source import Document, compose, read_text


def told(document: Document) -> list[str]:
    """The problems of a document, as they are printed."""
    return [str(problem) for problem in document.problems]


def refused(text: str) -> str:
    """What is told of text that cannot be composed."""
    with pytest.raises(InputError) as caught:
        compose(text, "f.yaml")
    return str(caught.value)


def test_values_and_places() -> None:
    """Keys and values are found by their path, in block and flow style."""
    document = compose("a:\n  - x\n  - {b: 2}\n", "f.yaml")
    assert document.value == {"a": ["x", {"b": 2}]}
    assert document.location(("a", 1, "b")) == Location("f.yaml", 3, 9)
    assert document.key_location(("a", 1, "b")) == Location("f.yaml", 3, 6)
    assert document.key_location(("a", 0)) == Location("f.yaml", 2, 5)


def test_place_of_something_missing_is_its_parents() -> None:
    """A path that is not in the document stands where its nearest parent does."""
    document = compose("a: {b: 1}\n", "f.yaml")
    assert document.location(("a", "c", 3)) == Location("f.yaml", 1, 4)
    assert compose("", "f.yaml").location(("a",)) == Location("f.yaml", 1, 1)


def test_lines_count_from_the_first_line_given() -> None:
    """Text that begins in the middle of a file has that file's line numbers."""
    document = compose("a: 1\na: 2\n", "p.md", first_line=2)
    assert told(document) == ["p.md:3:1: the key 'a' is given twice, first on line 2, column 1. Remove one of the two."]


def test_empty_text_has_no_value() -> None:
    """Nothing but comments is no error, and no value."""
    assert compose("# nothing\n", "f.yaml").value is None


def test_scalars_are_read_as_yaml_1_1_does() -> None:
    """Plain scalars get YAML's types, quoted ones are text."""
    document = compose("[1, 0x10, 1.5, no, ~, 2015-09-08, '1', =]", "f.yaml")
    assert document.value == [1, 16, 1.5, False, None, datetime.date(2015, 9, 8), "1", "="]


def test_duplicate_keys_are_told_with_both_places() -> None:
    """Each repetition is one problem, and the first value is kept."""
    document = compose("a: 1\nb: {c: 1, c: 2, c: 3}\n", "f.yaml")
    assert told(document) == [
        "f.yaml:2:11: the key 'c' is given twice, first on line 2, column 5. Remove one of the two.",
        "f.yaml:2:17: the key 'c' is given twice, first on line 2, column 5. Remove one of the two.",
    ]
    assert document.value == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize(
    ("text", "told_message"),
    [
        ("no: 1", "f.yaml:1:1: the key is not text: YAML reads no as false. Write it in quotes: 'no'."),
        ("on: 1", "f.yaml:1:1: the key is not text: YAML reads on as true. Write it in quotes: 'on'."),
        ("2015: 1", "f.yaml:1:1: the key is not text: YAML reads 2015 as a number. Write it in quotes: '2015'."),
        (
            "2015-09-08: 1",
            "f.yaml:1:1: the key is not text: YAML reads 2015-09-08 as a date. Write it in quotes: '2015-09-08'.",
        ),
        ("~: 1", "f.yaml:1:1: the key is not text: YAML reads ~ as nothing. Write it in quotes: '~'."),
    ],
)
def test_keys_that_are_not_text(text: str, told_message: str) -> None:
    """A key that YAML takes for something else is explained, and then used as the author wrote it."""
    document = compose(text, "f.yaml")
    assert told(document) == [told_message]
    assert document.value == {text.split(":")[0]: 1}


def test_keys_of_any_type_where_they_are_welcome() -> None:
    """Front matter may have keys that are not text."""
    document = compose("years: {2015: a}", "p.md", string_keys=False)
    assert document.value == {"years": {2015: "a"}}
    assert not document.problems


@pytest.mark.parametrize(
    ("text", "told_message"),
    [
        (
            "date: 2015-13-45",
            "f.yaml:1:7: '2015-13-45' looks like a date, but is none. "
            "Correct it, or write it in quotes if it is meant as text.",
        ),
        (
            "a: " + "9" * 5000,
            f"f.yaml:1:4: '{'9' * 59}…' looks like a number, but is none. "
            "Correct it, or write it in quotes if it is meant as text.",
        ),
        ("a: !secret x", "f.yaml:1:4: the tag '!secret' is not known here. Remove it."),
        ("a: !!set {b}", "f.yaml:1:4: the tag '!!set' is not known here. Remove it."),
        ("a: !!python/name:os.system x", "f.yaml:1:4: the tag '!!python/name:os.system' is not known here. Remove it."),
        ("<<: [1]\na: 2", "f.yaml:1:6: '<<' can only merge mappings. Write an alias of a mapping: '<<: *name'."),
    ],
)
def test_values_that_cannot_be_read(text: str, told_message: str) -> None:
    """A scalar or a tag that means nothing here is one problem, and reading goes on."""
    assert told(compose(text, "f.yaml")) == [told_message]


def test_aliases_and_merges() -> None:
    """Aliases repeat values; merged keys give way to a mapping's own, and to those of earlier sources."""
    document = compose("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y]}\nw: *x\n", "f.yaml")
    assert document.value == {
        "x": {"a": 1, "b": 1},
        "y": {"b": 2, "c": 2},
        "z": {"a": 1, "b": 1, "c": 3},
        "w": {"a": 1, "b": 1},
    }
    assert document.location(("z", "c")) == Location("f.yaml", 3, 8)
    assert document.location(("z", "b")) == Location("f.yaml", 1, 17)
    assert document.location(("z",)) == Location("f.yaml", 3, 4)
    assert not document.problems


@pytest.mark.parametrize(
    ("text", "told_message"),
    [
        (
            "a:\n\t- b\n",
            "f.yaml:2:1: the line is indented with a tab, which YAML does not allow. Indent it with spaces.",
        ),
        (
            "a: {b: 1,\n \tc: [}",
            "f.yaml:2:7: this is not valid YAML: did not find expected node content. "
            "Check the brackets, quotes and indentation here and on the lines above.",
        ),
        ("a: @b", "f.yaml:1:4: YAML does not allow text to begin with @. Write the text in quotes."),
        ("a: `b`", "f.yaml:1:4: YAML does not allow text to begin with `. Write the text in quotes."),
        (
            "a: b: c",
            "f.yaml:1:5: this is not valid YAML: mapping values are not allowed in this context. "
            "Write text that holds a colon and a space in quotes, and check the indentation.",
        ),
        (
            "a: 1\nb: {c: 1\n",
            "f.yaml:3:1: this is not valid YAML: did not find expected ',' or '}', while parsing a flow mapping "
            "that begins on line 2. Check the brackets, quotes and indentation here and on the lines above.",
        ),
        (
            "a: *b",
            "f.yaml:1:4: this is not valid YAML: found undefined alias. "
            "Check the brackets, quotes and indentation here and on the lines above.",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "f.yaml:2:1: this is not valid YAML: a second document begins here. Remove the line '---'.",
        ),
        ("a: b\x01", "f.yaml:1:5: the character U+0001 is not allowed in YAML. Remove it."),
        ("? [a]\n: 1", "f.yaml:1:3: a list or a mapping cannot be a key here. Write the key as text, in quotes."),
        ("&a [*a]", "f.yaml:1:1: the anchor holds an alias of itself. Write the values out."),
        ("&a {<<: *a}", "f.yaml:1:1: the anchor holds an alias of itself. Write the values out."),
        ("[" * 65, "f.yaml:1:65: values are nested more than 64 deep. Nest them less deeply."),
        # Not yet a value where a line may still be a key: both parsers stumble over something else.
        ("a: 1\n" + "{" * 1100, "f.yaml:2:1000: values are nested more than 64 deep. Nest them less deeply."),
        ("[" * 500_000, "f.yaml:1:65: values are nested more than 64 deep. Nest them less deeply."),
    ],
)
def test_text_that_is_not_yaml(text: str, told_message: str) -> None:
    """What cannot be read is told with its place and a way out."""
    assert refused(text) == told_message


def test_aliases_that_explode() -> None:
    """Nine lines that would become a thousand million values are refused early."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert refused("\n".join(lines)).endswith(
        "the document holds more than 100000 values, aliases expanded. Make it smaller."
    )


def test_text_that_explodes() -> None:
    """A long text is not repeated by aliases until it fills the memory, nor are more values composed than may be."""
    text = f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 200}]"
    assert refused(text).endswith(
        "the document holds more than 10000000 characters, aliases expanded. Make it smaller."
    )
    assert refused("[" + "a," * 300_000).endswith(
        "the document holds more than 150000 values, aliases expanded. Make it smaller."
    )


@pytest.mark.parametrize("number", ["0x" + "f" * 4000, "1" + ":59" * 500_000, "0b" + "1" * 2000, "1_" * 1000 + "0.5"])
def test_numbers_without_end(number: str) -> None:
    """A number that takes the square of its length to read, or that nobody can print again, is none."""
    started = time.process_time()
    (problem,) = told(compose(f"a: {number}", "f.yaml"))
    assert "' looks like a number, but is none." in problem
    assert time.process_time() - started < 2


@pytest.mark.parametrize("escape", [r"\0", r"\x1b", r"\x7f", r"\ufdd0", r"\uffff"])
def test_characters_that_no_page_can_show(escape: str) -> None:
    """What an escape in quotes writes is told, and left out; as a key, too."""
    document = compose(f'a: "b{escape}c"', "f.yaml")
    code = f"U+{int(escape[2:] or '0', 16):04X}"
    assert told(document) == [f"f.yaml:1:4: the text holds the character {code}, which cannot be shown. Remove it."]
    assert document.value == {"a": "bc"}
    assert compose(f'"a{escape}": 1', "f.yaml").value == {"a": 1}


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """No more of a file is read than a text can have: it may be a disk, or a film."""
    path = tmp_path / "f.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError) as caught:
        read_text(path, "f.yaml")
    assert str(caught.value) == (
        "f.yaml: the file has more than 20 MB, which is too much for text. "
        "Check that it is the right file, or divide it."
    )


def test_read_text(tmp_path: Path) -> None:
    """A byte order mark is dropped, and line ends become one character."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\r")
    assert read_text(path, "f.yaml") == "a: 1\nb: é\n"


def test_text_of_another_encoding(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are told by their place."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(InputError) as caught:
        read_text(path, "f.yaml")
    assert str(caught.value) == "f.yaml:2:4: the file is not UTF-8 text. Save it again with the encoding UTF-8."


def test_text_that_cannot_be_opened(tmp_path: Path) -> None:
    """The operating system's reason is passed on."""
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, "f.yaml")
    assert str(caught.value) == "f.yaml: the file cannot be read: Is a directory. Check its path and its permissions."


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_text_in_a_pipe(tmp_path: Path) -> None:
    """Nobody is waited for who might write into it."""
    os.mkfifo(tmp_path / "f.yaml")
    with pytest.raises(InputError) as caught:
        read_text(tmp_path / "f.yaml", "f.yaml")
    assert str(caught.value) == "f.yaml: this is a pipe, not a file. Write the text to a file."


def test_abridged() -> None:
    """Text in messages is on one line, and not too long."""
    assert abridged("a\n  b") == "a b"
    assert abridged("x" * 61) == "x" * 59 + "…"


@given(st.text(alphabet="ab:- \n\t#&*!?|>'\"%@`{}[],<~0.1=\\\x00é", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but our own error."""
    try:
        problems = compose(text, "f.yaml").problems
    except InputError as error:
        problems = error.problems
    assert all(problem.location and problem.location.line for problem in problems)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]))  # what pages can show
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.dates()


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8))
def test_what_yaml_dumps_is_read_back(value: object) -> None:
    """Values that PyYAML writes come back the same, with a place for each of them."""
    document = compose(yaml.safe_dump(value), "f.yaml")
    assert document.value == value
    assert not document.problems
