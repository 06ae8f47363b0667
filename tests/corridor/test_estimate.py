"""How long painting will take."""

from __future__ import annotations

import pytest

from neural_gallery.corridor.estimate import (
    COMPILING,
    CONTENT_LOOK,
    RECENT,
    SECONDS_PER_PIXEL_STEP,
    STYLE_LOOK,
    Experience,
    Forecast,
    expected_seconds,
    pace_of,
    spread,
    work_of,
)


def test_work_is_pixels_times_steps():
    """Two scales of 4 and 10 steps, the coarse one with a quarter of the pixels, and a look at each picture at both."""
    looks = CONTENT_LOOK + 2 * STYLE_LOOK
    assert work_of([(50, 4), (100, 10)], 100, 60, styles=2) == pytest.approx(1500 * (4 + looks) + 6000 * (10 + looks))


def test_without_experience_the_table_is_used():
    """The first painting on a machine is guessed: a cost for its work, and compiling where its shape is the first."""
    assert expected_seconds(1e6, pace_of([]), compiling=False) == pytest.approx(1e6 * SECONDS_PER_PIXEL_STEP)
    assert expected_seconds(1e6, pace_of([]), compiling=True) == pytest.approx(1e6 * SECONDS_PER_PIXEL_STEP + COMPILING)


def test_a_machine_twice_as_slow():
    """A former painting that took twice the usual time doubles the guess, whatever its size and steps."""
    slow = Experience(5e5, 2 * 5e5 * SECONDS_PER_PIXEL_STEP)
    assert expected_seconds(1e6, pace_of([slow]), compiling=False) == pytest.approx(2e6 * SECONDS_PER_PIXEL_STEP)


def test_only_the_newest_count():
    """A machine that became faster is judged by its newest paintings."""
    now, then = Experience(1e6, 10), Experience(1e6, 500)
    assert expected_seconds(1e6, pace_of([now] * RECENT + [then] * 90), compiling=False) == pytest.approx(10)


def test_records_without_a_time_are_passed_over():
    """A record with no time (from a painter that measures none) does not make painting look free."""
    empty = [Experience(1e6, 0.0), Experience(0.0, 5.0)]
    assert expected_seconds(1e6, pace_of(empty), compiling=False) == pytest.approx(1e6 * SECONDS_PER_PIXEL_STEP)


def test_forecast_before_anything_started():
    """Before the first pair, the time left is the sum of the guesses."""
    assert Forecast([10, 20, 30]).remaining(now=5) == 60


def test_forecast_follows_the_pace():
    """A pair that took twice its guess doubles what is expected of the others."""
    forecast = Forecast([10, 20, 30])
    forecast.start(100)
    forecast.finish(120)
    assert forecast.remaining(120) == pytest.approx(100)


def test_forecast_within_a_pair():
    """Half of the first pair after 15 s instead of 5: the other half takes 15, and the next 30."""
    forecast = Forecast([10, 10])
    forecast.start(0)
    forecast.progress(0.5, 15)
    assert forecast.remaining(15) == pytest.approx(15 + 30)


def test_forecast_ticks_while_nothing_is_told():
    """Between two records of progress the time left goes down with the clock, and never below nothing."""
    forecast = Forecast([10])
    forecast.start(0)
    forecast.progress(0.5, 5)
    assert forecast.remaining(7) == pytest.approx(3)
    assert forecast.remaining(70) == 0


def test_compiling_is_not_extrapolated():
    """A first step that waited for the compiler says nothing about the pace of the others."""
    forecast = Forecast([100])
    forecast.start(0)
    forecast.progress(0.01, 20)
    assert forecast.remaining(20) == pytest.approx(99)


def test_a_start_slower_than_the_guess():
    """Where starting alone took longer than the whole guess, as much again is expected."""
    forecast = Forecast([10])
    forecast.start(0)
    forecast.progress(0.0, 60)
    assert forecast.remaining(60) == pytest.approx(60)


def test_several_share_the_work():
    """It takes a fair share of all of it, or as long as the longest: two cannot work at one pair."""
    assert spread([10, 20, 30], 1) == 60
    assert spread([10, 20, 30], 3) == 30
    assert spread([10] * 6, 3) == 20
    assert spread([], 3) == 0


def test_forecast_of_several_at_once():
    """Three under way, half done after their 10 s, and three more: what is left is shared by three."""
    forecast = Forecast([20, 20, 20, 40, 20, 30])
    for pair in "abc":
        forecast.start(0, pair, 20)
    assert forecast.remaining(0) == pytest.approx(150 / 3)
    for pair in "abc":
        forecast.progress(0.5, 10, pair)
    assert forecast.remaining(10) == pytest.approx((3 * 10 + 90) / 3)
    forecast.finish(20, "b")
    forecast.start(20, "d", 30)  # not the next one of the list
    forecast.progress(0.5, 20, "d")
    assert forecast._waiting == [40, 20]


def test_forecast_knows_the_longest():
    """The last two: one of them is nearly done, and nothing can be taken from the other."""
    forecast = Forecast([100, 100])
    forecast.start(0, "a", 100)
    forecast.start(0, "b", 100)
    forecast.progress(0.9, 90, "a")
    forecast.progress(0.5, 90, "b")
    assert forecast.remaining(90) == pytest.approx(90)
