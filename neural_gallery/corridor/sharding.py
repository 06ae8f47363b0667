"""Sharing out what is to be painted among several machines that know nothing of one another.

Each computes the same shares, from the manifest alone: what lies in its store, or how fast it is, does not matter. Work
is pixels times steps (see `estimate.work_of`).
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MOST = 1000
"""So many shares there may be."""

TOGETHER = 1.1
"""Pairs of one shape, which share what is compiled for them, stay together where the largest share is no more than so
many times larger for it."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One share of several, counted from 1."""

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"shard {self.number} of {self.count}"

    @property
    def is_all(self) -> bool:
        """Whether there is only one."""
        return self.count == 1


ALL = Shard()


@dataclass(frozen=True, slots=True)
class Task:
    """One painting: how much work it is, and what it has in common with others that share compilations with it."""

    work: float
    shape: Hashable


_Heap: TypeAlias = list[tuple[float, int]]
"""Loads, as they once were, and whose they are."""

Owners: TypeAlias = Mapping[str, int]
"""The number of the shard, from 1, by the painting's key."""


def owners(tasks: Mapping[str, Task], count: int) -> Owners:
    """Who paints what, by painting keys. No share is more than one painting above the mean.

    The largest paintings are given away first, each to whoever has least. Neither the order of `tasks` nor anything
    else than their keys, works and shapes has a part in it.
    """
    order = sorted(tasks, key=lambda key: (-tasks[key].work, repr(tasks[key].shape), key))
    apart, together = _dealt(tasks, order, count, by_shape=False), _dealt(tasks, order, count, by_shape=True)
    return together if _largest(tasks, together) <= TOGETHER * _largest(tasks, apart) else apart


def _dealt(tasks: Mapping[str, Task], order: Sequence[str], count: int, *, by_shape: bool) -> Owners:
    loads = [0.0] * count
    mean = sum(tasks[key].work for key in order) / count
    everyone: _Heap = [(0.0, one) for one in range(count)]
    of_shape: dict[Hashable, _Heap] = defaultdict(list)
    found: dict[str, int] = {}
    for key in order:
        task = tasks[key]
        kin = of_shape[task.shape] if by_shape else []
        owner = _least(kin, loads) if kin else None
        # Up to the mean nobody has too much; there is always somebody below it.
        if owner is None or loads[owner] + task.work > mean:
            least = _least(everyone, loads)
            if least != owner:
                heapq.heappush(kin, (loads[least], least))
            owner = least
        loads[owner] += task.work
        found[key] = owner + 1
    return found


def _least(heap: _Heap, loads: Sequence[float]) -> int:
    """Who of the heap has least, the first of several. What the heap says may be less than it is: loads only grow."""
    while heap[0][0] < loads[heap[0][1]]:
        heapq.heapreplace(heap, (loads[heap[0][1]], heap[0][1]))
    return heap[0][1]


def _largest(tasks: Mapping[str, Task], found: Owners) -> float:
    loads: dict[int, float] = {}
    for key, owner in found.items():
        loads[owner] = loads.get(owner, 0.0) + tasks[key].work
    return max(loads.values(), default=0.0)
