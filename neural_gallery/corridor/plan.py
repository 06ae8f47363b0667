"""What is painted already and what is not: the records of a plan. Seconds, bytes."""

from __future__ import annotations

from dataclasses import dataclass

from neural_gallery.corridor.sharding import ALL, Shard
from neural_gallery.site.model import Pair


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """One pair, and whether it is to be painted."""

    pair: Pair
    key: str  # of its painting in the store
    frames: int  # to sample while painting: the most that any pair with this key wants
    reasons: tuple[str, ...]  # why it is to be painted; empty where its painting is there
    seconds: float  # expected; 0 where nothing is to be painted
    bytes: int  # expected, in the store and in the output folder together

    @property
    def fresh(self) -> bool:
        """Whether the store has its painting."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be painted."""

    pairs: tuple[PlannedPair, ...]  # in the manifest's order
    to_paint: tuple[PlannedPair, ...]  # in the order of painting; of several pairs with one painting, the first
    shard: Shard = ALL  # the share of all pairs that this is
    all_pairs: int = 0  # how many the site has, where it is a share

    @property
    def keys(self) -> dict[str, str]:
        """The key of each pair's painting, by the pair's id."""
        return {planned.pair.id: planned.key for planned in self.pairs}

    @property
    def seconds(self) -> float:
        """Expected time of all paintings."""
        return sum(planned.seconds for planned in self.to_paint)

    @property
    def bytes(self) -> int:
        """Expected size of all paintings."""
        return sum(planned.bytes for planned in self.to_paint)
