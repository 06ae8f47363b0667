"""Finding out what is to be painted, why, and what it will cost. Seconds, bytes.

A plan reads records, not pictures, and loads nothing of the painter. Only a painting that is about to be encoded is
read whole, so that a damaged one is found while it can still be planned for.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from neural_gallery.corridor import reasons
from neural_gallery.corridor.encoding import result_is_encoded
from neural_gallery.corridor.estimate import RECENT, Experience, expected_seconds, pace_of, work_of
from neural_gallery.corridor.plan import Plan, PlannedPair
from neural_gallery.corridor.sharding import ALL, Shard, Task, owners
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import Problem, UsageError, did_you_mean
from neural_gallery.site.model import Pair, Quality, Site
from neural_gallery.store.keys import painting_key
from neural_gallery.store.records import MANY, Record
from neural_gallery.store.store import Store

BYTES_PER_PIXEL = 2.3
"""What a pixel of one frame takes: 1.4 losslessly in the store, 0.9 as GIF and WebP. Measured at 400 x 267 pixels."""

LONGEST = 10**7
"""Seconds: no painting takes four months, whatever its record says."""


def make_plan(
    site: Site,
    store: Store,
    workshop: Workshop,
    *,
    pair_ids: Collection[str] = (),
    shard: Shard = ALL,
    run_follows: bool = False,
) -> Plan:
    """The plan for every pair of the site, or for those of `pair_ids`, as far as they are in that shard.

    `run_follows`: the paintings that are there will be asked for next, and so need not be looked at twice.

    Raises UsageError where there is no pair of such an id.
    """
    workshop = workshop.for_site(site)
    keys = painting_keys(site, workshop)
    mine = _owned(site, keys, workshop, shard)
    pairs = [pair for pair in _chosen(site, pair_ids) if keys[pair.id] in mine]
    frames = frames_wanted(site, keys)
    past: Mapping[str, Record] | None = None
    pace = 0.0
    planned, compiled = [], set()
    for pair in pairs:
        key = keys[pair.id]
        why = _missing(site, store, pair, key, frames[key], again=run_follows)
        if why is None:
            planned.append(PlannedPair(pair, key, frames[key], (), 0.0, 0))
            continue
        if past is None:
            records = store.records()
            past = {record.origin.pair: record for record in reversed(records)}
            pace = pace_of([*itertools.islice(_experience(records), RECENT)])
        why = why or _differences(pair, past.get(pair.id), workshop)
        seconds = expected_seconds(_work(pair, workshop), pace, compiling=shape_of(pair) not in compiled)
        compiled.add(shape_of(pair))
        size = int(BYTES_PER_PIXEL * pair.width * pair.height * frames[key])
        planned.append(PlannedPair(pair, key, frames[key], why, seconds, size))
    return Plan(tuple(planned), _in_painting_order(planned), shard, len(site.pairs))


def not_painted(plan: Plan, *, command: str) -> list[Problem]:
    """A problem for each pair of a plan that cannot be shown before that command has painted it."""
    return [
        Problem(
            planned.pair.location,
            f"pair '{planned.pair.id}' is not painted yet ({'; '.join(planned.reasons)}).",
            f"Run `neural-gallery {command}`.",
        )
        for planned in plan.pairs
        if not planned.fresh
    ]


def painting_keys(site: Site, workshop: Workshop) -> dict[str, str]:
    """The key of each pair's painting, by pair id."""
    engine, weights = workshop.engine, workshop.for_site(site).weights_sha256
    return {pair.id: painting_key(pair, engine=engine, weights_sha256=weights) for pair in site.pairs}


def frames_wanted(site: Site, keys: Mapping[str, str]) -> dict[str, int]:
    """How many frames each painting shall have, by its key. `keys` are those of all pairs, by id."""
    frames: dict[str, int] = {}
    for pair in site.pairs:  # all: painting one pair must not take frames from another with the same painting
        frames[keys[pair.id]] = max(pair.animation.frames, frames.get(keys[pair.id], 0))
    return frames


