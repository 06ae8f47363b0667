"""Manifests by a fuzzer that watches which lines of the program run, and so finds its way in; not one of the tests.

    pip install atheris
    python tests/fuzz/atheris_manifest.py -max_total_time=300 -timeout=10 -rss_limit_mb=2000 FOLDER

Interesting inputs are kept in FOLDER, which is begun with the manifests that the other tests bend. It stops at the
first input that is neither read nor refused in the program's own words, or that takes too much time or memory, and
writes that input to a file `crash-…`, `timeout-…` or `oom-…` where it was started. With such a file instead of FOLDER
only that input is tried. CI does this every week.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["neural_gallery.site", "neural_gallery.errors"]):
    import neural_gallery.site.manifest  # noqa: F401

from tests.support.hostile import MANIFESTS
from tests.support.trials import Bench


def main() -> None:
    """Fuzz until the time is over."""
    options = [arg if arg.startswith("-") else str(Path(arg).resolve()) for arg in sys.argv]
    for folder in (Path(one) for one in options[1:] if not one.startswith("-") and not Path(one).is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(MANIFESTS):
            (folder / f"good-{number}.yaml").write_text(text)
    # The first of all, so that the caller's own is the one that counts.
    options.insert(1, f"-artifact_prefix={Path.cwd()}{os.sep}")
    os.chdir(tempfile.mkdtemp())
    atheris.Setup(options, Bench(Path.cwd()).manifest)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
