"""A site of the author's own pictures: each photograph with one painting in turn, and a post that shows the results."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.errors import Location, Problem, UsageError
from neural_gallery.scaffold.example import example_site
from neural_gallery.scaffold.names import alt_text, picture_name, unique
from neural_gallery.scaffold.pictures import FoundPicture, FoundPictures, find_pictures
from neural_gallery.site.lines import flow

IMAGES = "content/images"

_FROM_NAME = "from the file's name: say what is to be seen"
_FROM_METADATA = "from the picture's metadata"
_IN_TURN = """\
  # Each photograph with one painting, in turn. Instead of these, every photograph in the style of every painting,
  # {count} results, would be:
  #
"""
_ENTRY = "  #   "
_POST = """\
---
title: Photographs, painted
date: {date}
---

Photographs, repainted in the manner of paintings. Click a painted picture to see how it was made; click again to bring
the still back.
"""
_SECTION = """
/// picture | {painting}
///

/// gallery | style={painting}
///
"""


@dataclass(frozen=True, slots=True)
class OwnSite:
    """What is to be written, and what of the folders is not."""

    files: dict[str, bytes | Path]  # by their relative paths: contents, or files to be copied as they are
    pairs: int
    skipped: tuple[Problem, ...] = ()
    located: tuple[str, ...] = ()  # of the files, the pictures that say where they were taken


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture as the manifest declares it."""

    name: str
    alt: str
    found: FoundPicture

    @property
    def file(self) -> str:
        return f"{IMAGES}/{self.name}{self.found.path.suffix.lower()}"

    def lines(self) -> list[str]:
        """Its lines under `images`."""
        lines = [
            f"  {flow(self.name)}:",
            f"    file: {self.file}",
            f"    alt: {flow(self.alt)}  # {_FROM_METADATA if self.found.description else _FROM_NAME}",
        ]
        return [*lines, f"    credit: {flow(self.found.credit)}  # {_FROM_METADATA}"] if self.found.credit else lines


def own_site(photographs: Path, paintings: Path, *, today: datetime.date) -> OwnSite:
    """A site of the pictures in two folders. The post is dated `today`.

    Raises UsageError with the problems of both folders.
    """
    found = _find(photographs, paintings)
    taken: set[str] = set()
    contents, styles = (
        [_entry(picture, kind, taken) for picture in folder.pictures]
        for kind, folder in zip(("photograph", "painting"), found, strict=True)
    )
    example = example_site()
    files: dict[str, bytes | Path] = {entry.file: entry.found.path for entry in (*contents, *styles)}
    files |= {
        ".gitignore": example[".gitignore"],
        "site.yaml": _manifest(example["site.yaml"].decode(), contents, styles, taken).encode(),
        f"content/posts/{today}-painted.md": _post(styles, today).encode(),
    }
    located = tuple(entry.file for entry in (*contents, *styles) if entry.found.located)
    return OwnSite(files, max(len(contents), len(styles)), found[0].skipped + found[1].skipped, located)


def _find(photographs: Path, paintings: Path) -> list[FoundPictures]:
    """What is in both folders; what is wrong with either is told together."""
    found, problems = [], []
    for folder in (photographs, paintings):
        try:
            found.append(find_pictures(folder))
        except UsageError as error:
            problems += error.problems
    if not problems and photographs.samefile(paintings):
        message = "this folder is given for the photographs and for the paintings."
        problems = [Problem(Location(str(paintings)), message, "Give a folder of each.")]
    if problems:
        raise UsageError(*problems)
    return found


def _entry(picture: FoundPicture, kind: str, taken: set[str]) -> _Entry:
    stem = picture.path.stem
    name = unique(picture_name(stem, otherwise=kind), taken)
    return _Entry(name, picture.description or alt_text(stem, kind=kind), picture)


def _manifest(example: str, contents: Sequence[_Entry], styles: Sequence[_Entry], taken: set[str]) -> str:
    """The example's settings, with these pictures and pairs. `taken` are names that no pair may have."""
    settings, _, rest = example.partition("\nimages:\n")
    posts = rest[rest.index("\nposts:") :]
    images = ["  # photographs", *(line for entry in contents for line in entry.lines())]
    images += ["  # paintings", *(line for entry in styles for line in entry.lines())]
    pairs = [
        _pair(contents[turn % len(contents)].name, styles[turn % len(styles)].name, taken)
        for turn in range(max(len(contents), len(styles)))
    ]
    return "\n".join([settings, "images:", *images, "", "pairs:", *_combinations(contents, styles), *pairs, posts])


def _pair(content: str, style: str, taken: set[str]) -> str:
    """Its line; with an id where the usual one is the name of something else."""
    usual = f"{content}-{style}"
    found = unique(usual, taken)
    entry = {"content": content, "style": style} | ({"id": found} if found != usual else {})
    return f"  - {flow(entry)}"


def _combinations(contents: Sequence[_Entry], styles: Sequence[_Entry]) -> list[str]:
    """How to have all combinations instead, as a comment; empty where there are no others."""
    if 1 in (len(contents), len(styles)):
        return []
    lines = _IN_TURN.format(count=len(contents) * len(styles)).splitlines()
    for opening, entries in (("- contents: ", contents), ("  styles: ", styles)):
        lines += textwrap.wrap(
            opening + flow([entry.name for entry in entries]),
            width=118,
            initial_indent=_ENTRY,
            subsequent_indent=_ENTRY + " " * (len(opening) + 1),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines


def _post(styles: Sequence[_Entry], today: datetime.date) -> str:
    return _POST.format(date=today) + "".join(_SECTION.format(painting=entry.name) for entry in styles)
