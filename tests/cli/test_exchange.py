"""store push and store pull: what they print, and how what goes wrong is told."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from neural_gallery.cli.exchanging import _storage_option
from neural_gallery.store.remote import Remote

from ..conftest import BlendPainter

Run = Callable[..., Result]


@pytest.fixture
def painted(write_site: Callable[..., Path], run: Run) -> None:
    """The small site, both pairs painted."""
    write_site()
    assert run("paint", "--quiet").exit_code == 0


@pytest.fixture
def other_machine(tmp_path: Path) -> Callable[[], None]:
    """Forgets everything that was painted here, as if this were another machine."""

    def forget() -> None:
        (tmp_path / ".neural-gallery").rename(tmp_path / "first-machine")

    return forget


@pytest.mark.usefixtures("painted")
def test_there_and_back(run: Run, other_machine: Callable[[], None], painter: BlendPainter) -> None:
    """Progress on standard error, one line of result; what was pulled is not painted."""
    pushed = run("store", "push", "shared")
    assert (pushed.exit_code, pushed.stdout) == (0, "pushed 2 paintings, 18 kB\n")
    assert [line.split(":")[0] for line in pushed.stderr.splitlines()] == ["[1/2] sky-sun", "[2/2] sea-sun"] or [
        line.split(":")[0] for line in pushed.stderr.splitlines()
    ] == ["[1/2] sea-sun", "[2/2] sky-sun"]
    assert run("store", "push", "shared").stdout == "pushed 0 paintings; 2 were there already\n"
    other_machine()
    assert run("store", "pull", "shared").stdout.startswith("pulled 2 paintings, ")
    assert run("store", "pull", "shared").stdout == "pulled 0 paintings; 2 were here already\n"
    painter.painted.clear()
    assert run("build").exit_code == 0
    assert painter.painted == []


def test_what_nobody_has_painted(run: Run, write_site: Callable[..., Path]) -> None:
    """Both sides are empty: that is told and is no failure, for somebody has to be the first."""
    write_site()
    assert run("store", "push", "shared").stdout == "pushed 0 paintings; 2 pairs not painted here yet\n"
    assert run("store", "pull", "shared").stdout == "pulled 0 paintings; 2 pairs not there yet\n"


@pytest.mark.usefixtures("painted")
def test_a_dry_run_lists(run: Run, tmp_path: Path) -> None:
    """What would go, a line each, and nothing goes."""
    told = run("store", "push", "shared", "--dry-run")
    assert told.stdout.splitlines() == [
        "sky-sun: finished, 8.5 kB",
        "sea-sun: finished, 9.1 kB",
        "would have pushed 2 paintings, 18 kB",
    ]
    assert not (tmp_path / "shared").exists()


@pytest.mark.usefixtures("painted")
def test_for_programs(run: Run) -> None:
    """A JSON object a line: the plan, then each painting as it arrives."""
    lines = [json.loads(line) for line in run("store", "push", "shared", "--json").stdout.splitlines()]
    assert [line["event"] for line in lines] == ["exchange-planned", "transferred", "transferred"]
    assert {line["transfer"]["pair"] for line in lines[1:]} == {"sky-sun", "sea-sun"}
    assert [(line["position"], line["total"]) for line in lines[1:]] == [(1, 2), (2, 2)]
    assert run("store", "push", "shared", "--quiet").output == ""


@pytest.mark.usefixtures("painted")
def test_damage_is_noted_even_where_quiet(run: Run, other_machine: Callable[[], None], tmp_path: Path) -> None:
    """The others arrive, and the command ends well."""
    run("store", "push", "shared")
    damaged = sorted((tmp_path / "shared").rglob("*.zip"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    other_machine()
    told = run("store", "pull", "shared", "--quiet")
    assert told.exit_code == 0
    name = damaged.relative_to(tmp_path / "shared").as_posix()
    assert told.output == (
        f"note: refused shared/{name}: it does not match the checksum in its name; it counts as absent\n"
    )


@pytest.mark.usefixtures("painted")
def test_everything_needs_no_manifest(run: Run, tmp_path: Path) -> None:
    """With --all the folder's store is enough."""
    (tmp_path / "site.yaml").unlink()
    assert run("store", "push", "shared", "--all").stdout == "pushed 2 paintings, 18 kB\n"
    assert run("store", "push", "shared").exit_code == 2


