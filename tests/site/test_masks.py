"""Masks of styles: how they are read, and what is seen of them before anything is painted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from neural_gallery.errors import InputError, Location, PictureError
from neural_gallery.site import pictures
from neural_gallery.site.manifest import load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Crop, Picture, Site, fit
from neural_gallery.site.pictures import MaskProbe, probe, probe_masks, read_covering, read_mask

PLACE = Location("site.yaml", 3, 9)
MASKS = """\
version: 1
images:
  cat: {file: cat.png, alt: a cat}
  sea: {file: sea.jpg, alt: waves}
  sky: {file: sky.png, alt: a night sky}
  left: {file: left.png, alt: a mask}
  right: {file: right.png, alt: a mask}
  grey: {file: grey.png, alt: a mask}
  black: {file: black.png, alt: a mask}
  dark: {file: black.png, alt: a mask}
  wide: {file: wide.png, alt: a mask}
pairs:
"""


def halves(width: int = 40, height: int = 20) -> np.ndarray:
    """White in the left half, black in the right one."""
    return np.where(np.arange(width) < width // 2, 255, 0).astype(np.uint8) * np.ones((height, 1), np.uint8)


@pytest.fixture
def masks(folder: Path) -> Path:
    """The folder with masks in it."""
    left = halves()
    pixels = {
        "left": left,
        "right": 255 - left,
        "grey": left // 255 * 0 + 128,
        "black": left * 0,
        "wide": halves(80, 42),
    }
    for name, values in pixels.items():
        Image.fromarray(values).save(folder / f"{name}.png")
    return folder


def picture(path: Path, **changes: object) -> Picture:
    """A file as if a manifest declared it."""
    seen = probe(path, PLACE)
    size = (seen.width, seen.height, seen.has_alpha)
    whole = Picture(path.stem, path, path.name, seen.sha256, None, *size, "a", "", "", "", "", PLACE)
    return replace(whole, **changes)


def saved(folder: Path, pixels: np.ndarray, name: str = "m.png") -> Picture:
    """A picture of those pixels."""
    Image.fromarray(pixels).save(folder / name)
    return picture(folder / name)


# --- read as greyscale -----------------------------------------------------------------------------------------------


def test_masks(masks: Path, told: Callable[[str], list[str]], fragment: list[str], messages: list[str]) -> None:
    """Each thing that can be wrong with masks."""
    assert told(MASKS + "".join(f"  {line}\n" for line in fragment)) == messages


def test_brightness_counts(tmp_path: Path) -> None:
    """Greys are themselves; colours count by their luma, green more than red and red more than blue (ITU-R 601)."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(2, axis=0)
    assert read_mask(saved(tmp_path, greys), 256, 2)[0].tolist() == list(range(256))
    colors = np.zeros((2, 16, 3), np.uint8)
    colors[:, 0, 0] = colors[:, 1, 1] = colors[:, 2, 2] = 255
    assert read_mask(saved(tmp_path, colors), 16, 2)[0, :4].tolist() == [76, 150, 29, 0]


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    """White counts as much as it is opaque, and colours under a transparent pixel do not count."""
    pixels = np.full((2, 16, 4), 255, np.uint8)
    pixels[:, :4, 3] = [0, 51, 204, 255]
    assert read_mask(saved(tmp_path, pixels), 16, 2)[1, :4].tolist() == [0, 51, 204, 255]


def test_a_mask_is_cropped_and_scaled(tmp_path: Path) -> None:
    """The part that is declared becomes as large as asked for, height first; a hard edge becomes a soft one."""
    mask = replace(saved(tmp_path, halves()), crop=Crop(10, 0, 20, 20), width=20)
    read = read_mask(mask, 60, 30)
    assert (read.shape, read.dtype) == ((30, 60), np.uint8)
    assert read[0, :25].min() == 255
    assert read[0, 35:].max() == 0
    assert sorted({*read[0].tolist()}, reverse=True) == list(dict.fromkeys(read[0].tolist()))


@given(st.integers(2, 90), st.integers(2, 90), st.integers(0, 2**32 - 1))
def test_complements_add_up_to_white_at_every_size(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, seed: int
) -> None:
    """Scaling neither opens gaps nor makes masks overlap: a mask and its negative stay so but for rounding.

    Each direction of scaling rounds by half a step, which makes one for either mask.
    """
    folder = tmp_path_factory.mktemp("masks")
    pixels = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), (20, 40))
    pair = [saved(folder, pixels, "a.png"), saved(folder, 255 - pixels, "b.png")]
    total = sum(read_mask(mask, width, height).astype(int) for mask in pair)
    assert abs(total - 255).max() <= 2
    assert probe_masks(pair, width, height).excess == 0


def test_a_file_that_went_away(tmp_path: Path) -> None:
    """It is told as for every picture."""
    mask = saved(tmp_path, halves())
    mask.path.unlink()
    with pytest.raises(PictureError) as caught:
        read_mask(mask, 40, 20)
    assert str(caught.value) == "site.yaml:3:9: the file 'm.png' is gone. Put it back."


# --- a picture to start from -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "columns"),
    [((20, 20), (10, 29)), ((40, 20), (0, 39)), ((10, 10), (10, 29)), ((60, 60), (10, 29))],
)
def test_a_start_covers_the_result(tmp_path: Path, size: tuple[int, int], columns: tuple[int, int]) -> None:
    """It is scaled until nothing stays bare, and what protrudes is cut off on both sides alike."""
    ramp = np.repeat(np.arange(40, dtype=np.uint8)[None, :, None] * 6, 3, axis=2).repeat(20, axis=0)
    read = read_covering(saved(tmp_path, ramp), *size)
    assert read.shape == (size[1], size[0], 3)
    assert abs(int(read[0, 0, 0]) - columns[0] * 6) <= 3
    assert abs(int(read[0, -1, 0]) - columns[1] * 6) <= 3


