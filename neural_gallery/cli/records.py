"""What programs read: events, plans and problems as JSON. Keys are stable; new ones may be added."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable

from neural_gallery.corridor.events import Event, PairFailed, PlanReady
from neural_gallery.corridor.plan import Plan
from neural_gallery.errors import NeuralGalleryError, Problem


def event_line(event: Event) -> str:
    """One event as one line: `{"event": "pair-started", "pair": …}`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()
    if isinstance(event, PlanReady):
        return _dumped({"event": name, **plan_record(event.plan)})
    fields = _plain(dataclasses.asdict(event))
    if isinstance(event, PairFailed):
        fields["problems"] = problem_records(event.problems)
    return _dumped({"event": name, **fields})


def error_line(error: NeuralGalleryError) -> str:
    """What a run failed with, as the last line of its events."""
    return _dumped({"event": "error", "problems": problem_records(error.problems)})


def error_document(error: NeuralGalleryError) -> str:
    """What a command failed with, where it prints one document."""
    return document({"ok": False, "problems": problem_records(error.problems)})


def document(record: object) -> str:
    """One JSON document, indented for people who look at it."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2)


def problem_records(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems; `line` and `column` count from 1, and are 0 where they are not known."""
    return [
        {
            "file": problem.location.file if problem.location else "",
            "line": problem.location.line if problem.location else 0,
            "column": problem.location.column if problem.location else 0,
            "message": problem.message,
            "remedy": problem.remedy,
        }
        for problem in problems
    ]


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
        "to_paint": len(plan.to_paint),
        "seconds": round(plan.seconds, 1),
        "bytes": plan.bytes,
    }


def _dumped(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _plain(fields: dict[str, object]) -> dict[str, object]:
    """NaN, which JSON does not have, becomes null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in fields.items()
    }
