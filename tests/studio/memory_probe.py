"""Paints two steps at once and tells, as JSON, by how much this process's memory grew. Run by a slow test."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from neural_gallery.studio.memory import Room
from neural_gallery.studio.paint import paint
from neural_gallery.studio.pyramid import Canvas
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.weights import bundled_network


def main(longest: int) -> None:
    """Paints a picture of that longest side, two thirds as high, in boundless room."""
    random = np.random.default_rng(0)
    content, style = (random.integers(0, 256, (longest * 2 // 3, longest, 3), np.uint8) for _ in range(2))
    recipe = Recipe((Scale(longest, 2),), 0.5, "style", "content", 1.0, 0)
    painted = paint(bundled_network(recipe.method.layers), content, [Style(style)], recipe, room=lambda: BOUNDLESS)
    next(painted)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    for _ in painted:
        pass
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - pages * resource.getpagesize()
    shape = Canvas(*content.shape[:2]).shape
    print(json.dumps({"grown": grown, "shape": shape}))  # noqa: T201  # for the test


BOUNDLESS = Room(10**15, 10**15, 0)

if __name__ == "__main__":
    main(int(sys.argv[1]))
