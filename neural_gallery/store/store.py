"""The store: everything painted and encoded, each under the hash of what determines it.

    .neural-gallery/
        lock                      held while something is written
        paintings/ab/<key>/       see paintings.py
        encoded/ab/<key>.<ext>    see encodings.py
        unfinished/ab/<key>/      paintings on their way, see unfinished.py
        damaged/                  what was found damaged, until `gc`
        refused.json              see refused.py

An object's name determines its content, so nothing here is ever stale: it is there or it is not. Everything appears
in one step, is verified before it is used, and counts as absent where that fails, with a word in `notes`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import StoreError
from neural_gallery.store import archives, paintings, unfinished
from neural_gallery.store.archives import Holding, Label
from neural_gallery.store.encodings import Encoded, read_encoded, write_encoded
from neural_gallery.store.files import told_as, write_folder
from neural_gallery.store.paintings import Painting, peek_record, read_painting, write_painting
from neural_gallery.store.quarantine import LOOKS, DamagedError, Quarantine, ReplacedError
from neural_gallery.store.records import Origin, Record
from neural_gallery.store.refused import Refused
from neural_gallery.store.sealed import SealError
from neural_gallery.store.shelves import place, place_name, shelved
from neural_gallery.store.sweep import Swept, remove, size_of, sweep
from neural_gallery.store.unfinished import Unfinished, read_unfinished

if TYPE_CHECKING:
    from neural_gallery.store.pixels import Alpha
    from neural_gallery.workers.messages import RGB, FineRGB


class Store:
    """The store in `folder`, which is made by the first write. Every method raises StoreError where the disk refuses.

    Reading needs no lock; hold `lock()` while adding or sweeping.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paintings = folder / "paintings"
        self._encoded = folder / "encoded"
        self._unfinished = folder / "unfinished"
        self._quarantine = Quarantine(folder / "damaged", folder / "lock")
        # What a plan has seen just now, for the run that follows it. Each is taken from here once: whoever looks once
        # more because something was wrong with it looks at the disk. And whatever is read is verified all the same.
        self._seen_paintings: dict[str, Painting] = {}
        self._seen_encoded: dict[str, Encoded] = {}

    @property
    def notes(self) -> Sequence[str]:
        """A sentence for each damaged object found so far."""
        return self._quarantine.notes

    def lock(self) -> AbstractContextManager[None]:
        """Held by one process at a time; entering it raises StoreError where another is at work."""
        return self._quarantine.alone()

    def painting(self, key: str, *, verify: bool = False, again: bool = False) -> Painting | None:
        """The painting of that key, its record verified; None where it is absent or damaged.

        With `verify` every file is read against its checksum, so that reading it afterwards succeeds. With `again`,
        whoever asks next without either gets the same answer, without another look.
        """
        found = None if verify or again else self._seen_paintings.pop(key, None)
        if found is None:
            with told_as(StoreError, f"cannot read the store {self.folder}"):
                found = read_painting(place(self._paintings, key), key, self._quarantine, verify=verify)
        if found is not None and again:
            self._seen_paintings[key] = found
        return found

    def has_painting(self, key: str) -> bool:
        """Whether there is a painting of that key. Only `painting` tells whether it is whole."""
        return os.path.isdir(place_name(self._paintings, key))  # noqa: PTH112 -- asked for every pair of a site

    def add_painting(
        self,
        key: str,
        rgb: RGB,
        alpha: Alpha | None,
        frames: Sequence[RGB],
        origin: Origin,
        *,
        fine: FineRGB | None = None,
    ) -> Painting:
        """Stores a painting with its progress frames (at least one), replacing one of the same key.

        `fine` is the same in 16 bits a colour.
        """
        folder = place(self._paintings, key)
        self._seen_paintings.pop(key, None)
        with told_as(StoreError, f"cannot store the painting of '{origin.pair}' in {self.folder}"):
            with self._quarantine.writing:  # another thread may be about to judge the one that stands there
                record = write_painting(folder, key, rgb, alpha, frames, origin, fine=fine)
            remove(place(self._unfinished, key))
            return Painting(folder, record, self._quarantine)

    def unfinished(self, key: str, *, asked: int, size: tuple[int, int] | None = None) -> Unfinished | None:
        """A painting of that key that was interrupted, if it can be gone on with: one with so many frames asked for,
        and of that width and height, where they are given.
        """
        with told_as(StoreError, f"cannot read the store {self.folder}"):
            return read_unfinished(place(self._unfinished, key), key, asked=asked, size=size)

    def has_begun(self, key: str) -> bool:
        """Whether there is a painting of that key that was interrupted. Only `unfinished` tells whether it is whole."""
        return place(self._unfinished, key).is_dir()

    def keep_unfinished(self, key: str, unfinished: Unfinished) -> None:
        """Stores how far a painting is, replacing what was stored before; it goes when the painting is added."""
        with told_as(StoreError, f"cannot store an unfinished painting in {self.folder}"):
            unfinished.write(place(self._unfinished, key), key)

    def drop_unfinished(self, key: str) -> None:
        """Removes what there is of a painting that was interrupted."""
        with told_as(StoreError, f"cannot remove an unfinished painting from {self.folder}"):
            remove(place(self._unfinished, key))

    def records(self) -> list[Record]:
        """The records of all stored paintings, the newest first; those that cannot be read are left out."""
        with told_as(StoreError, f"cannot read the store {self.folder}"):
            records = [peek_record(folder, key) for key, folder in shelved(self._paintings)]
        found = [record for record in records if record is not None]
        return sorted(found, key=lambda record: record.created, reverse=True)

    def holding(self, key: str) -> Holding | None:
        """What another machine can have of that key: the painting, else how far it is; None where there is neither."""
        if painting := self.painting(key):
            size = sum(file.bytes for file in painting.record.files.values())
            record = painting.record
            return Holding(archives.PAINTINGS, key, record.asked, record.frames, size, record.origin.pair)
        with told_as(StoreError, f"cannot read the store {self.folder}"):
            folder = place(self._unfinished, key)
            counts = unfinished.peek_unfinished(folder, key)
            return counts and Holding(archives.UNFINISHED, key, *counts, size_of(folder), "")

    def keys(self) -> list[str]:
        """Of everything that is painted or on its way, sorted."""
        with told_as(StoreError, f"cannot read the store {self.folder}"):
            found = [key for shelf in (self._paintings, self._unfinished) for key, _ in shelved(shelf)]
        return sorted({*found})

    def pack(self, holding: Holding) -> tuple[Label, bytes] | None:
        """That as an archive with its label, every file verified; None where it is found damaged, or has gone."""
        if holding.shelf == archives.PAINTINGS:
            files = self._painting_files(holding.key)
        else:
            with told_as(StoreError, f"cannot read the store {self.folder}"):
                files = unfinished.read_files(place(self._unfinished, holding.key), holding.key)
        return archives.pack(holding.shelf, holding.key, *_counted(holding, files), files) if files else None

    def _painting_files(self, key: str) -> dict[str, bytes] | None:
        """All files of a painting; None where it is absent or damaged, or is replaced again and again."""
        for _ in range(LOOKS):
            try:
                painting = self.painting(key)
                return painting and painting.files()
            except ReplacedError:  # a build has just finished another one: that one, then
                continue
            except DamagedError:  # with a word about it in `notes`
                break
        return None

    def take(self, label: Label, data: bytes) -> None:
        """Stores what another machine has packed. Raises SealError, having stored nothing, where any of it is wrong.

        A painting replaces one of its key, and what there was on its way.
        """
        files = archives.unpack(label, data)
        if _counted(label, files) != (label.asked, label.frames):
            raise SealError("is not what its name says")
        shelf = self._paintings if label.shelf == archives.PAINTINGS else self._unfinished
        with told_as(StoreError, f"cannot write the store {self.folder}"):
            write_folder(place(shelf, label.key), files)
            if label.shelf == archives.PAINTINGS:
                remove(place(self._unfinished, label.key))

    def refused(self, place: str) -> Refused:
        """What was refused of the place with that URL."""
        return Refused(self.folder, place.rstrip("/"))

    def encoded(self, key: str, *, again: bool = False) -> Encoded | None:
        """The encoding of that key, seen to have its size; None where it is absent or damaged. `again` as above."""
        found = None if again else self._seen_encoded.pop(key, None)
        if found is None:
            with told_as(StoreError, f"cannot read the store {self.folder}"):
                found = read_encoded(place_name(self._encoded, key), self._quarantine)
        if found is not None and again:
            self._seen_encoded[key] = found
        return found

    def add_encoded(self, key: str, data: bytes, *, extension: str, width: int, height: int) -> Encoded:
        """Stores an encoded still or animation. `extension` comes without its dot: "avif"."""
        with told_as(StoreError, f"cannot store {key[:12]}….{extension} in {self.folder}"):
            stem = place(self._encoded, key)
            return write_encoded(stem, data, self._quarantine, extension=extension, width=width, height=height)

    def gc(self, keep: Collection[str], *, dry_run: bool = False) -> Swept:
        """Removes every object whose key is not in `keep`, what was found damaged, and what killed runs left behind.

        With `dry_run` nothing is removed, and the answer is what would be.
        """
        with told_as(StoreError, f"cannot sweep the store {self.folder}"):
            return sweep(self.folder, keep, dry_run=dry_run)


def _counted(one: Holding | Label, files: Mapping[str, bytes]) -> tuple[int, int]:
    """How many frames were asked for and how many are there, by the files themselves. Raises SealError."""
    if one.shelf == archives.UNFINISHED:
        return unfinished.check_files(one.key, files)
    record = paintings.check_files(one.key, files)
    return record.asked, record.frames
