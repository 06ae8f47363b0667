"""What the manifest's models found wrong, in this program's own words.

Pydantic says where a value is wrong; the JSON Schema at that place says what would be right. Its own messages are
never shown: they name types of Python, which are nothing to an author of YAML.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from neural_gallery.errors import Problem, abridged, did_you_mean
from neural_gallery.site import sizes
from neural_gallery.site.schema import manifest_schema
from neural_gallery.site.source import Document, KeyPath, misread
from neural_gallery.site.values import NAME_LENGTH, NAME_PATTERN, NAME_RULE, PATH_PATTERN, TAGS

_MISSING = object()
_PATTERN_RULES = {
    NAME_PATTERN: NAME_RULE,
    PATH_PATTERN: "Remove its control characters.",
    sizes.PATTERN: "Write a number with kB, MB or GB behind it: 800kB, 1.5MB.",
}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")  # YAML 1.1 takes 5e-1, without a point, for text
_JSON_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": ("text", (str,)),
    "integer": ("a whole number", (int,)),
    "number": ("a number", (int, float)),
    "array": ("a list", (list,)),
    "object": ("a mapping", (dict,)),
    "boolean": ("true or false", (bool,)),
}


def problems_of(error: ValidationError, document: Document) -> dict[KeyPath, Problem]:
    """One problem for each value that is wrong, by the value's path."""
    schema = _schema()
    found: dict[KeyPath, Problem] = {}
    within: set[KeyPath] = set()  # what holds one of those
    for detail in sorted(error.errors(include_url=False, include_input=False), key=lambda one: -len(one["loc"])):
        path = tuple(part for part in detail["loc"] if part not in TAGS)
        if path[-1:] == ("[key]",):
            found[path[:-1]] = _bad_key(path[:-1], document, schema)
        elif detail["type"] == "extra_forbidden":
            found[path] = _unknown_key(path, document, schema)
        elif detail["type"] == "missing" and isinstance(path[-1], str):
            found[path] = _missing_key(path, document, schema)
        else:
            path = path[:-1] if detail["type"] == "missing" else path  # an entry of a list of fixed length
            if path in within:
                continue  # an entry's own problem says more
            found[path] = _bad_value(path, document, schema)
        told = next(reversed(found))
        within.update(told[:length] for length in range(len(told) + 1))
    return found


@cache
def _schema() -> dict[str, Any]:
    return manifest_schema()


def subject(path: KeyPath) -> str:
    """How a message calls the value at `path`: `pair 3: stills.widths entry 2`, `site.title`."""
    if path[:1] == ("pairs",) and len(path) > 1:
        pair = f"pair {path[1] + 1}"
        return f"{pair}: {_dotted(path[2:])}" if path[2:] else pair
    return _dotted(path) or "the manifest"


def _dotted(path: KeyPath) -> str:
    words = ""
    for part in path:
        words += f" entry {part + 1}" if isinstance(part, int) else f".{abridged(str(part))}" if words else str(part)
    return words


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final


def _bad_key(path: KeyPath, document: Document, schema: dict[str, Any]) -> Problem:
    *parent, name = path
    choices = _mapping_schema(tuple(parent), document, schema).get("propertyNames", {}).get("enum")
    if choices:
        message = f"{subject(tuple(parent))} has the key '{abridged(name)}', which is not among its choices."
        remedy = did_you_mean(name, choices) or f"Write {listed(choices)}."
    elif len(name) > NAME_LENGTH:
        message, remedy = f"the name '{abridged(name)}' is too long.", f"Use at most {NAME_LENGTH} characters."
    else:
        message, remedy = f"the name '{abridged(name)}' cannot be part of a file name and a URL.", NAME_RULE
    return Problem(document.key_location(path), message, remedy)


def _unknown_key(path: KeyPath, document: Document, schema: dict[str, Any]) -> Problem:
    *parent, key = path
    where = f"{subject(tuple(parent))}: " if parent else ""
    known = _mapping_schema(tuple(parent), document, schema).get("properties", {})
    remedy = f"Known keys here: {', '.join(known)}."
    if _value_at(path, document) is None and not document.values[path].text:
        remedy = "If it belongs to the text before it, write that text in quotes."  # {alt: a cat, asleep}
    remedy = did_you_mean(str(key), known) or remedy
    return Problem(document.key_location(path), f"{where}the key '{abridged(str(key))}' is not known.", remedy)


def _missing_key(path: KeyPath, document: Document, schema: dict[str, Any]) -> Problem:
    *parent, key = path
    where = f"{subject(tuple(parent))}: " if parent else ""
    meaning = next(_schemas(path, document, schema)).get("description", "")
    place = document.key_location(tuple(parent))
    return Problem(place, f"{where}the key '{key}' is missing.", f"Add '{key}': {meaning}")


def _bad_value(path: KeyPath, document: Document, schema: dict[str, Any]) -> Problem:
    value = _value_at(path, document)
    candidates = list(_schemas(path, document, schema))
    fitting = next((one for one in candidates if _has_type(value, one)), None)
    if "enum" in candidates[0] and value is not None and not isinstance(value, list | dict):
        message, remedy = _wrong_choice(path, document, [str(choice) for choice in candidates[0]["enum"]])
    elif fitting:
        message, remedy = _wrong_value(value, path, document, fitting)
    else:
        required = path[-1] in next(_schemas(path[:-1], document, schema)).get("required", [])
        message, remedy = _wrong_type(value, path, document, candidates, required=required)
    return Problem(document.location(path), message, remedy)


