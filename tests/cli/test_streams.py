"""Standard output and error that are closed, or cannot write what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import neural_gallery

Run = Callable[..., Result]
WriteSite = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell and names that are bytes")

PROGRAM = [sys.executable, str(Path(__file__).parents[1] / "support" / "quick_gallery.py"), os.devnull]


def gallery(folder: Path, redirection: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command run by a shell, which redirects as is said."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {redirection}', *PROGRAM, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path(neural_gallery.__file__).parents[1]), **variables},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-"])
def test_closed_streams(write_site: WriteSite, closed: str):
    """A build does its work; a file that it opens is not where libraries write their errors."""
    folder = write_site().parent
    assert gallery(folder, closed, "build").returncode == 0
    assert (folder / "public" / "index.html").exists()
    assert b"painted 0 pairs, reused 2" in gallery(folder, "", "build").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file systems take UTF-8 only")
def test_a_folder_whose_name_is_not_utf8(write_site: WriteSite):
    """It is told with an escape, which JSON has, too."""
    site = write_site().parent
    folder = site / os.fsdecode(b"gallery-\xff")
    pictures = [path for path in site.iterdir() if path.is_file()]
    folder.mkdir()
    for path in pictures:
        path.rename(folder / path.name)
    done = gallery(site, "", "build", "--site", folder.name)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, rb"open gallery-\udcff/public/index.html")
    (folder / "sea.png").unlink()
    done = gallery(site, "", "check", "--json", "--site", folder.name)
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"][0]["file"] == "gallery-\udcff/site.yaml"


def test_an_encoding_that_lacks_a_character(write_site: WriteSite):
    """For people it is written as Python does, for programs as JSON does."""
    folder = write_site(("{content: sea", "{content: sea🌊")).parent
    done = gallery(folder, "", "check", "--json", PYTHONIOENCODING="latin-1")
    assert done.returncode == 2
    assert b"'sea\\U0001f30a'" in done.stderr
    assert "'sea🌊'" in json.loads(done.stdout)["problems"][0]["message"]


def test_a_folder_that_has_been_removed(write_site: WriteSite, tmp_path: Path):
    """A shell may stand in one; nothing can be found from there, not even what has a whole path."""
    manifest = write_site()
    gone = tmp_path / "gone"
    gone.mkdir()
    done = gallery(gone, "", "check", PWD=str(gone))
    assert done.returncode == 2  # no site.yaml
    script = 'rmdir "$PWD"; exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", script, *PROGRAM, "check", "--site", str(manifest)],
        cwd=gone,
        env={"PYTHONPATH": str(Path(neural_gallery.__file__).parents[1])},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (
        1,
        b"the current folder has been removed. Change to another one, then run the command again.\n",
    )


def test_no_memory_left(run: Run, write_site: WriteSite, monkeypatch: pytest.MonkeyPatch):
    """Wherever that is, it is told in words, and what a run that failed ends with."""

    def fail(*arguments: object, **keywords: object) -> None:
        raise MemoryError

    write_site()
    monkeypatch.setattr("neural_gallery.store.store.Store.gc", fail)
    result = run("gc")
    assert result.exit_code == 1
    assert result.stderr == (
        "memory ran out. Use smaller pictures, or give it more, then run the command again. "
        "Everything finished so far is kept.\n"
    )
