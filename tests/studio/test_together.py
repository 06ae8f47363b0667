"""Several pairs painted in one program: each comes out as it does by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from neural_gallery.errors import PaintError
from neural_gallery.studio import memory, painting, together
from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.painting import Painting, Result, Step
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.together import kind_of, paint_together
from neural_gallery.studio.vgg import VGG

from ..support.painting import painted

Make = Callable[..., Recipe]
Pair = tuple[Bytes, Style, Recipe]


@pytest.fixture
def pairs(tiny_recipe: Make, content: Bytes, style: Bytes) -> list[Pair]:
    """Three of one kind: other pictures, some a little smaller on the same canvas; other strengths and starts.

    They have grain: where a gradient is nothing but rounding, Adam takes a whole step in its direction all the same.
    """
    random = np.random.default_rng(5)
    content, style = (
        np.clip(picture + random.normal(0, 12, picture.shape), 0, 255).astype(np.uint8) for picture in (content, style)
    )
    return [
        (content, Style(style), tiny_recipe()),
        (content[::-1, :-1].copy(), Style(255 - style), tiny_recipe(strength=0.8)),
        (content[:-2].copy(), Style(style[:, ::-1].copy()), tiny_recipe(strength=0.3, init="noise", seed=3)),
    ]


def _together(network: VGG, pairs: list[Pair], frames: list[int]) -> tuple[list[tuple[Step, ...]], tuple[Result, ...]]:
    paintings = [Painting(network, content, [style], recipe) for content, style, recipe in pairs]
    *steps, results = paint_together(paintings, frames=frames)
    return steps, results  # pyright: ignore[reportReturnType]  # the last one has results


def test_each_is_what_it_is_by_itself(tiny_network: VGG, pairs: list[Pair]) -> None:
    """The same picture within a level of 255, the same losses, as many frames as were asked for, in the same order."""
    frames = [6, 2, 9]
    # Few steps: what two programs round differently, each on its processor, grows with every one.
    few = [
        (content, style, dataclasses.replace(recipe, scales=(Scale(21, 4), Scale(42, 4))))
        for content, style, recipe in pairs
    ]
    steps, results = _together(tiny_network, few, frames)
    for position, (content, style, recipe) in enumerate(few):
        own_steps, own = painted(tiny_network, content, [style], recipe, frames=frames[position])
        assert results[position].rgb.shape == content.shape
        np.testing.assert_allclose(results[position].rgb.astype(int), own.rgb.astype(int), atol=1)
        np.testing.assert_allclose(results[position].losses, own.losses, rtol=1e-3)
        sent = [frame for told in steps for frame in told[position].frames]
        wanted = [frame for told in own_steps for frame in told.frames]
        assert len(sent) == frames[position]
        np.testing.assert_allclose(np.asarray(sent, int), np.asarray(wanted, int), atol=1)


def test_pairs_of_several_kinds_are_refused(tiny_network: VGG, pairs: list[Pair], content: Bytes) -> None:
    """Another number of steps, another canvas, a style that counts at one layer only: not in one program."""
    original, style, recipe = pairs[0]
    others: list[tuple[Bytes, list[Style], Recipe]] = [
        (original, [style], Recipe((Scale(21, 8), Scale(42, 8)), 0.5, "style", "content", 1.0, 0, recipe.method)),
        (original[:, :20].copy(), [style], recipe),
        (original, [Style(style.rgb, layers=("relu1_1",))], recipe),
        (original, [style, Style(style.rgb, mask=original[..., 0])], recipe),
    ]
    first = Painting(tiny_network, original, [style], recipe)
    for other_content, styles, other_recipe in others:
        other = Painting(tiny_network, other_content, styles, other_recipe)
        assert kind_of(other) != kind_of(first)
        with pytest.raises(ValueError, match="paintings of several kinds cannot be painted together"):
            next(iter(paint_together([first, other], frames=[2, 2])))
    little = memory.Room(0, 0, 0)
    in_blocks = [Painting(tiny_network, content, [style], recipe, room=lambda: little) for _ in range(2)]
    assert kind_of(in_blocks[0]) != kind_of(in_blocks[1])


def _diverging(condition: Callable[[np.ndarray], np.ndarray]) -> Callable[..., object]:
    """Chunks of steps that give no numbers for those pictures whose pace is so."""
    original = together.optimizers.paint_chunk_together

    def chunk(easels: Easel, *arguments: object, **options: Any) -> object:
        bad = condition(np.asarray(easels.pace))
        new, (losses, averages) = original(easels, *arguments, **options)
        return new, (jnp.where(bad[:, None], jnp.nan, losses), averages)

    return chunk


def test_only_what_diverges_is_slowed(tiny_network: VGG, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    """The second goes on with half the learning rate and says so; the others are as ever."""
    second = np.array([False, True, False])
    _, wanted = _together(tiny_network, pairs, [2, 2, 2])
    with monkeypatch.context() as patch:
        chunk = _diverging(lambda pace: second & (pace == 1))
        patch.setattr(together.optimizers, "paint_chunk_together", chunk)
        _, results = _together(tiny_network, pairs, [2, 2, 2])
    assert [result.setbacks for result in results] == [(), (0, 8), ()]  # the pace is that of a scale
    for position in (0, 2):
        np.testing.assert_array_equal(results[position].rgb, wanted[position].rgb)
    assert (results[1].rgb != wanted[1].rgb).any()


def test_what_stays_no_number_is_an_error(
    tiny_network: VGG, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as many halvings as one painting by itself gets."""
    monkeypatch.setattr(together.optimizers, "paint_chunk_together", _diverging(lambda pace: pace > 0))
    with pytest.raises(PaintError, match="no finite number after 0 of 20 steps, with 4 halvings"):
        _together(tiny_network, pairs, [2, 2, 2])


def test_each_can_go_on_by_itself(tiny_network: VGG, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint that was taken among others is one of a painting like any."""
    monkeypatch.setattr(painting, "CHECKPOINT_EVERY", 0.0)
    steps, results = _together(tiny_network, pairs, [2, 2, 2])
    for position, (content, style, recipe) in enumerate(pairs):
        checkpoint = next(told[position].checkpoint for told in steps if told[position].step == 12)
        rest, resumed = painted(tiny_network, content, [style], recipe, resume=checkpoint)
        assert rest[0].step >= 12
        np.testing.assert_allclose(resumed.rgb.astype(int), results[position].rgb.astype(int), atol=1)


def test_how_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One on a CPU; on an accelerator as many small pictures as keep it at work, and as it has memory for."""
    assert memory.pictures_at_once((64, 64), 100) == 1

    class Accelerator:
        """A device with so much memory."""

        platform = "gpu"
        device_kind = "one"

        def __init__(self, limit: int) -> None:
            self.limit = limit

        def memory_stats(self) -> dict[str, int]:
            """As JAX's devices tell it."""
            return {"bytes_limit": self.limit, "bytes_in_use": 0}

    monkeypatch.setattr(memory.jax, "devices", lambda: [Accelerator(80 * 10**9)])
    assert memory.pictures_at_once((256, 256), 100) == 16
    assert memory.pictures_at_once((1024, 1024), 100) == 1
    assert memory.pictures_at_once((4000, 4000), 100) == 1
    monkeypatch.setattr(memory.jax, "devices", lambda: [Accelerator(2 * 10**9)])
    assert memory.pictures_at_once((256, 256), 100) == 3
