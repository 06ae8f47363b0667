"""Disks that refuse: full, read-only, not allowed, a file in a folder's place; two builds at once; clocks that jump.

Each is told in words, with an exit code and no traceback, and the next run goes on as if nothing had been.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

from neural_gallery.store.store import Store

from ..support.killing import PAIRS, QUICK, TREE, draw_pictures, manifest, tree

Run = Callable[..., Result]

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts are Linux's")
NOBODY = 65534
LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
AS_NOBODY = f"""
import os, runpy, shutil, sys
arguments = sys.argv[2:]
os.chdir(sys.argv[1])
shutil.rmtree(".neural-gallery", ignore_errors=True)
for user in (0, {NOBODY}):
    if user:  # all that a build needs is loaded by now, from wherever nobody may not read it
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    sys.argv = list(arguments)
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        if user:
            raise
        assert not end.code
    os.chdir(os.environ["SITE"])
"""


def build(site: Path, *program: str) -> subprocess.CompletedProcess[str]:
    """A build in a process of its own, by the quick painter."""
    return subprocess.run(
        [*(program or QUICK), os.devnull, "build"],
        cwd=site,
        # Python itself keeps a torn file where a limit cuts off the code that it has compiled.
        env={"PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1", "SITE": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed run said at its end, without its progress."""
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("1 problem\n")
    return done.stderr.splitlines()[-2]


def write_small_site(folder: Path) -> Path:
    """Two pairs, in a folder that is there already."""
    draw_pictures(folder)
    (folder / "site.yaml").write_text(manifest("Small", PAIRS[:2], 48))
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of that site."""
    return write_small_site(tmp_path)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Something mounted on a folder, or the test is skipped: not everybody may."""
    done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@linux
@pytest.mark.parametrize("limit", [3000, 6000])
def test_files_that_may_not_grow(site: Path, limit: int) -> None:
    """A limit on the size of files, which a painting or an encoding reaches; without it the same command goes on."""
    done = build(site, sys.executable, "-c", LIMITED, str(limit), QUICK[1])
    assert done.returncode == 1
    words = (
        f"in {site / '.neural-gallery'}: the file would be larger than the file system, or a limit of your user "
        "(`ulimit -f`), allows. Raise the limit, or work on another disk, then run the command again. "
        "Everything finished so far is kept."
    )
    assert told(done).endswith(words)
    assert not list(site.rglob(".neural-gallery-tmp-*"))
    assert build(site).returncode == 0
    assert (site / "public" / "index.html").exists()


@linux
@pytest.mark.parametrize("full", [".neural-gallery", "public"])
def test_a_full_disk(site: Path, full: str) -> None:
    """A store or an output folder on a disk with too little room; with more room the same command goes on."""
    folder = site / full
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        done = build(site)
        assert done.returncode == 1
        remedy = "Free some space, then run the command again. Everything finished so far is kept."
        assert told(done).endswith(f"{folder}: the disk is full. {remedy}")
        assert not [path for path in tree(folder) if ".neural-gallery-tmp-" in path]
        subprocess.run(["mount", "-o", "remount,size=16m", str(folder)], check=True)
        assert build(site).returncode == 0
        assert (site / "public" / "index.html").exists()


@linux
@pytest.mark.parametrize(
    ("where", "what"), [("public", "cannot write to {}"), (".neural-gallery", "cannot lock {}/lock")]
)
def test_a_disk_that_is_read_only(site: Path, where: str, what: str) -> None:
    """It binds root, too."""
    folder = site / where
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "ro,size=16m", "tmpfs"):
        done = build(site)
        assert done.returncode == 1
        words = "the file system is read-only. Work in a copy of the site on a disk that can be written."
        assert told(done) == f"{what.format(folder)}: {words}"
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        assert build(site).returncode == 0


@linux
@pytest.mark.parametrize(
    ("where", "mode", "what"),
    [
        ("public", 0o555, "cannot write to {}"),
        (".neural-gallery", 0o555, "cannot lock {}/lock"),
        (".neural-gallery", 0o000, "cannot lock {}/lock"),
    ],
)
def test_what_is_not_allowed(tmp_path: Path, where: str, mode: int, what: str) -> None:
    """A folder that its user may not write, or not even look into. Root may everything: nobody builds instead."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        site = write_small_site(Path(made).resolve())
        folder, program = site / where, QUICK
        folder.mkdir()
        if os.geteuid() == 0:
            (tmp_path / "scratch").mkdir()
            program = [sys.executable, "-c", AS_NOBODY, str(write_small_site(tmp_path / "scratch")), QUICK[1]]
            for path in (site, *site.rglob("*")):
                shutil.chown(path, NOBODY, NOBODY)
        folder.chmod(mode)
        done = build(site, *program)
        assert done.returncode == 1
        words = "permission is denied. Give your user the right to read and write there, then run it again."
        assert told(done) == f"{what.format(folder)}: {words}"
        folder.chmod(0o755)
        assert build(site, *program).returncode == 0
        assert (site / "public" / "index.html").exists()


def test_a_file_where_a_folder_of_the_output_should_be(built: Path, run: Run) -> None:
    """It is left as it is, and every file that would be written there is told; without it all is written."""
    images = next((built / "public").rglob("sea-sun.png")).parent
    before = tree(built / "public")
    shutil.rmtree(images)
    images.write_text("mine")
    result = run("build")
    assert result.exit_code == 1
    path = f"{images.relative_to(built / 'public')}/sea-sun.png"
    assert f"{images} is a file where a folder is needed for '{path}'. Move or delete it.\n" in result.stderr
    assert images.read_text() == "mine"
    images.unlink()
    result = run("build")
    assert (result.exit_code, result.stderr) == (0, "")
    assert tree(built / "public") == before


@pytest.mark.parametrize("command", ["build", "paint", "render", "gc"])
def test_two_at_once(built: Path, run: Run, command: str) -> None:
    """The second is told and changes nothing; looking is allowed; afterwards it runs."""
    before = tree(built)
    with Store(built / ".neural-gallery").lock():
        result = run(command)
        assert result.exit_code == 1
        remedy = "Wait until it ends, or stop it, then run the command again."
        assert result.stderr == f"another neural-gallery is at work in this site. {remedy}\n1 problem\n"
        assert tree(built) == before
        assert run("plan").exit_code == run("check").exit_code == 0
    assert run(command).exit_code == 0


@pytest.mark.parametrize("years", [-30, 30])
def test_a_clock_that_jumps(built: Path, run: Run, years: int) -> None:
    """Files that are older than their sources, or from the future, are as good as any; so is what follows them."""
    before = tree(built / "public")
    for path in built.rglob("*"):
        state = path.stat()
        os.utime(path, (state.st_mtime + years * 31_557_600,) * 2)
    result = run("build")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "painted 0 pairs, reused 2; nothing changed" in result.stdout
    assert run("gc").stdout == "removed 0 paintings and 0 encoded files, 0 B\n"
    assert tree(built / "public") == before


def test_a_clock_that_goes_back_between_paintings(
    built: Path, run: Run, write_site: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A painting that seems older than the one that it follows is used all the same, and both pairs are told why."""
    import datetime

    from neural_gallery.store import paintings

    past = datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC)
    monkeypatch.setattr(paintings, "_now", lambda: past)
    write_site(("strength: 0.7", "strength: 0.9"))
    assert "painted 1 pair, reused 1" in run("build").stdout
    assert "painted 0 pairs, reused 2; nothing changed" in run("build").stdout
    write_site()
    assert "painted 0 pairs, reused 2" in run("build").stdout
