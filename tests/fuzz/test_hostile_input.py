"""Whatever an author's files hold: they are read, or refused in the program's own words, in time and within memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support import hostile, hostile_pictures
from ..support.trials import SECONDS, Bench, in_time

ROOT = Path(__file__).parents[2]
RANDOM = st.randoms(use_true_random=False)
usual = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)

MOST_MEMORY = 1_500_000_000
"""Bytes that a run may have in memory at its peak, libraries included. What is bent may say that it has up to a hundred
million pixels, which are decoded where that is so: 4 bytes each, and a copy of another kind."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A small site beside which hostile files are laid; the current folder, so that messages name it shortly."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("bench")
    os.chdir(folder)
    yield Bench(folder)
    os.chdir(before)


@usual
@given(RANDOM)
def test_a_manifest(bench: Bench, rng: random.Random) -> None:
    """A bent manifest; hypothesis looks for the least of those that fail."""
    data = hostile.manifest(rng)
    with in_time():
        bench.manifest(data)


@usual
@given(RANDOM)
def test_a_post(bench: Bench, rng: random.Random) -> None:
    """A bent post: front matter, blocks and Markdown, and its pages for every target."""
    data = hostile.post(rng)
    with in_time():
        bench.post(data)


@usual
@given(RANDOM)
def test_a_picture(bench: Bench, rng: random.Random) -> None:
    """A damaged picture, read as content, as style, as mask and as start."""
    name, data = hostile_pictures.picture(rng, bench.samples)
    with in_time():
        bench.picture(name, data)


def run(*shares: tuple[str, int], seed: int) -> Callable[[], list[dict]]:
    """Begin a process that tries so many of each kind; a function that waits for it and gives what came out."""
    code = "; ".join(["from tests.support.trials import main", *(f"main('{kind}', {seed}, {n})" for kind, n in shares)])
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def wait() -> list[dict]:
        out, _ = process.communicate()
        assert process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]

    return wait


def try_all(*runs: Callable[[], list[dict]]) -> None:
    """Wait for processes that run side by side, and see that nothing went wrong in any."""
    results = [result for wait in runs for result in wait()]
    for result in results:
        print(f"{result['cases']} times {result['kind']}, {result['cases'] / result['seconds']:.0f} a second")  # noqa: T201
    print(f"at most {max(result['peak'] for result in results) / 1e6:.0f} MB")  # noqa: T201
    assert {name: what for result in results for name, what in result["wrong"].items()} == {}
    assert max(result["peak"] for result in results) < MOST_MEMORY


def test_ten_thousand_files() -> None:
    """Manifests, posts and pictures, each a case of its seed, on both cores."""
    try_all(run(("manifest", 4000), seed=1), run(("post", 1500), ("picture", 4500), seed=1))


@pytest.mark.slow
def test_a_million_manifests_and_a_hundred_thousand_pictures() -> None:
    """The same for an hour, with other seeds."""
    shares = ("manifest", 500_000), ("picture", 50_000), ("post", 20_000)
    try_all(run(*shares, seed=2), run(*shares, seed=3))


def test_a_case_that_takes_too_long() -> None:
    """The limit of time is one: an endless case ends, and is told."""
    from ..support.trials import tried

    def endless() -> None:
        while True:
            pass

    assert tried(endless).startswith(f"TooSlow: more than {SECONDS} s")


@pytest.mark.parametrize("what", [KeyError("a"), RecursionError("b"), MemoryError("c"), AssertionError("d")])
def test_a_case_that_fails(what: Exception) -> None:
    """An error that is not the program's own is told, with its place."""
    from ..support.trials import tried

    def failing() -> None:
        raise what

    assert tried(failing).startswith(f"{type(what).__name__}: ")
