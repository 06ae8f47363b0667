"""How a large picture is cut: windows of one size, owned positions that add up, distance from every cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.studio.architecture import VGG16, VGG19
from neural_gallery.studio.blocks import TILE, Grid, Span, grid_of, reach, shrinkage, spans
from neural_gallery.studio.recipe import Method

MARGIN, STEP = 70, 16
"""What VGG-19 needs down to `relu5_1`."""


@pytest.mark.parametrize(
    ("layers", "pixels"), [(["relu1_1"], 1), (["relu1_2"], 2), (["relu2_1"], 4), (["relu4_2"], 38), (["relu5_1"], 70)]
)
def test_how_far_a_position_sees(layers: list[str], pixels: int) -> None:
    """One position more for each convolution: 1 + 1, then 2 + 2, then 4 each, 8 each, 16."""
    assert reach(VGG19, layers) == pixels


def test_the_deepest_layer_counts() -> None:
    """Of several layers, the deepest sees furthest; another architecture sees another way."""
    assert reach(VGG19, ["relu5_1", "relu1_1"]) == 70
    assert reach(VGG16, ["relu5_1"]) == 58


@given(st.integers(1, 9000), st.integers(304, 1200))
def test_windows_of_any_side(side: int, longest: int) -> None:
    """One length, inside the picture; from the first edge to the last; owned parts away from cuts, in order."""
    found = spans(side, longest, margin=MARGIN, step=STEP)
    lengths = {span.stop - span.start for span in found}
    assert len(lengths) == 1
    assert lengths.pop() <= longest
    assert (found[0].start, found[-1].stop) == (0, side)
    for span in found:
        assert span.start % (TILE * STEP) == 0
        assert span.start <= span.own_start < span.own_stop <= span.stop
        assert span.start == 0 or span.own_start >= span.start + MARGIN
        # Behind a cut, the remainder of a step is pooled away: what lies there is never seen.
        assert span.stop == side or span.own_stop + MARGIN <= span.stop // STEP * STEP


@given(st.integers(16, 5000), st.integers(304, 1200), st.sampled_from(["relu1_1", "relu2_2", "relu4_2", "relu5_1"]))
def test_every_position_of_every_layer_is_owned_once(side: int, longest: int, layer: str) -> None:
    """Put together, what the windows own at a layer is that layer, an odd last position left out by pooling."""
    by = shrinkage(layer)
    owned: list[int] = []
    for span in spans(side, longest, margin=MARGIN, step=STEP):
        at_layer = span.at(by)
        assert at_layer.start * by == span.start
        owned += range(at_layer.own_start, at_layer.own_stop)
    assert owned == list(range(side // by))


def test_a_window_that_is_all_margin_is_refused() -> None:
    """A programmer who asks for it is told why."""
    with pytest.raises(ValueError) as caught:
        spans(1000, 200, margin=MARGIN, step=STEP)
    assert str(caught.value) == "a window of 200 pixels has no middle between margins of 70"


def test_a_grid_covers_a_picture_row_by_row() -> None:
    """Blocks are the product of both sides' windows; a short side is seen whole."""
    grid = grid_of((300, 900), 520, architecture=VGG19, layers=Method().layers)
    assert isinstance(grid, Grid)
    assert grid.window == (300, 452)
    assert [block.rows for block in grid.blocks] == [Span(0, 300, 0, 300)] * len(grid.blocks)
    assert [block.columns for block in grid.blocks] == [
        Span(0, 452, 0, 320),
        Span(192, 644, 320, 544),
        Span(448, 900, 544, 900),
    ]
    assert grid.blocks[1].place.tolist() == [[0, 0, 300], [192, 320, 544]]
