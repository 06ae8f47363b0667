"""Painting from Python: pictures in, progress and a result out, with the real network at a small size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neural_gallery import Style, stylize
from neural_gallery.api import Controls
from neural_gallery.errors import PaintError, PictureError, WeightsError
from neural_gallery.store.png16 import encode_png16
from neural_gallery.workers.local import recipe_of

IMAGES = Path(__file__).parents[1] / "content" / "images"
CAT, WAVE, POPPIES = (IMAGES / f"{name}.jpg" for name in ("chelsea", "great-wave", "poppies"))
SHALLOW: Controls = {"steps": 2, "style_layers": ["relu1_1", "relu2_1"], "content_layers": {"relu2_2": 2.0}}
"""Painted in no time, since little of the network is compiled."""


def test_paths_in_progress_and_a_result_out(tmp_path: Path) -> None:
    """The readme's example: it counts its steps, sends its frames, and the result has the size asked for."""
    painting = stylize(CAT, WAVE, size=64, quality="draft", frames=3)
    steps = list(painting)
    assert steps[-1].step == steps[-1].steps == 28
    assert sum(len(step.frames) for step in steps) == 3
    assert max(painting.result.rgb.shape) == 64
    assert painting.result.facts["steps"] == 28
    painting.result.save(tmp_path / "cat.png")
    with Image.open(tmp_path / "cat.png") as saved:
        np.testing.assert_array_equal(np.asarray(saved), painting.result.rgb)


def test_arrays_images_and_paths_are_the_same() -> None:
    """However the pictures come, the same is painted; the transparency of the content is the result's."""
    with Image.open(CAT) as opened:
        content = opened.convert("RGB").resize((48, 32))
    with Image.open(WAVE) as opened:
        style = opened.convert("RGB").resize((60, 40))
    array = np.dstack([np.asarray(content), np.full((32, 48), 200, np.uint8)])
    from_images = stylize(content, style, **SHALLOW).result
    from_arrays = stylize(np.asarray(content), np.asarray(style), **SHALLOW).result
    np.testing.assert_array_equal(from_images.rgb, from_arrays.rgb)
    assert from_images.alpha is None
    transparent = stylize(array, style, **SHALLOW).result
    assert transparent.image.mode == "RGBA"
    assert transparent.alpha is not None
    assert (transparent.alpha == 200).all()


def test_blends_masks_and_a_start() -> None:
    """Each control reaches the studio: no two of these are the same picture."""
    left = np.zeros((32, 48), np.uint8)
    left[:, :24] = 255
    whole = np.full((9, 9), 255, np.uint8)
    styles = [Style(WAVE, mask=left), Style(POPPIES, weight=2, mask=255 - left, style_mask=whole)]
    paintings = [
        stylize(CAT, WAVE, size=48, **SHALLOW),
        stylize(CAT, {str(WAVE): 2, POPPIES: 1}, size=48, **SHALLOW),
        stylize(CAT, styles, size=48, **SHALLOW),
        stylize(CAT, WAVE, size=48, init=POPPIES, **SHALLOW),
        stylize(CAT, [Style(WAVE, layers=("relu1_1",)), Style(POPPIES)], size=48, **SHALLOW),
    ]
    assert len({painting.result.rgb.tobytes() for painting in paintings}) == len(paintings)


def test_every_control_reaches_the_recipe() -> None:
    """What is written is what the painter is told; a tuple is as good as a list."""
    painting = stylize(
        CAT,
        WAVE,
        size=48,
        optimizer="lbfgs",
        pooling="avg",
        steps=(5, 3),
        scales=2,
        learning_rate=0.05,
        total_variation=1.5,
        style_layers=("relu1_1",),
        content_layers={"relu3_1": 2.0},
    )
    recipe = recipe_of(painting.job.settings)
    assert [scale.steps for scale in recipe.scales] == [3]
    method = recipe.method
    assert (method.optimizer, method.pooling, method.total_variation) == ("lbfgs", "avg", 1.5)
    assert (method.learning_rate, method.style_layers) == (0.05, (("relu1_1", 1.0),))
    assert method.content_layers == (("relu3_1", 2.0),)


def test_sixteen_bits(tmp_path: Path) -> None:
    """They are there where they were asked for, finer than 8 and otherwise the same, and a PNG keeps them."""
    result = stylize(CAT, WAVE, size=48, bits=16, **SHALLOW).result
    assert result.fine is not None
    np.testing.assert_array_equal(np.round(result.fine / 257), result.rgb)
    assert len(np.unique(result.fine)) > 256
    result.save(tmp_path / "result.png")
    assert (tmp_path / "result.png").read_bytes() == encode_png16(result.fine)
    result.save(tmp_path / "result.webp")
    with Image.open(tmp_path / "result.webp") as image:
        assert image.size == (result.rgb.shape[1], result.rgb.shape[0])
    assert stylize(CAT, WAVE, size=48, **SHALLOW).result.fine is None


def test_a_painting_can_be_stopped() -> None:
    """After that there is no result, and saying so is an error of ours."""
    painting = stylize(CAT, WAVE, size=48, steps=4)
    next(painting)
    painting.close()
    with pytest.raises(PaintError, match="stopped before it was finished"):
        _ = painting.result


def test_what_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Before anything is painted: a missing picture, a picture that is none, values out of bounds, missing weights."""
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(PictureError, match=r"there is no file '.*chelsae\.jpg'.*Did you mean"):
        stylize(IMAGES / "chelsae.jpg", WAVE)
    with pytest.raises(PictureError, match="is not a picture"):
        stylize(tmp_path / "text.jpg", WAVE)
    with pytest.raises(ValueError, match=r"strength\n.*less than or equal to 1"):
        stylize(CAT, WAVE, strength=1.5)
    with pytest.raises(ValueError, match="relu9_1"):
        stylize(CAT, WAVE, style_layers=["relu9_1"])
    with pytest.raises(ValueError, match="at least one style"):
        stylize(CAT, [])
    with pytest.raises(WeightsError, match="cannot be read"):
        stylize(CAT, WAVE, weights=tmp_path / "missing.npz")


def test_the_package_stays_light() -> None:
    """Having `stylize` at hand imports nothing heavy; what is not there is an attribute error."""
    script = "import neural_gallery, sys; print([name in sys.modules for name in ('jax', 'numpy', 'pydantic')])"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert told.stdout == "[False, False, False]\n"
    import neural_gallery

    with pytest.raises(AttributeError, match="stylise"):
        _ = neural_gallery.stylise
