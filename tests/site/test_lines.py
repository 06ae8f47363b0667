"""The lines of a manifest that ask for a pair once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from neural_gallery.site.lines import pair_lines, whole_weights
from neural_gallery.site.model import Site

from .conftest import IMAGES

Load = Callable[[str], Site]
WITH_A_MASK = f"{IMAGES}  left: {{file: left.png, alt: a mask}}\n"


@pytest.mark.parametrize(
    ("pair", "lines"),
    [
        (
            "{content: cat, style: sea}",
            "- content: cat\n  style: sea\n  id: cat-sea\n  size: 64\n  quality: best\n  strength: 0.25\n"
            "  colors: style\n  style_scale: 1.0\n  seed: 0\n",
        ),
        (
            "{content: cat, style: {sea: 4, sky: 2}, id: both, strength: 0.5, init: sky, show: style}",
            "- content: cat\n  style: {sea: 2, sky: 1}\n  id: both\n  size: 64\n  quality: best\n  strength: 0.5\n"
            "  colors: style\n  style_scale: 1.0\n  seed: 0\n  init: sky\n  show: style\n",
        ),
        (
            "{content: cat, style: {sea: {weight: 1, layers: [relu1_1]}, sky: {mask: left, style_mask: sky}},"
            " width: 32, seed: 9, init: noise, optimizer: lbfgs, steps: [8, 4], learning_rate: 0.02, scales: 2,"
            " pooling: avg, style_layers: {relu1_1: 4, relu2_1: 1}, content_layers: [relu3_2], total_variation: 0,"
            " bits: 16}",
            "- content: cat\n  style: {sea: {weight: 1, layers: [relu1_1]},"
            " sky: {weight: 1, mask: left, style_mask: sky}}\n"
            "  id: cat-sea-sky\n  size: 32\n  quality: best\n  strength: 0.25\n  colors: style\n  style_scale: 1.0\n"
            "  seed: 9\n  init: noise\n  optimizer: lbfgs\n  steps: [8, 4]\n  learning_rate: 0.02\n  scales: 2\n"
            "  pooling: avg\n  style_layers: {relu1_1: 4.0, relu2_1: 1.0}\n  content_layers: {relu3_2: 1.0}\n"
            "  total_variation: 0.0\n  bits: 16\n",
        ),
        (
            "{content: cat, style: sea, steps: 12}",
            "- content: cat\n  style: sea\n  id: cat-sea\n  size: 64\n  quality: best\n  strength: 0.25\n"
            "  colors: style\n  style_scale: 1.0\n  seed: 0\n  steps: 12\n",
        ),
    ],
)
def test_lines_of_a_pair(load: Load, folder: Path, pair: str, lines: str) -> None:
    """They ask for the same pixels, from a manifest without defaults and from one with others."""
    Image.new("L", (40, 20), 200).save(folder / "left.png")
    [written] = load(f"{WITH_A_MASK}defaults: {{size: 64, quality: best, strength: 0.25}}\npairs:\n  - {pair}\n").pairs
    assert pair_lines(written) == lines
    for defaults in ("{}", "{size: 99, quality: draft, strength: 1, colors: match, style_scale: 2, seed: 5}"):
        [again] = load(f"{WITH_A_MASK}defaults: {defaults}\npairs:\n{lines}").pairs
        assert replace(again, location=written.location) == written


def test_names_that_yaml_would_misread(load: Load) -> None:
    """A picture that is called like a number or a truth value keeps its name."""
    images = "version: 1\nimages:\n  '7': {file: cat.png, alt: a}\n  'no': {file: sea.jpg, alt: b}\n"
    [pair] = load(f"{images}pairs:\n  - {{content: '7', style: 'no'}}\n").pairs
    [again] = load(f"{images}pairs:\n{pair_lines(pair)}").pairs
    assert (again.content.name, again.styles[0].picture.name, again.id) == ("7", "no", "7-no")


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=5))
def test_weights_keep_their_proportions(weights: list[float]) -> None:
    """However they were written."""
    written = whole_weights(weights)
    for one, other in zip(written, weights, strict=True):
        assert one / sum(written) == pytest.approx(other / sum(weights), rel=1e-6)


def test_weights_become_small_whole_numbers() -> None:
    """Where there are ones."""
    assert whole_weights([2 / 3, 1 / 3]) == [2, 1]
    assert whole_weights([0.3, 0.45, 0.25]) == [6, 9, 5]
    assert whole_weights([0.123456, 0.876544]) == [0.123456, 0.876544]
