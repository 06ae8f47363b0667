"""What a run looks like while it goes on, on a terminal and elsewhere. Time is handed in, so nothing waits."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from neural_gallery.cli.bars import Bars
from neural_gallery.cli.console import Deferred, PlainLines, Quiet
from neural_gallery.cli.records import event_line
from neural_gallery.cli.tally import Tally
from neural_gallery.corridor.events import (
    EncodingStarted,
    Event,
    Note,
    PairDone,
    PairFailed,
    PairProgress,
    PairStarted,
    PlanReady,
    Rendered,
)
from neural_gallery.corridor.plan import Plan
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import Problem
from neural_gallery.site.manifest import load_site
from neural_gallery.store.store import Store


@pytest.fixture
def plan_ready(write_site: Callable[..., Path], workshop: Workshop) -> PlanReady:
    """A plan of two pairs, neither painted, 13 seconds each."""
    manifest = write_site()
    plan = make_plan(load_site(manifest), Store(manifest.parent / "store"), workshop)
    pairs = tuple(replace(pair, seconds=13.0) for pair in plan.pairs)
    return PlanReady(Plan(pairs, pairs))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_plain_lines(plan_ready: PlanReady, capsys: pytest.CaptureFixture[str]):
    """A line when a pair starts, one about every ten seconds, one when it ends; the time left covers the rest."""
    clock = Clock()
    display = PlainLines(clock)
    display.show(plan_ready)
    display.show(PairStarted("sky-sun", 1, 2, 10))
    for second in range(1, 41):
        clock.now = 100.0 + second
        display.show(PairProgress("sky-sun", second, 40, "painting 48 x 32", 0.5, second / 40))
    display.show(PairDone("sky-sun", 1, 2, 40.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "painting 2 pairs, about 26 s",
        "[1/2] sky-sun: starting",
        "[1/2] sky-sun: step 10 of 40, painting 48 x 32; 1 min 10 s left",
        "[1/2] sky-sun: step 20 of 40, painting 48 x 32; 1 min left",
        "[1/2] sky-sun: step 30 of 40, painting 48 x 32; 50 s left",
        "[1/2] sky-sun: step 40 of 40, painting 48 x 32; 40 s left",
        "[1/2] sky-sun: painted in 40 s; 40 s left",
    ]


def test_time_left_goes_with_the_work(plan_ready: PlanReady, capsys: pytest.CaptureFixture[str]):
    """Half of the steps may be a fifth of the work: the time left is then four times what has passed."""
    clock = Clock()
    display = PlainLines(clock)
    display.show(PlanReady(dataclasses.replace(plan_ready.plan, to_paint=plan_ready.plan.to_paint[:1])))
    display.show(PairStarted("sky-sun", 1, 1, 10))
    clock.now += 10
    display.show(PairProgress("sky-sun", 20, 40, "painting 24 x 16", 0.5, 0.2))
    assert capsys.readouterr().err.splitlines()[-1] == "[1/1] sky-sun: step 20 of 40, painting 24 x 16; 40 s left"


def test_plain_lines_about_the_rest(plan_ready: PlanReady, capsys: pytest.CaptureFixture[str]):
    """Failures and notes have their lines; of many encodings the first is named, and one every ten seconds."""
    clock = Clock()
    display = PlainLines(clock)
    display.show(plan_ready)
    display.show(PairStarted("sky-sun", 1, 2, 10))
    display.show(PairFailed("sky-sun", 1, 2, (Problem(None, "it diverged."),)))
    display.show(Note("something was mended"))
    for second in range(1, 13):
        clock.now = 100.0 + second
        display.show(EncodingStarted(f"img/{second}.png"))
    display.show(Rendered((), 1, (), ""))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == [
        "[1/2] sky-sun: starting",
        "[1/2] sky-sun: failed",
        "note: something was mended",
        "encoding img/1.png",
        "encoding img/11.png",
    ]


def test_plain_lines_of_several_at_once(plan_ready: PlanReady, capsys: pytest.CaptureFixture[str]):
    """Each line names its pair; the time left is shared by those at work; the last to end has none."""
    clock = Clock()
    display = PlainLines(clock)
    display.show(plan_ready)
    display.show(PairStarted("sky-sun", 1, 2, 13))
    display.show(PairStarted("sea-sun", 2, 2, 13))
    clock.now += 11
    display.show(PairProgress("sky-sun", 20, 40, "painting 48 x 32", 0.5, 0.5))
    display.show(PairProgress("sea-sun", 36, 40, "painting 48 x 32", 0.5, 0.9))
    clock.now += 11
    display.show(PairDone("sea-sun", 2, 2, 22.0))
    display.show(PairDone("sky-sun", 1, 2, 22.0))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "[1/2] sky-sun: starting",
        "[2/2] sea-sun: starting",
        "[1/2] sky-sun: step 20 of 40, painting 48 x 32; 11 s left",
        "[2/2] sea-sun: painted in 22 s; 0 s left",
        "[1/2] sky-sun: painted in 22 s",
    ]


def test_bars_of_several_at_once(plan_ready: PlanReady):
    """Each has its own, and goes when it is over; the bar of all counts those that are, in whatever order."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with Bars(console) as bars:
        bars.show(plan_ready)
        bars.show(PairStarted("sky-sun", 1, 2, 13))
        bars.show(PairStarted("sea-sun", 2, 2, 13))
        bars.show(PairProgress("sky-sun", 10, 40, "painting 48 x 32", 0.5, 0.1))
        bars.show(PairProgress("sea-sun", 30, 40, "painting 24 x 16", 0.5, 0.7))
        bars.refresh()
        both = screen.getvalue()
        bars.show(PairDone("sea-sun", 2, 2, 61.0))
        screen.truncate(0)
        bars.refresh()
        one = screen.getvalue()
    assert "10/40 painting 48 x 32" in both
    assert "30/40 painting 24 x 16" in both
    assert "1 of 2" in one
    assert "10/40 painting 48 x 32" in one
    assert "24 x 16" not in one


