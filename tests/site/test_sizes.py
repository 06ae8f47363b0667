"""Numbers of bytes, written and read."""

from __future__ import annotations

import re

import pytest

from neural_gallery.site import sizes


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (48_400, "48 kB"),
        (999_600, "1.0 MB"),
        (2_140_000, "2.1 MB"),
        (3_000_000_000, "3.0 GB"),
    ],
)
def test_size(count: int, told: str):
    """Sizes are told in powers of ten, with one decimal where it matters."""
    assert sizes.size(count) == told


@pytest.mark.parametrize(
    ("text", "count"), [("800kB", 800_000), ("1.5 MB", 1_500_000), ("2GB", 2 * 10**9), ("0.0004kB", 0), ("3kB", 3000)]
)
def test_sizes_are_read_as_they_are_written(text: str, count: int):
    """With or without a space, in powers of ten."""
    assert re.match(sizes.PATTERN, text)
    assert sizes.bytes_of(text) == count


@pytest.mark.parametrize("text", ["800", "800 kb", "800KB", "-1kB", "1,5MB", "kB", "1e3kB", "1kB ", "nanMB"])
def test_what_is_no_size(text: str):
    """A number, then a unit, and nothing else."""
    assert not re.match(sizes.PATTERN, text)
