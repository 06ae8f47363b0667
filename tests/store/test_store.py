"""The store: what goes in comes out, damage is noticed, and a crash leaves nothing half-made."""

from __future__ import annotations

import datetime
import errno
import hashlib
import math
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

from neural_gallery.errors import StoreError
from neural_gallery.site.model import Pair
from neural_gallery.store import files, paintings
from neural_gallery.store.paintings import Painting, evenly
from neural_gallery.store.quarantine import DamagedError
from neural_gallery.store.records import Origin, describe
from neural_gallery.store.sealed import seal
from neural_gallery.store.store import Store
from neural_gallery.temporaries import temporary_beside

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62
ROOT = Path(__file__).parents[2]
Frames = list[NDArray[np.uint8]]


@pytest.fixture
def frames(blend: Callable[..., Frames]) -> Frames:
    """Five small frames."""
    return blend(5, 24, 16)


@pytest.fixture
def painting(store: Store, frames: Frames, origin: Origin) -> Painting:
    """A stored painting."""
    return store.add_painting(KEY, frames[-1], None, frames, origin)


def test_a_painting_comes_back_as_it_was(store: Store, frames: Frames, origin: Origin) -> None:
    """Pixels, record and number of frames survive, in a new Store too."""
    added = store.add_painting(KEY, frames[-1], None, frames, origin)
    found = Store(store.folder).painting(KEY)
    assert found is not None
    assert found.record == added.record
    assert found.record.origin == origin
    assert (found.key, found.record.width, found.record.height, found.record.frames) == (KEY, 24, 16, 5)
    assert found.record.created.utcoffset().total_seconds() == 0
    still = found.still()
    assert np.array_equal(still.rgb, frames[-1])
    assert still.alpha is None
    assert all(np.array_equal(found.frame(index), frame) for index, frame in enumerate(frames))


def test_transparency_comes_back_with_the_colours_under_it(store: Store, frames: Frames, origin: Origin) -> None:
    """A fully transparent pixel keeps its colour."""
    alpha = np.tile(np.linspace(0, 255, 24).astype(np.uint8), (16, 1))
    store.add_painting(KEY, frames[-1], alpha, frames, origin)
    still = store.painting(KEY).still()
    assert np.array_equal(still.alpha, alpha)
    assert np.array_equal(still.rgb, frames[-1])


