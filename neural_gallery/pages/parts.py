"""Listings that are longer than a page: their parts, and how a reader gets from one to another.

Parts count from 1. The first stands where the whole listing would, so that addresses stay when a site grows.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

NEAR = 2
"""How many parts before a page, and after it, are linked besides the first and the last."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a listing a page is. Of one that fits on a page it is the only one."""

    number: int = 1
    count: int = 1

    def title(self, whole: str) -> str:
        """What the page is called where the listing is called `whole`: the first part has the listing's own title."""
        return whole if self.number == 1 else f"{whole}, page {self.number} of {self.count}"

    def front_title(self, site: str) -> str:
        """The same on a front page, where the site's title stands beside it."""
        return site if self.number == 1 else f"Page {self.number} of {self.count}"

    @property
    def previous(self) -> int:
        """The part before; 0 for none."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The part after; 0 for none."""
        return self.number + 1 if self.number < self.count else 0

    def near(self) -> Iterator[int]:
        """The parts to link, ascending: the first, those around this one, the last. 0 where some are left out."""
        shown = {1, self.count, *range(max(1, self.number - NEAR), min(self.count, self.number + NEAR) + 1)}
        before = 0
        for number in sorted(shown):
            if number == before + 2:
                yield before + 1  # as short as a mark for what is left out
            elif number > before + 2:
                yield 0
            yield number
            before = number


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Steps:
    """The links of one part, for templates: to its neighbours ("" for none), and by number; 0 stands for a gap."""

    number: int
    count: int
    previous: str
    next: str
    links: tuple[tuple[int, str], ...]


def steps(part: Part, link: Callable[[int], str]) -> Steps | None:
    """The links of a part, where `link` gives that to any of them; None for a listing in one piece."""
    if part.count == 1:
        return None

    def linked(number: int) -> str:
        return link(number) if number else ""

    links = tuple((number, linked(number)) for number in part.near())
    return Steps(part.number, part.count, linked(part.previous), linked(part.next), links)


def in_parts(items: Sequence[T], size: int) -> Iterator[tuple[Part, Sequence[T]]]:
    """`items`, at most `size` in each part; in one piece where `size` is 0. Nothing is one part, too."""
    if not size or len(items) <= size:
        yield WHOLE, items
        return
    count = part_of(len(items) - 1, size)
    for number in range(1, count + 1):
        yield Part(number, count), items[(number - 1) * size : number * size]


def part_of(index: int, size: int) -> int:
    """The number of the part that has the item at `index`, where parts have `size` items (0: there is one part)."""
    return index // size + 1 if size else 1


def in_folder(path: str, number: int) -> str:
    """The path of a part whose first is at `path`: `page-2/pictures.html`.

    It is nobody else's: names and slugs have no slash, and a page's name ends with `.html`, which no such folder does.
    """
    if number == 1:
        return path
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f"page-{number}", name)
