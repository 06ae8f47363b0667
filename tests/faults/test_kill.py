"""Builds killed at random moments: nothing that was finished is lost, and nothing is ever half there."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from ..support.killing import PAIRS, Killing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_nothing_is_lost(tmp_path: Path, rounds: int) -> None:
    """No file is torn, no finished pair is painted again, and every build ends as one that nobody disturbed.

    A failing round is told with its seed: `python benchmarks/kill.py --rounds 20 --seed SEED --only ROUND` repeats it.
    """
    killing = Killing(tmp_path / "rounds", seed=random.randrange(10**6), rounds=rounds)
    tally = killing.run()
    print(tally.table())  # noqa: T201  (shown where the test fails)
    assert tally.faults == []
    assert tally.kills >= rounds * 0.8
    assert {"starting", "painting", "encoding or writing"} <= set(tally.phases)
    assert tally.resumed


@pytest.mark.slow
def test_nothing_is_lost_with_the_real_painter(tmp_path: Path) -> None:
    """Style transfer itself goes on from its checkpoints to the very same bytes."""
    program = [sys.executable, str(Path(__file__).parents[1] / "support" / "real_gallery.py")]
    pairs = PAIRS[:2]
    killing = Killing(
        tmp_path / "rounds",
        seed=1,  # by which it goes on from a checkpoint
        rounds=3,
        program=program,
        pairs=pairs,
        before=pairs[:1],
        size=64,
    )
    tally = killing.run()
    print(tally.table())  # noqa: T201  (shown where the test fails)
    assert tally.faults == []
    assert tally.kills >= 2
    assert tally.resumed