def test_the_files_lie_where_the_documentation_says(painting: Painting, store: Store) -> None:
    """Under the first two digits of the key, readable by whom the umask allows."""
    folder = store.folder / "paintings" / "ab" / KEY
    assert painting.folder == folder
    names = ["frame-000.webp", "frame-001.webp", "frame-002.webp", "frame-003.webp", "frame-004.webp"]
    assert sorted(path.name for path in folder.iterdir()) == [*names, "record.json", "still.png"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((folder / "still.png").stat().st_mode) == 0o666 & ~umask


def test_numbers_that_json_lacks_become_null(store: Store, frames: Frames, pair: Pair) -> None:
    """A NaN in the painter's facts does not lose an hour's painting."""
    facts = {"losses": [[0, math.nan], [1, 2.5]], "seconds": {"paint": math.inf}}
    origin = describe(pair, engine=1, weights_sha256="e" * 64, facts=facts)
    store.add_painting(KEY, frames[-1], None, frames, origin)
    expected = {"losses": [[0, None], [1, 2.5]], "seconds": {"paint": None}}
    assert store.painting(KEY).record.origin.facts == expected


def test_painting_again_replaces(store: Store, blend: Callable[..., Frames], origin: Origin) -> None:
    """The same key with more frames takes the old one's place, and nothing else stays behind."""
    store.add_painting(KEY, blend(3, 24, 16)[-1], None, blend(3, 24, 16), origin)
    store.add_painting(KEY, blend(6, 24, 16)[-1], None, blend(6, 24, 16), origin)
    assert store.painting(KEY).record.frames == 6
    assert [path.name for path in (store.folder / "paintings" / "ab").iterdir()] == [KEY]


def test_records_come_newest_first(
    store: Store, frames: Frames, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged one is left out, in silence, and stays where it is."""
    assert store.records() == []
    third = "ab" + "2" * 62
    for day, key in enumerate((KEY, OTHER, third), start=1):
        with monkeypatch.context() as patch:
            patch.setattr(paintings, "_now", lambda day=day: datetime.datetime(2026, 1, day, tzinfo=datetime.UTC))
            store.add_painting(key, frames[-1], None, frames, origin)
    (store.folder / "paintings" / "ab" / "README").write_text("mine")
    assert [record.key for record in store.records()] == [third, OTHER, KEY]
    damage_record(store.folder / "paintings" / "cd" / OTHER)
    assert [record.key for record in store.records()] == [third, KEY]
    assert store.notes == []
    assert (store.folder / "paintings" / "cd" / OTHER).exists()


def test_frames_of_another_shape_are_refused(store: Store, frames: Frames, origin: Origin) -> None:
    """A painter that breaks its promise is told so, and nothing is stored."""
    with pytest.raises(ValueError, match="every frame of 'cat-wave' must have the painting's shape"):
        store.add_painting(KEY, frames[-1], None, [frames[0][1:]], origin)
    with pytest.raises(ValueError, match="every frame of 'cat-wave' must have the painting's shape"):
        store.add_painting(KEY, frames[-1], None, [], origin)
    assert store.painting(KEY) is None


@pytest.mark.parametrize(
    ("stored", "count", "indices"),
    [
        (5, 5, [0, 1, 2, 3, 4]),
        (5, 9, [0, 1, 2, 3, 4]),
        (5, 3, [0, 2, 4]),
        (5, 2, [0, 4]),
        (5, 1, [4]),
        (24, 6, [0, 5, 9, 14, 18, 23]),
        (1, 4, [0]),
    ],
)
def test_frames_are_picked_evenly(stored: int, count: int, indices: list[int]) -> None:
    """Ends are always among them, and never more than there are."""
    assert evenly(stored, count) == indices


def test_frames_for_reads_those_frames(painting: Painting, frames: Frames) -> None:
    """Three of five are the first, the middle and the last."""
    picked = painting.frames_for(3)
    assert len(picked) == 3
    assert all(np.array_equal(one, frames[index]) for one, index in zip(picked, (0, 2, 4), strict=True))


def damage_record(folder: Path) -> None:
    """One digit of the record is another one."""
    path = folder / "record.json"
    path.write_text(path.read_text().replace('"width": 24', '"width": 25'))


def seal_as(**content: object) -> Callable[[Path], None]:
    """A record that is sealed but holds something else."""
    return lambda folder: (folder / "record.json").write_bytes(seal(content)) and None


DAMAGES = [
    (lambda folder: (folder / "still.png").unlink(), "of 'cat-wave' is damaged (still.png is missing)"),
    (
        lambda folder: os.truncate(folder / "frame-003.webp", 10),
        "of 'cat-wave' is damaged (frame-003.webp has 10 bytes instead of {frame})",
    ),
    (lambda folder: (folder / "record.json").unlink(), "ab0000000000… is damaged (record.json is missing)"),
    (damage_record, "ab0000000000… is damaged (record.json does not match its checksum)"),
    (lambda folder: os.truncate(folder / "record.json", 100), "ab0000000000… is damaged (record.json is not JSON)"),
    (
        lambda folder: (folder / "record.json").write_text('{"format": 2}'),
        "ab0000000000… is damaged (record.json has format 2, and this version reads format 1)",
    ),
    (
        lambda folder: (folder / "record.json").write_text("[]"),
        "ab0000000000… is damaged (record.json is not a JSON object)",
    ),
    (
        lambda folder: (folder / "record.json").write_text('{"format": 1, "seconds": NaN, "checksum": ""}'),
        "ab0000000000… is damaged (record.json does not match its checksum)",
    ),
    (seal_as(key=KEY), "ab0000000000… is damaged (record.json is incomplete)"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_a_damaged_painting_is_absent_with_a_word(
    store: Store, painting: Painting, damage: Callable[[Path], None], words: str
) -> None:
    """It is moved out of the way, and what was wrong is said once."""
    size = painting.record.files["frame-003.webp"].bytes
    damage(painting.folder)
    assert store.painting(KEY) is None
    assert store.notes == [f"the stored painting {words.format(frame=size)}; it is painted again"]
    assert store.painting(KEY) is None
    assert len(store.notes) == 1
    assert len(list((store.folder / "damaged").iterdir())) == 1


def test_a_painting_under_another_key_is_damaged(store: Store, painting: Painting) -> None:
    """A folder that somebody has renamed does not pass for another painting."""
    (store.folder / "paintings" / "cd").mkdir()
    painting.folder.rename(store.folder / "paintings" / "cd" / OTHER)
    assert store.painting(OTHER) is None
    words = (
        "the stored painting cd1111111111… is damaged (record.json belongs to another painting); it is painted again"
    )
    assert store.notes == [words]


def flip(path: Path) -> None:
    """Changes the file's last byte, and not its size."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_flipped_bit_is_found_when_it_is_asked_for(store: Store, painting: Painting) -> None:
    """`verify` reads everything; without it only records and sizes are looked at."""
    flip(painting.folder / "still.png")
    assert store.painting(KEY) is not None
    assert store.painting(KEY, verify=True) is None
    reason = "still.png does not match its checksum"
    assert store.notes == [f"the stored painting of 'cat-wave' is damaged ({reason}); it is painted again"]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [(flip, "frame-002.webp does not match its checksum"), (Path.unlink, "frame-002.webp is missing")],
)
def test_damage_found_while_reading_is_an_error_that_says_what_to_do(
    store: Store, painting: Painting, harm: Callable[[Path], None], reason: str
) -> None:
    """The painting is out of the way afterwards, so that the next run mends it."""
    harm(painting.folder / "frame-002.webp")
    assert painting.frame(1) is not None
    with pytest.raises(DamagedError) as caught:
        painting.frames_for(5)
    damage = f"the stored painting of 'cat-wave' is damaged ({reason})"
    assert str(caught.value) == f"{damage}. Run the command again: it is painted again."
    assert store.notes == [f"{damage}; it is painted again"]
    assert store.painting(KEY) is None


def test_an_encoding_comes_back_as_it_was(store: Store) -> None:
    """Bytes and facts survive, in a new Store too."""
    added = store.add_encoded(KEY, b"picture", extension="avif", width=40, height=30)
    found = Store(store.folder).encoded(KEY)
    assert found == added
    assert found.read() == b"picture"
    assert found.path == store.folder / "encoded" / "ab" / f"{KEY}.avif"
    assert (found.bytes, found.width, found.height) == (7, 40, 30)
    assert found.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert store.encoded(OTHER) is None


@pytest.mark.parametrize(
    ("harm", "suffix", "reason"),
    [
        (lambda path: os.truncate(path, 3), ".avif", "it has 3 bytes instead of 7"),
        (Path.unlink, ".avif", "it is missing"),
        (flip, ".json", "it is not JSON"),
    ],
)
def test_a_damaged_encoding_is_absent_with_a_word(
    store: Store, harm: Callable[[Path], None], suffix: str, reason: str
) -> None:
    """A wrong size, a missing file and torn facts are noticed without reading pictures, and encoding again mends it."""
    encoded = store.add_encoded(KEY, b"picture", extension="avif", width=40, height=30)
    facts = encoded.path.with_suffix(".json")
    if suffix == ".json":
        os.truncate(facts, 20)
    else:
        harm(encoded.path)
    assert store.encoded(KEY) is None
    assert store.notes == [f"the stored file {KEY}{suffix} is damaged ({reason}); it is made again"]
    store.add_encoded(KEY, b"picture", extension="avif", width=40, height=30)
    assert store.encoded(KEY).read() == b"picture"


@pytest.mark.parametrize(("harm", "reason"), [(flip, "it does not match its checksum"), (Path.unlink, "it is missing")])
def test_an_encoding_is_verified_as_it_is_read(store: Store, harm: Callable[[Path], None], reason: str) -> None:
    """A flipped bit is not published."""
    encoded = store.add_encoded(KEY, b"picture", extension="avif", width=40, height=30)
    harm(encoded.path)
    with pytest.raises(DamagedError) as caught:
        encoded.read()
    words = f"the stored file {KEY}.avif is damaged ({reason}). Run the command again: it is made again."
    assert str(caught.value) == words
    assert store.encoded(KEY) is None


def test_gc_removes_what_is_not_kept(store: Store, frames: Frames, origin: Origin) -> None:
    """Kept objects stay whole; a dry run says the same and removes nothing."""
    for key in (KEY, OTHER):
        store.add_painting(key, frames[-1], None, frames, origin)
        store.add_encoded(key, b"picture", extension="avif", width=40, height=30)
    planned = store.gc({KEY}, dry_run=True)
    assert store.painting(OTHER, verify=True) is not None
    assert store.encoded(OTHER) is not None
    assert store.gc({KEY}) == planned
    assert (planned.paintings, planned.encoded) == ((OTHER,), (OTHER,))
    assert [path.name for path in planned.paths] == [OTHER, f"{OTHER}.avif", f"{OTHER}.json"]
    assert planned.bytes > 1000
    assert store.painting(KEY, verify=True) is not None
    assert store.encoded(KEY).read() == b"picture"
    assert store.painting(OTHER) is None
    assert store.encoded(OTHER) is None
    assert not (store.folder / "paintings" / "cd").exists()
    assert store.gc({KEY}).paths == ()


def test_gc_of_no_store_removes_nothing(store: Store) -> None:
    """A site that was never built has nothing to sweep, and gets no store by that."""
    assert store.gc(set()).paths == ()
    assert not store.folder.exists()


def test_gc_leaves_alone_what_it_did_not_make(store: Store, painting: Painting, tmp_path: Path) -> None:
    """Other names, the right names in wrong places, links, the lock, and young temporaries stay."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    shelf = store.folder / "paintings"
    others = [
        shelf / "ab" / "notes.txt",
        shelf / "ab" / OTHER,
        shelf / "README",
        shelf / "zz" / ("0" * 64),
        store.folder / "encoded" / "ab" / f"{OTHER}.png",
        store.folder / "encoded" / "ab" / "abc.png",
        store.folder / "damaged" / "mine.txt",
        store.folder / "probes.json",
        temporary_beside(painting.folder),
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    link = shelf / "ab" / ("ab" + "9" * 62)
    link.symlink_to(elsewhere, target_is_directory=True)
    with store.lock():
        assert store.gc(set()).paths == (painting.folder,)
    assert all(path.read_text() == "mine" for path in others)
    assert link.is_symlink()
    assert (elsewhere / "precious").read_text() == "mine"
    assert (store.folder / "lock").exists()


def test_gc_removes_old_leftovers_and_damaged_objects(store: Store, painting: Painting) -> None:
    """What killed runs left behind goes after an hour, what was damaged at once, even where everything is kept."""
    leftovers = [temporary_beside(painting.folder), temporary_beside(store.folder / "output.json")]
    leftovers[0].mkdir()
    (leftovers[0] / "still.png").write_bytes(b"torn")
    leftovers[1].write_bytes(b"torn")
    for leftover in leftovers:
        os.utime(leftover, (time.time() - 4000,) * 2)
    (painting.folder / "still.png").unlink()
    assert store.painting(KEY) is None
    swept = store.gc({KEY})
    assert len(swept.paths) == 3
    assert set(leftovers) < set(swept.paths)
    assert (swept.paintings, swept.encoded) == ((), ())
    assert list((store.folder / "damaged").iterdir()) == []


HOLD = """
import sys, time
from pathlib import Path
from neural_gallery.store.store import Store
with Store(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_process_at_a_time(store: Store) -> None:
    """The second is told so at once; when the first is killed, the lock is free."""
    command = [sys.executable, "-c", HOLD, str(store.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError) as caught, store.lock():
            pass
        holder.kill()
    words = (
        "another neural-gallery is at work in this site. Wait until it ends, or stop it, then run the command again."
    )
    assert str(caught.value) == words
    with store.lock():
        pass


def test_an_error_inside_the_lock_is_left_as_it_is(store: Store) -> None:
    """What the holder of the lock raises is not taken for a failure to lock."""
    with pytest.raises(FileNotFoundError), store.lock():
        raise FileNotFoundError


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            errno.ENOSPC,
            "the disk is full. Free some space, then run the command again. Everything finished so far is kept.",
        ),
        (
            errno.EDQUOT,
            "your disk quota is used up. Free some space, then run the command again. "
            "Everything finished so far is kept.",
        ),
        (errno.EROFS, "the file system is read-only. Work in a copy of the site on a disk that can be written."),
        (
            errno.EACCES,
            "permission is denied. Give your user the right to read and write there, then run it again.",
        ),
        (errno.ENOTDIR, "a file stands where a folder belongs. Move it away, then run the command again."),
        (errno.EIO, "Input/output error. Mend this, then run the command again."),
    ],
)
def test_a_refusing_disk_is_told_and_leaves_nothing_torn(
    store: Store, frames: Frames, origin: Origin, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    """The cause, the place and the remedy are named, and no temporary stays."""

    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StoreError) as caught:
            store.add_painting(KEY, frames[-1], None, frames, origin)
    assert str(caught.value) == f"cannot store the painting of 'cat-wave' in {store.folder}: {words}"
    assert list((store.folder / "paintings" / "ab").iterdir()) == []
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StoreError) as caught:
            store.add_encoded(KEY, b"picture", extension="avif", width=4, height=3)
    assert str(caught.value) == f"cannot store ab0000000000….avif in {store.folder}: {words}"
    assert list((store.folder / "encoded" / "ab").iterdir()) == []


