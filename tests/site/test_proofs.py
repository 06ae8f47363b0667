"""The pairs of a sheet of proofs, and what is told about names that cannot be meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml

from neural_gallery.errors import UsageError
from neural_gallery.site.lines import proof_lines
from neural_gallery.site.model import Colors, Init, Quality, Site
from neural_gallery.site.proofs import Grid, proof_pairs
from neural_gallery.site.schema import manifest_schema

from .conftest import IMAGES

Load = Callable[[str], Site]
GRID = Grid("cat", ("sea", "sky"), (0.25, 1.0), (Colors.STYLE, Colors.MATCH), 32)
PAIRS = "pairs:\n  - {content: cat, style: sea}\n"
DEFAULTS = (
    "defaults: {size: 64, quality: best, strength: 0.9, seed: 7, init: sky, pooling: avg, steps: 300, bits: 16}\n"
)


def told(site: Site, grid: Grid) -> list[str]:
    """What is wrong with a grid."""
    with pytest.raises(UsageError) as caught:
        proof_pairs(site, grid)
    return str(caught.value).splitlines()


def test_the_order_of_proofs(load: Load) -> None:
    """Row by row: by style, then colours, then strength."""
    assert [pair.id for pair in proof_pairs(load(IMAGES + PAIRS), GRID)] == [
        *("cat-sea-style-0.25", "cat-sea-style-1.0", "cat-sea-match-0.25", "cat-sea-match-1.0"),
        *("cat-sky-style-0.25", "cat-sky-style-1.0", "cat-sky-match-0.25", "cat-sky-match-1.0"),
    ]


def test_proofs_are_painted_by_the_defaults_but_small(load: Load) -> None:
    """Everything is as in the full painting, but for size and effort."""
    site = load(IMAGES + DEFAULTS + PAIRS)
    proof = proof_pairs(site, GRID)[0]
    assert (proof.paint.size, proof.paint.quality, proof.paint.steps, proof.paint.bits) == (32, Quality.DRAFT, (), 8)
    assert (proof.paint.seed, proof.paint.init, proof.paint.pooling) == (7, Init.PICTURE, "avg")
    assert proof.init_picture == site.images["sky"]


@pytest.mark.parametrize("defaults", ["", DEFAULTS, "defaults: {width: 40, colors: luminance}\n"])
def test_the_lines_of_a_proof_paint_it_in_full(load: Load, folder: Path, defaults: str) -> None:
    """Put under `pairs` they pass the schema, and ask for the proof's settings at the size and quality of defaults."""
    site = load(IMAGES + defaults + PAIRS)
    for proof in proof_pairs(site, GRID):
        manifest = f"{IMAGES}{defaults}pairs:\n{proof_lines(proof)}"
        jsonschema.validate(yaml.safe_load(manifest), manifest_schema())
        [pair] = load(manifest).pairs
        assert (pair.id, pair.content, pair.styles) == (proof.id, proof.content, proof.styles)
        as_usual = replace(pair.paint, strength=site.defaults.paint.strength, colors=site.defaults.paint.colors)
        assert replace(as_usual, size=site.defaults.paint.size) == site.defaults.paint
        assert (pair.paint.strength, pair.paint.colors) == (proof.paint.strength, proof.paint.colors)
        assert pair.init_picture == proof.init_picture


def test_unknown_pictures(load: Load) -> None:
    """Each is named once, with the nearest that there is."""
    site = load(IMAGES + PAIRS)
    assert told(site, replace(GRID, content="cut", styles=("see", "quite-another", "cut"))) == [
        "there is no picture 'cut'. Did you mean 'cat'?",
        "there is no picture 'see'. Did you mean 'sea'?",
        "there is no picture 'quite-another'. Declare it under images in site.yaml, or correct the name.",
        "'cut' is given as the content and as a style. Name the content first, then other pictures as its styles.",
    ]


def test_strengths_among_the_styles(load: Load) -> None:
    """Who separates strengths by spaces is told how to write them."""
    assert told(load(IMAGES + PAIRS), replace(GRID, styles=("sea", "0.5"))) == [
        "there is no picture '0.5'. Several strengths are written with commas between them: --strengths 0.3,0.5,0.7."
    ]


def test_content_and_style_swapped(load: Load) -> None:
    """A style in place of the content is told where the manifest's pairs leave no doubt, and only there."""
    site, swapped = load(IMAGES + PAIRS), replace(GRID, content="sea", styles=("cat",))
    assert told(site, swapped) == [
        "the first name is the content, and 'sea' is only ever a style in the manifest's pairs. "
        "Did you mean `neural-gallery proof cat sea`?"
    ]
    assert proof_pairs(site, replace(swapped, styles=("cat", "sky")))
    assert proof_pairs(load(IMAGES + PAIRS + "  - {content: sea, style: sky}\n"), swapped)


def test_long_names(load: Load) -> None:
    """A proof has the id of the pair that it becomes, which has to be a possible one."""
    long = "c" * 90
    site = load(f"{IMAGES}  {long}: {{file: cat.png, alt: a cat}}\n{PAIRS}")
    assert told(site, replace(GRID, content=long, styles=("sea",))) == [
        f"a pair would be called '{long}-sea-style-0.25', a name of more than 100 characters. "
        "Use shorter picture names."
    ]
