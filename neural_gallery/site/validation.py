"""The well-formed parts of a manifest, told from the broken ones.

A misspelt key in one pair must not hide an undeclared picture in another: broken entries are reported and left out,
and all others go on to be resolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from neural_gallery.errors import ManifestError, Problem, abridged
from neural_gallery.site.schema import Manifest, PairSection
from neural_gallery.site.source import Document, KeyPath
from neural_gallery.site.wording import problems_of


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
        broken = _given_up(value, found)
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
        if value["version"] == "1":
            message, remedy = "the manifest's version is text, not a number.", "Write 'version: 1', without quotes."
        raise ManifestError(*problems, Problem(document.location(("version",)), message, remedy))


def _given_up(value: Mapping[str, Any], found: Iterable[KeyPath]) -> set[KeyPath]:
    """What to leave out for the rest to be well-formed: as little as can be, so that other problems come to light."""
    depths = {"site": 2, "defaults": 2, "posts": 2, "images": 3, "pairs": 3}
    broken = {path[: depths.get(path[0], 1)] for path in found}
    wrong_keys: dict[KeyPath, set[str]] = {}
    for path in broken:
        if len(path) == 3:
            wrong_keys.setdefault(path[:2], set()).add(path[2])
    for path, wrong in wrong_keys.items():
        entry = value[path[0]][path[1]]
        if not _is_usable(path[0], entry.keys() - wrong) or "id" in wrong:
            broken.add(path)
    return broken


def _is_usable(section: str, keys: Set[str]) -> bool:
    """Whether an entry with these keys still says which picture it is, or which pictures it pairs."""
    if section == "images":
        return "file" in keys or {"from", "crop"} <= keys
    return bool(keys & {"content", "contents"} and keys & {"style", "styles"})


def _without(value: Mapping[str, Any], broken: Set[KeyPath]) -> dict[str, Any]:
    sound = {"images": {}, "pairs": []} | _pruned(value, (), broken)
    for image in sound["images"].values():
        image.setdefault("alt", "?")  # stands in for a text that was reported, and is never shown
    return sound


def _pruned(value: Any, path: KeyPath, broken: Set[KeyPath]) -> Any:
    if isinstance(value, Mapping):
        return {key: _pruned(one, (*path, key), broken) for key, one in value.items() if (*path, key) not in broken}
    if isinstance(value, list):
        entries = enumerate(value)
        return [_pruned(one, (*path, index), broken) for index, one in entries if (*path, index) not in broken]
    return value


def _indices(value: Mapping[str, Any], key: str, broken: Set[KeyPath]) -> list[int]:
    section = value.get(key)
    if (key,) in broken or not isinstance(section, list):
        return []
    return [index for index in range(len(section)) if (key, index) not in broken]