def test_a_store_in_the_way_of_a_file_is_told(tmp_path: Path) -> None:
    """Where the store's folder cannot be made, locking says so."""
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / ".neural-gallery")
    with pytest.raises(StoreError) as caught, store.lock():
        pass
    assert str(caught.value) == (
        f"cannot lock {store.folder / 'lock'}: a file stands where a folder belongs. "
        "Move it away, then run the command again."
    )


def count_steps(action: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """How many fsyncs and renames `action` takes."""
    steps = [0]
    with monkeypatch.context() as patch:
        for name in ("replace", "fsync"):
            real = getattr(os, name)

            def counted(*args: object, _real: Callable[..., object] = real) -> object:
                steps[0] += 1
                return _real(*args)

            patch.setattr(os, name, counted)
        action()
    return steps[0]


def test_killed_while_adding_a_painting(
    tmp_path: Path,
    frames: Frames,
    origin: Origin,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: Callable[[int], None],
    killed: type[BaseException],
) -> None:
    """At whichever step the process dies, the painting is there whole or absent, without a word about damage."""

    def add(store: Store) -> object:
        return store.add_painting(KEY, frames[-1], None, frames, origin)

    steps = count_steps(lambda: add(Store(tmp_path / "counted")), monkeypatch)
    assert steps > len(frames)
    seen = []
    for step in range(1, steps + 1):
        store = Store(tmp_path / str(step))
        killed_at(step)
        with pytest.raises(killed):
            add(store)
        monkeypatch.undo()
        found = store.painting(KEY, verify=True)
        seen.append(found is not None)
        assert store.notes == []
        add(store)
        assert store.painting(KEY, verify=True) is not None
    assert seen == sorted(seen)
    assert not seen[0]


@pytest.mark.parametrize("exchanges", [True, False])
def test_killed_while_replacing_a_painting(
    exchanges: bool,
    tmp_path: Path,
    blend: Callable[..., Frames],
    origin: Origin,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: Callable[[int], None],
    killed: type[BaseException],
) -> None:
    """The old painting or the new one; where the system cannot exchange folders, for a moment none: never a mixture."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    if exchanges and not files._exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this system does not exchange folders")

    def add(store: Store, count: int) -> object:
        frames = blend(count, 24, 16)
        return store.add_painting(KEY, frames[-1], None, frames, origin)

    seen = []
    for step in range(1, 99):
        store = Store(tmp_path / str(step))
        add(store, 3)
        killed_at(step)
        try:
            with mock.patch.object(files, "_exchange", files._exchange if exchanges else lambda *names: False):
                add(store, 5)
        except killed:
            pass
        else:
            break
        finally:
            monkeypatch.undo()
        found = store.painting(KEY, verify=True)
        seen.append(found.record.frames if found else None)
        assert store.notes == []
    order = [3, 5] if exchanges else [3, None, 5]
    assert seen == sorted(seen, key=order.index)
    assert set(seen) == set(order)


def test_killed_while_adding_an_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: Callable[[int], None], killed: type[BaseException]
) -> None:
    """The encoding is there whole or absent, also where it replaces one."""
    seen = []
    for step in range(1, 99):
        store = Store(tmp_path / str(step))
        store.add_encoded(KEY, b"old picture", extension="avif", width=40, height=30)
        killed_at(step)
        try:
            store.add_encoded(KEY, b"new", extension="avif", width=4, height=3)
        except killed:
            pass
        else:
            break
        finally:
            monkeypatch.undo()
        found = store.encoded(KEY)
        seen.append(found.read() if found else None)
        assert store.notes == []
    assert set(seen) == {None, b"new"}


def test_a_failed_rename_leaves_the_old_painting(
    store: Store, painting: Painting, frames: Frames, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the new folder cannot take its place, nor be exchanged with it, the old one comes back."""
    real, calls = os.replace, []

    def second_fails(*paths: object) -> None:
        calls.append(paths)
        if len(calls) == 2:
            raise OSError(errno.EACCES, "denied")
        real(*paths)

    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(StoreError, match="permission is denied"):
        store.add_painting(KEY, frames[-1], None, frames[:2], origin)
    assert store.painting(KEY, verify=True).record == painting.record


def test_planning_needs_neither_numpy_nor_pillow(painting: Painting, store: Store) -> None:
    """Reading records and encodings stays quick to start."""
    store.add_encoded(KEY, b"picture", extension="avif", width=40, height=30)
    program = f"""
import sys
from pathlib import Path
import neural_gallery.store.animations, neural_gallery.store.keys
import neural_gallery.store.output, neural_gallery.store.stills
from neural_gallery.store.store import Store
store = Store(Path({str(store.folder)!r}))
assert store.painting({KEY!r}) and store.encoded({KEY!r})
assert not {{"numpy", "PIL", "jax"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
