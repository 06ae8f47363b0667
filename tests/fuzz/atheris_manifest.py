"""Manifests by a fuzzer that watches which lines of the program run, and so finds its way in; not one of the tests.

    pip install atheris
    python tests/fuzz/atheris_manifest.py -max_total_time=300 -timeout=10 -rss_limit_mb=2000 FOLDER

Interesting inputs are kept in FOLDER, which is begun with the manifests that the other tests bend. It stops at the
first input that raises anything but the program's own errors, and writes that input to a file `crash-…`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["neural_gallery.site", "neural_gallery.errors"]):
    import neural_gallery.site.manifest

import contextlib

from neural_gallery.errors import InputError
from tests.support.hostile import MANIFESTS
from tests.support.trials import Bench


def main() -> None:
    """Fuzz until the time is over."""
    options = [arg if arg.startswith("-") else str(Path(arg).resolve()) for arg in sys.argv]
    for folder in (Path(one) for one in options[1:] if not one.startswith("-")):
        folder.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(MANIFESTS):
            (folder / f"good-{number}.yaml").write_text(text)
    os.chdir(tempfile.mkdtemp())
    bench = Bench(Path.cwd())

    def one(data: bytes) -> None:
        Path("site.yaml").write_bytes(data)
        with contextlib.suppress(InputError):
            neural_gallery.site.manifest.load_site(Path("site.yaml"), cache=bench.cache)

    atheris.Setup(options, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
