"""The example site, built as its README says, but small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml.html import HtmlElement

from ..support.links import parsed

if TYPE_CHECKING:
    pass

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Example:
    """A copy of the example site, and the commands that run in it."""

    folder: Path

    @property
    def html(self) -> Path:
        """The folder of the HTML target."""
        return self.folder / "public"

    @property
    def page(self) -> HtmlElement:
        """The only page of the HTML target."""
        return parsed((self.html / "index.html").read_text(encoding="utf-8"))

    def run(self, *arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run the program in a process of its own; `python` are options of the interpreter. It must succeed."""
        command = [sys.executable, *python, "-m", "neural_gallery", *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        told = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600)
        assert told.returncode == 0, told.stdout + told.stderr
        return told

    def build(self, *options: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Build at the lowest quality."""
        return self.run("build", "--quality", "draft", *options, python=python)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example site, painted by the real engine at the lowest quality and at 96 pixels instead of 400."""
    example = Example(tmp_path_factory.mktemp("example"))
    shutil.copytree(ROOT / "content", example.folder / "content")
    manifest = replaced((ROOT / "site.yaml").read_text(encoding="utf-8"), "size: 400", "size: 96")
    (example.folder / "site.yaml").write_text(manifest, encoding="utf-8")
    (example.folder / "jekyll.yaml").write_text(replaced(manifest, "output: public", "output: jekyll"))
    summary, opening = example.build().stdout.splitlines()[-2:]
    assert summary.startswith("painted 7 pairs, reused 0; wrote ")
    assert opening == "open public/index.html"
    return example


@pytest.fixture(scope="session")
def jekyll_source(example: Example) -> Path:
    """The example as a Jekyll site, from what is painted already."""
    told = example.build("--site", "jekyll.yaml", "--target", "jekyll")
    assert told.stdout.splitlines()[-1].startswith("painted 0 pairs, reused 7; wrote ")
    return example.folder / "jekyll"


def replaced(text: str, old: str, new: str) -> str:
    """The text with something replaced that stands in it once."""
    assert text.count(old) == 1
    return text.replace(old, new)
