"""What programs read about runs: events and plans as JSON. Keys are stable; new ones may be added."""

from __future__ import annotations

import dataclasses
import math
import re

from neural_gallery.cli.problems import line, problem_records
from neural_gallery.corridor.events import Event, ExchangeEvent, PairFailed, PairProgress, PlanReady
from neural_gallery.corridor.plan import Plan
from neural_gallery.corridor.sizing import SiteSize


def event_line(event: Event | ExchangeEvent) -> str:
    """One event as one line: `{"event": "pair-started", "pair": …}`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()
    if isinstance(event, PlanReady):
        return line({"event": name, **plan_record(event.plan)})
    if isinstance(event, PairProgress):
        event = dataclasses.replace(event, frame=None)  # pixels are no text
    fields = _plain(dataclasses.asdict(event))
    if isinstance(event, PairProgress):
        del fields["frame"]
    if isinstance(event, PairFailed):
        fields["problems"] = problem_records(event.problems)
    return line({"event": name, **fields})


def size_record(size: SiteSize, budget: int | None) -> dict[str, object]:
    """How large the site will be, in bytes, and how large it may be."""
    return {**dataclasses.asdict(size), "total": size.total, "budget": budget}


def plan_record(plan: Plan) -> dict[str, object]:
    """A plan, its pairs in the order of the manifest."""
    return {
        "pairs": [
            {
                "id": planned.pair.id,
                "fresh": planned.fresh,
                "reasons": list(planned.reasons),
                "width": planned.pair.width,
                "height": planned.pair.height,
                "seconds": round(planned.seconds, 1),
                "bytes": planned.bytes,
            }
            for planned in plan.pairs
        ],
        **({} if plan.shard.is_all else _shard_record(plan)),
        "to_paint": len(plan.to_paint),
        "seconds": round(plan.seconds, 1),
        "bytes": plan.bytes,
    }


def _shard_record(plan: Plan) -> dict[str, object]:
    return {"shard": dataclasses.asdict(plan.shard), "all_pairs": plan.all_pairs}


def _plain(fields: dict[str, object]) -> dict[str, object]:
    """NaN, which JSON does not have, becomes null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in fields.items()
    }
