"""Markdown posts: front matter, and what it says of title, date and slug.

Front matter is YAML between two lines `---` at the very top of a UTF-8 file. What it does not say is taken from the
body (the first `# heading`) and from the file name (`2015-09-08-neural-art.md`).
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neural_gallery.errors import InputError, Location, PostError, Problem, abridged
from neural_gallery.site.model import Post
from neural_gallery.site.source import Document, compose, misread, read_text
from neural_gallery.site.values import DEVICE_RULE, NAME_LENGTH, NAME_PATTERN, NAME_RULE, is_device

_DATED_NAME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-(.+)")
_HEADING = re.compile(r" {0,3}#[ \t]+(.*)")
_ATTRIBUTES = re.compile(r"\{:?[^{}]*\}$")
_CLOSING = re.compile(r"(?:^|(?<=[ \t]))#+$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OFFSET = re.compile(r"\s*([+-]\d{2}):?(\d{2})$|\s*(?:Z|UTC)$")
_LONGEST_DATE = 100
_DATE_REMEDY = "Write it like 2015-09-08 or 2015-09-08 18:30:00 +0200."


def read_post(path: Path, root: Path) -> Post:
    """Read a post of the site whose folder is `root`. Raises PostError with everything that is wrong with it."""
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    try:
        text = read_text(path, file)
        source, body, body_line = _split(text, file)
        document = compose(source, file, first_line=2, string_keys=False)
    except InputError as error:
        raise PostError(*error.problems) from error
    reader = _FrontMatter(document, [*document.problems])
    date, slug = reader.date_and_slug(path.stem)
    title = reader.text("title") or _first_heading(body) or _as_words(slug)
    post = Post(path, file, reader.matter, body, body_line, title, date, slug, reader.flag("liquid"))
    if reader.problems:
        raise PostError(*sorted(reader.problems))
    return post


def _split(text: str, file: str) -> tuple[str, str, int]:
    """Front matter, body, and the line on which the body begins."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return "", text, 1
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() in ("---", "..."):
            return "\n".join(lines[1 : number - 1]) + "\n", "\n".join(lines[number:]), number + 1
    remedy = "Write a second line '---' below it."
    raise PostError.at(Location(file, 1, 1), "the front matter that begins here has no end.", remedy)


@dataclass
class _FrontMatter:
    """Reads one post's front matter, and collects what is wrong with it."""

    document: Document
    problems: list[Problem]

    @property
    def matter(self) -> dict[str, Any]:
        return self.document.value if isinstance(self.document.value, dict) else {}

    def __post_init__(self) -> None:
        if self.document.value is not None and not isinstance(self.document.value, dict):
            self.report((), "the front matter is not a mapping.", "Write keys and values, such as 'title: Neural art'.")
        for key in self.matter:
            if not isinstance(key, str):
                message, remedy = misread(self.document.keys.get((key,)), key)
                self.problems.append(
                    Problem(self.document.key_location((key,)), f"the key is not text: {message}", remedy)
                )

    def report(self, path: tuple[str, ...], message: str, remedy: str) -> None:
        self.problems.append(Problem(self.document.location(path), message, remedy))

    def text(self, key: str) -> str:
        value = self.matter.get(key)
        if value is None or isinstance(value, str):
            return (value or "").strip()
        if isinstance(value, list | dict):
            self.report((key,), f"the {key} is not text.", "Write text.")
        else:
            message, remedy = misread(self.document.values.get((key,)), value)
            self.report((key,), f"the {key} is not text: {message}", remedy)
        return ""

    def flag(self, key: str) -> bool:
        value = self.matter.get(key, False)
        if not isinstance(value, bool):
            self.report((key,), f"'{key}' is neither true nor false.", f"Write '{key}: true', or leave it out.")
        return value is True

    def date_and_slug(self, stem: str) -> tuple[datetime.datetime | None, str]:
        """The date and the slug, from the front matter or else from the file's name without its extension."""
        dated = _DATED_NAME.fullmatch(stem)
        date = self.date()
        if dated and "date" not in self.matter:
            date = _parsed_date(dated[1])
            if date is None:
                self.report((), f"the file name begins with {dated[1]}, which is not a date.", "Rename the file.")
        slug = self.text("slug")
        if slug and not (re.match(NAME_PATTERN, slug) and len(slug) <= NAME_LENGTH):
            message = f"the slug '{abridged(slug)}' cannot be part of a file name and a URL."
            self.report(("slug",), message, NAME_RULE)
        if not slug:
            slug = _as_slug(dated[2] if dated else stem)
            if not slug:
                message = "the file name has no letters or digits that a URL could be made of."
                self.report((), message, "Add a line such as 'slug: neural-art' to the front matter.")
        if is_device(slug):
            self.report(("slug",), f"the slug '{slug}' is that of a device on Windows.", DEVICE_RULE)
        return date, slug

    def date(self) -> datetime.datetime | None:
        value = self.matter.get("date")
        if value is None:
            return None
        date = _parsed_date(value)
        # A date such as 2015-09-31 has been told already, by the YAML reader.
        if date is None and self.document.location(("date",)) not in (one.location for one in self.problems):
            self.report(("date",), "the date cannot be understood.", _DATE_REMEDY)
        return date


def _parsed_date(value: object) -> datetime.datetime | None:
    """A date as YAML or an author gives it, aware (without an offset it is UTC), or None where it is none."""
    if isinstance(value, str):
        if len(value) > _LONGEST_DATE:
            return None
        text = _OFFSET.sub(lambda offset: f"{offset[1]}:{offset[2]}" if offset[1] else "+00:00", value.strip())
        text = re.sub(r"-(\d)(?=[- T]|$)", r"-0\1", text)
        try:
            value = datetime.datetime.fromisoformat(text)
        except ValueError:
            return None
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
    return None


def _first_heading(body: str) -> str:
    """The text of the first `# heading` outside fenced code, as written, or ""."""
    fence = ""
    for line in body.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        elif (heading := _HEADING.fullmatch(line)) and (text := _without_ends(heading[1])):
            return text
    return ""


def _without_ends(heading: str) -> str:
    """A heading's text, as written, without its attributes and closing marks (`## A ## {#id}`)."""
    # One end after the other: a single expression would take the cube of the length of a run of spaces.
    text = _ATTRIBUTES.sub("", heading.rstrip(" \t")).rstrip(" \t")
    return _CLOSING.sub("", text).strip()


def _as_slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._~")[:NAME_LENGTH].rstrip("-._")


def _as_words(slug: str) -> str:
    words = re.sub(r"[-_]+", " ", slug).strip()
    return words[:1].upper() + words[1:]
