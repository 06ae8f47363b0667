"""Paints a print of 3000 x 2000 pixels and tells, as JSON, the peak of this process's memory. Run by a slow test."""

from __future__ import annotations

import dataclasses
import json
import resource
import sys

import numpy as np

from neural_gallery.studio.memory import room_here
from neural_gallery.studio.paint import paint
from neural_gallery.studio.painting import Result
from neural_gallery.studio.recipe import Recipe, Scale
from neural_gallery.studio.targets import Style
from neural_gallery.studio.weights import bundled_network


def main(steps: int) -> None:
    """Paints so many steps in as much room as is ever taken, on a machine that has plenty."""
    random = np.random.default_rng(0)
    content, style = (
        np.kron(random.integers(0, 256, (100, 150, 3), np.uint8), np.ones((20, 20, 1), np.uint8)) for _ in range(2)
    )
    recipe = Recipe((Scale(3000, steps),), 0.5, "style", "content", 1.0, 0)
    stages, losses, shape = [], [], None
    network = bundled_network(recipe.method.layers)
    room = dataclasses.replace(room_here(), free=10**12)
    for record in paint(network, content, [Style(style)], recipe, room=lambda: room):
        if isinstance(record, Result):
            losses, shape = [loss for _, loss in record.losses], record.rgb.shape
        elif record.stage not in stages:
            stages.append(record.stage)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"peak": peak, "losses": losses, "shape": shape, "stages": stages}))  # noqa: T201  # for the test


if __name__ == "__main__":
    main(int(sys.argv[1]))
