"""Paintings go through a folder or memory from machine to machine: what is needed, whole, and no more than once."""

from __future__ import annotations

import dataclasses
import errno
import os
import stat
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest

from neural_gallery.corridor import exchange
from neural_gallery.corridor.events import ExchangePlanned, Note, Transferred
from neural_gallery.corridor.exchange import Wanted, pull, push, wanted_by
from neural_gallery.corridor.run import paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import RemoteError, StoreError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site
from neural_gallery.store import files
from neural_gallery.store.archives import Label, pack, read_label, unpack
from neural_gallery.store.remote import Remote
from neural_gallery.store.sealed import seal
from neural_gallery.store.store import Store
from neural_gallery.store.unfinished import Unfinished
from neural_gallery.temporaries import temporary_beside


@pytest.fixture
def wanted(site: Site, workshop: Workshop) -> Wanted:
    """Both pairs."""
    return wanted_by(site, workshop)


@pytest.fixture
def key(wanted: Wanted) -> str:
    """That of the first pair."""
    return wanted.pairs["sky-sun"]


@pytest.fixture
def there(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "there")


@pytest.fixture(params=["file", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    """A place that both reach."""
    if request.param == "file":
        return Remote((tmp_path / "shared").as_uri())
    return Remote(f"memory://{uuid.uuid4()}/shared")


@pytest.fixture
def folder(tmp_path: Path) -> Remote:
    """A folder that both reach."""
    return Remote(str(tmp_path / "shared"))


def paths(remote: Remote) -> list[str]:
    """Everything that is there."""
    return sorted({**remote.sizes("paintings"), **remote.sizes("unfinished")})


def transferred(events: list) -> list[str]:
    """The pairs that went, sorted."""
    return sorted(event.transfer.pair for event in events if isinstance(event, Transferred))


def notes(events: list) -> list[str]:
    """What was told besides."""
    return [event.message for event in events if isinstance(event, Note)]


def frames(count: int) -> list[np.ndarray]:
    """Black ones, as large as those of the site."""
    return [np.zeros((32, 48, 3), np.uint8)] * count


def test_what_is_painted_here_is_there(here: Store, there: Store, remote: Remote, wanted: Wanted) -> None:
    """Both go once: a second push and a second pull have nothing to do."""
    assert transferred(list(push(here, remote, wanted))) == ["sea-sun", "sky-sun"]
    assert transferred(list(pull(there, remote, wanted))) == ["sea-sun", "sky-sun"]
    assert there.records() == here.records()
    assert all(there.painting(record.key, verify=True) for record in here.records())
    for again in (list(push(here, remote, wanted)), list(pull(there, remote, wanted))):
        assert again == [ExchangePlanned((), 2, ())]
    assert len(paths(remote)) == 2
    assert all(read_label(path) for path in paths(remote))


def test_an_empty_place_is_no_failure(there: Store, remote: Remote, wanted: Wanted) -> None:
    """The first job of all finds nothing, and paints."""
    assert list(pull(there, remote, wanted)) == [ExchangePlanned((), 0, ("sky-sun", "sea-sun"))]
    assert list(push(there, remote, wanted)) == [ExchangePlanned((), 0, ("sky-sun", "sea-sun"))]


@pytest.mark.parametrize("deeper", [False, True])
def test_a_place_that_cannot_be_looked_into_is_not_an_empty_one(
    here: Store, folder: Remote, wanted: Wanted, monkeypatch: pytest.MonkeyPatch, deeper: bool
) -> None:
    """Whether that is all of it or one of its folders: else everything would be painted, and sent, once more."""
    list(push(here, folder, wanted))
    look = folder._files.ls

    def refuse(path: str, **keywords: object) -> object:
        if not deeper or "/paintings/" in path:
            raise PermissionError(13, "Permission denied", path)
        return look(path, **keywords)

    monkeypatch.setattr(folder._files, "ls", refuse)
    with pytest.raises(RemoteError, match="Permission denied"):
        list(pull(here, folder, wanted))


def test_dry_runs_transfer_nothing(here: Store, there: Store, remote: Remote, wanted: Wanted) -> None:
    """They tell what would go."""
    (planned,) = push(here, remote, wanted, dry_run=True)
    assert isinstance(planned, ExchangePlanned)
    assert [transfer.pair for transfer in planned.transfers] == ["sky-sun", "sea-sun"]
    assert paths(remote) == []
    list(push(here, remote, wanted))
    (planned,) = pull(there, remote, wanted, dry_run=True)
    assert isinstance(planned, ExchangePlanned)
    assert [transfer.pair for transfer in planned.transfers] == ["sky-sun", "sea-sun"]
    assert not there.folder.exists()


def test_only_what_the_manifest_needs_goes_unless_all_is_asked_for(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str
) -> None:
    """One pair of the manifest; then everything, by the ids it was painted under."""
    one = dataclasses.replace(wanted, names={key: "sky-sun"}, pairs={"sky-sun": key})
    assert transferred(list(push(here, folder, one))) == ["sky-sun"]
    assert transferred(list(push(here, folder, None))) == ["sea-sun"]
    assert transferred(list(pull(there, folder, one))) == ["sky-sun"]
    assert transferred(list(pull(there, folder, None))) == [f"{wanted.pairs['sea-sun'][:12]}…"]
    assert there.records() == here.records()


def test_a_painting_with_more_frames_goes_where_there_is_one_with_fewer(
    write_site: Callable[..., Path], here: Store, there: Store, folder: Remote, workshop: Workshop
) -> None:
    """The manifest asks for eight frames instead of four: the other machine's painting has them."""
    list(push(here, folder, None))
    list(pull(there, folder, None))
    site = load_site(write_site(("frames: 4", "frames: 8")))
    more = wanted_by(site, workshop)
    list(paint(site, here, workshop))
    assert transferred(list(push(here, folder, more))) == ["sea-sun", "sky-sun"]
    assert transferred(list(pull(there, folder, more))) == ["sea-sun", "sky-sun"]
    assert {record.frames for record in there.records()} == {8}
    assert transferred(list(pull(there, folder, more))) == []


def test_another_machine_goes_on_with_what_is_on_its_way(
    there: Store, tmp_path: Path, folder: Remote, wanted: Wanted, key: str, here: Store
) -> None:
    """The furthest is what counts: it is not replaced by one that is less far, and goes when the painting is there."""
    begun = Store(tmp_path / "begun")
    begun.keep_unfinished(key, Unfinished(4, b"one", frames(1)))
    assert transferred(list(push(begun, folder, wanted))) == ["sky-sun"]
    assert transferred(list(pull(there, folder, wanted))) == ["sky-sun"]
    found = there.unfinished(key, asked=4)
    assert found is not None
    assert found.state == b"one"

    there.keep_unfinished(key, Unfinished(4, b"three", frames(3)))
    assert transferred(list(pull(there, folder, wanted))) == []
    assert transferred(list(push(there, folder, wanted))) == ["sky-sun"]
    assert len(paths(folder)) == 1
    assert transferred(list(push(begun, folder, wanted))) == []
    assert transferred(list(pull(begun, folder, wanted))) == ["sky-sun"]

    list(push(here, folder, wanted))
    assert [path.split("/")[0] for path in paths(folder)] == ["paintings", "paintings"]
    assert transferred(list(pull(begun, folder, wanted))) == ["sea-sun", "sky-sun"]
    assert begun.unfinished(key, asked=4) is None


def test_one_on_its_way_to_other_frames_stays_there(
    there: Store, tmp_path: Path, folder: Remote, wanted: Wanted, key: str
):
    """It could not be gone on with: which frames are sampled where depends on their number."""
    begun = Store(tmp_path / "begun")
    begun.keep_unfinished(key, Unfinished(9, b"one", frames(1)))
    list(push(begun, folder, wanted))
    assert transferred(list(pull(there, folder, wanted))) == []


def damage(remote: Remote, key: str, alter: Callable[[bytes], bytes]) -> Label:
    """Alter the archive of that key where it lies."""
    (path,) = (path for path in paths(remote) if f"/{key}-" in path)
    data = remote.read(path, remote.sizes("paintings")[path])
    assert data is not None
    remote.write(path, alter(data))
    label = read_label(path)
    assert label is not None
    return label


DAMAGES = {
    "tampered": (lambda data: data[:200] + b"\xff" + data[201:], "it does not match the checksum in its name"),
    "torn": (lambda data: data[: len(data) // 2], "it does not match the checksum in its name"),
    "empty": (lambda data: b"", "it does not match the checksum in its name"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_is_damaged_there_counts_as_absent(
    here: Store, there: Store, remote: Remote, wanted: Wanted, key: str, kind: str
) -> None:
    """It is named, the others arrive; --replace puts a whole one in its place."""
    list(push(here, remote, wanted))
    alter, told = DAMAGES[kind]
    label = damage(remote, key, alter)
    events = list(pull(there, remote, wanted))
    assert transferred(events) == ["sea-sun"]
    assert notes(events) == [f"refused {remote.url}/{label.path}: {told}; it counts as absent"]
    assert there.painting(key) is None
    assert transferred(list(push(here, remote, wanted, replace=True))) == ["sea-sun", "sky-sun"]
    assert transferred(list(pull(there, remote, wanted))) == ["sky-sun"]


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_is_damaged_there_is_mended_by_whoever_paints_it_again(
    here: Store, there: Store, remote: Remote, wanted: Wanted, key: str, kind: str, site: Site, workshop: Workshop
) -> None:
    """Pull, build, push, as jobs do: the next one gets it, and nobody hears of the damaged one any more."""
    list(push(here, remote, wanted))
    label = damage(remote, key, DAMAGES[kind][0])
    list(pull(there, remote, wanted))
    list(paint(site, there, workshop))
    planned, *_ = push(there, remote, wanted, dry_run=True)
    assert isinstance(planned, ExchangePlanned)
    assert ([transfer.pair for transfer in planned.transfers], planned.already) == (["sky-sun"], 1)
    assert transferred(list(push(there, remote, wanted))) == ["sky-sun"]
    assert len(paths(remote)) == 2
    assert remote.sizes("paintings").get(label.path) != 0
    events = list(pull(Store(there.folder.with_name("third")), remote, wanted))
    assert (transferred(events), notes(events)) == (["sea-sun", "sky-sun"], [])
    assert list(push(there, remote, wanted)) == [ExchangePlanned((), 2, ())]


def test_what_is_damaged_there_stays_until_something_else_is_there(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str
) -> None:
    """A machine that has refused it, and has nothing better, removes nothing."""
    list(push(here, folder, wanted))
    label = damage(folder, key, DAMAGES["torn"][0])
    list(pull(there, folder, wanted))
    planned, *_ = push(there, folder, wanted)
    assert isinstance(planned, ExchangePlanned)
    assert planned.missing == ("sky-sun",)
    assert label.path in paths(folder)


def test_what_was_refused_is_remembered_where_the_pull_is_broken_off(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str
) -> None:
    """Ctrl-C at the note."""
    list(push(here, folder, wanted))
    label = damage(folder, key, DAMAGES["torn"][0])
    run = pull(there, folder, wanted)
    while not isinstance(next(run), Note):
        pass
    run.close()
    listing = {key: {label: folder.sizes("paintings")[label.path]}}
    assert there.refused(folder.url).among(listing) == {label: True}


def test_what_was_refused_and_is_whole_by_now_counts_again(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str, site: Site, workshop: Workshop
) -> None:
    """Another machine has mended it meanwhile: it is neither sent once more nor removed."""
    list(push(here, folder, wanted))
    label = damage(folder, key, DAMAGES["torn"][0])
    list(pull(there, folder, wanted))
    list(push(here, folder, wanted, replace=True))
    list(paint(site, there, workshop))
    assert list(push(there, folder, wanted)) == [ExchangePlanned((), 2, ())]
    assert label.path in paths(folder)


def test_what_this_version_refuses_is_not_removed(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str, site: Site, workshop: Workshop
) -> None:
    """A newer one may have written it: ours is put beside it, once."""
    list(push(here, folder, wanted))
    (path,) = (path for path in paths(folder) if f"/{key}-" in path)
    label = read_label(path)
    data = folder.read(path, folder.sizes("paintings")[path])
    assert label is not None
    assert data is not None
    inside = unpack(label, data)
    inside["record.json"] = inside["record.json"].replace(b'"format": 1', b'"format": 2')
    newer, data = pack(label.shelf, key, label.asked, label.frames, inside)
    folder.remove([path])
    folder.write(newer.path, data)
    assert len(notes(list(pull(there, folder, wanted)))) == 1
    list(paint(site, there, workshop))
    assert transferred(list(push(there, folder, wanted))) == ["sky-sun"]
    assert list(push(there, folder, wanted)) == [ExchangePlanned((), 2, ())]
    assert newer.path in paths(folder)
    assert len(paths(folder)) == 3


@pytest.mark.parametrize("text", ["[]", "{}", "[" * 100_000, '{"places": 5}', '{"places": {"x": {"y": [1]}}}'])
def test_what_is_remembered_of_places_may_be_anything(here: Store, folder: Remote, wanted: Wanted, text: str) -> None:
    """It counts as nothing."""
    (here.folder / "refused.json").write_text(text)
    assert transferred(list(push(here, folder, wanted))) == ["sea-sun", "sky-sun"]
    body = {"places": {folder.url: {"y": 5, "paintings": [[], {}], **{path: [None, 1] for path in paths(folder)}}}}
    (here.folder / "refused.json").write_bytes(seal(body))
    assert list(push(here, folder, wanted)) == [ExchangePlanned((), 2, ())]


def test_where_one_is_damaged_another_machines_is_taken(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str
) -> None:
    """Two machines' paintings of one pair stand side by side; whichever is whole arrives."""
    list(push(here, folder, wanted))
    label = next(label for path in paths(folder) if (label := read_label(path)) and label.key == key)
    damaged = dataclasses.replace(label, sha256="0" * 64)  # it is looked at first
    folder.write(damaged.path, b"nothing of that")
    events = list(pull(there, folder, wanted))
    assert transferred(events) == ["sea-sun", "sky-sun"]
    assert [damaged.path in note for note in notes(events)] == [True]
    assert there.painting(key, verify=True) is not None


def test_one_that_has_gone_meanwhile_is_absent(
    here: Store, there: Store, folder: Remote, wanted: Wanted, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine removed it after this one had listed it."""
    list(push(here, folder, wanted))
    listed = {shelf: folder.sizes(shelf) for shelf in ("paintings", "unfinished")}
    folder.remove([path for path in paths(folder) if f"/{key}-" in path])
    monkeypatch.setattr(folder, "sizes", listed.__getitem__)
    events = list(pull(there, folder, wanted))
    assert transferred(events) == ["sea-sun"]
    assert notes(events) == []


def test_what_is_larger_than_listed_is_not_read_to_its_end(here: Store, folder: Remote, wanted: Wanted) -> None:
    """One byte more than was promised shows it."""
    list(push(here, folder, wanted))
    path = paths(folder)[0]
    assert len(folder.read(path, 10) or b"") == 11


def test_what_is_not_as_large_as_listed_is_refused(
    here: Store, there: Store, folder: Remote, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been replaced meanwhile, or the place does not tell the truth."""
    list(push(here, folder, wanted))
    sizes = folder.sizes
    monkeypatch.setattr(folder, "sizes", lambda shelf: {path: size - 9 for path, size in sizes(shelf).items()})
    told = notes(list(pull(there, folder, wanted)))
    assert len(told) == 2
    assert all(" bytes that were listed; it counts as absent" in note for note in told)


def test_an_archive_beyond_all_bounds_is_not_fetched(
    here: Store, there: Store, folder: Remote, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the listing says is enough to refuse it."""
    list(push(here, folder, wanted))
    sizes = folder.sizes
    monkeypatch.setattr(folder, "sizes", lambda shelf: dict.fromkeys(sizes(shelf), 10**12))
    monkeypatch.setattr(folder, "read", lambda path, size: pytest.fail("it was fetched"))
    told = notes(list(pull(there, folder, wanted)))
    assert len(told) == 2
    assert all("it has 1000000000000 bytes, which no painting has" in note for note in told)


def test_an_interrupted_push_leaves_nothing_torn_and_is_gone_on_with(
    here: Store, there: Store, remote: Remote, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed after the first, or broken off in the middle of a file: what is seen there is whole."""
    run = push(here, remote, wanted)
    assert isinstance(next(run), ExchangePlanned)
    assert isinstance(next(run), Transferred)
    run.close()
    list(push(here, remote, wanted))
    assert transferred(list(pull(there, remote, wanted))) == ["sea-sun", "sky-sun"]


@pytest.mark.parametrize("local", [True, False])
def test_a_write_that_breaks_off_in_a_folder_shows_nothing(
    folder: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    """Under its name stands the old content or the new one; nothing else is left. So, too, where it is not mounted."""

    def half(*args: object) -> None:
        *_, path, data = args
        Path(str(path)).write_bytes(data[: len(data) // 2])  # type: ignore[index, arg-type]
        raise OSError(28, "No space left on device")

    folder.write("paintings/ab/x.zip", b"old")
    monkeypatch.setattr(folder, "_local", local)
    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "pipe_file", half)
    monkeypatch.setattr(files, "_write_flushed", half)
    with pytest.raises(RemoteError, match="No space left on device"):
        folder.write("paintings/ab/x.zip", b"new content")
    assert [path.read_bytes() for path in (tmp_path / "shared").rglob("*") if path.is_file()] == [b"old"]


def test_what_is_written_to_a_folder_has_reached_the_disk(folder: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before it has its name, and the name; that a file system refuses the latter is no failure."""
    flushed: list[bool] = []

    def flush(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append(is_folder)
        if is_folder:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", flush)
    folder.write("paintings/ab/x.zip", b"content")
    assert flushed == [False, True]


TEMPORARY = temporary_beside(Path("any")).name
LEFTOVERS = {
    f"paintings/ab/{TEMPORARY}": False,
    f"unfinished/ab/{TEMPORARY}": False,
    f"paintings/ab/{TEMPORARY}0": True,
    f"paintings/ab/{TEMPORARY}.zip": True,
    "paintings/ab/.neural-gallery-tmp-0123456789abcdef0123": True,
    "paintings/ab/.neural-gallery-tmp-mine": True,
    f"paintings/mine/{TEMPORARY}": True,
    f"paintings/{TEMPORARY}": True,
    f"{TEMPORARY}": True,
}


def test_what_killed_runs_left_in_a_folder_is_swept(
    here: Store, folder: Remote, tmp_path: Path, wanted: Wanted
) -> None:
    """By `push`, after a day, where it has exactly our name for it and stands where we put it; links are left alone."""
    place, old = tmp_path / "shared", time.time() - 90_000
    for path in LEFTOVERS:
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(b"half")
        os.utime(place / path, (old, old))
    young = temporary_beside(place / "paintings/ab/any")
    young.write_bytes(b"half")
    link = temporary_beside(place / "paintings/ab/any")
    link.symlink_to(place / TEMPORARY)
    os.utime(link, (0, 0), follow_symlinks=False)
    list(push(here, folder, wanted, dry_run=True))
    assert all((place / path).exists() for path in LEFTOVERS)
    list(push(here, folder, wanted))
    assert {path: (place / path).exists() for path in LEFTOVERS} == LEFTOVERS
    assert young.exists()
    assert link.is_symlink()


def test_one_process_at_a_time_puts_paintings_into_a_store(
    here: Store, there: Store, folder: Remote, wanted: Wanted
) -> None:
    """While one is at work, pulling is refused; pushing, which only reads, is not, nor is a dry run."""
    with here.lock(), there.lock():
        assert transferred(list(push(here, folder, wanted))) == ["sea-sun", "sky-sun"]
        assert len(list(pull(there, folder, wanted, dry_run=True))) == 1
        with pytest.raises(StoreError, match="another neural-gallery is at work"):
            list(pull(there, folder, wanted))


def test_checkpoints_that_may_not_be_removed_stay(
    here: Store, tmp_path: Path, folder: Remote, wanted: Wanted, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may write need not have the right to remove: that is told, and is no failure."""
    begun = Store(tmp_path / "begun")
    begun.keep_unfinished(key, Unfinished(4, b"one", frames(1)))
    list(push(begun, folder, wanted))

    def refuse(self: object, path: list[str]) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "rm", refuse)
    events = list(push(here, folder, wanted))
    assert transferred(events) == ["sea-sun", "sky-sun"]
    (note,) = notes(events)
    assert note.startswith("1 object that is of no use any more stays: cannot remove from ")


def test_several_transfers_go_on_at_once_and_large_ones_do_not() -> None:
    """So many, but no more bytes than are to be in memory; one that is larger than that goes alone."""
    running, most, gate = 0, {"small": 0, "large": 0}, threading.Lock()
    together = threading.Barrier(exchange.AT_ONCE, timeout=20)

    def work(kind: str) -> str:
        nonlocal running
        with gate:
            running += 1
            most[kind] = max(most[kind], running)
        if kind == "small":
            together.wait()
        else:
            time.sleep(0.01)
        with gate:
            running -= 1
        return kind.upper()

    for kind, size in (("small", 1), ("large", exchange.IN_FLIGHT)):
        items = [kind] * exchange.AT_ONCE
        done = list(exchange._at_once(work, items, lambda _, size=size: size))
        assert done == [(kind, kind.upper())] * exchange.AT_ONCE
    assert most == {"small": exchange.AT_ONCE, "large": 1}
