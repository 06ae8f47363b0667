"""Which pairs are to be painted, why, in which order, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from neural_gallery.corridor.estimate import COMPILING, SECONDS_PER_PIXEL_STEP, work_of
from neural_gallery.corridor.plan import Plan
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import build, paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Painter

WriteSite = Callable[..., Path]
ONE_PAIR_LESS = ("  - {content: sea, style: sun, strength: 0.7}\n", "")
SKY = "{content: sky, style: sun}"


def planned(manifest: Path, workshop: Workshop) -> Plan:
    """The plan as a new process would make it."""
    return make_plan(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop)


def painted(manifest: Path, workshop: Workshop) -> None:
    """Paint every pair."""
    list(paint(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))


def reasons(manifest: Path, workshop: Workshop) -> list[str]:
    """Why the first pair is to be painted."""
    return list(planned(manifest, workshop).pairs[0].reasons)


def test_never_painted(write_site: WriteSite, workshop: Workshop):
    """A new pair was never painted; it has a cost, and the plan is the sum of its pairs."""
    plan = planned(write_site(), workshop)
    assert [pair.reasons for pair in plan.pairs] == [("never painted",), ("never painted",)]
    assert plan.seconds == sum(pair.seconds for pair in plan.pairs) > 0
    assert plan.bytes == sum(pair.bytes for pair in plan.pairs) > 0


def test_planning_changes_nothing(write_site: WriteSite, workshop: Workshop):
    """A plan leaves no trace but the memory of the pictures that were checked."""
    manifest = write_site()
    planned(manifest, workshop)
    assert not (manifest.parent / STORE_FOLDER).exists()


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("{content: sky, style: sun, strength: 0.6}", ["strength changed from 0.5 to 0.6"]),
        ("{content: sky, style: sun, size: 40, seed: 3}", ["size changed from 48 to 40", "seed changed from 0 to 3"]),
        ("{content: sky, style: sun, quality: draft}", ["quality changed from balanced to draft"]),
        ("{content: sky, style: sun, width: 40}", ["size changed from 48 to 40"]),
        ("{content: sky, style: sun, steps: 20}", ["steps changed from unset to [20]"]),
        ("{content: sky, style: sun, learning_rate: 0.05}", ["learning_rate changed from unset to 0.05"]),
        (
            "{content: sky, style: sun, optimizer: lbfgs, scales: 2, pooling: avg, total_variation: 0}",
            [
                "optimizer changed from adam to lbfgs",
                "scales changed from unset to 2",
                "pooling changed from max to avg",
                "total_variation changed from unset to 0",
            ],
        ),
        (
            "{content: sky, style: sun, style_layers: {relu2_1: 0.5, relu1_1: 2}, content_layers: [relu4_2]}",
            [
                "style_layers changed from unset to [relu1_1 2, relu2_1 0.5]",
                "content_layers changed from unset to [relu4_2 1]",
            ],
        ),
        ("{content: sky, style: sun, init: noise}", ["init changed from content to noise"]),
        ("{content: sky, style: sun, init: sea}", ["init changed from content to 'sea'"]),
        ("{content: sky, style: {sun: {mask: sea}}}", ["'sun' has a mask now"]),
        ("{content: sky, style: {sun: {style_mask: sea}}}", ["'sun' has a style mask now"]),
        (
            "{content: sky, style: {sun: {layers: [relu2_1, relu1_1]}}, style_layers: [relu1_1, relu2_1]}",
            [
                "the layers of 'sun' changed from unset to [relu1_1, relu2_1]",
                "style_layers changed from unset to [relu1_1 1, relu2_1 1]",
            ],
        ),
        ("{content: sky, style: {sun: 5}}", []),
        ("{content: sea, style: sun, id: sky-sun}", ["the content is 'sea' instead of 'sky'"]),
        ("{content: sky, style: sea, id: sky-sun}", ["the style is 'sea' instead of 'sun'"]),
        (
            "{content: sky, style: {sun: 1, sea: 3}, id: sky-sun}",
            ["the styles are 'sun', 'sea' instead of 'sun'"],
        ),
        (
            "{content: sky, style: sun, animation: {frames: 9}}",
            ["more frames are wanted: 9 instead of 4"],
        ),
        ("{content: sky, style: sun, caption: Evening, alt: evening, animation: {fps: 9}}", []),
    ],
)
def test_what_changed(write_site: WriteSite, workshop: Workshop, now: str, told: list[str]):
    """Everything that makes a pair stale is named, with both values; what does not matter for pixels is not."""
    painted(write_site(ONE_PAIR_LESS), workshop)
    assert reasons(write_site(ONE_PAIR_LESS, (SKY, now)), workshop) == told


def test_blend_weights(write_site: WriteSite, workshop: Workshop):
    """Other shares of the same styles are told as shares of one."""
    painted(write_site(ONE_PAIR_LESS, (SKY, "{content: sky, style: {sun: 1, sea: 1}, id: blend}")), workshop)
    manifest = write_site(ONE_PAIR_LESS, (SKY, "{content: sky, style: {sun: 1, sea: 3}, id: blend}"))
    assert reasons(manifest, workshop) == [
        "the weight of 'sun' changed from 0.5 to 0.25",
        "the weight of 'sea' changed from 0.5 to 0.75",
    ]


FULL = (
    "{content: sky, style: {sun: {mask: sky, style_mask: sea}, sea: 1}, id: full, init: sun, steps: [9, 8], "
    "style_layers: {relu1_1: 0.1}, total_variation: 0.1}"
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", []),
        ("mask: sky, ", "", ["'sun' has no mask now"]),
        ("mask: sky", "mask: sea", ["the mask of 'sun' is 'sea' instead of 'sky'"]),
        (", style_mask: sea", "", ["'sun' has no style mask now"]),
        ("style_mask: sea", "style_mask: sun", ["the style mask of 'sun' is 'sun' instead of 'sea'"]),
        ("init: sun", "init: sea", ["the start is 'sea' instead of 'sun'"]),
        ("init: sun", "init: style", ["init changed from 'sun' to style"]),
        ("init: sun, ", "", ["init changed from 'sun' to content"]),
        ("steps: [9, 8]", "steps: 9", ["steps changed from [9, 8] to [9]"]),
        ("steps: [9, 8], ", "", ["steps changed from [9, 8] to unset"]),
        ("{relu1_1: 0.1}", "{relu1_1: 1}", ["style_layers changed from [relu1_1 0.1] to [relu1_1 1]"]),
    ],
)
def test_what_can_be_done_without_changed(
    write_site: WriteSite, workshop: Workshop, old: str, new: str, told: list[str]
):
    """Masks, starts and numbers that a pair had and has no more, or has others of, are named as well."""
    painted(write_site(ONE_PAIR_LESS, (SKY, FULL)), workshop)
    assert old in FULL
    assert reasons(write_site(ONE_PAIR_LESS, (SKY, FULL.replace(old, new) if old else FULL)), workshop) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mask.png", ["the mask of 'sun' changed"]),
        ("start.png", ["the start picture changed"]),
    ],
)
def test_mask_or_start_changed(write_site: WriteSite, workshop: Workshop, name: str, told: list[str]):
    """Other bytes in their files make the pair stale, too."""
    from PIL import Image

    images = "alt: a sky}\n", "alt: a sky}\n  mask: {file: mask.png, alt: m}\n  start: {file: start.png, alt: s}\n"
    manifest = write_site(ONE_PAIR_LESS)
    for file in ("mask.png", "start.png"):
        Image.new("L", (90, 60), "white").save(manifest.parent / file)
    entry = (SKY, "{content: sky, style: {sun: {mask: mask}}, init: start}")
    painted(write_site(ONE_PAIR_LESS, images, entry), workshop)
    Image.new("L", (90, 60), "grey").save(manifest.parent / name)
    assert reasons(manifest, workshop) == told


def test_blend_order(write_site: WriteSite, workshop: Workshop):
    """The order of a blend's styles is part of the painting."""
    painted(write_site(ONE_PAIR_LESS, (SKY, "{content: sky, style: {sun: 1, sea: 1}, id: blend}")), workshop)
    manifest = write_site(ONE_PAIR_LESS, (SKY, "{content: sky, style: {sea: 1, sun: 1}, id: blend}"))
    assert reasons(manifest, workshop) == ["the order of the styles changed"]