def test_bars(plan_ready: PlanReady):
    """On a terminal: the run with its pairs and the time left, the pair with its steps; done pairs stay as lines."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with Bars(console) as bars:
        bars.show(plan_ready)
        bars.show(PairStarted("sky-sun", 1, 2, 10))
        bars.show(PairProgress("sky-sun", 10, 40, "painting 48 x 32", 0.5, 0.1))
        bars.refresh()
        seen = screen.getvalue()
        bars.show(PairDone("sky-sun", 1, 2, 61.0))
        bars.show(PairStarted("sea-sun", 2, 2, 10))
        bars.show(PairFailed("sea-sun", 2, 2, ()))
        bars.show(Note("something was [mended]"))
        bars.show(EncodingStarted("img/[1].png"))
        bars.refresh()
    assert "0 of 2" in seen
    assert "s left" in seen
    assert "sky-sun" in seen
    assert "10/40 painting 48 x 32" in seen
    end = screen.getvalue()
    assert "painted sky-sun in 1 min 1 s\n" in end
    assert "failed  sea-sun\n" in end
    assert "note: something was [mended]\n" in end
    assert "img/[1].png" in end


def test_deferred_display_is_made_when_there_is_work(plan_ready: PlanReady):
    """A run with nothing to wait for makes no display; with the first work it is made and told what came before."""
    made: list[list[Event]] = []

    class Recording(Quiet):
        def __init__(self) -> None:
            self.seen: list[Event] = []
            made.append(self.seen)

        def show(self, event: Event) -> None:
            self.seen.append(event)

    started = PairStarted("sky-sun", 1, 2, 10)
    progress = PairProgress("sky-sun", 1, 2, "", 0.0, 0.5)
    with Deferred(Recording) as display:
        display.show(plan_ready)
        assert made == []
        display.show(started)
        display.show(progress)
    assert made == [[plan_ready, started, progress]]


def test_json_has_no_nan():
    """A loss that is not known yet is null: JSON has no NaN."""
    line = event_line(PairProgress("sky-sun", 0, 10, "warming up", math.nan, 0.0))
    assert json.loads(line) == {
        "event": "pair-progress",
        "pair": "sky-sun",
        "step": 0,
        "steps": 10,
        "stage": "warming up",
        "loss": None,
        "work": 0.0,
    }


def test_json_of_problems():
    """Problems in events are objects with their fields."""
    record = json.loads(event_line(PairFailed("sky-sun", 1, 2, (Problem(None, "it diverged.", "Wait."),))))
    assert record["event"] == "pair-failed"
    assert record["problems"] == [{"file": "", "line": 0, "column": 0, "message": "it diverged.", "remedy": "Wait."}]


def test_stopped_before_the_plan():
    """Ctrl-C before anything is known says how to go on, and claims nothing."""
    assert Tally().stopped() == "stopped: run the same command again to go on"


def test_summary_counts_removed_files(plan_ready: PlanReady):
    """The last words tell what was painted, written and removed."""
    tally = Tally()
    for event in (plan_ready, PairDone("sky-sun", 1, 1, 1.0), Rendered(("a", "b"), 3, ("c",), "")):
        tally.count(event)
    assert tally.summary(Path("public")) == ["painted 1 pair, reused 0; wrote 2 files in public, removed 1"]
