"""Paintings that are interrupted and go on, and paintings that diverge and recover."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save

from neural_gallery.errors import PaintError
from neural_gallery.studio import paint, painting
from neural_gallery.studio.checkpoint import read_checkpoint
from neural_gallery.studio.optimizers import Easel
from neural_gallery.studio.painting import Step
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.vgg import VGG

from ..support.painting import painted

Make = Callable[..., Recipe]


@pytest.mark.parametrize("stopped_at", [4, 8, 12, 20])
def test_a_resumed_painting_is_the_uninterrupted_one(
    stopped_at: int,
    tiny_network: VGG,
    tiny_recipe: Make,
    content: np.ndarray,
    style: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From a checkpoint, through bytes, in either scale: the same bits, the same losses, and the frames left over."""
    monkeypatch.setattr(painting, "CHECKPOINT_EVERY", 0.0)
    recipe = tiny_recipe()
    steps, whole = painted(tiny_network, content, [Style(style)], recipe, frames=6)
    (stopped,) = (step for step in steps if step.checkpoint and step.step == stopped_at)
    assert stopped.checkpoint is not None
    checkpoint = read_checkpoint(stopped.checkpoint.to_bytes())
    rest, resumed = painted(tiny_network, content, [Style(style)], recipe, frames=6, resume=checkpoint)
    np.testing.assert_array_equal(resumed.rgb, whole.rgb)
    assert resumed.losses == whole.losses
    sent = [frame for step in steps[: steps.index(stopped) + 1] for frame in step.frames]
    sent += [frame for step in rest for frame in step.frames]
    np.testing.assert_array_equal(sent, [frame for step in steps for frame in step.frames])


def test_checkpoints_come_as_often_as_asked(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray
) -> None:
    """With no time between them, after every chunk; seldom where nobody asks."""
    often, _ = painted(tiny_network, content, [Style(style)], tiny_recipe(), checkpoint_every=0.0)
    ends = {step.step for step in often if step.step}
    assert {step.step for step in often if step.checkpoint} == ends
    seldom, _ = painted(tiny_network, content, [Style(style)], tiny_recipe(), checkpoint_every=1000.0)
    assert not any(step.checkpoint for step in seldom)


def test_a_checkpoint_that_does_not_fit_is_ignored(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of another size, of other steps or of a scale that is not there: the painting begins anew."""
    monkeypatch.setattr(painting, "CHECKPOINT_EVERY", 0.0)
    steps, _ = painted(tiny_network, content, [Style(style)], tiny_recipe())
    found = next(step.checkpoint for step in steps if step.checkpoint and step.step == 12)
    others = (
        tiny_recipe(scales=(Scale(21, 8), Scale(30, 12))),
        tiny_recipe(scales=(Scale(21, 8), Scale(42, 3))),
        tiny_recipe(scales=(Scale(42, 12),)),
    )
    for other in others:
        first = next(iter(paint.paint(tiny_network, content, [Style(style)], other, resume=found)))
        assert isinstance(first, Step)
        assert (first.step, first.stage) == (0, "starting")


def about(text: str) -> bytes:
    """A checkpoint that says this of itself."""
    return save({"about": np.frombuffer(text.encode(), np.uint8)})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no checkpoint at all",
        save({"0": np.zeros(3)}),
        save({"about": np.zeros(3)}),
        about('{"scale": Infinity, "done": 3, "losses": [], "setbacks": []}'),
        about("[" * 100_000),
    ],
)
def test_bytes_that_are_no_checkpoint_are_none(data: bytes) -> None:
    """A torn or foreign file is told from a checkpoint; nothing in it is executed."""
    assert read_checkpoint(data) is None


def test_checkpoints_are_taken_now_and_then(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with every chunk: only when some time has passed since the last."""
    clock = itertools.count(step=10)
    # Not the module's own function, which JAX asks as well where it compiles.
    monkeypatch.setattr(painting, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    steps, _ = painted(tiny_network, content, [Style(style)], tiny_recipe())
    assert [step.step for step in steps if step.checkpoint] == [8, 16]


def _diverging_while(condition: Callable[[float], bool]) -> Callable[..., object]:
    """A chunk of steps that gives no numbers while the pace is so."""
    paint_chunk = paint.optimizers.paint_chunk

    def chunk(easel: Easel, *arguments: object, **options: object) -> object:
        pace = float(easel.pace)
        new, (found, averages) = paint_chunk(easel, *arguments, **options)
        return new, (jnp.full_like(found, jnp.nan) if condition(pace) else found, averages)

    return chunk


def test_a_diverging_painting_is_an_error_with_a_remedy(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An objective that stays no number ends the painting with our own error."""
    monkeypatch.setattr(paint.optimizers, "paint_chunk", _diverging_while(lambda _: True))
    with pytest.raises(PaintError) as caught:
        painted(tiny_network, content, [Style(style)], tiny_recipe())
    assert str(caught.value) == (
        "The objective is no finite number after 0 of 20 steps, with 4 halvings of the learning rate. "
        "Try another seed or a strength nearer to 0.5."
    )


def test_a_chunk_that_diverges_is_done_again_with_smaller_steps(
    tiny_network: VGG, tiny_recipe: Make, content: np.ndarray, style: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where it began: the painting ends with all its steps, in the way of half the learning rate, and says so."""
    recipe = tiny_recipe(scales=(Scale(42, 12),))
    with monkeypatch.context() as patch:
        patch.setattr(paint.optimizers, "paint_chunk", _diverging_while(lambda pace: pace == 1))
        _, result = painted(tiny_network, content, [Style(style)], recipe)
    assert result.setbacks == (0,)
    assert [step for step, _ in result.losses] == [4, 8, 12]
    method = recipe.method
    slower = dataclasses.replace(
        method,
        learning_rate=method.learning_rate / 2,
        final_learning_rate=method.final_learning_rate / 2,
    )
    _, wanted = painted(tiny_network, content, [Style(style)], dataclasses.replace(recipe, method=slower))
    np.testing.assert_array_equal(result.rgb, wanted.rgb)
    assert wanted.setbacks == ()
