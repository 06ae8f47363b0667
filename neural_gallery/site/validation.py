"""The well-formed parts of a manifest, told from the broken ones.

A misspelt key in one pair must not hide an undeclared picture in another: broken entries are reported and left out,
and all others go on to be resolved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from neural_gallery.errors import ManifestError, Problem
from neural_gallery.site.schema import Manifest, PairSection
from neural_gallery.site.source import Document, KeyPath, abridged
from neural_gallery.site.wording import problems_of

_IN_PARTS = ("images", "pairs", "posts")  # sections whose entries are well-formed or broken one by one


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts of a manifest that are well-formed, so that a broken one does not hide the problems of others."""

    manifest: Manifest
    declared: frozenset[str]  # names of images, broken ones included
    pairs: Mapping[int, PairSection]  # by their index in the file
    posts: Mapping[int, str]


def validate(document: Document, problems: list[Problem]) -> Sound:
    """The well-formed parts of a manifest; what is wrong with the others is added to `problems`.

    Raises ManifestError where there is nothing to go on with: no mapping, or another version.
    """
    value = document.value
    if not isinstance(value, dict):
        message = "the manifest is empty." if value is None else "the manifest is not a mapping."
        remedy = "Begin it with 'version: 1', or run 'neural-gallery init'."
        raise ManifestError(*problems, Problem(document.location(()), message, remedy))
    _check_version(document, value, problems)
    value = value | {"version": 1}
    broken: set[KeyPath] = set()
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        found = problems_of(error, document)
        problems.extend(found.values())
        broken = {path[:2] if path[0] in _IN_PARTS else path[:1] for path in found}
        manifest = Manifest.model_validate(_without(value, broken))
    images = value.get("images")
    return Sound(
        manifest,
        frozenset(images if isinstance(images, dict) else ()),
        dict(zip(_indices(value, "pairs", broken), manifest.pairs, strict=True)),
        dict(zip(_indices(value, "posts", broken), manifest.posts, strict=True)),
    )


def _check_version(document: Document, value: Mapping[str, Any], problems: list[Problem]) -> None:
    if "version" not in value:
        problems.append(Problem(document.location(()), "the manifest does not say its version.", "Add 'version: 1'."))
    elif type(value["version"]) is not int or value["version"] != 1:
        # Another version has other keys: what follows would be nothing but noise.
        written = document.values[("version",)].text
        message = f"the manifest's version is '{abridged(written)}', but this program knows only version 1."
        remedy = "Write 'version: 1', or install a newer neural-gallery."
        raise ManifestError(*problems, Problem(document.location(("version",)), message, remedy))


def _without(value: Mapping[str, Any], broken: set[KeyPath]) -> dict[str, Any]:
    sound: dict[str, Any] = {"images": {}, "pairs": []}
    for key, section in value.items():
        if (key,) in broken:
            continue
        if key == "images":
            section = {name: entry for name, entry in section.items() if (key, name) not in broken}
        elif key in _IN_PARTS:
            section = [section[index] for index in _indices(value, key, broken)]
        sound[key] = section
    return sound


def _indices(value: Mapping[str, Any], key: str, broken: set[KeyPath]) -> list[int]:
    section = value.get(key)
    if (key,) in broken or not isinstance(section, list):
        return []
    return [index for index in range(len(section)) if (key, index) not in broken]
