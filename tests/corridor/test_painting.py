"""What a painter is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import build, paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Init
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Painter

WriteSite = Callable[..., Path]
ONE_PAIR_LESS = ("  - {content: sea, style: sun, strength: 0.7}\n", "")
IMAGES = (
    "alt: a sky}\n",
    "alt: a sky}\n  mask: {file: mask.png, alt: m}\n  part: {from: mask, crop: [0, 0, 60, 40], alt: p}\n"
    "  start: {file: start.png, alt: s}\n",
)


@pytest.fixture
def jobs(painter: Painter) -> tuple[Workshop, list[Job]]:
    """A workshop, and the jobs that it was given."""
    given: list[Job] = []

    def remembering(job: Job) -> Iterator[Message]:
        given.append(job)
        yield from painter(job)

    return Workshop(remembering, weights_sha256="0" * 64), given


def drawn(folder: Path) -> None:
    """A mask, white in its left half, and a tall picture to start from, red above and blue below its middle third."""
    mask = np.zeros((60, 90), np.uint8)
    mask[:, :45] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    start = np.zeros((180, 90, 3), np.uint8)
    start[:60, :, 0] = start[120:, :, 2] = start[60:120, :, 1] = 255
    Image.fromarray(start).save(folder / "start.png")


def test_a_plain_pair(write_site: WriteSite, jobs: tuple[Workshop, list[Job]]):
    """Without masks, layers and a picture to start from there is none of them in the job."""
    workshop, given = jobs
    manifest = write_site(ONE_PAIR_LESS)
    list(paint(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    (job,) = given
    assert job.start is None
    assert [(style.layers, style.mask, style.style_mask) for style in job.styles] == [((), None, None)]


def test_masks_layers_and_a_start(write_site: WriteSite, jobs: tuple[Workshop, list[Job]]):
    """A mask has the size of the result, a style mask that of its style, and the start covers the result."""
    workshop, given = jobs
    drawn(write_site().parent)
    styles = "{sun: {mask: mask, layers: [relu3_1, relu1_1]}, sea: {weight: 3, style_mask: part}}"
    entry = f"{{content: sky, style: {styles}, init: start, steps: [7, 5], id: parts}}"
    manifest = write_site(ONE_PAIR_LESS, IMAGES, ("{content: sky, style: sun}", entry))
    list(paint(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    (job,) = given
    sun, sea = job.styles
    assert (sun.weight, sun.layers, sun.style_mask) == (0.25, ("relu1_1", "relu3_1"), None)
    assert (sea.weight, sea.layers, sea.mask) == (0.75, (), None)
    assert (sun.mask.shape, sun.mask.dtype) == (job.content.shape[:2], np.uint8)
    assert [sun.mask[0, 0], sun.mask[-1, -1]] == [255, 0]
    assert sea.style_mask.shape == sea.rgb.shape[:2] == (60, 90)
    assert [sea.style_mask[0, 60], sea.style_mask[0, 80]] == [255, 0]  # of the part, white up to three quarters
    assert (job.settings.init, job.settings.steps) == (Init.PICTURE, (7, 5))
    assert (job.start.shape, job.start.dtype) == (job.content.shape, np.uint8)
    assert abs(job.start[16, 24].astype(int) - [0, 255, 0]).max() <= 2  # the middle third of what stands upright
    assert job.start[2:-2].mean(axis=(0, 1))[1] > 250


def test_sixteen_bits(write_site: WriteSite, workshop: Workshop):
    """The PNG of full size has 16 bits a colour, the other stills are as ever, and so is the key of other pairs."""
    manifest = write_site(("strength: 0.7}", "strength: 0.7, bits: 16}"))
    list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    images = manifest.parent / "public" / "static" / "img"
    depth = {name: (images / f"{name}.png").read_bytes()[24] for name in ("sky-sun", "sea-sun")}
    assert depth == {"sky-sun": 8, "sea-sun": 16}
    with Image.open(images / "sea-sun.png") as fine, Image.open(images / "sea-sun-48w.webp") as coarse:
        assert fine.size == coarse.size == (48, 32)
    plan = make_plan(load_site(write_site()), Store(manifest.parent / STORE_FOLDER), workshop)
    assert [pair.reasons for pair in plan.pairs] == [(), ("bits changed from 16 to 8",)]


def test_a_painter_without_sixteen_bits(write_site: WriteSite, painter: Painter):
    """What it gives is not passed off as more."""

    def coarse(job: Job) -> Iterator[Message]:
        yield from (replace(one, fine=None) if isinstance(one, Painted) else one for one in painter(job))

    manifest = write_site(ONE_PAIR_LESS, ("style: sun", "style: sun, bits: 16"))
    with pytest.raises(PaintError, match="the painter of 'sky-sun' gave 8 bits a colour, not 16"):
        list(paint(load_site(manifest), Store(manifest.parent / STORE_FOLDER), Workshop(coarse, "0" * 64)))


def test_a_site_with_masks_is_built(write_site: WriteSite, workshop: Workshop):
    """From the manifest to the pages, and then there is nothing to do; mask and start are not published."""
    drawn(write_site().parent)
    entry = "{content: sky, style: {sun: {mask: mask}}, init: start}"
    manifest = write_site(ONE_PAIR_LESS, IMAGES, ("{content: sky, style: sun}", entry))
    list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
    names = {path.name.split("-")[0].split(".")[0] for path in (manifest.parent / "public/static/img").iterdir()}
    assert names == {"sky"}
    plan = next(iter(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))).plan
    assert plan.to_paint == ()