@pytest.mark.parametrize(("name", "role"), [("sky.png", "content"), ("sun.jpg", "style")])
def test_picture_changed(write_site: WriteSite, workshop: Workshop, name: str, role: str):
    """Other bytes in a picture's file make its pairs stale."""
    from PIL import Image

    manifest = write_site(ONE_PAIR_LESS)
    painted(manifest, workshop)
    Image.new("RGB", (90, 60), "red").save(manifest.parent / name)
    assert reasons(manifest, workshop) == [f"the {role} picture changed"]


def test_crop_changed(write_site: WriteSite, workshop: Workshop):
    """Another part of the same picture is another content."""
    cropped = ("alt: a sky}\n", "alt: a sky}\n  part: {from: sky, crop: [0, 0, 60, 60], alt: part of a sky}\n")
    pair = (SKY, "{content: part, style: sun}")
    painted(write_site(ONE_PAIR_LESS, cropped, pair), workshop)
    manifest = write_site(ONE_PAIR_LESS, (cropped[0], cropped[1].replace("0, 0,", "1, 0,")), pair)
    assert reasons(manifest, workshop) == ["the content's crop changed"]


def test_engine_and_weights(write_site: WriteSite, workshop: Workshop):
    """Another engine or other weights make everything stale."""
    manifest = write_site(ONE_PAIR_LESS)
    painted(manifest, workshop)
    assert reasons(manifest, replace(workshop, engine=workshop.engine + 1)) == ["the engine is newer"]
    assert reasons(manifest, replace(workshop, engine=workshop.engine - 1)) == ["the engine is older"]
    assert reasons(manifest, replace(workshop, weights_sha256="1" * 64)) == ["the network's weights changed"]


