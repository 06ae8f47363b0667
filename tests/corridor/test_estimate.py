"""How long painting will take."""

from __future__ import annotations

import pytest

from neural_gallery.corridor.estimate import RECENT, SECONDS_PER_PIXEL, START, Experience, Forecast, expected_seconds
from neural_gallery.site.model import Quality


def guess(quality: Quality, pixels: int) -> float:
    """What the table says."""
    return START + pixels * SECONDS_PER_PIXEL[quality]


def test_without_experience_the_table_is_used():
    """The first painting on a machine is guessed from the table: a start, and a cost per pixel."""
    assert expected_seconds(Quality.BALANCED, 1000, []) == guess(Quality.BALANCED, 1000)


def test_a_machine_twice_as_slow():
    """A former painting that took twice the table's time doubles the guess, at any size."""
    slow = Experience(Quality.BALANCED, 500, 2 * guess(Quality.BALANCED, 500))
    assert expected_seconds(Quality.BALANCED, 1000, [slow]) == pytest.approx(2 * guess(Quality.BALANCED, 1000))


def test_another_quality_tells_the_speed_too():
    """Where the quality was never painted, the others tell how fast the machine is."""
    fast = Experience(Quality.DRAFT, 500, 0.5 * guess(Quality.DRAFT, 500))
    assert expected_seconds(Quality.BEST, 1000, [fast]) == pytest.approx(0.5 * guess(Quality.BEST, 1000))


def test_the_same_quality_counts_alone():
    """Paintings of another quality do not blur what is known about this one."""
    own = Experience(Quality.DRAFT, 100, 3 * guess(Quality.DRAFT, 100))
    other = Experience(Quality.BEST, 100, 9 * guess(Quality.BEST, 100))
    assert expected_seconds(Quality.DRAFT, 100, [other, own]) == pytest.approx(own.seconds)


def test_only_the_newest_count():
    """A machine that became faster is judged by its newest paintings."""
    now = Experience(Quality.DRAFT, 100, guess(Quality.DRAFT, 100))
    then = Experience(Quality.DRAFT, 100, 50 * guess(Quality.DRAFT, 100))
    assert expected_seconds(Quality.DRAFT, 100, [now] * RECENT + [then] * 90) == pytest.approx(now.seconds)


def test_records_without_a_time_are_passed_over():
    """A record with no time (from a painter that measures none) does not make painting look free."""
    empty = Experience(Quality.DRAFT, 100, 0.0)
    assert expected_seconds(Quality.DRAFT, 100, [empty]) == guess(Quality.DRAFT, 100)


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
