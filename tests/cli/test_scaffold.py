"""The site that `init` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_gallery.errors import OutputError, UsageError
from neural_gallery.scaffold.example import example_site
from neural_gallery.scaffold.writing import write_new

FILES = [
    ".gitignore",
    "content/images/chelsea.jpg",
    "content/images/great-wave.jpg",
    "content/posts/2025-01-01-hello.md",
    "site.yaml",
]


def test_files(tmp_path: Path):
    """The whole site is written, into a folder that is made for it."""
    written = write_new(tmp_path / "new" / "gallery", example_site())
    assert [path.relative_to(tmp_path / "new" / "gallery").as_posix() for path in written] == FILES


def test_made_things_are_ignored(tmp_path: Path):
    """What the program makes stays out of version control."""
    write_new(tmp_path, example_site())
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert {"/.neural-gallery/", "/public/"} <= set(lines)


def test_existing_files_are_kept(tmp_path: Path):
    """Every file in the way is named, and nothing at all is written."""
    (tmp_path / "site.yaml").write_text("mine")
    (tmp_path / ".gitignore").symlink_to("nowhere")
    with pytest.raises(UsageError) as caught:
        write_new(tmp_path, example_site())
    remedy = "Choose another folder, or move it away first; nothing was written."
    assert str(caught.value) == (
        f"{tmp_path}/.gitignore: this file already exists. {remedy}\n"
        f"{tmp_path}/site.yaml: this file already exists. {remedy}"
    )
    assert (tmp_path / "site.yaml").read_text() == "mine"
    assert not (tmp_path / "content").exists()


def test_folder_that_is_a_file(tmp_path: Path):
    """A folder that cannot be made is an error of the run, with the system's reason."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError) as caught:
        write_new(tmp_path / "taken" / "gallery", example_site())
    assert str(caught.value).endswith("cannot write this file: Not a directory.")


def test_a_failed_attempt_leaves_nothing(tmp_path: Path):
    """Where one file cannot be written, those before it go again: the next attempt finds none in its way."""
    with pytest.raises(OutputError):
        write_new(tmp_path, {"first.txt": b"1", "copy.txt": tmp_path / "gone.txt"})
    assert list(tmp_path.iterdir()) == []