def test_painter_with_few_frames(write_site: WriteSite, painter):
    """A painter that sends fewer frames than asked for is not asked again in every build."""
    from neural_gallery.workers.messages import Painted

    def terse(job):
        yield from (message for message in painter(job) if isinstance(message, Painted))

    manifest = write_site()
    workshop = Workshop(terse, weights_sha256="0" * 64)
    list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    assert planned(manifest, workshop).to_paint == ()


def test_pairs_of_one_shape_are_painted_together(write_site: WriteSite, workshop: Workshop):
    """Pairs that share what the painter compiles stand next to each other; otherwise the manifest's order holds."""
    manifest = write_site(
        (
            "pairs:\n",
            "pairs:\n  - {content: sun, style: sky, size: 32}\n",
        ),
        ("  - {content: sea, style: sun, strength: 0.7}\n", "  - {content: sea, style: sun, size: 32}\n"),
    )
    plan = planned(manifest, workshop)
    assert [pair.pair.id for pair in plan.pairs] == ["sun-sky", "sky-sun", "sea-sun"]
    assert [pair.pair.id for pair in plan.to_paint] == ["sun-sky", "sea-sun", "sky-sun"]


def test_experience(write_site: WriteSite, workshop: Workshop):
    """What a former painting took for its work is what the next one is expected to take, besides compiling."""
    painted(write_site(ONE_PAIR_LESS), workshop)
    plan = planned(write_site(), workshop)
    first, second = plan.pairs
    steps = first.pair.animation.frames  # the painter here takes one for each
    seen = work_of([(48, steps)], 48, 32, styles=1)
    asked = work_of(Workshop.scales(second.pair.paint), 48, 32, styles=1)
    assert first.seconds == 0
    assert second.seconds == pytest.approx(0.25 * asked / seen + COMPILING)


def test_more_steps_take_longer(write_site: WriteSite, workshop: Workshop):
    """The author's own steps and scales count, and of one shape only the first is compiled for."""
    first, second = planned(write_site(), workshop).pairs
    assert first.seconds == pytest.approx(second.seconds + COMPILING)
    _, slow = planned(write_site(("strength: 0.7}", "strength: 0.7, steps: 200}")), workshop).pairs
    assert slow.seconds > 3 * second.seconds


def test_facts_of_another_painter_tell_nothing(write_site: WriteSite, painter: Painter):
    """Facts are that painter's own account: what cannot be made out is passed over."""

    def other(job: Job) -> Iterator[Message]:
        for message in painter(job):
            if isinstance(message, Painted):
                message = replace(message, facts={"scales": [["large", None], 5], "seconds": 3.0})
            yield message

    manifest = write_site(ONE_PAIR_LESS)
    painted(manifest, Workshop(other, weights_sha256="0" * 64))
    pair = planned(write_site(), Workshop(other, weights_sha256="0" * 64)).pairs[1]
    work = work_of(Workshop.scales(pair.pair.paint), 48, 32, styles=1)
    assert pair.seconds == pytest.approx(work * SECONDS_PER_PIXEL_STEP + COMPILING)
