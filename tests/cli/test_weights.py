"""`neural-gallery weights`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from neural_gallery.cli import weights as commands
from neural_gallery.studio.architecture import CONVENTIONS
from neural_gallery.studio.weight_files.reading import open_weights
from neural_gallery.workers import weights as facade

from ..support.weight_files import (
    SMALL,
    as_state,
    as_torchvision,
    by_name,
    random_network,
    save_torch_archive,
)

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with vgg.pth, a narrow VGG-19 under torchvision's names."""
    monkeypatch.setattr(facade, "open_weights", functools.partial(open_weights, architectures=SMALL))
    save_torch_archive(tmp_path / "vgg.pth", as_state(as_torchvision(random_network())))
    return tmp_path


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_conventions_are_those_of_the_studio() -> None:
    """The command line knows them by name, without loading the studio."""
    assert sorted(CONVENTIONS) == list(commands.CONVENTIONS)


def test_import(run: Run, folder: Path) -> None:
    """The file is written beside, described, and the line for the manifest is told."""
    result = run("weights", "import", "vgg.pth")
    assert (result.exit_code, result.stderr) == (0, "")
    written = folder / "vgg.safetensors"
    size = round(written.stat().st_size / 1000)
    assert result.stdout == (
        "read vgg.pth: VGG-19, convention torchvision, PyTorch format\n"
        f"wrote vgg.safetensors, {size} kB, SHA-256 {sha256(written)}\n"
        "\n"
        "For site.yaml, with the path as seen from there:\n"
        "  weights: vgg.safetensors\n"
    )
    shown = run("weights", "show", "vgg.safetensors").stdout.splitlines()
    assert shown[:3] == [
        "vgg.safetensors: VGG-19, convention torchvision, safetensors format",
        f"SHA-256 {sha256(written)}",
        "  conv1_1: 3 x 3 x 3 x 64",
    ]
    assert len(shown) == 2 + 16


def test_import_as_json(run: Run, folder: Path) -> None:
    """The same for programs; a name that YAML would not take as it is needs no care there."""
    result = run("weights", "import", "vgg.pth", "-o", "my weights/a: b.safetensors", "--json")
    record = json.loads(result.stdout)
    written = folder / "my weights" / "a: b.safetensors"
    assert record["file"] == "my weights/a: b.safetensors"
    assert (record["sha256"], record["bytes"]) == (sha256(written), written.stat().st_size)
    source = record["source"]
    assert (source["architecture"], source["convention"], source["format"]) == ("VGG-19", "torchvision", "PyTorch")
    assert (source["sha256"], source["kernels"]["conv5_4"]) == (sha256(folder / "vgg.pth"), [3, 3, 4, 4])
    assert json.loads(run("weights", "show", "vgg.pth", "--json").stdout) == source
    again = run("weights", "import", "vgg.pth", "-o", "my weights/a: b.safetensors", "--force")
    assert again.stdout.endswith('  weights: "my weights/a: b.safetensors"\n')


def test_import_keeps_what_is_there(run: Run, folder: Path) -> None:
    """A file in the way is replaced only with --force, and the file to import never; a folder is no file."""
    (folder / "vgg.safetensors").write_text("precious")
    (folder / "folder").mkdir()
    for arguments, said in (
        ([], "'vgg.safetensors' is there already. Name another one with -o, or give --force."),
        (["-o", "folder", "--force"], "'folder' is there already. Name a file with -o."),
        (["-o", "vgg.pth", "--force"], "'vgg.pth' is the file to import. Name another one with -o."),
    ):
        result = run("weights", "import", "vgg.pth", *arguments)
        assert (result.exit_code, result.stderr) == (2, f"{said}\n1 problem\n")
    assert (folder / "vgg.safetensors").read_text() == "precious"
    assert run("weights", "import", "vgg.pth", "--force").exit_code == 0
    assert run("weights", "show", "vgg.safetensors").exit_code == 0


@pytest.mark.parametrize("command", ["show", "import"])
def test_a_device_is_not_read_to_its_end(run: Run, folder: Path, command: str) -> None:
    """It may have none."""
    hashed = ("--sha256", "0" * 64, "-o", "a.safetensors") if command == "import" else ()
    result = run("weights", command, "/dev/zero", *hashed)
    assert result.exit_code == 2
    assert "no file" in result.stderr


def test_the_hash_is_compared_first(run: Run, folder: Path) -> None:
    """A file of another hash is not even looked at."""
    right = sha256(folder / "vgg.pth")
    assert run("weights", "import", "vgg.pth", "--sha256", right.upper()).exit_code == 0
    (folder / "vgg.pth").write_text("not even a file of weights")
    result = run("weights", "import", "vgg.pth", "--force", "--sha256", right)
    assert result.exit_code == 2
    assert result.stderr == (
        f"the SHA-256 of 'vgg.pth' is {sha256(folder / 'vgg.pth')}, not {right}. "
        "Do not use it: fetch it again from a source that you trust.\n1 problem\n"
    )
    result = run("weights", "import", "vgg.pth", "--sha256", "dcbb9e9d")
    assert (result.exit_code, result.stderr) == (
        2,
        "'dcbb9e9d' is no SHA-256. Give all of its 64 hexadecimal digits.\n1 problem\n",
    )


def test_convention(run: Run, folder: Path) -> None:
    """What the file does not show is asked for, and then kept in the file that is written."""
    np.savez(folder / "own.npz", **by_name(random_network()))
    assert run("weights", "import", "own.npz").stderr == (
        "the file 'own.npz' does not show how its network wants its pictures. "
        "Say it with `neural-gallery weights import --convention caffe|caffe-rgb|torchvision`.\n1 problem\n"
    )
    assert run("weights", "import", "own.npz", "--convention", "caffe-rgb").exit_code == 0
    assert "convention caffe-rgb," in run("weights", "show", "own.safetensors").stdout


def test_wrong_file(run: Run, folder: Path) -> None:
    """A file that is none is wrong input; programs get it as a document."""
    for command in ("show", "import"):
        result = run("weights", command, "missing.pth", "--json")
        assert result.exit_code == 2
        assert json.loads(result.stdout)["problems"][0]["message"] == (
            "the file 'missing.pth' cannot be read: No such file or directory."
        )


def test_check_and_build_with_weights(run: Run, folder: Path, write_site: Callable[..., Path]) -> None:
    """A site paints with the weights that it names, repaints when they change, and is refused where they are none."""
    (folder / "vgg.pth").rename(folder / "first.pth")
    save_torch_archive(folder / "second.pth", as_state(as_torchvision(random_network(caffe=True))))
    write_site(("version: 1\n", "version: 1\nweights: first.pth\n"))
    assert run("check").exit_code == 0
    assert run("build", "-q").exit_code == 0
    assert run("plan").stdout.splitlines()[-1] == "2 pairs: all painted"
    write_site(("version: 1\n", "version: 1\nweights: second.pth\n"))
    assert run("plan").stdout.splitlines()[0] == "sky-sun: 48x32: to paint (the network's weights changed)"
    (folder / "second.pth").write_text("no weights")
    said = (
        "site.yaml:2:10: the file 'second.pth' is of no format that can be read here. "
        "Give a PyTorch file (.pth), Keras weights (.h5, .keras), a Caffe model (.caffemodel), .npz or .safetensors.\n"
        "1 problem\n"
    )
    for command in ("check", "build", "paint"):
        result = run(command)
        assert (result.exit_code, result.stderr) == (2, said)
    write_site()
    assert run("plan").stdout.splitlines()[0] == "sky-sun: 48x32: to paint (the network's weights changed)"
