"""Every example of every command's `--help`, run as it stands there, one after the other.

The painter needs no network, weights are a narrow network's, and what would go on until Ctrl-C ends at once.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import Result
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from neural_gallery.cli import main
from neural_gallery.live import server
from neural_gallery.live.site import LiveSite
from neural_gallery.scaffold.example import example_site
from neural_gallery.scaffold.writing import write_new
from neural_gallery.studio.weight_files.reading import open_weights
from neural_gallery.workers import weights as facade

from ..support.weight_files import (
    SMALL,
    SMALL16,
    as_state,
    as_torchvision,
    by_name,
    random_network,
    save_torch_archive,
)

Run = Callable[..., Result]

BEGINNINGS = {"neural-gallery", "neural-gallery init"}
"""Commands whose examples are for a folder without a site."""


def commands(command: click.Command = main, name: str = "neural-gallery") -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, groups included."""
    yield name, command
    if isinstance(command, click.Group):
        for inner, one in command.commands.items():
            yield from commands(one, f"{name} {inner}")


def examples(told: str) -> list[str]:
    """The lines below "Example:" in a help."""
    found = re.search(r"^ *Example:\n((?: +\S.*\n)+)", told, flags=re.MULTILINE)
    return [line.strip() for line in found[1].splitlines()] if found else []


@pytest.fixture
def shell(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Runs a line in the current folder as a shell does, as far as examples need one."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def execute(line: str) -> None:
        words = shlex.split(line)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            return
        target = None
        if words[-2] in (">", ">>"):
            target, words = words[-1], words[:-2]
        assert words[0] == "neural-gallery"
        result = run(*words[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"
        if target:
            Path(os.path.expanduser(target)).write_text(result.stdout)  # noqa: PTH111  (it is a shell's word)

    return execute


@pytest.fixture
def nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser is opened, no port is taken that another program may have, and Ctrl-C comes at once."""

    def stop(site: LiveSite) -> None:
        raise KeyboardInterrupt

    free = functools.partial(server.listen, 0)
    monkeypatch.setattr(server, "listen", lambda port: free())
    monkeypatch.setattr(LiveSite, "events", stop)
    monkeypatch.setattr("webbrowser.open", lambda address: True)


@pytest.fixture
def weight_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of weights that examples name."""
    monkeypatch.setattr(facade, "open_weights", functools.partial(open_weights, architectures=SMALL))
    save_torch_archive(tmp_path / "vgg19-dcbb9e9d.pth", as_state(as_torchvision(random_network())))
    np.savez(tmp_path / "vgg16_weights.npz", **by_name(random_network(SMALL16, caffe=True), "{}_W", "{}_b"))


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets that are in memory, whatever options they are given."""

    class Bucket(MemoryFileSystem):
        protocol = ("s3", "memory")

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return super()._strip_protocol(path.removeprefix("s3://"))

    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "s3", Bucket)
    monkeypatch.setattr(MemoryFileSystem, "store", {})


@pytest.fixture
def folders(tmp_path: Path) -> None:
    """Folders of pictures, and those of a user's that shells read."""
    (tmp_path / "home/.config/fish/completions").mkdir(parents=True)
    for folder in ("holidays", "museum"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (48, 32), "teal").save(tmp_path / folder / "one.png")


def write_painted_site(folder: Path, shell: Callable[[str], None]) -> None:
    """The first site, its results smaller, already painted: here, and in my-gallery."""
    files = example_site()
    manifest = files["site.yaml"].replace(b"size: 256", b"size: 32\n  animation: {frames: 2}")
    for place in (folder, folder / "my-gallery"):
        write_new(place, files | {"site.yaml": manifest})
    shell("neural-gallery paint")


@pytest.mark.usefixtures("nothing_goes_on", "weight_files", "folders", "buckets")
@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_examples_run(run: Run, shell: Callable[[str], None], tmp_path: Path, name: str) -> None:
    """Each of them ends well; its first words are those of its command, but where the whole program is shown."""
    if name not in BEGINNINGS:
        write_painted_site(tmp_path, shell)
    lines = examples(run(*name.split()[1:], "--help").stdout)
    assert lines, f"{name} --help shows no example"
    for line in lines:
        assert line.startswith(f"{name} ") or line == name or name == "neural-gallery"
        shell(line)


@pytest.mark.parametrize(("name", "command"), [*commands()])
def test_helps_are_whole(name: str, command: click.Command) -> None:
    """Each command says in a sentence what it does, and each option what it means."""
    assert command.help
    assert command.help.split("\n\n")[0].strip().endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]}"
            assert parameter.help.endswith(".")


def test_what_is_looked_for_is_found() -> None:
    """Examples are the lines of their paragraph, and no more."""
    told = "Usage: one\n\n  Words.\n\n  Example:\n      one two\n      one > three\n\nOptions:\n  -h  Help.\n"
    assert examples(told) == ["one two", "one > three"]
    assert examples("Usage: one\n\n  Words.\n") == []
