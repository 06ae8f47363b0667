"""The clean command: what was built goes, what is somebody else's stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ..support.killing import tree

Run = Callable[..., Result]


@pytest.fixture
def built(run: Run, write_site: Callable[..., Path]) -> Path:
    """The folder of a site that has been built into a folder with a file of somebody else's."""
    folder = write_site().parent
    (folder / "public").mkdir()
    (folder / "public" / "mine.html").write_text("mine")
    assert run("build").exit_code == 0
    return folder


def test_what_was_built_goes(built: Path, run: Run) -> None:
    """The same files and bytes as `--dry-run` tells; the next build paints nothing and brings all of it back."""
    before = tree(built / "public")
    ours = {path: data for path, data in before.items() if path != "mine.html"}
    told = run("clean", "--dry-run").stdout
    size = sum(len(data) for data in ours.values())
    assert told == f"would remove {len(ours)} files from {built / 'public'}, {round(size / 1000)} kB\n"
    assert tree(built / "public") == before
    assert run("clean").stdout == told.replace("would remove", "removed")
    assert [path.name for path in (built / "public").rglob("*")] == ["mine.html"]
    assert run("clean").stdout == f"removed 0 files from {built / 'public'}, 0 B\n"
    assert f"painted 0 pairs, reused 2; wrote {len(ours)} files" in run("build").stdout
    assert tree(built / "public") == before


def test_what_somebody_has_edited_stays(built: Path, run: Run) -> None:
    """With a word about it; it is not ours any more."""
    page = built / "public" / "index.html"
    page.write_text("edited")
    note = f"note: {page} is not made any more, but was changed by somebody else, and so it stays\n"
    assert run("clean", "--dry-run").stderr == note
    assert run("clean").stderr == note
    assert page.read_text() == "edited"
    assert run("clean").stderr == ""


def test_json(built: Path, run: Run) -> None:
    """Programs get the files, and how large they are."""
    files = sorted(set(tree(built / "public")) - {"mine.html"})
    told = json.loads(run("clean", "--json").stdout)
    size = told.pop("bytes")
    assert told == {"dry_run": False, "output": str(built / "public"), "files": files, "notes": []}
    assert size > 10_000


def test_without_our_record_nothing_goes(built: Path, run: Run) -> None:
    """Where the store is gone nobody can say whose the files are."""
    before = tree(built / "public")
    shutil.rmtree(built / ".neural-gallery")
    assert run("clean").stdout == f"removed 0 files from {built / 'public'}, 0 B\n"
    assert tree(built / "public") == before