def _wrong_choice(path: KeyPath, document: Document, choices: list[str]) -> tuple[str, str]:
    written = document.values[path].text
    remedy = did_you_mean(written, choices) or f"Write {listed(choices)}."
    return f"{subject(path)} is '{abridged(written)}', which is not among its choices.", remedy


def _wrong_value(value: Any, path: KeyPath, document: Document, schema: dict[str, Any]) -> tuple[str, str]:
    name, written = subject(path), abridged(document.values[path].text)
    if isinstance(value, list | dict):
        return f"{name} has {_count(len(value))}.", f"Write {_phrase(schema)}."
    if not isinstance(value, str):
        return f"{name} is {written}, which is out of bounds.", f"Write {_phrase(schema)}."
    if not value.strip():
        return f"{name} is empty.", "Write text."
    if len(value) > schema.get("maxLength", len(value)):
        return f"{name} is too long.", f"Write at most {schema['maxLength']} characters."
    remedy = _PATTERN_RULES.get(schema["pattern"]) or schema["description"]
    return f"{name} is {_shown(value)}, which cannot be used here.", remedy


def _wrong_type(
    value: Any, path: KeyPath, document: Document, candidates: list[dict[str, Any]], *, required: bool
) -> tuple[str, str]:
    name, written = subject(path), document.values[path]
    wanted = listed(_phrase(candidate) for candidate in candidates)
    if value is None and not written.text:
        alternative = "" if required else ", or remove it" if isinstance(path[-1], int) else ", or leave the key out"
        return f"{name} is empty.", f"Write {wanted}{alternative}."
    kinds = list(dict.fromkeys(_JSON_TYPES[candidate["type"]][0] for candidate in candidates))
    if "text" in kinds and not isinstance(value, list | dict):
        message, remedy = misread(written, value)
        return f"{name}: {message}", remedy
    # Where there is a choice of types, what it means says more than their names.
    remedy = (len(candidates) > 1 and candidates[0].get("description")) or f"Write {wanted}."
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        remedy = f"Write {wanted}, without {'an exponent' if written.plain else 'quotes'}."
    return f"{name} is {_shown(value)}, which is not {listed(kinds)}.", remedy


def _phrase(schema: dict[str, Any]) -> str:
    """What may be written at a place, as a noun phrase."""
    if "enum" in schema:
        return listed(str(choice) for choice in schema["enum"])
    if "examples" in schema:
        return listed([*schema["examples"], "the name of a picture"])
    noun = _JSON_TYPES[schema["type"]][0]
    low, high = (schema.get(key) for key in ("minimum", "maximum"))
    if "prefixItems" in schema:
        return f"[{', '.join(entry['title'] for entry in schema['prefixItems'])}]"
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']}, at most {high}"
    if low is not None:
        return f"{noun} from {low} to {high}"
    for unit in ("Items", "Properties"):
        if f"max{unit}" in schema:
            return f"{noun} of {schema.get(f'min{unit}', 0)} to {schema[f'max{unit}']} entries"
    return noun


def _schemas(path: KeyPath, document: Document, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The JSON Schemas that hold at `path`: more than one where there is a choice of types."""
    schema = root
    value: Any = document.value
    for part in path:
        schema = next(one for one in _alternatives(schema, root) if _has_type(value, one))
        if isinstance(part, int):
            items = schema.get("prefixItems", [])
            schema = items[part] if part < len(items) else schema["items"]
        else:
            patterns = iter(schema.get("patternProperties", {}).values())
            schema = schema.get("properties", {}).get(part) or next(patterns, None) or schema["additionalProperties"]
        value = _child(value, part)
    yield from _alternatives(schema, root)


def _mapping_schema(path: KeyPath, document: Document, root: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of the mapping that stands at `path`."""
    return next(one for one in _schemas(path, document, root) if one["type"] == "object")


def _alternatives(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        referred = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        schema = referred | {key: value for key, value in schema.items() if key != "$ref"}
    if "oneOf" in schema and "type" not in schema:
        description = {key: value for key, value in schema.items() if key == "description"}
        for one in schema["oneOf"]:
            yield from _alternatives(one | description, root)
    else:
        yield schema


def _value_at(path: KeyPath, document: Document) -> Any:
    value: Any = document.value
    for part in path:
        value = _child(value, part)
    return value


def _child(value: Any, part: Any) -> Any:
    try:
        return value[part]
    except (LookupError, TypeError):
        return _MISSING


def _has_type(value: object, schema: Mapping[str, Any]) -> bool:
    return isinstance(value, bool) is (schema["type"] == "boolean") and isinstance(
        value, _JSON_TYPES[schema["type"]][1]
    )


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    if isinstance(value, datetime.date):
        return "a date"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"'{abridged(value)}'" if isinstance(value, str) else abridged(str(value))


def _count(number: int) -> str:
    return {0: "no entries", 1: "1 entry"}.get(number, f"{number} entries")
