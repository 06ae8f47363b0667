"""The runs: build, paint, render, and sweeping store and output. Each long one is a generator of events.

Nothing is painted before the whole site has been checked; no page is written before every picture it shows is there.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from neural_gallery.corridor.budgets import over_budget, told_economies
from neural_gallery.corridor.checking import check
from neural_gallery.corridor.deadline import NO_DEADLINE, Deadline
from neural_gallery.corridor.encoding import Encodings, Levels, encode, picture_keys, result_keys
from neural_gallery.corridor.events import EncodingStarted, Event, Note, PlanReady, Rendered
from neural_gallery.corridor.fitting import fit
from neural_gallery.corridor.meanwhile import encoding_meanwhile
from neural_gallery.corridor.painting import in_order, paint_missing
from neural_gallery.corridor.planning import make_plan, not_painted, painting_keys
from neural_gallery.corridor.reserve import Publishing
from neural_gallery.corridor.sharding import ALL, Shard
from neural_gallery.corridor.weights import check_weights
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import InputError, PaintError, Problem, RunError
from neural_gallery.pages.pages import Pages
from neural_gallery.site.model import Site, Target
from neural_gallery.store.output import Output
from neural_gallery.store.quarantine import DamagedError
from neural_gallery.store.rendered import LastRendering
from neural_gallery.store.sheets import Sheets
from neural_gallery.store.store import Store

if TYPE_CHECKING:
    from neural_gallery.pages.views import RenderedFile
    from neural_gallery.store.encodings import Encoded
    from neural_gallery.store.paintings import Painting
    from neural_gallery.store.sweep import Swept

Run: TypeAlias = Generator[Event, None, None]
Files: TypeAlias = "dict[str, bytes | Encoded]"
"""What the output folder holds, by path."""

OUTPUTS = "outputs.json"
"""The file in the store's folder that says which files in the output folders are ours."""

_JEKYLL_CONFIGURATIONS = ("_config.yml", "_config.yaml", "_config.toml")


def build(
    site: Site, store: Store, workshop: Workshop, *, strict: bool = False, deadline: Deadline = NO_DEADLINE
) -> Run:
    """Paint what is missing, encode it, write the pages.

    Pairs for which there is no time before the deadline wait on the pages: in their place stands their content.

    Raises InputError before anything is done, PaintError at the end where a pair could not be painted; the pages are
    written all the same where they do not show it. With `strict`, raises RunError, and writes no pages, where something
    is larger than its budget.
    """
    pages = check(site)
    with store.lock():
        notes, shown = _Notes(), pages.used()
        plan = make_plan(site, store, workshop, run_follows=True)
        keys = plan.keys
        if plan.to_paint:
            check_weights(site)
        plan = in_order(plan, store, workshop, deadline)
        if deadline.is_set:
            deadline = deadline.keeping(Publishing(site, store, plan, shown).seconds)
        yield PlanReady(plan)
        yield from notes.new(store.notes)
        painting = paint_missing(plan, store, workshop.for_site(site), deadline=deadline)
        if plan.to_paint:
            painting = encoding_meanwhile(
                painting,
                site,
                store,
                pictures=[site.images[name] for name in shown.pictures],
                keys={pair_id: keys[pair_id] for pair_id in shown.pairs},
            )
        outcome = yield from painting
        paintings = _paintings(store, pages, keys)
        waiting = {planned.key for planned in outcome.left}
        missing = [pair_id for pair_id, painting in paintings.items() if not painting and keys[pair_id] not in waiting]
        if missing:
            raise PaintError(*outcome.problems, _not_written(missing))
        yield from _publisher(site, store, pages, paintings, strict=strict).publish(notes)
    if outcome.problems:
        raise PaintError(*outcome.problems)


def paint(
    site: Site,
    store: Store,
    workshop: Workshop,
    *,
    pair_ids: Collection[str] = (),
    shard: Shard = ALL,
    deadline: Deadline = NO_DEADLINE,
) -> Run:
    """Paint what is missing among the pairs of those ids, or among all, of that shard; write no pages.

    Raises UsageError where there is no pair of such an id, ManifestError where the manifest's weights cannot be used,
    PaintError at the end where a pair could not be painted.
    """
    with store.lock():
        yield from paint_locked(site, store, workshop, pair_ids=pair_ids, shard=shard, deadline=deadline)


