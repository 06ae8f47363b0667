"""The output folder: ours are replaced and removed, everybody else's stay as they are."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.errors import OutputError
from neural_gallery.store.output import Output
from neural_gallery.store.paths import collisions
from neural_gallery.store.quarantine import DamagedError
from neural_gallery.store.store import Store
from neural_gallery.temporaries import temporary_beside

ELSEWHERE = "Move or delete it, or set another `output` or `images_path` in site.yaml, then run the command again."
PATH = "static/img/cat.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The output folder, not made yet."""
    return tmp_path / "public"


@pytest.fixture
def output(folder: Path, tmp_path: Path) -> Output:
    """Nothing owned yet."""
    return reopened(folder)


def reopened(folder: Path) -> Output:
    """The same output folder in the next run."""
    return Output(folder, folder.parent / ".neural-gallery" / "output.json")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`, by relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_and_owned(output: Output, folder: Path) -> None:
    """Folders are made as needed; the next run knows what is ours."""
    assert output.write_all({PATH: b"one", "index.html": b"two"}) == (PATH, "index.html")
    assert tree(folder) == {PATH: b"one", "index.html": b"two"}
    assert set(reopened(folder).owned) == {PATH, "index.html"}


def test_only_what_differs_is_written(output: Output, folder: Path) -> None:
    """Unchanged files keep their time of modification, so that nothing downstream is made again."""
    output.write_all({PATH: b"one", "index.html": b"two"})
    before = (folder / PATH).stat().st_mtime_ns
    assert reopened(folder).write_all({PATH: b"one", "index.html": b"TWO"}) == ("index.html",)
    assert (folder / PATH).stat().st_mtime_ns == before
    assert not reopened(folder).write(PATH, b"one")
    assert reopened(folder).write(PATH, b"ONE")
    assert tree(folder) == {PATH: b"ONE", "index.html": b"TWO"}


def test_an_unchanged_file_is_not_even_read(output: Output, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size and time of modification, as recorded, are enough; a touched file is read once, and then known again."""
    output.write(PATH, b"one")
    read = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *rest: read.append(path.name) or real(path, *rest))
    assert not output.write(PATH, b"one")
    assert read.count("cat.png") == 0
    os.utime(folder / PATH, (time.time() - 100,) * 2)
    assert not output.write(PATH, b"one")
    assert not output.write(PATH, b"one")
    assert read.count("cat.png") == 1


def test_encodings_are_copied_from_the_store(output: Output, folder: Path, store: Store) -> None:
    """A copy that is there already is not read from the store again."""
    encoded = store.add_encoded("ab" + "0" * 62, b"picture", extension="png", width=4, height=3)
    assert output.write(PATH, encoded)
    encoded.path.unlink()
    assert not reopened(folder).write(PATH, encoded)
    assert tree(folder) == {PATH: b"picture"}


def test_a_damaged_encoding_is_not_published(output: Output, folder: Path, store: Store) -> None:
    """What was written before it is kept in the record."""
    encoded = store.add_encoded("ab" + "0" * 62, b"picture", extension="png", width=4, height=3)
    encoded.path.write_bytes(b"picturE")
    before = {f"{number}.html": b"%d" % number for number in range(100)}
    with pytest.raises(DamagedError):
        output.write_all({**before, PATH: encoded})
    there = tree(folder)
    assert len(there) > 50
    assert there.items() <= before.items()
    assert reopened(folder).sweep(()) == tuple(sorted(there))


def test_foreign_files_stop_everything_before_anything_is_written(output: Output, folder: Path) -> None:
    """All of them are named at once."""
    (folder / "static" / "img").mkdir(parents=True)
    (folder / PATH).write_bytes(b"mine")
    (folder / "index.html").write_bytes(b"mine too")
    before = tree(folder)
    with pytest.raises(OutputError) as caught:
        output.write_all({"a.html": b"x", PATH: b"ours", "index.html": b"ours"})
    assert str(caught.value) == (
        f"{folder / PATH} is there already, and neural-gallery did not write it. {ELSEWHERE}\n"
        f"{folder / 'index.html'} is there already, and neural-gallery did not write it. {ELSEWHERE}"
    )
    assert tree(folder) == before


def test_a_file_that_equals_ours_is_adopted_but_never_deleted(output: Output, folder: Path) -> None:
    """So a site whose record was lost goes on, and a file that was there first stays."""
    folder.mkdir()
    (folder / "a.html").write_bytes(b"same")
    before = (folder / "a.html").stat().st_mtime_ns
    assert not output.write("a.html", b"same")
    assert (folder / "a.html").stat().st_mtime_ns == before
    assert reopened(folder).sweep(()) == ()
    assert tree(folder) == {"a.html": b"same"}
    assert list(reopened(folder).owned) == []


def test_an_adopted_file_is_replaced_while_it_is_as_it_was(output: Output, folder: Path) -> None:
    """Once its owner changes it, it is not ours any more."""
    folder.mkdir()
    for name in ("a.html", "b.html"):
        (folder / name).write_bytes(b"same")
        output.write(name, b"same")
    assert reopened(folder).write("a.html", b"new")
    assert reopened(folder).sweep({"b.html"}) == ("a.html",)
    (folder / "b.html").write_bytes(b"edited by its owner")
    with pytest.raises(OutputError, match="neural-gallery did not write it"):
        reopened(folder).write("b.html", b"new")


def test_our_files_are_restored(output: Output, folder: Path) -> None:
    """A file of ours that was edited or deleted is written again."""
    output.write_all({"a.html": b"one", "b.html": b"two"})
    (folder / "a.html").write_bytes(b"edited by hand")
    (folder / "b.html").unlink()
    assert reopened(folder).write_all({"a.html": b"one", "b.html": b"two"}) == ("a.html", "b.html")
    assert tree(folder) == {"a.html": b"one", "b.html": b"two"}


def test_sweep_removes_what_is_not_made_any_more_and_nothing_else(output: Output, folder: Path) -> None:
    """A whole foreign site beside ours survives writing and sweeping, byte for byte, empty folders too."""
    foreign = {
        "_config.yml": b"title: mine",
        "_posts/2020-01-01-old.md": b"---\n---\nold",
        "static/img/mine.png": b"\x89PNG mine",
        "static/img/.hidden": b"",
        ".neural-gallery-tmp-notes.txt": b"mine",
    }
    for path, data in foreign.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "empty").mkdir()
    ours = {PATH: b"1", "_posts/2026-01-01-new.html": b"2", "deep/er/page.html": b"3", "index.html": b"4"}
    output.write_all(ours)
    assert tree(folder) == {**foreign, **ours}
    removed = reopened(folder).sweep({"index.html"})
    assert removed == ("_posts/2026-01-01-new.html", "deep/er/page.html", PATH)
    assert tree(folder) == {**foreign, "index.html": b"4"}
    assert not (folder / "deep").exists()
    assert (folder / "empty").is_dir()
    assert reopened(folder).sweep({"index.html"}) == ()
    assert reopened(folder).sweep(()) == ("index.html",)
    assert tree(folder) == foreign


def test_sweep_keeps_what_somebody_has_changed(output: Output, folder: Path) -> None:
    """It stays with a word, and is not ours afterwards."""
    output.write("a.html", b"one")
    (folder / "a.html").write_bytes(b"edited by hand")
    again = reopened(folder)
    assert again.sweep(()) == ()
    words = f"{folder / 'a.html'} is not made any more, but was changed by somebody else, and so it stays"
    assert again.notes == [words]
    assert list(reopened(folder).owned) == []


def test_sweep_forgets_what_became_something_else(output: Output, folder: Path, tmp_path: Path) -> None:
    """A file of ours that is gone, a link or a folder now is not followed and not removed."""
    output.write_all({"gone": b"1", "link": b"2", "folder": b"3", "through/link": b"4"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "link").write_bytes(b"4")
    for name in ("gone", "link", "folder", "through/link"):
        (folder / name).unlink()
    (folder / "link").symlink_to(outside / "link")
    (folder / "folder").mkdir()
    (folder / "through").rmdir()
    (folder / "through").symlink_to(outside, target_is_directory=True)
    assert reopened(folder).sweep(()) == ()
    assert (outside / "link").read_bytes() == b"4"
    assert (folder / "folder").is_dir()
    assert list(reopened(folder).owned) == []


def test_sweep_removes_leftovers_of_killed_runs(output: Output, folder: Path) -> None:
    """Beside our files only, and by their exact form of name."""
    output.write(PATH, b"one")
    leftover = temporary_beside(folder / PATH)
    leftover.write_bytes(b"torn")
    foreign = folder / "static" / "img" / ".neural-gallery-tmp-mine"
    foreign.write_bytes(b"mine")
    reopened(folder).sweep({PATH})
    assert not leftover.exists()
    assert foreign.exists()


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../up.html", "a/../../up.html", "a//b", "./a", "", "a/", "C:/a", "a\\b", "a\nb", "a\x00b", "a/."],
)
def test_paths_that_are_no_plain_names_are_refused(output: Output, folder: Path, path: str) -> None:
    """Nothing can lead out of the folder by its name."""
    with pytest.raises(OutputError) as caught:
        output.write(path, b"x")
    assert str(caught.value) == (
        f"{path!r} cannot be the path of a file in the output folder. "
        "Use a relative path without '..', ':', backslashes and control characters."
    )
    assert not folder.exists()


def test_links_that_lead_out_are_refused(output: Output, folder: Path, tmp_path: Path) -> None:
    """A folder that is a link out, at any depth, is named; links inside the folder are fine."""
    outside = tmp_path / "outside"
    outside.mkdir()
    folder.mkdir()
    (folder / "static").symlink_to(outside, target_is_directory=True)
    (folder / "real").mkdir()
    (folder / "inside").symlink_to(folder / "real", target_is_directory=True)
    with pytest.raises(OutputError) as caught:
        output.write(PATH, b"x")
    assert str(caught.value) == (
        f"{folder / PATH} leads out of the output folder through a symbolic link. "
        f"Replace the link by a folder, or set `output` to where it leads ({outside})."
    )
    assert list(outside.iterdir()) == []
    assert output.write("inside/a.html", b"x")


def test_what_is_no_file_is_not_replaced(output: Output, folder: Path, tmp_path: Path) -> None:
    """A link, a folder in a file's place, and a file in a folder's place each have their words."""
    (folder / "a.html").mkdir(parents=True)
    (folder / "b.html").symlink_to(tmp_path / "anywhere")
    (folder / "static").write_bytes(b"mine")
    with pytest.raises(OutputError) as caught:
        output.write_all({"a.html": b"x", "b.html": b"x", PATH: b"x"})
    assert str(caught.value) == (
        f"{folder / 'a.html'} is a folder where a file is to be written. {ELSEWHERE}\n"
        f"{folder / 'b.html'} is a symbolic link, which will not be replaced. {ELSEWHERE}\n"
        f"{folder / 'static'} is a file where a folder is needed for '{PATH}'. Move or delete it."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(output: Output, folder: Path) -> None:
    """Whoever reads one to see whether it is ours waits for a writer."""
    folder.mkdir()
    os.mkfifo(folder / "a.html")
    with pytest.raises(OutputError) as caught:
        output.write("a.html", b"x")
    assert str(caught.value) == f"{folder / 'a.html'} is no file, and will not be replaced. {ELSEWHERE}"


def test_the_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """Where it leads is the author's own choice."""
    (tmp_path / "real").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "real", target_is_directory=True)
    output = reopened(tmp_path / "public")
    assert output.write(PATH, b"one")
    assert tree(tmp_path / "real") == {PATH: b"one"}
    assert output.sweep(()) == (PATH,)


def test_names_that_differ_in_case_only_are_reported(output: Output, folder: Path) -> None:
    """In one call, over several calls, and for the two ways in which Unicode spells é."""
    with pytest.raises(OutputError) as caught:
        output.write_all({"Cat.png": b"1", "cat.png": b"2"})
    words = "would be one file on systems that do not tell upper from lower case. Rename one of them."
    assert str(caught.value) == f"'Cat.png' and 'cat.png' {words}"
    with pytest.raises(OutputError) as caught:
        output.write("CAT.png", b"3")
    assert str(caught.value) == f"'Cat.png' and 'CAT.png' {words}"
    assert len(collisions(["caf\u00e9.png", "cafe\u0301.png"], {})) == 1
    assert not folder.exists()


def test_a_rename_in_case_survives_where_case_does_not_count(output: Output, folder: Path) -> None:
    """Two names of one file, as on such systems (a hard link stands for that): the new name is not swept away."""
    output.write("Cat.png", b"1")
    os.link(folder / "Cat.png", folder / "cat.png")
    again = reopened(folder)
    assert not again.write("cat.png", b"1")
    assert again.sweep({"cat.png"}) == ()
    assert (folder / "cat.png").read_bytes() == b"1"
    assert list(reopened(folder).owned) == ["cat.png"]


def test_output_folders_are_kept_apart(output: Output, folder: Path, tmp_path: Path) -> None:
    """Another `output` for once neither owns nor forgets what is in the first one; a moved site keeps its record."""
    output.write("a.html", b"one")
    record = tmp_path / ".neural-gallery" / "output.json"
    other = Output(tmp_path / "other", record)
    assert list(other.owned) == []
    other.write("b.html", b"two")
    assert list(reopened(folder).owned) == ["a.html"]
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("public", ".neural-gallery"):
        (tmp_path / name).rename(moved / name)
    assert list(reopened(moved / "public").owned) == ["a.html"]


def test_a_damaged_record_makes_everything_foreign(output: Output, folder: Path) -> None:
    """Nothing is deleted or overwritten on the word of a record that cannot be trusted."""
    output.write_all({"a.html": b"one", "b.html": b"two"})
    record = folder.parent / ".neural-gallery" / "output.json"
    record.write_text(record.read_text().replace("a.html", "x.html"))
    again = reopened(folder)
    assert again.notes == [
        "the record of what was written to the output folder, output.json, does not match its checksum; "
        "files that are there already count as somebody else's where they differ from what is made"
    ]
    assert not again.write("a.html", b"one")
    with pytest.raises(OutputError, match="neural-gallery did not write it"):
        again.write("b.html", b"new")
    assert reopened(folder).sweep(()) == ()
    assert tree(folder) == {"a.html": b"one", "b.html": b"two"}


def test_a_full_disk_is_told_and_what_was_written_is_known(
    output: Output, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run goes on from there."""
    real = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target).name == "b.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OutputError) as caught:
            output.write_all({"a.html": b"one", "b.html": b"two"})
    assert str(caught.value) == (
        f"cannot write to {folder}: the disk is full. "
        "Free some space, then run the command again. Everything finished so far is kept."
    )
    assert tree(folder) == {"a.html": b"one"}
    assert reopened(folder).write_all({"a.html": b"new", "b.html": b"two"}) == ("a.html", "b.html")


@pytest.fixture
def killed_run(
    monkeypatch: pytest.MonkeyPatch, killed_at: Callable[[int], None], killed: type[BaseException]
) -> Callable[[Path, dict[str, bytes], int], bool]:
    """`killed_run(folder, files, step)`: writes and sweeps, and dies at that step, or lives (True)."""

    def run(folder: Path, files: dict[str, bytes], step: int) -> bool:
        killed_at(step)
        try:
            output = reopened(folder)
            output.write_all(files)
            output.sweep(files)
        except killed:
            return False
        finally:
            monkeypatch.undo()
        return True

    return run


def test_killed_while_writing(tmp_path: Path, killed_run: Callable[[Path, dict[str, bytes], int], bool]) -> None:
    """Wherever a run dies, and the next one too, every file is whole, and may be replaced or removed afterwards."""
    runs = [{"a": b"1", "b": b"1"}, {"b": b"2", "c": b"2"}, {"b": b"3", "c": b"3"}, {"c": b"4", "d": b"4"}]
    written = {item for files in runs for item in files.items()}
    deaths = 0
    for first in range(1, 99):
        for second in range(1 + first % 6, 99, 6):
            folder = tmp_path / f"{first}-{second}" / "public"
            reopened(folder).write_all(runs[0])
            first_lived = killed_run(folder, runs[1], first)
            second_lived = killed_run(folder, runs[2], second)
            whole = {path: data for path, data in tree(folder).items() if not path.startswith(".")}
            assert set(whole.items()) <= written
            output = reopened(folder)
            output.write_all(runs[3])
            output.sweep(runs[3])
            assert tree(folder) == runs[3]
            if second_lived:
                break
            deaths += 1
        if first_lived:
            break
    assert deaths > 20


def test_a_file_that_was_only_announced_is_not_ours(
    output: Output, folder: Path, killed_run: Callable[[Path, dict[str, bytes], int], bool]
) -> None:
    """A run that dies before it writes a file has no claim on what somebody puts there afterwards."""
    output.write("a.html", b"one")
    announced = 3  # the record's fsync, its rename, its folder's fsync; then the first file
    killed_run(folder, {"a.html": b"one", "b.html": b"ours"}, announced + 1)
    assert set(reopened(folder).owned) == {"a.html", "b.html"}
    (folder / "b.html").write_bytes(b"mine")
    with pytest.raises(OutputError, match="neural-gallery did not write it"):
        reopened(folder).write("b.html", b"ours")
    assert reopened(folder).sweep(()) == ("a.html",)
    assert tree(folder)["b.html"] == b"mine"


@pytest.mark.parametrize("again", [False, True])
def test_killed_while_replacing_an_adopted_file(
    tmp_path: Path, killed_run: Callable[[Path, dict[str, bytes], int], bool], again: bool
) -> None:
    """As long as it is what its owner put there, it stays; once it is what we wrote, it goes when it is not made."""
    ends = set()
    for step in range(1, 99):
        folder = tmp_path / str(step) / "public"
        folder.mkdir(parents=True)
        (folder / "a.html").write_bytes(b"same")
        reopened(folder).write("a.html", b"same")
        if killed_run(folder, {"a.html": b"new"}, step):
            break
        theirs = (folder / "a.html").read_bytes() == b"same"
        if again:  # a run that finds the file as it is to be
            reopened(folder).write("a.html", (folder / "a.html").read_bytes())
        reopened(folder).sweep(())
        assert (folder / "a.html").exists() == theirs
        ends.add(theirs)
    assert ends == {True, False}
