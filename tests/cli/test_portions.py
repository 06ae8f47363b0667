"""`--time-budget` and `--shard`: what may be written, what is said, and what programs are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from neural_gallery.cli import main
from neural_gallery.cli.portions import duration, shard_of
from neural_gallery.corridor.deadline import Deadline
from neural_gallery.corridor.sharding import Shard
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import UsageError

from ..support.slowly import Clock, SlowPainter

Run = Callable[..., Result]
WriteSite = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("40m", 2400),
        ("1h30m", 5400),
        ("1h", 3600),
        ("2H5S", 7205),
        ("75", 75),
        ("0.5", 0.5),
        (" 3m ", 180),
    ],
)
def test_durations(text: str, seconds: float):
    """Hours, minutes and seconds in this order, or a number of seconds."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "40 minutes", "30m1h", "1.5h", "-5m", "m", "nan", "inf", "1e3"])
def test_what_is_no_duration(text: str):
    """Told with how to write one."""
    with pytest.raises(UsageError) as caught:
        duration(text)
    assert str(caught.value) == (
        f"--time-budget: '{text}' is not a duration. Write it as 90s, 40m or 1h30m, or as a number of seconds."
    )


@pytest.mark.parametrize("text", ["0", "0s", "721h", "9" * 400, "9" * 5000 + "h"])
def test_durations_out_of_bounds(text: str):
    """No time at all is a mistake, and so is more than a month."""
    with pytest.raises(UsageError, match="is not a time to paint in"):
        duration(text)


def test_shards():
    """The first and the last of several, and the only one."""
    assert [shard_of(text) for text in ("1/5", "5/5", "1/1")] == [Shard(1, 5), Shard(5, 5), Shard(1, 1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "--shard: '' is not a share. Write which share of how many, as 2/5."),
        ("2", "--shard: '2' is not a share. Write which share of how many, as 2/5."),
        ("two/5", "--shard: 'two/5' is not a share. Write which share of how many, as 2/5."),
        ("-1/5", "--shard: '-1/5' is not a share. Write which share of how many, as 2/5."),
        ("0/5", "--shard: there is no share 0 of 5. Write a number from 1 to 5 before the stroke."),
        ("6/5", "--shard: there is no share 6 of 5. Write a number from 1 to 5 before the stroke."),
        ("1/0", "--shard: '1/0' does not share anything out. Shares are 1 to 1000."),
        (f"1/{'9' * 5000}", f"--shard: '1/{'9' * 5000}' does not share anything out. Shares are 1 to 1000."),
    ],
)
def test_what_is_no_shard(text: str, told: str):
    """Told with how to write one."""
    with pytest.raises(UsageError) as caught:
        shard_of(text)
    assert str(caught.value) == told


@pytest.mark.parametrize("arguments", [("build", "--time-budget", "soon"), ("paint", "--shard", "6/5")])
def test_mistakes_on_the_command_line(run: Run, write_site: WriteSite, painter, arguments: tuple[str, ...]):
    """Exit code 2, before anything is painted; programs are told, too."""
    write_site()
    result = run(*arguments, "--json")
    assert (result.exit_code, painter.painted) == (2, [])
    assert json.loads(result.stdout)["event"] == "error"
    assert result.stderr.endswith("1 problem\n")


@pytest.fixture
def slowly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with a painter that takes 40 seconds for each pair, on a clock that only it moves."""
    clock = Clock()
    after = Deadline.after
    monkeypatch.setattr(Deadline, "after", lambda seconds: after(seconds, clock=clock))
    monkeypatch.chdir(tmp_path)
    workshop = Workshop(SlowPainter(clock), "0" * 64)
    return lambda *arguments: CliRunner().invoke(main, arguments, obj=workshop, catch_exceptions=False)


def test_what_is_left_is_told(slowly: Run, write_site: WriteSite):
    """The command ends well, and says how many are left, how long they will take, and that the next run goes on."""
    write_site()
    result = slowly("build", "--time-budget", "1m5s")
    assert result.exit_code == 0
    first, second, third = result.stdout.splitlines()
    assert re.fullmatch(r"painted 1 pair, reused 0; wrote \d+ files in public", first)
    assert re.fullmatch(r"time is up: 1 pair is left, about \d+ s; the next run goes on", second)
    assert third == "open public/index.html"
    assert re.search(r"^\[2/2\] sea-sun: stopped at \d+%, and kept$", result.stderr, re.MULTILINE)
    done = slowly("build", "--time-budget", "1m5s").stdout.splitlines()
    assert done[0].startswith("painted 1 pair, reused 1; wrote ")
    assert done[1:] == ["open public/index.html"]


def test_programs_are_told(slowly: Run, write_site: WriteSite):
    """Of the pair that was stopped, and of all that is left."""
    write_site()
    records = [json.loads(line) for line in slowly("paint", "--time-budget", "30", "--json").stdout.splitlines()]
    stopped, time_up = records[-2:]
    assert stopped == {"event": "pair-stopped", "pair": "sky-sun", "position": 1, "total": 2, "work": 25 / 40}
    assert time_up.pop("seconds") > 15
    left = ["sky-sun", "sea-sun"]
    assert time_up == {"event": "time-up", "budget": 30.0, "painted": 0, "left": left, "enough": None}


def test_too_little_time_to_begin(slowly: Run, write_site: WriteSite):
    """No run after it would go on, however often: so it is told what would do, and that does."""
    write_site()
    *_, told = slowly("paint", "--time-budget", "5").stdout.splitlines()
    found = re.fullmatch(
        r"time is up: 2 pairs are left, about \d+ s; "
        r"there was no time to begin one, which takes a time budget of (\d+) s or more",
        told,
    )
    assert found
    assert 0 < int(found[1]) <= 60
    records = [json.loads(line) for line in slowly("paint", "--time-budget", "5", "--json").stdout.splitlines()]
    assert int(found[1]) - 10 < records[-1]["enough"] <= int(found[1])
    told = slowly("paint", "--time-budget", found[1]).stdout.splitlines()[-1]
    assert told.endswith("the next run goes on")


def test_a_shard_is_told(run: Run, write_site: WriteSite):
    """How much of the site it is, by paint and by plan."""
    write_site()
    told = run("plan", "--shard", "1/2").stdout.splitlines()[-1]
    assert told.startswith("shard 1 of 2: 1 of 2 pairs; 1 of 1 pair to paint: about ")
    assert run("paint", "--shard", "1/2").stdout == "shard 1 of 2: 1 of 2 pairs; painted 1 pair, reused 0\n"
    assert run("paint", "--shard", "3/3").stdout == "shard 3 of 3: 0 of 2 pairs; painted 0 pairs, reused 0\n"
    record = json.loads(run("plan", "--shard", "1/2", "--json").stdout)
    assert (record["shard"], record["all_pairs"]) == ({"number": 1, "count": 2}, 2)
    assert (len(record["pairs"]), record["to_paint"]) == (1, 0)
    assert "shard" not in json.loads(run("plan", "--json").stdout)


def test_a_share_says_nothing_of_the_site_size(run: Run, write_site: WriteSite):
    """How large the site will be does not depend on who paints it."""
    write_site()
    sizes = [json.loads(run("plan", "--json", *more).stdout)["site"] for more in ((), ("--shard", "1/2"))]
    assert sizes[0] == sizes[1]
