"""Programs that are compiled before their turn: by whom, how often, and what happens where that fails."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import jax
import numpy as np
import pytest

from neural_gallery.studio import ahead, paint
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.vgg import VGG

from ..support.painting import painted

Make = Callable[..., Recipe]

PROGRAMS = ("paint_chunk", "_style_statistics", "_content_features", "begin", "duplicate")


@pytest.fixture
def compiled() -> Iterator[list[tuple[str, str]]]:
    """What has been compiled, as (thread, program), for each time."""
    found: list[tuple[str, str]] = []

    class Listener(logging.Handler):
        """Picks JAX's own words about compiling."""

        def emit(self, record: logging.LogRecord) -> None:
            """One record."""
            words = record.getMessage()
            if words.startswith("Compiling jit("):
                found.append((str(record.threadName), words.removeprefix("Compiling jit(").split(")")[0]))

    logger, listener = logging.getLogger("jax"), Listener()
    logger.addHandler(listener)
    jax.config.update("jax_log_compiles", True)
    yield found
    jax.config.update("jax_log_compiles", False)
    logger.removeHandler(listener)


def test_everything_is_compiled_once_and_ahead(
    tiny_network: VGG,
    tiny_recipe: Make,
    content: np.ndarray,
    style: np.ndarray,
    compiled: list[tuple[str, str]],
) -> None:
    """All programs of both scales, and nothing is left for the painting itself to compile."""
    styles = [Style(style), Style(style[::-1], 2.0), Style(style, mask=np.full(content.shape[:2], 100, np.uint8))]
    recipe = tiny_recipe(scales=(Scale(29, 4), Scale(58, 4)))
    method = dataclasses.replace(recipe.method, total_variation=0.123)  # no other test has compiled for it
    painted(tiny_network, content, styles, dataclasses.replace(recipe, method=method))
    threads = {thread for thread, program in compiled if program in PROGRAMS}
    assert threads
    assert all(thread.startswith(ahead.THREADS) for thread in threads)
    times = Counter(program for _, program in compiled if program in PROGRAMS)
    assert times.pop("duplicate", 0) <= 2  # it knows no method, so others may have compiled it
    assert times == dict.fromkeys(set(PROGRAMS) - {"duplicate"}, 2)


def test_a_painting_in_blocks_compiles_nothing_that_it_does_not_run(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, compiled: list[tuple[str, str]]
) -> None:
    """Where there is no room for a scale at once, its steps have another program."""
    room = paint.room_here()
    painted(
        tiny_network,
        content,
        [Style(style)],
        tiny_recipe(scales=(Scale(37, 4),)),
        room=lambda: paint.Room(room.free, 0, room.block),
    )
    assert "paint_chunk" not in {program for _, program in compiled}


def test_what_fails_ahead_fails_where_it_is_told(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The painting compiles by itself what could not be compiled for it, and is the same."""
    recipe = tiny_recipe()
    _, wanted = painted(tiny_network, content, [Style(style)], recipe)

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(ahead.Ahead, "_compile_looks", broken)
    _, result = painted(tiny_network, content, [Style(style)], recipe)
    assert np.array_equal(result.rgb, wanted.rgb)


def test_a_painting_that_is_left_leaves_no_thread(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """Closing the stream gives up what has not been compiled yet; what is being compiled comes to its end."""
    stream = paint.paint(tiny_network, content, [Style(style)], tiny_recipe(scales=(Scale(23, 4), Scale(46, 4))))
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name.startswith(ahead.THREADS):
            thread.join(timeout=60)
            assert not thread.is_alive()
