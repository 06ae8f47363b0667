"""The pictures that entries of `pairs` name: looked up, and told about where they are not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neural_gallery.errors import Location, Problem, abridged, did_you_mean
from neural_gallery.site.model import Init, Picture
from neural_gallery.site.schema import INIT_WORDS
from neural_gallery.site.source import Document, KeyPath
from neural_gallery.site.wording import listed, subject

_UNDECLARED = "Declare it there, or correct the name."


@dataclass
class Declared:
    """Finds pictures by name, and collects problems. `names` has the broken images as well."""

    document: Document
    pictures: Mapping[str, Picture]
    names: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def picture(self, name: str, role: str, place: Location, index: int) -> Picture | None:
        """The picture that pair `index` (from 0) names for that role; None where it cannot be used."""
        if name not in self.names:
            message = f"pair {index + 1} names the {role} '{abridged(name)}', which is not declared under images."
            self.report(place, message, did_you_mean(name, self.names) or _UNDECLARED)
        return self.pictures.get(name)

    def start(self, written: str, path: KeyPath) -> tuple[Init, Picture | None] | None:
        """What painting starts from, by the manifest's `init` at `path`; None where it cannot be used.

        The words for it come before pictures that are named like them.
        """
        if written in INIT_WORDS:
            return Init(written), None
        if written not in self.names:
            words = listed((f"'{word}'" for word in INIT_WORDS), "nor")
            name = abridged(written)
            message = f"{subject(path)} is '{name}', which is neither {words}, and not declared under images."
            remedy = did_you_mean(written, [*INIT_WORDS, *self.names]) or _UNDECLARED
            self.report(self.document.location(path), message, remedy)
        picture = self.pictures.get(written)
        return (Init.PICTURE, picture) if picture else None

    def report(self, place: Location, message: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(place, message, remedy))
