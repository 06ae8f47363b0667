"""Long work in parts, which whoever runs it can report on and stop in between."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

S = TypeVar("S")
T = TypeVar("T")

Parts: TypeAlias = Generator[str, None, T]
"""Work in parts: yields the name of each before it is done (the only one of short work may have none), returns the
outcome."""


def outcome(work: Parts[T]) -> T:
    """Does all of the work without a word."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    """What the work has come to."""

    outcome: T


def patiently(work: Parts[T], sign: Callable[[str], S], *, every: float) -> Generator[S, None, T]:
    """Runs `work` in a thread, one part after the other, and returns its outcome.

    Yields a sign every so many seconds, made from the name of the part that is being done. Closing the generator stops
    the work before its next part.
    """

    def go_on() -> str | _Done[T]:
        try:
            return next(work)
        except StopIteration as end:
            return _Done(end.value)

    part, told = "", monotonic()
    with ThreadPoolExecutor(1) as pool:
        while True:
            future = pool.submit(go_on)
            while not futures.wait([future], timeout=max(0.0, told + every - monotonic())).done:
                yield sign(part)
                told = monotonic()
            result = future.result()
            if isinstance(result, _Done):
                return result.outcome
            part = result
