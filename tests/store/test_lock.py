"""The lock of a site, and who else may come to hold it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neural_gallery.errors import StoreError
from neural_gallery.store.lock import locked


def test_one_at_a_time(tmp_path: Path):
    """Whoever holds it keeps others out, and leaves it free, also when it fails."""
    path = tmp_path / "store" / "lock"
    with pytest.raises(ZeroDivisionError), locked(path):  # noqa: PT012  (what happens meanwhile is the point)
        with pytest.raises(StoreError, match=r"^another neural-gallery is at work in this site\. Wait"), locked(path):
            pass
        raise ZeroDivisionError
    with locked(path):
        pass


FORKING = """
import os, sys, time
from pathlib import Path
from neural_gallery.store.lock import locked

path = Path(sys.argv[1])
with locked(path):
    child = os.fork()
    if not child:
        time.sleep(60)  # a worker that waits for its next job
        os._exit(0)
try:
    with locked(path):
        print("free", flush=True)
finally:
    os.kill(child, 9)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only some systems can fork")
def test_a_forked_process_does_not_hold_it(tmp_path: Path):
    """Processes that were forked while it was held, and live on, keep nobody out."""
    done = subprocess.run(
        [sys.executable, "-c", FORKING, tmp_path / "lock"], capture_output=True, text=True, timeout=50
    )
    assert (done.stdout, done.stderr) == ("free\n", "")
