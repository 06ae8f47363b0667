"""Makes the pictures of docs/controls.md: one strip for each control, painted by `stylize`.

    python docs/make_controls.py [NAME …]

Some minutes on two cores. Photographs and paintings are those of the example site.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from neural_gallery import Style, stylize

ROOT = Path(__file__).resolve().parents[1]
IMAGES, STRIPS = ROOT / "content" / "images", ROOT / "docs" / "images" / "controls"
SIZE, GAP = 176, 6


def image(name: str) -> Path:
    """A picture of the example site."""
    return IMAGES / f"{name}.jpg"


CAT, WAVE, RENOIR, POPPIES = (
    image(name) for name in ("chelsea", "great-wave", "bal-du-moulin-de-la-galette", "poppies")
)


def halves() -> tuple[np.ndarray, np.ndarray]:
    """Two masks that go over into each other in the middle: the left, the right."""
    ramp = np.clip(np.linspace(-1.5, 2.5, 300), 0, 1)
    right = np.round(255 * np.tile(ramp, (200, 1))).astype(np.uint8)
    return 255 - right, right


def layered() -> list[Style]:
    """The texture of one painting, the forms of another."""
    return [Style(WAVE, layers=("relu1_1", "relu2_1")), Style(POPPIES, layers=("relu3_1", "relu4_1", "relu5_1"))]


def masked() -> list[Style]:
    """Two paintings, side by side."""
    left, right = halves()
    return [Style(WAVE, mask=left), Style(RENOIR, mask=right)]


COLOR_STYLE = RENOIR
VARIATIONS: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "strength": [(WAVE, {"strength": value}) for value in (0.2, 0.5, 0.8)],
    "quality": [(WAVE, {"quality": value}) for value in ("draft", "balanced", "best")],
    "optimizer": [(WAVE, {"optimizer": value}) for value in ("adam", "lbfgs")],
    "steps": [(WAVE, {"steps": value}) for value in (4, 16, 64)],
    "learning_rate": [(WAVE, {"learning_rate": value}) for value in (0.01, 0.08, 0.4)],
    "scales": [(WAVE, {"scales": value, "size": 224}) for value in (1, 2)],
    "pooling": [(WAVE, {"pooling": value}) for value in ("max", "avg")],
    "style_layers": [
        (WAVE, {"style_layers": layers})
        for layers in (["relu1_1", "relu2_1"], ["relu3_1", "relu4_1"], {"relu1_1": 4, "relu5_1": 1})
    ],
    "content_layers": [(WAVE, {"content_layers": [layer]}) for layer in ("relu2_2", "relu3_2", "relu4_2")],
    "total_variation": [(WAVE, {"total_variation": value}) for value in (0, 4, 100)],
    "style_scale": [(WAVE, {"style_scale": value}) for value in (0.5, 1, 2)],
    "colors": [(COLOR_STYLE, {"colors": value}) for value in ("style", "content", "luminance", "match")],
    "init": [(WAVE, {"init": value}) for value in ("content", "noise", "style", POPPIES)],
    "blend": [({WAVE: 1, POPPIES: 3}, {}), ({WAVE: 1, POPPIES: 1}, {}), (layered(), {})],
    "masks": [(masked(), {})],
}


def strip(name: str) -> Image.Image:
    """The variations of one control beside each other."""
    pictures = []
    for style, controls in VARIATIONS[name]:
        settings = {"size": SIZE, "quality": "draft", "steps": 24, **controls}
        if "quality" in controls:
            del settings["steps"]
        pictures.append(stylize(CAT, style, **settings).result.image)
    width, height = pictures[0].size
    sheet = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number * (width + GAP), 0))
    return sheet


def main() -> None:
    """Writes the strips of the controls that are named, of all unless there are some."""
    STRIPS.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or VARIATIONS:
        strip(name).save(STRIPS / f"{name}.jpg", quality=86, optimize=True)


if __name__ == "__main__":
    main()
