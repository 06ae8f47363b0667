"""Other weights than those of the package: seen to be right before anything is painted, and imported.

What is wrong with a file that the author names is wrong input. Nothing of the painter is loaded before it is needed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import ManifestError, OutputError, UsageError, WeightsError
from neural_gallery.site.model import Site

if TYPE_CHECKING:
    from neural_gallery.workers.messages import WeightsReport


@dataclass(frozen=True, slots=True)
class Imported:
    """A file of weights that was written, and what it was made of."""

    path: Path
    bytes: int
    sha256: str
    source: WeightsReport


def check_weights(site: Site) -> None:
    """See that the weights that the manifest names, if any, are a network's. Raises ManifestError."""
    if (given := site.weights) is None:
        return
    from neural_gallery.workers.weights import inspect

    try:
        inspect(given.path, given.file, location=given.location)
    except WeightsError as error:
        raise ManifestError(*error.problems) from error


def show_weights(file: Path) -> WeightsReport:
    """What a file of weights holds. Raises UsageError where it holds no network."""
    from neural_gallery.workers.weights import inspect

    try:
        return inspect(file, str(file))
    except WeightsError as error:
        raise UsageError(*error.problems) from error


def import_weights(
    file: Path, output: Path, *, convention: str = "", sha256: str = "", overwrite: bool = False
) -> Imported:
    """Write the network in `file` to `output` in our own form.

    Where `sha256` is given, the file has to have that hash before anything else is done with it. Raises UsageError
    where it has another, where it holds no network and where `output` is in the way; OutputError where that cannot be
    written.
    """
    from neural_gallery.store.files import told_as, write_file
    from neural_gallery.workers.weights import packed, sha256_of

    try:
        found = sha256_of(file, str(file))
        _check_free(output, file, overwrite)
        if sha256 and found != sha256.lower():
            message = f"the SHA-256 of '{file}' is {found}, not {sha256.lower()}."
            raise UsageError.at(None, message, "Do not use it: fetch it again from a source that you trust.")
        data, report = packed(file, str(file), convention=convention)
    except WeightsError as error:
        raise UsageError(*error.problems) from error
    if report.sha256 != found:
        raise UsageError.at(None, f"'{file}' changed while it was read.", "Run the command again.")
    with told_as(OutputError, f"cannot write '{output}'"):
        write_file(output, data)
    return Imported(output, len(data), hashlib.sha256(data).hexdigest(), report)


def _check_free(output: Path, file: Path, overwrite: bool) -> None:
    """Raises UsageError where something is at `output` that is not to be replaced."""
    from neural_gallery.store.paths import same_file

    if same_file(output, file):
        raise UsageError.at(None, f"'{output}' is the file to import.", "Name another one with -o.")
    if output.is_dir() or (output.exists() and not overwrite):
        remedy = "Name a file with -o." if output.is_dir() else "Name another one with -o, or give --force."
        raise UsageError.at(None, f"'{output}' is there already.", remedy)