def test_a_transparent_start_is_white(tmp_path: Path) -> None:
    """What painting starts from has colours everywhere."""
    assert read_covering(saved(tmp_path, np.zeros((20, 40, 4), np.uint8)), 8, 8).min() == 255


# --- seen before anything is painted ---------------------------------------------------------------------------------


def test_masks_that_fit(masks: Path, load: Callable[[str], Site]) -> None:
    """Complements fit, and one mask for several styles counts once; a style without one goes everywhere."""
    entry = (
        "{content: cat, style: {sea: {mask: left, layers: [relu2_1, relu1_1]}, sky: {mask: left, weight: 2}, cat: 1}}"
    )
    pair = load(
        f"{MASKS}  - {entry}\n  - {{content: cat, id: b, style: {{sea: {{mask: left}}, sky: {{mask: right}}}}}}\n"
    ).pairs[0]
    assert [(style.picture.name, style.weight) for style in pair.styles] == [("sea", 0.25), ("sky", 0.5), ("cat", 0.25)]
    assert [style.mask and style.mask.name for style in pair.styles] == ["left", "left", None]
    assert [style.layers for style in pair.styles] == [("relu1_1", "relu2_1"), (), ()]


def test_a_style_mask_goes_with_the_style(masks: Path, load: Callable[[str], Site]) -> None:
    """It has the shape of the style's picture, whatever that of the content; the two kinds are not mixed up."""
    site = load(MASKS + "  - {content: sea, style: {cat: {style_mask: left}}}\n")
    (style,) = site.pairs[0].styles
    assert (style.mask, style.style_mask, style.weight) == (None, site.images["left"], 1.0)


@given(st.integers(2, 3000), st.integers(2, 3000), st.integers(16, 3000))
def test_a_mask_drawn_at_any_size_of_the_content_fits(width: int, height: int, longest: int) -> None:
    """Rounding a side to whole pixels does not make another shape of it."""
    from neural_gallery.site.blends import same_shape

    whole = Picture("w", Path("w"), "w", "", None, width, height, False, "", "", "", "", "", PLACE)
    mask = replace(whole, **dict(zip(("width", "height"), fit(width, height, longest), strict=True)))
    assert same_shape(mask, whole)
    if width == height:
        assert not same_shape(replace(mask, width=longest, height=longest + 2), whole)


@pytest.mark.parametrize(("level", "excess"), [(129, 0.0), (130, 100 * 5 / 255)])
def test_two_steps_for_each_mask_are_let_pass(tmp_path: Path, level: int, excess: float) -> None:
    """Rounding in a lossy file is no overlap: 255 + 2 x 2 is the most that two masks may come to."""
    grey = np.full((20, 40), 130, np.uint8)
    pair = [saved(tmp_path, grey, "a.png"), saved(tmp_path, np.full_like(grey, level), "b.png")]
    assert probe_masks(pair, 40, 20).excess == pytest.approx(excess)


def test_where_masks_overlap(tmp_path: Path) -> None:
    """The place is that of the greatest sum, the area all that exceeds white, the excess that over white."""
    one, other = np.zeros((10, 20), np.uint8), np.zeros((10, 20), np.uint8)
    one[:, :10] = 255
    other[:, 5:] = 100
    other[9, 9] = 255
    pair = [saved(tmp_path, one, "a.png"), saved(tmp_path, other, "b.png")]
    assert probe_masks(pair, 20, 10) == MaskProbe((), 100.0, (47.5, 95.0), 25.0)


def test_many_white_masks(tmp_path: Path) -> None:
    """Sixteen of them add up to sixteen, not to what is left of it in eight bits."""
    white = saved(tmp_path, np.full((20, 40), 255, np.uint8))
    assert probe_masks([white] * 16, 40, 20).excess == 1500


def test_masks_are_remembered(masks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen once is not read again, in this run or in the next; another size or another mask is."""
    entries = "{content: cat, style: {sea: {mask: left}}}", "{content: cat, style: {sky: {mask: left}}}"
    (masks / "site.yaml").write_text(MASKS + "".join(f"  - {entry}\n" for entry in entries))
    read: list[str] = []

    def reading(picture: Picture, width: int, height: int) -> np.ndarray:
        read.append(f"{picture.name} {width} x {height}")
        return read_mask(picture, width, height)

    monkeypatch.setattr(pictures, "read_mask", reading)
    memory = masks / "pictures.json"
    for _ in range(2):
        load_site(Path("site.yaml"), cache=ProbeCache(memory))
        assert read == ["left 400 x 200"]
    (masks / "site.yaml").write_text(MASKS + "  - {content: cat, size: 80, style: {sea: {mask: grey}}}\n")
    load_site(Path("site.yaml"), cache=ProbeCache(memory))
    assert read[1:] == ["grey 80 x 40"]
    assert len(json.loads(memory.read_text())["masks"]) == 1  # what is not asked for any more is forgotten


def test_what_is_wrong_is_remembered_too(masks: Path) -> None:
    """The second run tells the same."""
    entry = "{content: cat, style: {sea: {mask: left}, sky: {mask: grey}}}"
    (masks / "site.yaml").write_text(f"{MASKS}  - {entry}\n")
    told = []
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            load_site(Path("site.yaml"), cache=ProbeCache(masks / "pictures.json"))
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert "add up to 150% of white" in told[0]
