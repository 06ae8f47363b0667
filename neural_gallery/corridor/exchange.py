"""Exchanging paintings through a place that machines share: what is to go there or come from there, and doing it.

Both runs are generators of events. What has arrived stays, so an interrupted run is gone on with by running it again.
What cannot be trusted counts as absent, with a note, and stops nothing; a place that cannot be reached stops the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

from neural_gallery.corridor.events import ExchangeEvent, ExchangePlanned, Note, Transfer, Transferred
from neural_gallery.corridor.planning import frames_wanted, painting_keys
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import RemoteError
from neural_gallery.site.model import Site
from neural_gallery.store.archives import PAINTINGS, UNFINISHED, Holding, Label, TornError, read_label
from neural_gallery.store.records import MOST_BYTES
from neural_gallery.store.remote import Remote
from neural_gallery.store.sealed import SealError
from neural_gallery.store.store import Store

Run: TypeAlias = Generator[ExchangeEvent, None, None]
Listing: TypeAlias = "dict[str, dict[Label, int]]"
"""What the place has: labels and sizes of archives, by key."""

AT_ONCE = 8
"""So many transfers go on at the same time: on two cores 16 and 32 were no faster than 8, with 50 ms an answer; …"""
IN_FLIGHT = 256 * 10**6
"""… as long as together they have no more bytes than that, for all of them are in memory."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which paintings a run is about."""

    names: Mapping[str, str]  # by key: the id of the first pair that shows it
    frames: Mapping[str, int]  # by key: how many the manifest asks for
    pairs: Mapping[str, str]  # by pair id: the key


def wanted_by(site: Site, workshop: Workshop) -> Wanted:
    """Those of a manifest's pairs."""
    pairs = painting_keys(site, workshop)
    names: dict[str, str] = {}
    for pair, key in pairs.items():
        names.setdefault(key, pair)
    return Wanted(names, frames_wanted(site, pairs), pairs)


def push(store: Store, remote: Remote, wanted: Wanted | None, *, dry_run: bool = False, replace: bool = False) -> Run:
    """Send what the store has and the place lacks: of what is wanted, or of everything where that is None.

    What was there, but was refused when it was pulled, the place lacks. With `replace` also finished paintings that are
    there already go. Checkpoints that are of no use any more are removed there, and so is what was damaged, once
    something whole stands beside it. Raises RemoteError. Needs no lock.
    """
    listed = _listing(remote)
    refused = store.refused(remote.url).among(listed)
    there = _without(listed, refused)
    keys = store.keys() if wanted is None else wanted.names
    here = [holding for key in keys if (holding := store.holding(key))]
    chosen = [one for one in here if (replace and one.shelf == PAINTINGS) or not _covered(one, there[one.key])]
    transfers = {one: _transfer(one, one.bytes, wanted) for one in chosen}
    finished = {one.key for one in here if one.shelf == PAINTINGS}
    finished |= {key for key, labels in there.items() if any(label.shelf == PAINTINGS for label in labels)}
    yield ExchangePlanned(tuple(transfers.values()), len(here) - len(chosen), _missing(wanted, finished))
    if not dry_run:
        sent = _at_once(partial(_send, store, remote), chosen, lambda one: one.bytes)
        for position, (holding, label) in enumerate(sent, start=1):
            if label is not None:
                there[holding.key][label] = holding.bytes
                yield Transferred(transfers[holding], position, len(chosen))
        torn = [label for label, useless in refused.items() if useless and _stands_without(label, there[label.key])]
        mended = [label for label in refused if label in there[label.key]]
        yield from _remove(remote, torn + [label for one in here for label in _superseded(there[one.key])])
        store.refused(remote.url).remember(listed, {}, mended)
        remote.sweep()
    yield from map(Note, store.notes)


def pull(store: Store, remote: Remote, wanted: Wanted | None, *, dry_run: bool = False) -> Run:
    """Fetch what the place has and the store lacks: of what is wanted, or everything where that is None.

    Raises RemoteError, and StoreError where the disk refuses or another process is at work in the store.
    """
    if dry_run:
        yield from _pull(store, remote, wanted, dry_run=True)
    else:
        with store.lock():
            yield from _pull(store, remote, wanted, dry_run=False)


def _pull(store: Store, remote: Remote, wanted: Wanted | None, *, dry_run: bool) -> Run:
    there = _listing(remote)
    keys = sorted(there) if wanted is None else wanted.names
    here = {key: store.holding(key) for key in keys}
    orders = []
    for key in keys:
        if candidates := _candidates(there[key], here[key], wanted and wanted.frames[key]):
            orders.append(_Order(key, candidates, _transfer(candidates[0], there[key][candidates[0]], wanted)))
    finished = {key for key, one in here.items() if one and one.shelf == PAINTINGS}
    finished |= {order.key for order in orders if order.transfer.finished}
    already = len({*finished} - {order.key for order in orders})
    yield ExchangePlanned(tuple(order.transfer for order in orders), already, _missing(wanted, finished))
    if not dry_run:
        arrived: list[Label] = []
        fetched = _at_once(partial(_fetch, store, remote, there), orders, lambda order: order.transfer.bytes)
        try:
            for position, (order, label) in enumerate(fetched, start=1):
                yield from map(Note, order.told)
                if label is not None:
                    arrived.append(label)
                    transfer = _transfer(label, there[label.key][label], wanted)
                    yield Transferred(transfer, position, len(orders))
        finally:
            fetched.close()
            refused = {label: useless for order in orders for label, useless in order.refused.items()}
            store.refused(remote.url).remember(there, refused, arrived)
    yield from map(Note, store.notes)


