"""The file of network weights that a manifest may name: seen to be there. What is in it, the studio sees."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from neural_gallery.errors import Location, ManifestError
from neural_gallery.site.model import WeightsFile
from neural_gallery.site.pictures import nearest_file


def find_weights(path: Path, written: str, location: Location, sha256_of: Callable[[Path], str]) -> WeightsFile:
    """The file at `path`, which the manifest writes as `written` at `location`. Raises ManifestError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            message = f"weights is '{written}', which is not a file."
            raise ManifestError.at(location, message, "Name a file with the network's weights.")
        return WeightsFile(path, written, sha256_of(path), location)
    except FileNotFoundError as error:
        remedy = nearest_file(path, written) or "Correct the path; it is relative to the manifest's folder."
        raise ManifestError.at(location, f"there is no file '{written}'.", remedy) from error
    except OSError as error:
        message = f"the file '{written}' cannot be read: {error.strerror}."
        raise ManifestError.at(location, message, "Check its path and its permissions.") from error