def _owned(site: Site, keys: Mapping[str, str], workshop: Workshop, shard: Shard) -> Collection[str]:
    """The keys of the paintings that are in a shard, whether or not they are painted."""
    if shard.is_all:
        return set(keys.values())
    tasks = {keys[pair.id]: Task(_work(pair, workshop), shape_of(pair)) for pair in site.pairs}
    return {key for key, number in owners(tasks, shard.count).items() if number == shard.number}


def _work(pair: Pair, workshop: Workshop) -> float:
    return work_of(workshop.scales(pair.paint), pair.width, pair.height, styles=len(pair.styles))


def _chosen(site: Site, pair_ids: Collection[str]) -> Sequence[Pair]:
    if not pair_ids:
        return site.pairs
    known, wanted = site.pairs_by_id, frozenset(pair_ids)
    unknown = [pair_id for pair_id in dict.fromkeys(pair_ids) if pair_id not in known]
    if unknown:
        raise UsageError(
            *(
                Problem(
                    None,
                    f"there is no pair '{pair_id}'.",
                    did_you_mean(pair_id, known) or "`neural-gallery plan` lists the pairs.",
                )
                for pair_id in unknown
            )
        )
    return [pair for pair in site.pairs if pair.id in wanted]


def _missing(site: Site, store: Store, pair: Pair, key: str, frames: int, *, again: bool) -> tuple[str, ...] | None:
    """None where the painting is there; else why it counts as missing, empty where it is simply not there."""
    if not store.has_painting(key):
        return ()
    noted = len(store.notes)
    painting = store.painting(key, verify=not result_is_encoded(site, store, pair, key), again=again)
    if painting is None:
        return (reasons.DAMAGED,) if len(store.notes) > noted else ()
    record, asked = painting.record, painting.record.asked
    if (record.width, record.height) != (pair.width, pair.height):  # another machine's error, or somebody's malice
        return (reasons.other_size(pair.width, pair.height, record.width, record.height),)
    if asked < frames:
        return (reasons.more_frames(frames, asked),)
    return None


def _differences(pair: Pair, newest: Record | None, workshop: Workshop) -> tuple[str, ...]:
    """What differs from the newest painting of a pair of this id."""
    return (reasons.changes(newest.origin, pair, workshop) if newest else ()) or (reasons.NEVER,)


def _experience(past: Sequence[Record]) -> Iterator[Experience]:
    """What the records of former paintings tell; those without times, or of painters with other facts, tell nothing."""
    for record in past:
        facts, styles = record.origin.facts, record.origin.styles
        scales, seconds = facts.get("scales"), facts.get("seconds")
        if isinstance(scales, list) and isinstance(seconds, int | float) and 0 < seconds < LONGEST:
            with suppress(TypeError, ValueError):
                sizes_and_steps = [(int(size), int(steps)) for size, steps in scales]
                if all(0 < size <= MANY and 0 <= steps <= MANY for size, steps in sizes_and_steps):
                    work = work_of(sizes_and_steps, record.width, record.height, styles=len(styles))
                    yield Experience(work, float(seconds))


def _in_painting_order(planned: Sequence[PlannedPair]) -> tuple[PlannedPair, ...]:
    """As listed, but those of one shape and quality together: they share what the painter compiles."""
    missing = {one.key: one for one in reversed(planned) if not one.fresh}
    listed = [one for one in planned if missing.get(one.key) is one]
    groups: dict[tuple[int, int, Quality], int] = {}
    for one in listed:
        groups.setdefault(shape_of(one.pair), len(groups))
    return tuple(sorted(listed, key=lambda one: groups[shape_of(one.pair)]))


def shape_of(pair: Pair) -> tuple[int, int, Quality]:
    """What pairs have in common that share what the painter compiles."""
    return pair.width, pair.height, pair.paint.quality
