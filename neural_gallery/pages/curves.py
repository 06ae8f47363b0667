"""How the objective fell while a result was painted, as a small curve for SVG.

What a painter reported comes from a record on disk, so nothing about it is taken for granted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 80
"""Of the drawing, in its own units, which are CSS pixels where there is room."""

MARGIN = 4
"""Around the curve, for its line to have its whole width."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The objective over the steps, its logarithm drawn upwards."""

    lines: tuple[str, ...]  # the `points` of a polyline for each scale: each has an objective of its own
    falls: tuple[tuple[float, float], ...]  # the first and the last objective of each scale
    steps: int
    width: int = WIDTH
    height: int = HEIGHT


def curve(facts: Mapping[str, object]) -> Curve | None:
    """The curve of what a painter reported as `losses`, (step, objective), and `scales`, (size, steps).

    None where there are fewer than two such numbers.
    """
    losses = [(step, loss) for step, loss in _number_pairs(facts.get("losses")) if step >= 0 and loss > 0]
    if len(losses) < 2:
        return None
    ends = [*itertools.accumulate(int(steps) for _, steps in _number_pairs(facts.get("scales")))]
    last_step = max(step for step, _ in losses)
    heights = [math.log(loss) for _, loss in losses]
    low, high = min(heights), max(heights)

    def point(step: float, loss: float) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (step / (last_step or 1))  # never beyond a float's range
        y = MARGIN + (HEIGHT - 2 * MARGIN) * ((high - math.log(loss)) / (high - low) if high > low else 0.5)
        return f"{x:.1f},{y:.1f}"

    groups = itertools.groupby(losses, key=lambda one: sum(one[0] > end for end in ends[:-1]))
    scales = [[*group] for _, group in groups]
    drawn = ([point(*one) for one in scale] for scale in scales)
    lines = tuple(" ".join(points * 2 if len(points) == 1 else points) for points in drawn)  # one alone is a dot
    return Curve(lines, tuple((scale[0][1], scale[-1][1]) for scale in scales), round(last_step))


def _number_pairs(value: object) -> list[tuple[float, float]]:
    """The pairs of finite numbers in what may be a list of them."""
    found: list[tuple[float, float]] = []
    for entry in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
            continue
        first, second = map(_number, entry)
        if first is not None and second is not None:
            found.append((first, second))
    return found


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