def paint_locked(
    site: Site,
    store: Store,
    workshop: Workshop,
    *,
    pair_ids: Collection[str] = (),
    shard: Shard = ALL,
    deadline: Deadline = NO_DEADLINE,
) -> Run:
    """As `paint`, for callers that hold the store's lock."""
    notes = _Notes()
    plan = make_plan(site, store, workshop, pair_ids=pair_ids, shard=shard)
    if plan.to_paint:
        check_weights(site)
    plan = in_order(plan, store, workshop, deadline)
    yield PlanReady(plan)
    yield from notes.new(store.notes)
    outcome = yield from paint_missing(plan, store, workshop.for_site(site), deadline=deadline)
    if outcome.problems:
        raise PaintError(*outcome.problems)


def render(site: Site, store: Store, workshop: Workshop, *, strict: bool = False) -> Run:
    """Encode what is painted and write the pages. Raises RunError where they show a pair that is not painted.

    `strict` is `build`'s.
    """
    pages = check(site)
    shown = pages.used().pairs
    with store.lock():
        notes = _Notes()
        plan = make_plan(site, store, workshop, pair_ids=shown, run_follows=True) if shown else None
        missing = not_painted(plan, command="build") if plan else []
        yield from notes.new(store.notes)
        if missing:
            raise RunError(*missing)
        paintings = _paintings(store, pages, plan.keys if plan else {})
        yield from _publisher(site, store, pages, paintings, strict=strict).publish(notes)


def encode_painted(site: Site, store: Store, workshop: Workshop) -> Run:
    """Encode what the pages show and what is painted of it; paint nothing, write no pages."""
    pages = check(site)
    with store.lock():
        paintings = _paintings(store, pages, painting_keys(site, workshop))
        there = {pair_id: painting for pair_id, painting in paintings.items() if painting is not None}
        yield from encode(site, store, [site.images[name] for name in pages.used().pictures], there)


