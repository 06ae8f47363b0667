"""The wheel: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import neural_gallery

ROOT = Path(__file__).parents[1]
THEME = "neural_gallery/default_theme"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from the backend that is installed for the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    told = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    assert told.returncode == 0, told.stdout + told.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed into a folder of its own; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check"]
    told = run(*pip, "--target", str(folder), str(wheel))
    assert told.returncode == 0, told.stderr
    return folder


def test_every_module_and_every_data_file_is_there(names: set[str]) -> None:
    """The package as in the checkout, weights, first site and type marker included, without what running it leaves."""
    package = ROOT / "neural_gallery"
    expected = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.is_file()}
    expected = {name for name in expected if "__pycache__" not in name}
    assert {name for name in names if name.startswith("neural_gallery/") and THEME not in name} == expected
    assert {
        "neural_gallery/py.typed",
        "neural_gallery/studio/data/vgg19-8bit.safetensors",
        "neural_gallery/scaffold_data/site.yaml",
        "neural_gallery/scaffold_data/gitignore",
    } <= names


@pytest.mark.parametrize("folder", ["templates", "static"])
def test_the_default_theme_is_inside(names: set[str], folder: str) -> None:
    """Templates and static files stand at the checkout's root, and inside the package in the wheel."""
    expected = {f"{THEME}/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert len(expected) > 1
    assert {name for name in names if name.startswith(f"{THEME}/{folder}/")} == expected


def test_licences_are_there(names: set[str]) -> None:
    """That of the program, and that of the weights."""
    information = f"neural_gallery-{neural_gallery.__version__}.dist-info"
    assert {
        f"{information}/licenses/LICENSE",
        f"{information}/licenses/neural_gallery/studio/data/LICENSE-weights.md",
    } <= names


def test_nothing_else_is_there(names: set[str]) -> None:
    """No tests, no benchmarks, no pictures of the example: only the package and what describes it."""
    information = f"neural_gallery-{neural_gallery.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"neural_gallery", information}


def test_the_installed_command_starts_a_site(installed: Path, tmp_path: Path) -> None:
    """Away from the checkout, `init` writes a site that `check` finds in order."""
    command = installed / "bin" / "neural-gallery"
    for arguments in (["init", "gallery"], ["check", "--site", "gallery"]):
        told = run(sys.executable, str(command), *arguments, folder=tmp_path, path=installed)
        assert (told.returncode, told.stderr) == (0, "")


def test_the_installed_program_uses_its_own_theme(installed: Path, tmp_path: Path) -> None:
    """The default theme is found inside the installed package."""
    code = "from neural_gallery.pages.theme import default_theme; print(default_theme())"
    told = run(sys.executable, "-c", code, folder=tmp_path, path=installed)
    assert told.stdout == f"{installed / THEME}\n"
    assert (installed / THEME / "templates" / "page.html").is_file()


def run(*command: str, folder: Path = ROOT, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, where given with `path` before everything that is installed."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
