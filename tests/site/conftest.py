"""A small site in a folder of its own, and what is told about manifests in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from neural_gallery.errors import InputError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site

IMAGES = """\
version: 1
images:
  cat: {file: cat.png, alt: a cat asleep.}
  sea: {file: sea.jpg, alt: waves, title: The Sea}
  sky: {file: sky.png, alt: a night sky}
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives `test_x` its cases from told/x.txt: a fragment of a manifest, and after `!` what is told about it."""
    if "fragment" not in metafunc.fixturenames:
        return
    path = Path(__file__).parent / "told" / f"{metafunc.function.__name__.removeprefix('test_')}.txt"
    _header, *blocks = path.read_text().strip().split("\n\n")
    cases = []
    for block in blocks:
        lines = block.split("\n")
        fragment = [line for line in lines if not line.startswith("! ")]
        messages = [line.removeprefix("! ") for line in lines if line.startswith("! ")]
        cases.append(pytest.param(fragment, messages, id=fragment[0][:60]))
    metafunc.parametrize(("fragment", "messages"), cases)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: cat.png (40 x 20), sea.jpg (64 x 48) and sky.png (30 x 60)."""
    Image.new("RGB", (40, 20), "brown").save(tmp_path / "cat.png")
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "sea.jpg")
    Image.new("RGB", (30, 60), "navy").save(tmp_path / "sky.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def load(folder: Path) -> Callable[[str], Site]:
    """Loads a manifest given as text."""

    def load_text(text: str) -> Site:
        (folder / "site.yaml").write_text(text)
        return load_site(Path("site.yaml"))

    return load_text


@pytest.fixture
def told(load: Callable[[str], Site]) -> Callable[[str], list[str]]:
    """What is told about a manifest given as text, line by line, without the file's name."""

    def told_of(text: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            load(text)
        return [str(problem).removeprefix("site.yaml:") for problem in caught.value.problems]

    return told_of


@pytest.fixture
def pair_of(load: Callable[[str], Site]) -> Callable[..., object]:
    """Loads a manifest with the three images and with one entry of `pairs`; its first pair."""

    def first_pair(entry: str, defaults: str = "{}") -> object:
        return load(f"{IMAGES}defaults: {defaults}\npairs:\n  - {entry}\n").pairs[0]

    return first_pair
