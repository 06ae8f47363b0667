"""Where a long listing is divided, and which of its parts a page links."""

from __future__ import annotations

import pytest

from neural_gallery.pages.parts import Part, in_parts, part_of


@pytest.mark.parametrize(
    ("items", "size", "expected"),
    [
        ("", 2, [(1, 1, "")]),
        ("a", 2, [(1, 1, "a")]),
        ("ab", 2, [(1, 1, "ab")]),
        ("abc", 2, [(1, 2, "ab"), (2, 2, "c")]),
        ("abcd", 2, [(1, 2, "ab"), (2, 2, "cd")]),
        ("abcde", 2, [(1, 3, "ab"), (2, 3, "cd"), (3, 3, "e")]),
        ("ab", 1, [(1, 2, "a"), (2, 2, "b")]),
        ("abcde", 0, [(1, 1, "abcde")]),
        ("", 0, [(1, 1, "")]),
    ],
)
def test_where_it_is_divided(items, size, expected):
    """Full parts, then the rest; never an empty one, but for nothing at all. Each item is where `part_of` says."""
    found = list(in_parts(items, size))
    assert [(part.number, part.count, of_it) for part, of_it in found] == expected
    for index, item in enumerate(items):
        assert item in found[part_of(index, size) - 1][1]


@pytest.mark.parametrize(
    ("number", "count", "expected"),
    [
        (1, 2, [1, 2]),
        (1, 4, [1, 2, 3, 4]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 6, [1, 2, 3, 0, 6]),
        (4, 9, [1, 2, 3, 4, 5, 6, 0, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (6, 11, [1, 0, 4, 5, 6, 7, 8, 0, 11]),
        (50, 2000, [1, 0, 48, 49, 50, 51, 52, 0, 2000]),
        (2000, 2000, [1, 0, 1998, 1999, 2000]),
    ],
)
def test_which_parts_are_linked(number, count, expected):
    """The first, the last, two on either side; a gap of one is no gap."""
    assert list(Part(number, count).near()) == expected