@pytest.mark.usefixtures("painted")
@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        (
            "s33://bucket",
            2,
            "s33://bucket: Protocol not known: s33. Did you mean 's3'?",
        ),
        ("", 2, "'' is no place. Give a folder, or a URL like s3://bucket/folder."),
        ("s3://", 2, "'s3://' is no place. Give a folder, or a URL like s3://bucket/folder."),
        (
            "/dev/null",
            1,
            "cannot list /dev/null: [Errno 20] Not a directory: '/dev/null/paintings'. See that it can be reached, and "
            "that the credentials are its. Everything that has arrived is kept: run the same command again to go on.",
        ),
        (
            "sftp://me:geheim@host/gallery",
            1,
            'sftp://host/gallery needs a package that is not installed: SFTPFileSystem requires "paramiko" to be '
            "installed. Install it with pip.",
        ),
        (
            "ftp://me:geheim@127.0.0.1:1/gallery?token=geheim",
            1,
            "cannot use ftp://127.0.0.1:1/gallery: [Errno 111] Connection refused. See that it can be reached, and "
            "that the credentials are its. Everything that has arrived is kept: run the same command again to go on.",
        ),
    ],
)
def test_places_that_cannot_be_used(run: Run, url: str, code: int, told: str) -> None:
    """In words, with what to do, without credentials and without a traceback."""
    result = run("store", "pull", url)
    assert result.exit_code == code
    assert result.stderr == f"{told}\n1 problem\n"


@pytest.mark.usefixtures("painted")
def test_a_missing_package_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install: for S3, and for all of this."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(importlib.import_module("fsspec.registry")._registry, "s3", raising=False)
    told = run("store", "push", "s3://bucket")
    assert told.exit_code == 1
    assert told.stderr == (
        "s3://bucket needs a package that is not installed: Install s3fs to access S3. "
        "Run `pip install --upgrade 'neural-gallery[s3]'`.\n1 problem\n"
    )
    monkeypatch.setitem(sys.modules, "fsspec", None)
    told = run("store", "push", "s3://bucket")
    assert told.exit_code == 1
    assert told.stderr == (
        "exchanging paintings needs fsspec, which is not installed. "
        "Run `pip install --upgrade 'neural-gallery[remote]'`, or `'neural-gallery[s3]'` for S3.\n1 problem\n"
    )


def test_options_of_the_file_system() -> None:
    """JSON where it is some, else text."""
    assert _storage_option("endpoint_url=http://localhost:9000/?a=b") == ("endpoint_url", "http://localhost:9000/?a=b")
    assert _storage_option("anon=true") == ("anon", True)
    assert _storage_option('client_kwargs={"region_name": "eu"}') == ("client_kwargs", {"region_name": "eu"})


@pytest.mark.usefixtures("painted")
def test_options_that_are_none(run: Run) -> None:
    """A name without a value, and one that the file system does not know."""
    told = run("store", "push", "shared", "--storage-option", "anon")
    assert (told.exit_code, told.stderr) == (2, "--storage-option anon has no value. Write KEY=VALUE.\n1 problem\n")


def test_secrets_are_in_no_message() -> None:
    """Not those of options, not the password of a URL, also where the file system's package repeats them."""
    there = Remote("memory://shared", {"secret": "hunter2", "endpoint_url": "http://me:geheim@host"})
    told = there._told(ValueError("hunter2 is refused by http://me:geheim@host/?X-Amz-Signature=1234"))
    assert told == "… is refused by http://host/"


@pytest.mark.usefixtures("painted")
def test_an_interrupted_push_says_what_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with 130 and what to do; the next push goes on."""

    def interrupt(self: Remote, path: str, data: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "write", interrupt)
        told = run("store", "push", "shared")
    assert (told.exit_code, told.stderr) == (
        130,
        "stopped: pushed 0 paintings; run the same command again to go on\n",
    )
    assert run("store", "push", "shared").stdout == "pushed 2 paintings, 18 kB\n"
