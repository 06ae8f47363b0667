"""Small JSON files that carry their own checksum, so that a torn or edited one is noticed.

Canonical JSON here means: keys sorted, no spaces, and one spelling for each number, so that equal values have equal
bytes. Its SHA-256 is the checksum of a sealed file and the key of a stored object.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_MAYBE_WHOLE_FLOAT = re.compile(rb"[\s:\[,]-?[0-9]+(?:\.0+[\s,\]}]|(?:\.[0-9]+)?[eE])")

FORMAT = 1
"""Version of the sealed files. Raise it when an older program would misread them."""


class SealError(ValueError):
    """A sealed file cannot be trusted; the message says why, as the end of a sentence about it."""


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value. 1 and 1.0 are the same number; NaN and infinity raise ValueError."""
    return _CANONICAL.encode(_plain(value)).encode()


def digest(value: object) -> str:
    """SHA-256, in hexadecimal, over the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def seal(content: Mapping[str, object], *, for_people: bool = True) -> bytes:
    """`content` as JSON with the format's version and a checksum over all of it.

    It is laid out for people to read, or else on one line, which takes a tenth of the time.
    """
    body = {"format": FORMAT, **content}
    indent = 1 if for_people else None
    return (json.dumps({**body, "checksum": digest(body)}, indent=indent, allow_nan=False) + "\n").encode()


def unseal(data: bytes) -> dict[str, object]:
    """What was sealed. Raises SealError where it is damaged or of another format."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SealError("is not JSON") from error
    if not isinstance(body, dict):
        raise SealError("is not a JSON object")
    # Another format may compute its checksum otherwise, so the version is asked first.
    if (found := body.get("format")) != FORMAT:
        raise SealError(f"has format {found!r}, and this version reads format {FORMAT}")
    checksum = body.pop("checksum", None)
    try:
        intact = checksum == _digest_of_json(data, body)
    except ValueError:  # NaN, which Python's parser lets in
        intact = False
    if not intact:
        raise SealError("does not match its checksum")
    del body["format"]
    return body


def fields_of(kind: type, found: Mapping[str, Any]) -> dict[str, Any]:
    """What of `found` are fields of the dataclass `kind`: a newer version of the program may have written more.

    Raises TypeError where `found` is no mapping.
    """
    known = _names_of_fields(kind)
    return {name: value for name, value in dict(found).items() if name in known}


@lru_cache
def _names_of_fields(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))


def _digest_of_json(data: bytes, body: Mapping[str, object]) -> str:
    """`digest(body)`, where `body` is what JSON has besides its checksum; a build with nothing to do asks thousandfold.

    What JSON has is plain but for whole floats, and parsing it once more takes a third of what `_plain` does.
    """
    if _MAYBE_WHOLE_FLOAT.search(data):
        plain = json.loads(data, parse_float=_plain_number)
        plain.pop("checksum", None)
        body = plain
    return hashlib.sha256(_CANONICAL.encode(body).encode()).hexdigest()


def _plain_number(written: str) -> float:
    number = float(written)
    return int(number) if number.is_integer() else number


def _plain(value: object) -> object:
    """`value` with whole floats as integers (1.0 as 1, -0.0 as 0) and every mapping and sequence a plain one."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:  # most are; asking for protocols takes far longer
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if kind is dict or isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}  # type: ignore[union-attr]
    if kind is list or kind is tuple or (isinstance(value, Sequence) and not isinstance(value, str)):
        return [_plain(item) for item in value]  # type: ignore[union-attr]
    return value
