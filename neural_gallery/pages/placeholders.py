"""Placeholders that travel through Markdown and Jinja untouched, each a number between two characters.

The characters are noncharacters of Unicode (U+FDD0 to U+FDEF): no font shows them, no keyboard writes them, and neither
Markdown nor HTML escaping gives them a meaning. Whatever an author's file holds of them is dropped on the way in.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ALL = re.compile("[\ufdd0-\ufdd5]")


class Placeholder(NamedTuple):
    """One kind of placeholder."""

    open: str
    close: str

    def __call__(self, number: int) -> str:
        """The placeholder of that number."""
        return f"{self.open}{number}{self.close}"

    @property
    def pattern(self) -> str:
        """A regular expression that matches the placeholder, its number as a group."""
        return rf"{self.open}(\d+){self.close}"


MARK = Placeholder("\ufdd0", "\ufdd1")  # a line of a post, see headers.py
HELD = Placeholder("\ufdd2", "\ufdd3")  # text held back until a page is sealed, see jekyll.py
SLOT = Placeholder("\ufdd4", "\ufdd5")  # a placement in a post, see prose.py


def cleaned(text: str) -> str:
    """`text` without anything that could be taken for a placeholder."""
    return _ALL.sub("", text)


def without_held(text: str) -> str:
    """`text` without what is held back."""
    return re.sub(HELD.pattern, "", text)
