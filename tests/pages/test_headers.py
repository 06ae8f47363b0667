"""Block headers and their options are found with their places, and marks come off again without a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.pages.headers import mark_headers, marked_lines, unmark

LINES = st.lists(
    st.one_of(
        st.text(alphabet="/ >|abpair:-=\t{}", max_size=24),
        st.sampled_from(
            ["/// pair | a-b", "    show: style", "///", "> /// gallery", ">     caption: x", "/// pair |"]
        ),
    ),
    max_size=8,
)


@given(LINES)
def test_unmark_restores_every_line(lines):
    """Whatever the text, taking the marks off gives it back, character by character."""
    marked, _ = mark_headers(lines)
    assert unmark("\n".join(marked)) == "\n".join(lines)


@given(LINES)
def test_every_header_is_marked_with_its_line(lines):
    """The marks in the text are those of the headers found, in order."""
    marked, headers = mark_headers(lines)
    assert marked_lines("\n".join(marked)) == list(headers)


def test_header_with_options():
    """Name, argument and options carry line and column, from 1."""
    _, headers = mark_headers(["text", "", "/// Pair |  a-b ", "    show: style", "    caption: 'x: y'", "///"])
    [header] = headers.values()
    assert (header.name, header.argument, header.line, header.column) == ("pair", "a-b", 3, 13)
    caption = header.options["caption"]
    assert (caption.value, caption.line, caption.column, caption.value_column) == ("x: y", 5, 5, 14)
    assert header.flaw is None


@pytest.mark.parametrize("prefix", ["    ", "> ", ">     "])
def test_header_inside_something(prefix):
    """A header in a list item or a quotation has its options four spaces further in, behind the same prefix."""
    _, headers = mark_headers([f"{prefix}/// picture | me", f"{prefix}    width: 300", f"{prefix}///"])
    [header] = headers.values()
    width = header.options["width"]
    assert (header.argument, width.value, width.column) == ("me", "300", len(prefix) + 5)


@pytest.mark.parametrize("value", ["no", "on", "2015-09-08", "0x10", "1_000", "~"])
def test_options_are_text_as_written(value):
    """Nothing that YAML has opinions about becomes something else."""
    _, headers = mark_headers(["/// pair | a", f"    caption: {value}", "///"])
    assert headers[1].options["caption"].value == value


@pytest.mark.parametrize("line", ["//// pair | a", "/// gallery", "/// pair|a", "///pair | a"])
def test_ways_to_write_a_header(line):
    """More slashes, no bar and no spaces are all headers."""
    _, headers = mark_headers([line])
    assert headers[1].name in ("pair", "gallery")


@pytest.mark.parametrize("line", ["///", "// pair | a", "see /// pair | a", "http:///x", "/// | a"])
def test_what_is_no_header(line):
    """The end of a block, a comment of other languages and slashes within a line are left alone."""
    assert mark_headers([line]) == ([line], {})
