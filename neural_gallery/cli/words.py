"""Numbers for people: times and counts. Sizes are in `site.sizes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neural_gallery.corridor.plan import Plan


def seconds(value: float) -> str:
    """A time: `8 s`, `2 min 5 s`, `1 h 10 min`."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: `1 pair`, `3 pairs`, `0 pairs`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def share(plan: Plan) -> str:
    """How much of the site a plan is: `shard 2 of 5: 6 of 29 pairs`."""
    return f"{plan.shard}: {len(plan.pairs)} of {counted(plan.all_pairs, 'pair')}"
