"""Numbers of bytes as people write and read them, in powers of ten."""

from __future__ import annotations

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}

PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})? ?(kB|MB|GB)$"
"""What `bytes_of` can read."""


def bytes_of(text: str) -> int:
    """`800kB` or `1.5 MB` as a number of bytes."""
    return round(float(text[:-2]) * UNITS[text[-2:]])


def size(count: int) -> str:
    """A number of bytes: `312 B`, `48 kB`, `2.1 MB`."""
    if count < 1000:
        return f"{count} B"
    value = count / 1000
    for unit in ("kB", "MB"):
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
