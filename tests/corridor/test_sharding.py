"""Sharing out what is to be painted."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural_gallery.corridor.events import PlanReady
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import build, paint
from neural_gallery.corridor.sharding import Shard, Task, owners
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]

PAINTINGS = st.lists(st.tuples(st.floats(1.0, 1e9), st.integers(0, 4)), max_size=30)
TASKS = PAINTINGS.map(lambda found: {f"{31 * index % 97:02}": Task(*one) for index, one in enumerate(found)})
patiently = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

ONE_PAIR_LESS = ("  - {content: sea, style: sun, strength: 0.7}\n", "")
MANY = (
    "  - {content: sky, style: sun}\n",
    "  - {contents: [sky, sea], styles: [sun, sky, sea]}\n"
    "  - {content: sky, style: sun, size: 32, id: small}\n"
    "  - {content: sky, style: sun, id: twin, caption: The same painting once more.}\n",
)


def loads(tasks: Mapping[str, Task], count: int) -> list[float]:
    """The work of each share."""
    shares = [0.0] * count
    for key, owner in owners(tasks, count).items():
        shares[owner - 1] += tasks[key].work
    return shares


@patiently
@given(TASKS, st.integers(1, 12))
def test_every_painting_has_one_owner(tasks: dict[str, Task], count: int):
    """Complete; disjoint, because it has no second; and nobody is asked for who is not there."""
    found = owners(tasks, count)
    assert found.keys() == tasks.keys()
    assert set(found.values()) <= set(range(1, count + 1))


def test_a_studio_with_very_many_pairs_and_machines():
    """Ten times the pairs among a thousand machines take ten times as long, not a hundred; a second here."""
    dice = random.Random(5)
    tasks = {f"{index:05}": Task(dice.uniform(1, 9), dice.randrange(40)) for index in range(20_000)}
    began = time.process_time()
    shares = loads(tasks, 1000)
    assert time.process_time() - began < 10
    assert max(shares) < 1.1 * sum(shares) / 1000 + 9


@patiently
@given(TASKS, st.integers(1, 12))
def test_shares_are_balanced(tasks: dict[str, Task], count: int):
    """No share is larger than four thirds of the mean and one painting."""
    shares, largest = loads(tasks, count), max((task.work for task in tasks.values()), default=0.0)
    assert max(shares) <= (4 / 3 * sum(shares) / count + largest) * (1 + 1e-9)


@patiently
@given(TASKS, st.integers(1, 12), st.randoms())
def test_the_order_has_no_part_in_it(tasks: dict[str, Task], count: int, chance: random.Random):
    """Whoever lists them otherwise shares them out alike."""
    listed = list(tasks.items())
    chance.shuffle(listed)
    assert owners(dict(listed), count) == owners(tasks, count)


def test_equal_paintings_are_dealt_evenly():
    """Twelve to four: three each."""
    tasks = {f"{index:04}": Task(5.0, "one") for index in range(12)}
    assert loads(tasks, 4) == [15.0] * 4


def test_shapes_stay_together_where_balance_allows():
    """Two shapes, two machines: each compiles one."""
    tasks = {f"{index:04}": Task(5.0, "wide" if index % 2 else "high") for index in range(12)}
    found = owners(tasks, 2)
    assert {(tasks[key].shape, owner) for key, owner in found.items()} in (
        {("wide", 1), ("high", 2)},
        {("wide", 2), ("high", 1)},
    )


def test_balance_goes_before_shapes():
    """Where one shape is nearly all of the work, it is shared out."""
    tasks = {f"{index:04}": Task(5.0, "wide") for index in range(8)} | {"high": Task(1.0, "high")}
    assert max(loads(tasks, 4)) <= 11


def shard_ids(manifest: Path, store: Store, workshop: Workshop, number: int, count: int) -> list[str]:
    """The ids of the pairs of one share."""
    plan = make_plan(load_site(manifest), store, workshop, shard=Shard(number, count))
    return [planned.pair.id for planned in plan.pairs]


def test_what_a_store_has_changes_nothing(write_site: WriteSite, workshop: Workshop, tmp_path: Path):
    """A machine that has painted a share, and one that has painted nothing, agree on who owns what."""
    manifest = write_site(ONE_PAIR_LESS, MANY)
    fresh, used = Store(tmp_path / "fresh"), Store(tmp_path / "used")
    before = [shard_ids(manifest, fresh, workshop, number, 3) for number in (1, 2, 3)]
    list(paint(load_site(manifest), used, workshop, shard=Shard(2, 3)))
    assert [shard_ids(manifest, used, workshop, number, 3) for number in (1, 2, 3)] == before
    assert sorted(id for ids in before for id in ids) == sorted(pair.id for pair in load_site(manifest).pairs)
    twins = [ids for ids in before if "twin" in ids]
    assert "sky-sun" in twins[0]  # one painting: it is painted once


def test_shards_paint_the_site(write_site: WriteSite, workshop: Workshop, painter, tmp_path: Path):
    """Each in a store of its own paints its pairs, none twice; put together by copying, a build has nothing to do."""
    manifest = write_site(ONE_PAIR_LESS, MANY)
    for number in (1, 2, 3):
        store = Store(tmp_path / f"store-{number}")
        events = list(paint(load_site(manifest), store, workshop, shard=Shard(number, 3)))
        plan = next(event for event in events if isinstance(event, PlanReady)).plan
        assert (plan.shard, plan.all_pairs) == (Shard(number, 3), 8)
        shutil.copytree(store.folder / "paintings", tmp_path / "all/paintings", dirs_exist_ok=True)
    assert len(painter.painted) == len(set(painter.painted)) == 7
    list(build(load_site(manifest), Store(tmp_path / "all"), workshop))
    assert len(painter.painted) == 7


def test_more_shards_than_pairs(write_site: WriteSite, workshop: Workshop, painter, tmp_path: Path):
    """Some have nothing to do, and paint nothing, not everything."""
    manifest = write_site()
    for number in (1, 2, 3, 4):
        list(paint(load_site(manifest), Store(tmp_path / f"store-{number}"), workshop, shard=Shard(number, 4)))
    assert sorted(painter.painted) == ["sea-sun", "sky-sun"]


def test_a_shard_of_some_pairs(write_site: WriteSite, workshop: Workshop, painter, tmp_path: Path):
    """Shares are those of the whole site; of them the pairs are painted that are asked for."""
    manifest = write_site(ONE_PAIR_LESS, MANY)
    owner = next(n for n in (1, 2) if "small" in shard_ids(manifest, Store(tmp_path / "none"), workshop, n, 2))
    for number in (1, 2):
        store = Store(tmp_path / f"store-{number}")
        list(paint(load_site(manifest), store, workshop, shard=Shard(number, 2), pair_ids=["small"]))
        assert painter.painted == (["small"] if number >= owner else [])


@pytest.mark.parametrize("count", [1, 2])
def test_a_build_uses_what_shards_painted(write_site: WriteSite, workshop: Workshop, painter, count: int):
    """In one store, one after the other; then the build has nothing to paint."""
    manifest = write_site()
    for number in range(1, count + 1):
        list(paint(load_site(manifest), Store(manifest.parent / "store"), workshop, shard=Shard(number, count)))
    painted = list(painter.painted)
    list(build(load_site(manifest), Store(manifest.parent / "store"), workshop))
    assert painter.painted == painted
    assert len(painted) == 2
