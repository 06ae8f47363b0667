"""Paints on eight devices and on one, and tells, as JSON, how far apart the results are. Run by `test_devices.py`.

The devices are virtual ones of a CPU: the flag that makes them must be set before JAX starts, so it is set where this
program is started.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from neural_gallery.studio import memory, optimizers, paint, painting, splitting
from neural_gallery.studio.architecture import Architecture, InputConvention
from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.checkpoint import read_checkpoint
from neural_gallery.studio.memory import Room
from neural_gallery.studio.painting import Painting, Result, Step
from neural_gallery.studio.parts import outcome
from neural_gallery.studio.recipe import Method, Recipe, Scale
from neural_gallery.studio.splitting import Split
from neural_gallery.studio.targets import Style
from neural_gallery.studio.together import Places, paint_together
from neural_gallery.studio.vgg import VGG
from neural_gallery.studio.weights import bundled_network

COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter", "collective-broadcast")

ONE = Room(10**12, 10**12, 0)
EIGHT = dataclasses.replace(ONE, devices=8)

TINY = Architecture("a tiny network", depths=(2, 2), widths=(4, 8))
METHOD = Method(style_layers=(("relu1_1", 2.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),))
RECIPE = Recipe((Scale(61, 8), Scale(123, 12)), 0.5, "style", "content", 1.0, 0, METHOD)
IMAGES = Path(__file__).parents[2] / "content" / "images"


def tiny_network() -> VGG:
    """Two blocks of random filters."""
    random = np.random.default_rng(7)
    parameters = [
        (name, *(random.normal(0, 0.3, shape).astype(np.float32) for shape in (TINY.shape(name), TINY.shape(name)[3:])))
        for name in TINY.convolutions
    ]
    return VGG(TINY, parameters, convention=InputConvention("RGB", 1.0, (0.5, 0.5, 0.5)))


def picture(seed: int, height: int, width: int) -> Bytes:
    """Soft waves in three colours, with grain: where a gradient is rounding, Adam takes a whole step all the same."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(random.uniform(0.05, 0.3, 2) @ [rows.ravel(), columns.ravel()] + 2 * index) for index in range(3)]
    image = 128 + 80 * np.stack(waves, -1).reshape(height, width, 3) + random.normal(0, 12, (height, width, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def photograph(name: str, width: int, height: int) -> Bytes:
    """A picture of the example site."""
    with Image.open(IMAGES / name) as image:
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def painted(network: VGG, content: Bytes, styles: list[Style], recipe: Recipe, room: Room, **more: Any) -> Result:
    """The result alone."""
    return steps_and_result(network, content, styles, recipe, room, **more)[1]


def steps_and_result(
    network: VGG, content: Bytes, styles: list[Style], recipe: Recipe, room: Room, **more: Any
) -> tuple[list[Step], Result]:
    """All that is told of a painting, and the result."""
    *steps, result = paint.paint(network, content, styles, recipe, room=lambda: room, **more)
    assert isinstance(result, Result)
    return [step for step in steps if isinstance(step, Step)], result


def apart(one: Result, other: Result) -> int:
    """The largest difference of two results, of 255."""
    assert one.rgb.shape == other.rgb.shape
    return int(np.abs(one.rgb.astype(int) - other.rgb).max())


def beyond(one: Result, other: Result) -> float:
    """The share of the pixels that are more than one level apart."""
    return float((np.abs(one.rgb.astype(int) - other.rgb).max(2) > 1).mean())


def collectives(program: str) -> dict[str, list[str]]:
    """What the devices tell each other in a compiled program: shapes by kind."""
    found: dict[str, list[str]] = {}
    for shapes, kind in re.findall(r"= (.*?) ((?:" + "|".join(COLLECTIVES) + r")(?:-start)?)\(", program):
        found.setdefault(kind.removesuffix("-start"), []).append(shapes)
    return found


def split_of(network: VGG, content: Bytes, styles: list[Style], recipe: Recipe, room: Room) -> dict[str, Any]:
    """The first step of the last scale: its program, the loss, the gradient (Adam's first moment)."""
    painting, scale = Painting(network, content, styles, recipe, room=lambda: room), recipe.scales[-1]
    canvas, split = painting.canvas(scale), painting.split(scale)
    easel = painting.begun(painting.start(canvas), scale)
    targets = outcome(painting.targets(scale))
    shares = tuple(jnp.float32(share) for share in recipe.shares)
    options: dict[str, Any] = {"method": recipe.method, "steps": scale.steps, "chunk": 1}
    if split is None:
        options["network_graph"] = painting.graph
        program = optimizers.paint_chunk.lower(easel, painting.state, targets, shares, **options).compile()
        state = painting.state
    else:
        targets, shares, state = split.placed(targets), split.placed(shares), split.state
        options |= {"graph": split.graph, "mesh": split.mesh}
        program = splitting.paint_chunk_split.lower(easel, state, targets, shares, **options).compile()
    after, (losses, _) = program(easel, state, targets, shares)
    moment = np.asarray(after.moments.mu)[:, : canvas.height, : canvas.width]
    return {"text": program.as_text(), "loss": float(losses[0]), "gradient": moment, "split": split}


def compared_steps(network: VGG, content: Bytes, styles: list[Style], recipe: Recipe) -> dict[str, Any]:
    """One step on one device and one on eight."""
    one, eight = (split_of(network, content, styles, recipe, room) for room in (ONE, EIGHT))
    assert isinstance(eight["split"], Split)
    return {
        "devices": eight["split"].bands,
        "loss": abs(one["loss"] - eight["loss"]) / one["loss"],
        "gradient": float(np.linalg.norm(one["gradient"] - eight["gradient"]) / np.linalg.norm(one["gradient"])),
        "collectives": collectives(eight["text"]),
    }


def batch_of(network: VGG, pairs: list[tuple[Bytes, list[Style]]], recipe: Recipe) -> tuple[list[Step], list[Result]]:
    """Several pairs on eight devices; the steps of the last of them."""
    paintings = [Painting(network, content, styles, recipe, room=lambda: ONE) for content, styles in pairs]
    *steps, results = paint_together(paintings, frames=[2] * len(pairs), devices=8)
    return [told[-1] for told in steps], list(results)  # pyright: ignore


def batch_program(network: VGG, recipe: Recipe, content: Bytes, style: Bytes) -> dict[str, list[str]]:
    """What the devices tell each other while each of them paints a pair."""
    painting = Painting(network, content, [Style(style)], recipe, room=lambda: ONE)
    scale, places = recipe.scales[-1], Places.among(8, 8)
    easel = painting.begun(painting.start(painting.canvas(scale)), scale)
    trees = places.put([(easel, outcome(painting.targets(scale)), *(jnp.float32(it) for it in recipe.shares))] * 8)
    program = optimizers.paint_chunk_together.lower(
        trees[0],
        places.network(painting),
        trees[1],
        trees[2:],
        network_graph=painting.graph,
        method=recipe.method,
        steps=scale.steps,
        chunk=1,
        mesh=places.mesh,
    )
    return collectives(program.compile().as_text())


@contextmanager
def diverging(module: Any, name: str) -> Iterator[None]:
    """Makes the chunks of steps give no numbers while the pace is 1."""
    original = getattr(module, name)

    def chunk(easel: Any, *arguments: Any, **options: Any) -> Any:
        bad = np.asarray(easel.pace) == 1
        new, (losses, averages) = original(easel, *arguments, **options)
        return new, (np.where(bad[..., None], np.nan, losses), averages)

    setattr(module, name, chunk)
    yield
    setattr(module, name, original)


def tiny() -> Iterator[tuple[str, Any]]:
    """With a tiny random network."""
    network, content, style = tiny_network(), picture(1, 123, 42), picture(2, 90, 66)
    mask, style_mask = picture(3, 123, 42)[..., 0], picture(4, 90, 66)[..., 0]
    plain, blend = (
        [Style(style)],
        [
            Style(style, 2.0, mask=mask, style_mask=style_mask),
            Style(255 - style, 1.0, mask=mask),
            Style(style[::-1].copy()),
        ],
    )
    yield "step", compared_steps(network, content, plain, RECIPE)
    yield "masked step", compared_steps(network, content, blend, RECIPE)
    painting.CHECKPOINT_EVERY = 0.0
    # Adam at its full pace makes more of a last digit than a level of 255 where masks leave hardly any gradient.
    slow = dataclasses.replace(RECIPE, method=dataclasses.replace(METHOD, learning_rate=4 / 255))
    lbfgs = dataclasses.replace(RECIPE, method=dataclasses.replace(METHOD, optimizer="lbfgs", pooling="avg"))
    yield from compared_paintings("plain", network, content, plain, RECIPE)
    yield from compared_paintings("blend", network, content, blend, slow)
    yield from compared_paintings("lbfgs", network, content, plain, lbfgs)
    yield from tiny_batches(network)
    with diverging(splitting, "paint_chunk_split"):
        eight = painted(network, content, plain, RECIPE, EIGHT)
    with diverging(optimizers, "paint_chunk"):
        one = painted(network, content, plain, RECIPE, ONE)
    yield "diverging", {"setbacks": [one.setbacks, eight.setbacks], "apart": apart(one, eight)}


def compared_paintings(
    name: str, network: VGG, content: Bytes, styles: list[Style], recipe: Recipe
) -> Iterator[tuple[str, Any]]:
    """A painting on one device and on eight, and begun on some and finished on others."""
    told = {room.devices: steps_and_result(network, content, styles, recipe, room, frames=5) for room in (ONE, EIGHT)}
    (steps, one), (other_steps, eight) = told[1], told[8]
    frames, other_frames = ([frame for step in told for frame in step.frames] for told in (steps, other_steps))
    yield (
        name,
        {
            "devices": [one.devices, eight.devices],
            "apart": apart(one, eight),
            "frames apart": int(np.abs(np.asarray(frames, int) - np.asarray(other_frames, int)).max()),
            "losses": [[loss for _, loss in result.losses] for result in (one, eight)],
        },
    )
    for begun, room in ((1, EIGHT), (8, ONE)):
        checkpoint = next(step.checkpoint for step in told[begun][0] if step.checkpoint and step.step == 12)
        more = {"resume": read_checkpoint(checkpoint.to_bytes())}
        rest, result = steps_and_result(network, content, styles, recipe, room, **more)
        yield f"{name} begun on {begun}", {"from": rest[0].step, "apart": apart(one, result)}


def tiny_batches(network: VGG) -> Iterator[tuple[str, Any]]:
    """Eleven pairs, each of two styles, one of them with a mask; six devices are as fast with them as eight."""
    recipe = dataclasses.replace(RECIPE, scales=(Scale(21, 8), Scale(42, 12)))
    pairs = [
        (
            picture(seed, 30, 42),
            [
                Style(picture(seed + 20, 50, 36)),
                Style(picture(seed + 40, 36, 50), mask=picture(seed + 60, 30, 42)[..., 0]),
            ],
        )
        for seed in range(11)
    ]
    single = [painted(network, content, styles, recipe, ONE) for content, styles in pairs]
    steps, results = batch_of(network, pairs, recipe)
    yield "eleven", {"devices": results[0].devices, "apart": list(map(apart, single, results))}
    checkpoint = next(step.checkpoint for step in steps if step.checkpoint and step.step == 12)
    more = {"resume": read_checkpoint(checkpoint.to_bytes())}
    rest, result = steps_and_result(network, *pairs[-1], recipe, ONE, **more)
    yield "one of eleven", {"from": rest[0].step, "apart": apart(single[-1], result)}
    yield "batch program", batch_program(network, recipe, pairs[0][0], pairs[0][1][0].rgb)


def real() -> Iterator[tuple[str, Any]]:
    """With the real weights, on small pictures."""
    # At its full pace, VGG-19 makes three to five times as much of a last digit with every step, on one device as well.
    method = Method(learning_rate=1 / 255, final_learning_rate=0.1 / 255)
    recipe = Recipe((Scale(96, 20),), 0.5, "style", "content", 1.0, 0, method)
    network = bundled_network(recipe.method.layers)
    pictures = [photograph(name, 96, 62) for name in ("chelsea.jpg", "great-wave.jpg", "rocket.jpg")]
    pairs = [(content, [Style(pictures[index - 2])]) for index, content in enumerate(pictures)]
    single = [painted(network, content, styles, recipe, ONE) for content, styles in pairs]
    split = painted(network, *pairs[0], recipe, EIGHT)
    yield "split", {"devices": split.devices, "apart": apart(single[0], split), "beyond": beyond(single[0], split)}
    _, results = batch_of(network, pairs, recipe)
    worst = {"apart": max(map(apart, single, results)), "beyond": max(map(beyond, single, results))}
    yield "batch", {"devices": results[0].devices, **worst}
    yield "step", compared_steps(network, *pairs[0], recipe)
    yield "batch program", batch_program(network, recipe, *pictures[:2])


if __name__ == "__main__":
    assert len(jax.devices()) == 8
    memory.BAND_PIXELS = 64  # no picture here is large
    print(json.dumps(dict({"tiny": tiny, "real": real}[sys.argv[1]]())))  # noqa: T201  # for the test
