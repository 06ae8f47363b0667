"""The curve of a painting's objective."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neural_gallery.pages.curves import HEIGHT, MARGIN, WIDTH, curve


def points(line: str) -> list[tuple[float, float]]:
    """A polyline's points."""
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_a_scale_is_a_line() -> None:
    """Steps go to the right and the logarithm of the objective goes up, each scale by itself."""
    facts = {"losses": [[4, 100.0], [8, 10.0], [12, 10.0], [16, 1.0]], "scales": [[64, 8], [128, 8]]}
    drawn = curve(facts)
    assert drawn is not None
    assert (drawn.falls, drawn.steps) == (((100.0, 10.0), (10.0, 1.0)), 16)
    width, height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    [coarse, fine] = map(points, drawn.lines)
    assert coarse == [(MARGIN + width / 4, MARGIN), (MARGIN + width / 2, MARGIN + height / 2)]
    assert fine == [(MARGIN + width * 3 / 4, MARGIN + height / 2), (WIDTH - MARGIN, HEIGHT - MARGIN)]


def test_a_scale_of_one_chunk_is_a_dot() -> None:
    """A line of one point would not be drawn."""
    drawn = curve({"losses": [[4, 2.0], [8, 3.0], [12, 1.0]], "scales": [[64, 4], [128, 8]]})
    assert drawn is not None
    dot, _ = map(points, drawn.lines)
    assert dot[0] == dot[1]


def test_a_level_objective_is_a_level_line() -> None:
    """Nothing is divided by nothing."""
    drawn = curve({"losses": [[4, 2.0], [8, 2.0]]})
    assert drawn is not None
    assert {y for _, y in points(drawn.lines[0])} == {HEIGHT / 2}


@pytest.mark.parametrize(
    "losses", [None, "ab", 7, [], [[1, 0.5]], [[1, None], [2, 0.5]], [["a", "b"], [1]], [[1, 0.5], [2, 10**400]]]
)
def test_no_curve(losses: object) -> None:
    """A painter may report nothing, and a record may hold anything."""
    assert curve({"losses": losses}) is None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "a", "NaN"])
ANYTHING = SCALARS | st.lists(SCALARS | st.lists(SCALARS, max_size=3), max_size=5)
ENTRIES = st.lists(st.lists(st.integers() | st.floats(), min_size=2, max_size=2), max_size=8)


@example({"losses": [[0, 1], [5.76e305, 1]]})
@given(st.dictionaries(st.sampled_from(["losses", "scales"]), ANYTHING | ENTRIES))
def test_whatever_a_record_holds(facts: dict[str, object]) -> None:
    """No record breaks a page, and no point lies outside the drawing."""
    drawn = curve(facts)
    for x, y in (point for line in (drawn.lines if drawn else ()) for point in points(line)):
        assert math.isfinite(x)
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
