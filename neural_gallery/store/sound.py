"""What the values of a record may be: records come from other machines, too, and are sealed by whoever writes them.

Each function returns what it was given, or raises SealError with the name of the field. A build with nothing to do
comes here for every field of every painting.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from neural_gallery.store.sealed import SealError

MOST = 3.5e38
"""No number is larger, either way: what 32 bits hold. Whoever multiplies some of them meets no infinity."""

LONGEST = 1000
"""Characters in a string among other values."""

DEEPEST = 6
"""Lists and objects in one another."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBERS = {int, float, bool}
_UTC = datetime.timedelta(0)


def impossible(field: str) -> SealError:
    """What is to be raised where a field cannot have been written by this program."""
    return SealError(f"has an impossible '{field}'")


def count(field: str, found: object, least: int, most: int) -> int:
    """A whole number within bounds, both included."""
    if type(found) is not int or not least <= found <= most:
        raise impossible(field)
    return found


def counts(field: str, found: Sequence[Any], most: int) -> None:
    """Whole numbers from 0 on; at least one."""
    if {*map(type, found)} != {int} or min(found) < 0 or max(found) > most:
        raise impossible(field)


def number(field: str, found: object) -> float:
    """A finite number."""
    if type(found) not in (int, float) or not -MOST <= found <= MOST:  # type: ignore[operator]
        raise impossible(field)
    return found  # type: ignore[return-value]


def sha256(field: str, found: object) -> str:
    """A checksum, or a key, in hexadecimal."""
    if type(found) is not str or not _SHA256.fullmatch(found):
        raise impossible(field)
    return found


def word(field: str, found: object) -> str:
    """A name or a few words on one line, as they can be told on a terminal: nothing in it that steers one."""
    if type(found) is not str or not 0 < len(found) <= 200 or not found.isprintable():
        raise impossible(field)
    return found


def moment(field: str, found: object) -> datetime.datetime:
    """A time in UTC, as ISO 8601 has it."""
    try:
        time = datetime.datetime.fromisoformat(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise impossible(field) from None
    if time.utcoffset() != _UTC:
        raise impossible(field)
    return time


def values(field: str, found: object) -> Mapping[str, Any]:
    """An object of JSON values of any kind: numbers within bounds, strings that can be told, not too deep."""
    if type(found) is not dict or not _sound(found):
        raise impossible(field)
    return found


def made_sound(value: object, deep: int = 1) -> Any:
    """`value` as `values` lets it pass: what it would not becomes null, and signs that steer a terminal spaces."""
    if isinstance(value, str):
        return "".join(sign if sign.isprintable() else " " for sign in value[:LONGEST])
    if isinstance(value, int | float):
        return value if -MOST <= value <= MOST else None
    if isinstance(value, Mapping | Sequence) and deep >= DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {str(made_sound(str(name))): made_sound(item, deep + 1) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [made_sound(item, deep + 1) for item in value]
    return value


def _sound(found: Any, deep: int = 1) -> bool:
    kind = type(found)
    if kind in _NUMBERS:
        return -MOST <= found <= MOST
    if kind is str:
        return len(found) <= LONGEST and found.isprintable()
    if found is None:
        return True
    if deep >= DEEPEST:
        return False
    if kind is dict:
        return all(map(_sound, found)) and all(_sound(value, deep + 1) for value in found.values())
    return kind is list and _all_sound(found, deep)


def _all_sound(found: list[Any], deep: int) -> bool:
    """Of a list. Hundreds of losses, each after its step, are looked at as the one list of numbers that they are."""
    kinds = {*map(type, found)}
    if kinds <= _NUMBERS:
        return not found or (min(found) >= -MOST and max(found) <= MOST)
    if kinds == {list}:
        return deep + 1 < DEEPEST and _all_sound([*chain.from_iterable(found)], deep + 1)
    return all(_sound(value, deep + 1) for value in found)