def collect_garbage(site: Site, store: Store, workshop: Workshop, *, dry_run: bool = False) -> Swept:
    """Remove from the store what no entry of the manifest uses, and no sheet of proofs that is still there.

    With `dry_run`, only say what that is.
    """
    keys = painting_keys(site, workshop)
    keep = {*keys.values(), *Sheets(store.folder).paintings()}
    for pair in site.pairs:
        keep.update(itertools.chain(*result_keys(site, pair, keys[pair.id]).values()))
    for picture in site.images.values():
        keep.update(itertools.chain(*picture_keys(site, picture).values()))
    with store.lock():
        return store.gc(keep, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed from the output folder, or would be."""

    files: tuple[str, ...]  # relative to it
    bytes: int
    notes: tuple[str, ...]


def clean(site: Site, store: Store, *, dry_run: bool = False) -> Cleaned:
    """Remove from the output folder what was written there, by our own record of it; nothing else, and no painting.

    Files that somebody has changed since, or that were there before, stay. With `dry_run`, only say what that is.
    """
    with store.lock():
        output = Output(site.output, store.folder / OUTPUTS)
        files = output.removable(())
        size = output.size_without(set(output.owned) - set(files))
        if not dry_run:
            files = output.sweep(())
        return Cleaned(files, size, tuple(output.notes))


class _Notes:
    """Tells each note once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def new(self, *sources: Sequence[str]) -> Iterator[Note]:
        """The notes that have not been told yet."""
        for note in [note for source in sources for note in source if note not in self._told]:
            self._told.add(note)
            yield Note(note)


def _paintings(store: Store, pages: Pages, keys: Mapping[str, str]) -> dict[str, Painting | None]:
    """The painting of every pair that the pages show, by id."""
    return {pair_id: store.painting(keys[pair_id]) for pair_id in pages.used().pairs}


def _publisher(
    site: Site, store: Store, pages: Pages, paintings: Mapping[str, Painting | None], *, strict: bool
) -> _Publisher:
    return _Publisher(site, store, pages, paintings, Output(site.output, store.folder / OUTPUTS), strict)


def _not_written(missing: Sequence[str]) -> Problem:
    listed = ", ".join(f"'{pair_id}'" for pair_id in missing)
    return Problem(None, f"the pages were not written, because they show {listed}.", "What was painted is kept.")


@dataclass(frozen=True, slots=True)
class _Content:
    """What the output folder is to hold."""

    files: Files
    kept: Mapping[str, str]  # files that need not be rendered again, as they stand there: their SHA-256 by path
    digest: str  # of what files are rendered of

    def rendered(self) -> dict[str, str]:
        """The SHA-256 of each file that was rendered, by path."""
        return {path: sha256(data).hexdigest() for path, data in self.files.items() if isinstance(data, bytes)}


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Brings the output folder up to date."""

    site: Site
    store: Store
    pages: Pages
    paintings: Mapping[str, Painting | None]  # of the pairs that the pages show, by id; None: one that waits
    output: Output
    strict: bool  # whether what is over its budget is an error

    def publish(self, notes: _Notes) -> Run:
        """Encode, render, write, and remove what is not made any more."""
        content, written = yield from self._write(attempts=3)
        paths = content.files.keys() | content.kept.keys()
        removed = self.output.sweep(paths)
        if content.digest and not content.kept:
            self._last.remember(content.digest, content.rendered())
        yield from notes.new(self.store.notes, self.output.notes)
        start = "index.html" if self.site.target is Target.HTML and "index.html" in paths else ""
        yield Rendered(written, len(paths) - len(written), removed, start)

    def _write(self, *, attempts: int) -> Generator[Event, None, tuple[_Content, tuple[str, ...]]]:
        """All that is published, and which files were written now."""
        content = yield from self._content()
        try:
            return content, self.output.write_all(content.files)
        except DamagedError:
            if attempts == 1:
                raise
        # What was damaged is out of the way, and so is made again.
        return (yield from self._write(attempts=attempts - 1))

    def _content(self) -> Generator[Event, None, _Content]:
        pictures = [self.site.images[name] for name in self.pages.used().pictures]

        def encoded(levels: Levels) -> Generator[EncodingStarted, None, Encodings]:
            return encode(self.site, self.store, pictures, self.paintings, levels=levels)

        encodings = yield from encoded(Levels())
        budgets, digest = self.site.budgets, self._digest(encodings)
        kept = self._last.files(digest)
        if not self.output.holds(kept):
            kept = {}
        rendered = [] if kept else self._rendered(encodings)
        fitted = yield from fit(encodings, rendered, budgets, encoded)
        yield from map(Note, told_economies(fitted, budgets))
        if problems := over_budget(fitted, budgets):
            if self.strict:
                raise RunError(*problems)
            yield from (Note(str(problem)) for problem in problems)
        if fitted.animations:
            # Which animation is the lightest may have changed, and with it the order in which pages name them.
            rendered = self._rendered(fitted.encodings)
        encodings = fitted.encodings
        if clashes := [file.path for file in rendered if file.path in encodings.files]:
            remedy = "Rename it, or set another `images_path` in site.yaml."
            raise InputError(
                *(Problem(None, f"the theme's file '{path}' has the name of a picture.", remedy) for path in clashes)
            )
        return _Content({**encodings.files, **{file.path: file.data for file in rendered}}, kept, digest)

    def _digest(self, encodings: Encodings) -> str:
        """What files are rendered of; "" where budgets have to weigh the files, and so want to have them."""
        budgets = self.site.budgets
        if budgets.page is not None or budgets.site is not None:
            return ""
        return self.pages.digest(encodings.gallery, existing_site=_is_existing_site(self.site, self.output))

    @property
    def _last(self) -> LastRendering:
        return LastRendering(self.store.folder, self.site.output)

    def _rendered(self, encodings: Encodings) -> list[RenderedFile]:
        return self.pages.render(encodings.gallery, existing_site=_is_existing_site(self.site, self.output))


def _is_existing_site(site: Site, output: Output) -> bool:
    """Whether the output folder is a site with a configuration of its own, as one of Hugo's always is."""
    if site.target is not Target.JEKYLL:
        return site.target is Target.HUGO
    return any((site.output / name).is_file() and name not in output.owned for name in _JEKYLL_CONFIGURATIONS)