@dataclass(frozen=True, slots=True)
class _Order:
    """A painting to be fetched: the first of the candidates that is whole."""

    key: str
    candidates: Sequence[Label]
    transfer: Transfer  # of the first
    refused: dict[Label, bool] = field(default_factory=dict)  # and whether it is of no use to anybody
    told: list[str] = field(default_factory=list)  # about those


def _listing(remote: Remote) -> Listing:
    found: Listing = defaultdict(dict)
    for shelf in (PAINTINGS, UNFINISHED):
        for path, size in remote.sizes(shelf).items():
            if label := read_label(path):
                found[label.key][label] = size
    return found


def _without(listed: Listing, refused: Collection[Label]) -> Listing:
    """What is there but those."""
    found: Listing = defaultdict(dict)
    for key, labels in listed.items():
        found[key] = {label: size for label, size in labels.items() if label not in refused}
    return found


def _stands_without(label: Label, there: Mapping[Label, int]) -> bool:
    """Whether something else is there that is worth as much; then what is damaged under that name may go."""
    return label not in there and _covered(Holding(label.shelf, label.key, label.asked, label.frames, 0, ""), there)


def _covered(one: Holding, there: Mapping[Label, int]) -> bool:
    """Whether the place has at least that much of it."""
    return any(label.shelf == PAINTINGS and label.asked >= one.asked for label in there) or (
        one.shelf == UNFINISHED
        and any(
            label.shelf == UNFINISHED and label.asked == one.asked and label.frames >= one.frames for label in there
        )
    )


def _superseded(there: Mapping[Label, int]) -> Iterator[Label]:
    """Checkpoints of paintings that are finished there, or that are further in another one."""
    for label in there:
        if label.shelf == UNFINISHED:
            further = Holding(UNFINISHED, label.key, label.asked, label.frames + 1, 0, "")
            if _covered(further, there):
                yield label


def _candidates(there: Mapping[Label, int], here: Holding | None, frames: int | None) -> list[Label]:
    """The archives that are worth more than what is here, the best first. `frames`: how many are wanted; None: all."""
    finished = here.asked if here and here.shelf == PAINTINGS else 0
    if finished and frames is not None and finished >= frames:
        return []
    paintings = [label for label in there if label.shelf == PAINTINGS and label.asked > finished]
    paintings.sort(key=lambda label: (-label.asked, label))
    so_far = here.frames if here and here.shelf == UNFINISHED and frames in (None, here.asked) else -1
    unfinished = [label for label in there if label.shelf == UNFINISHED and label.frames > so_far]
    unfinished = [
        label for label in unfinished if (label.asked > finished if frames is None else label.asked == frames)
    ]
    unfinished.sort(key=lambda label: (-label.frames, label))
    return paintings + unfinished


def _send(store: Store, remote: Remote, holding: Holding) -> Label | None:
    """The label under which it is there now; None where it turned out to be damaged here."""
    packed = store.pack(holding)
    if packed is None:
        return None
    label, data = packed
    remote.write(label.path, data)
    return label


def _fetch(store: Store, remote: Remote, there: Listing, order: _Order) -> Label | None:
    """The first candidate that was whole and is here now; None where there was none."""
    for label in order.candidates:
        try:
            size = there[label.key][label]
            if size > MOST_BYTES:
                raise SealError(f"has {size} bytes, which no painting has")
            data = remote.read(label.path, size) if size else b""
            if data is None:
                continue  # another machine has removed it since: it is of no use any more
            if len(data) != size:
                raise SealError(f"has not the {size} bytes that were listed")
            store.take(label, data)
        except SealError as error:
            order.refused[label] = isinstance(error, TornError)
            order.told.append(f"refused {remote.url.rstrip('/')}/{label.path}: it {error}; it counts as absent")
        else:
            return label
    return None


def _remove(remote: Remote, labels: Sequence[Label]) -> Iterator[Note]:
    if labels:
        try:
            remote.remove([label.path for label in labels])
        except RemoteError as error:  # who may write need not have the right to remove
            what = "1 object that is" if len(labels) == 1 else f"{len(labels)} objects that are"
            stay = "stays" if len(labels) == 1 else "stay"
            yield Note(f"{what} of no use any more {stay}: {error.problems[0].message}")


def _transfer(one: Holding | Label, size: int, wanted: Wanted | None) -> Transfer:
    name = wanted.names[one.key] if wanted else one.pair if isinstance(one, Holding) else ""
    return Transfer(name or f"{one.key[:12]}…", one.key, one.shelf == PAINTINGS, size)


def _missing(wanted: Wanted | None, finished: set[str]) -> tuple[str, ...]:
    return tuple(pair for pair, key in wanted.pairs.items() if key not in finished) if wanted else ()


Item = TypeVar("Item")
Result = TypeVar("Result")


def _at_once(
    work: Callable[[Item], Result], items: Sequence[Item], size: Callable[[Item], int]
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with what `work` makes of it, as they are done, several at a time in threads; begun in their order.

    What fails ends it, and so does closing it: what has begun is still done, nothing more is begun.
    """
    waiting, running = list(reversed(items)), dict[Future[Result], Item]()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                if running and sum(map(size, running.values())) + size(waiting[-1]) > IN_FLIGHT:
                    break
                item = waiting.pop()
                running[threads.submit(work, item)] = item
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                yield item, future.result()
