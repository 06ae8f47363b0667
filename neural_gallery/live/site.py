"""The site at this moment: what browsers get, and what they are told when it becomes another."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from neural_gallery.corridor.events import PairDone, PairFailed, PairProgress, PairStarted
from neural_gallery.corridor.preview import Asset, Bakery, Preview, make_preview
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import NeuralGalleryError, Problem, problems_in
from neural_gallery.live import watching
from neural_gallery.live.broadcast import Broadcast
from neural_gallery.live.easel import Easel
from neural_gallery.live.events import AllPainted, LiveEvent, Mended, ProblemsFound, Refreshed
from neural_gallery.live.state import Progress
from neural_gallery.site.model import Site
from neural_gallery.store.store import Store

PATIENCE = 10.0
"""Seconds that the painter has to come to a sign of progress when all is to end."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a site comes from. `load` reads it, and raises InputError."""

    root: Path  # absolute: the folder of the manifest
    load: Callable[[], Site]
    store: Store
    workshop: Workshop


class LiveSite:
    """One site. A context: within it the sources are watched, and what is missing is painted if `paints` says so."""

    def __init__(self, source: Source, *, paints: bool) -> None:
        self.broadcast = Broadcast()
        self.progress = Progress()
        self.preview: Preview | None = None  # None: there has been none yet
        self.paints = paints
        self._source = source
        self._bakery = Bakery(source.store)
        self._session = secrets.token_hex(4)
        self._number = 0
        self._wrong: tuple[Problem, ...] = ()  # with the sources
        self._unpainted: tuple[Problem, ...] = ()  # what painting failed with
        self._refreshing, self._telling = threading.Lock(), threading.RLock()
        self._told: SimpleQueue[LiveEvent | None] = SimpleQueue()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._easel = Easel(source.store, source.workshop, self._hear, self._fail, paints=paints)

    def __enter__(self) -> LiveSite:
        self._watcher.start()
        self.refresh()
        self._easel.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.broadcast.close()
        self._easel.stop(patience=PATIENCE)
        self._watcher.join(PATIENCE)
        self._told.put(None)

    def events(self) -> Iterator[LiveEvent]:
        """What happens, until this context is left."""
        while (event := self._told.get()) is not None:
            yield event

    @property
    def version(self) -> str:
        """Changes whenever a file of the site does, and is another each time the program is started."""
        return f"{self._session}-{self._number}"

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong now."""
        return (*self._wrong, *self._unpainted)

    def greeting(self) -> Mapping[str, object]:
        """What a browser needs to know that comes now."""
        preview = self.preview
        waiting = sorted(preview.waiting) if preview else []
        return {
            "version": self.version,
            "problems": told(self.problems),
            "waiting": [{"pair": pair, "still": preview.stills[pair]} for pair in waiting] if preview else [],
            "paints": self.paints,
            "progress": self._placed(self.progress.now()),
        }

    def find(self, path: str) -> Asset | None:
        """The file that stands there, or would stand there in an output folder; None where there is none."""
        preview = self.preview
        return preview.files.get(path) if preview else None

    def refresh(self, changed: Collection[Path] = ()) -> None:
        """Read everything anew. Browsers hear what has changed, and what is wrong."""
        begun = time.perf_counter()
        with self._refreshing:
            before = self.preview
            try:
                preview = make_preview(self._source.load(), self._source.workshop, self._bakery)
            except (NeuralGalleryError, OSError) as error:
                self._note(wrong=problems_in(error, unnamed="a file"))
                return
            files = self._take(preview)
            self._note(wrong=())
            if before is None or preview.site != before.site:
                self._easel.want(preview.site)
            if files:
                self.broadcast.send("reload", {"version": self.version, "files": files})
                if before is not None:
                    seconds = time.perf_counter() - begun
                    self._told.put(Refreshed(self._named(changed), tuple(files), seconds))

    def _take_in_paintings(self) -> None:
        """Show what has been painted, on the pages as they were read last: what is wrong with them now is no matter."""
        with self._refreshing, contextlib.suppress(NeuralGalleryError, OSError):
            if self.preview is not None:
                self._take(make_preview(self.preview.site, self._source.workshop, self._bakery))

    def _take(self, preview: Preview) -> list[str]:
        """Show this from now on. Returns the paths of the files that are new, other or gone."""
        files = _differences(self.preview, preview)
        self.preview = preview
        self._number += bool(files)
        return sorted(files)

    def _watch(self) -> None:
        root = self._source.root
        folders = lambda: watching.folders_of(root, self.preview.site if self.preview else None)  # noqa: E731
        for changed in watching.changes(folders, self._stop):
            self.refresh(changed)

    def _hear(self, event: LiveEvent) -> None:
        """What the easel tells."""
        match event:
            case PairStarted():
                self._send("progress", self.progress.start(event))
            case PairProgress():
                self._send("progress", self.progress.advance(event))
            case PairDone(pair):
                self._take_in_paintings()
                self.progress.end()
                self._send("painted", {"pair": pair, "version": self.version})
            case PairFailed(pair):
                self.progress.end()
                self._send("failed", {"pair": pair})
            case AllPainted():
                self.broadcast.send("idle", {})
            case _:
                pass
        self._told.put(event)

    def _fail(self, problems: tuple[Problem, ...]) -> None:
        self._note(unpainted=problems)

    def _send(self, name: str, data: Mapping[str, object] | None) -> None:
        if (placed := self._placed(data)) is not None:
            self.broadcast.send(name, placed)

    def _placed(self, data: Mapping[str, object] | None) -> Mapping[str, object] | None:
        """A message about a pair, with the path of its still, if any page shows it."""
        if not data:
            return None
        still = self.preview.stills.get(str(data["pair"]), "") if self.preview else ""
        return {**data, "still": still}

    def _note(self, *, wrong: tuple[Problem, ...] | None = None, unpainted: tuple[Problem, ...] | None = None) -> None:
        """Tell everyone where what is wrong has become something else."""
        with self._telling:
            before = self.problems
            self._wrong = self._wrong if wrong is None else wrong
            self._unpainted = self._unpainted if unpainted is None else unpainted
            if self.problems == before:
                return
            if self.problems:
                self.broadcast.send("problems", {"problems": told(self.problems)})
                self._told.put(ProblemsFound(self.problems))
            else:
                self.broadcast.send("mended", {})
                self._told.put(Mended())

    def _named(self, changed: Collection[Path]) -> tuple[str, ...]:
        root = self._source.root
        names = (path.relative_to(root) if path.is_relative_to(root) else path for path in changed)
        return tuple(sorted(name.as_posix() for name in names))


def told(problems: Collection[Problem]) -> list[dict[str, str]]:
    """Problems as browsers get them."""
    return [{"where": str(one.location or ""), "message": one.message, "remedy": one.remedy} for one in problems]


def _differences(before: Preview | None, now: Preview) -> set[str]:
    """The paths of files that are new, other or gone."""
    old = {path: asset.identity for path, asset in before.files.items()} if before else {}
    new = {path: asset.identity for path, asset in now.files.items()}
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
