"""Every error that the program raises on purpose, and the form in which it is told.

    NeuralGalleryError          the root; carries one or more problems
    ├── InputError              the author's input is wrong: exit code 2
    │   ├── ManifestError       site.yaml
    │   ├── PostError           a Markdown post, its front matter or its blocks
    │   ├── PictureError        a picture file
    │   ├── ThemeError          a template or a theme folder
    │   └── UsageError          the command line
    └── RunError                the input is right, the run failed: exit code 1
        ├── PaintError          style transfer diverged or could not run
        │   └── OutOfMemoryError    there was not enough memory here; there may be elsewhere
        ├── CrewError           those who paint elsewhere cannot be reached, or can no longer
        ├── WeightsError        the network's weights are missing, damaged or of another network
        ├── StoreError          the store cannot be read or written
        ├── RemoteError         another machine's copy of the store cannot be reached, read or written
        ├── EncodeError         a still or an animation cannot be encoded
        └── OutputError         the output folder cannot be written, or a file there is not ours

Only the command line turns them into words on a terminal and exit codes.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in an author's file. Lines and columns count from 1; 0 means that it is not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where, what, and what to do about it.

    `message` and `remedy` are sentences, each closed by its own full stop or question mark.
    """

    location: Location | None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        told = f"{self.message} {self.remedy}".rstrip()
        return f"{self.location}: {told}" if self.location else told


class NeuralGalleryError(Exception):
    """The root of all errors raised on purpose. `str()` gives one line for each problem."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    @classmethod
    def at(cls, location: Location | None, message: str, remedy: str = "") -> NeuralGalleryError:
        """One error with one problem."""
        return cls(Problem(location, message, remedy))


class InputError(NeuralGalleryError):
    """Something that the author wrote or gave is wrong."""

    exit_code = 2


class ManifestError(InputError):
    """`site.yaml` is wrong."""


class PostError(InputError):
    """A post, its front matter or one of its blocks is wrong."""


class PictureError(InputError):
    """A picture file cannot be used."""


class ThemeError(InputError):
    """A template or a theme folder is wrong."""


class UsageError(InputError):
    """The command line asks for something that cannot be."""


class RunError(NeuralGalleryError):
    """The input is right, but the run failed."""


class PaintError(RunError):
    """Style transfer failed."""


class OutOfMemoryError(PaintError):
    """Style transfer took more memory than there was."""


class CrewError(RunError):
    """Nobody is there to paint."""


class WeightsError(RunError):
    """The network's weights cannot be used."""


class StoreError(RunError):
    """The store cannot be read or written."""


class RemoteError(RunError):
    """The place that paintings are exchanged through cannot be used."""


class EncodeError(RunError):
    """A still or an animation cannot be encoded."""


class OutputError(RunError):
    """The output folder cannot be written."""


_LONGEST_NAME, _MOST_NAMES = 1000, 1000  # looked at for a suggestion, so that one is made at once


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest of `known` (`Did you mean 'starry_night'?`), or "" where none is near."""
    if len(name) > _LONGEST_NAME:
        return ""
    near = difflib.get_close_matches(name, list(itertools.islice(known, _MOST_NAMES)), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""


def abridged(text: str, *, longest: int = 60) -> str:
    """`text` for a message: on one line, without control characters, and cut where it is longer than `longest`."""
    cut = text[: 100 * longest]  # what is printed comes from its beginning, however long it is
    line = " ".join("".join(one if one.isprintable() else " " for one in cut).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def problems_in(error: NeuralGalleryError | OSError, *, unnamed: str) -> tuple[Problem, ...]:
    """What was wrong. `unnamed` is what failed where the system names no file."""
    if isinstance(error, NeuralGalleryError):
        return error.problems
    return (Problem(None, f"{error.filename or unnamed}: {error.strerror or error}."),)
