"""From the name of a picture's file to its name in the manifest, and to a first text for those who do not see it."""

from __future__ import annotations

import re
import unicodedata

from neural_gallery.site.values import is_device

LONGEST = 40  # characters; a result's name is made of two pictures' names, and may have 100


def picture_name(stem: str, *, otherwise: str) -> str:
    """A name that the manifest takes: small letters, digits, `_` and `-`.

    `otherwise` is the name where nothing is left, and goes before one that no file can have on Windows.
    """
    ascii_only = unicodedata.normalize("NFKD", stem.casefold()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_]+", "-", ascii_only).strip("-_")[:LONGEST].rstrip("-_")
    if is_device(name):
        name = f"{otherwise}-{name}"
    # Published files of other widths and animations end so: harbour-800w.webp would be written twice.
    return re.sub(r"(?<=\d)(?=(w|fps)$)", "_", name) or otherwise


def unique(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken; it is taken from then on."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def alt_text(stem: str, *, kind: str) -> str:
    """The words of a file's name. Where it is mostly digits, as cameras have it, with the `kind` of picture."""
    printable = "".join(character if character.isprintable() else " " for character in stem)
    words = " ".join(re.sub(r"[-_.]", " ", printable).split())
    if sum(character.isalpha() for character in words) <= sum(character.isdigit() for character in words):
        words = f"{kind} {words}".rstrip()
    return words[:1].upper() + words[1:]
