"""The proof command: small paintings to choose from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from neural_gallery.cli.options import (
    Request,
    json_option,
    open_in_browser,
    quiet_option,
    site_options,
    workshop_of,
)
from neural_gallery.cli.problems import error_line
from neural_gallery.site.model import Colors

SIZE, STRENGTHS, COLORS = 128, "0.2,0.5,0.8", "style,match"
"""With two styles twelve proofs, about a minute on two cores."""


class _Strength(click.FloatRange):
    """A number from 0 to 1."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; "nan" is none, though Python and click take it for one."""
        number = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is not a number.", param, ctx) if math.isnan(number) else number


class _Several(click.ParamType):
    """Values of one type with commas between them, each once."""

    def __init__(self, one: click.ParamType, name: str) -> None:
        self._one, self.name = one, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[Any]:
        """The values; click tells which of them is wrong."""
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(self._one.convert(part.strip(), param, ctx) for part in value.split(",")))


@click.command()
@click.argument("content")
@click.argument("styles", nargs=-1, required=True)
@site_options
@click.option(
    "--strengths",
    type=_Several(_Strength(0, 1), "numbers"),
    default=STRENGTHS,
    show_default=True,
    help="From 0 to 1, with commas between them.",
)
@click.option(
    "--colors",
    type=_Several(click.Choice([colors.value for colors in Colors]), "words"),
    default=COLORS,
    show_default=True,
    help=f"Of {', '.join(Colors)}, with commas between them.",
)
@click.option(
    "--size", type=click.IntRange(16, 1024), default=SIZE, show_default=True, help="Longest side of a proof, in pixels."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    show_default=".neural-gallery/proofs/CONTENT",
    help="The folder that proof.png and proof.html go to.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser afterwards.")
@json_option(error_line)
@quiet_option
@click.pass_context
def proof(
    context: click.Context,
    request: Request,
    content: str,
    styles: tuple[str, ...],
    strengths: tuple[float, ...],
    colors: tuple[str, ...],
    size: int,
    output: Path | None,
    open_page: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Paint small proofs of CONTENT in each of STYLES, names of pictures in site.yaml, to choose from.

    One sheet, a picture and a page, shows every style with every way with colours at every strength, and the page the
    lines for site.yaml that paint each in full.

    \b
    Example:
        neural-gallery proof chelsea great-wave --open
        neural-gallery proof chelsea great-wave --strengths 0.4,0.5,0.6 --colors style,luminance
    """
    from neural_gallery.cli.following import follow
    from neural_gallery.corridor.proofs import PAGE, sheet_folder
    from neural_gallery.corridor.proofs import proof as paint_proofs
    from neural_gallery.site.proofs import Grid

    site, store = request.load(), request.store()
    folder = output.absolute() if output else sheet_folder(store, content)
    grid = Grid(content, tuple(dict.fromkeys(styles)), strengths, tuple(map(Colors, colors)), size)
    follow(paint_proofs(site, grid, folder, store, workshop_of(context, request)), folder, as_json=as_json, quiet=quiet)
    if open_page:
        open_in_browser(folder / PAGE)
