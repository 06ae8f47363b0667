"""Numbers for people."""

from __future__ import annotations

import pytest

from neural_gallery.cli import words


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3599.6, "1 h"),
        (3600, "1 h"),
        (4200, "1 h 10 min"),
        (7199, "2 h"),
    ],
)
def test_seconds(value: float, told: str):
    """Times are told in the two largest units that matter, rounded, and 60 never stands where 1 of the next should."""
    assert words.seconds(value) == told


@pytest.mark.parametrize(("count", "told"), [(0, "0 pairs"), (1, "1 pair"), (2, "2 pairs")])
def test_counted(count: int, told: str):
    """One is singular, everything else plural."""
    assert words.counted(count, "pair") == told


def test_counted_irregular():
    """A plural that is not made with s is given."""
    assert words.counted(2, "entry", "entries") == "2 entries"
