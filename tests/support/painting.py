"""Painting in tests: the whole stream at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.paint import paint
from neural_gallery.studio.painting import Result, Step
from neural_gallery.studio.recipe import Recipe
from neural_gallery.studio.targets import Style
from neural_gallery.studio.vgg import VGG


def painted(
    network: VGG, content: Bytes, styles: Sequence[Style], recipe: Recipe, **options: Any
) -> tuple[list[Step], Result]:
    """The signs of progress, and the result."""
    steps: list[Step] = []
    for record in paint(network, content, styles, recipe, **options):
        if isinstance(record, Result):
            return steps, record
        steps.append(record)
    raise AssertionError("the painting ended without a result")
