"""Commands that make something: build, paint, render."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from neural_gallery.cli.completion import pair_ids
from neural_gallery.cli.crews import Cluster, cluster_options, workshop_for
from neural_gallery.cli.options import (
    Request,
    json_option,
    making_options,
    open_in_browser,
    quiet_option,
    strict_option,
    workshop_of,
)
from neural_gallery.cli.portions import shard_option, time_budget_option
from neural_gallery.cli.problems import error_line
from neural_gallery.errors import UsageError
from neural_gallery.site.model import Target

if TYPE_CHECKING:
    from neural_gallery.corridor.deadline import Deadline
    from neural_gallery.corridor.sharding import Shard


@click.command()
@making_options
@json_option(error_line)
@quiet_option
@strict_option
@time_budget_option
@cluster_options
@click.option("--open", "open_page", is_flag=True, help="Open the front page in the browser afterwards.")
@click.pass_context
def build(
    context: click.Context,
    request: Request,
    as_json: bool,
    quiet: bool,
    strict: bool,
    deadline: Deadline,
    cluster: Cluster | None,
    open_page: bool,
) -> None:
    """Paint what is missing, encode it, and write the pages.

    Ctrl-C keeps every finished pair; the same command goes on from there. With --time-budget, pages show the photograph
    of a pair that is not painted in time, and say so.

    \b
    Example:
        neural-gallery build
        neural-gallery build --time-budget 40m
        neural-gallery build --quality draft --target html
        neural-gallery build --cluster local:2
        neural-gallery build --open --strict
    """
    from neural_gallery.cli.following import follow
    from neural_gallery.corridor.run import build as build_site

    site = request.load()
    if open_page and site.target is not Target.HTML:
        message = f"--open shows pages that a browser reads as they are, and the target is {site.target.value}."
        generator = site.target.value.capitalize()
        raise UsageError.at(None, message, f"Add --target html, or build with {generator} and open what it makes.")
    workshop = workshop_for(context, request, cluster)
    run = build_site(site, request.store(), workshop, strict=strict, deadline=deadline)
    follow(run, site.output, as_json=as_json, quiet=quiet)
    if open_page:
        open_in_browser(site.output / "index.html")


@click.command()
@click.argument("pairs", nargs=-1, shell_complete=pair_ids)
@making_options
@json_option(error_line)
@quiet_option
@time_budget_option
@cluster_options
@shard_option("Paint")
@click.pass_context
def paint(
    context: click.Context,
    request: Request,
    pairs: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    deadline: Deadline,
    cluster: Cluster | None,
    shard: Shard,
) -> None:
    """Paint the PAIRS of those ids, or every missing pair, and write no pages.

    Several machines that paint one shard each paint all, whatever their stores already have.

    \b
    Example:
        neural-gallery paint
        neural-gallery paint chelsea-great-wave --quality draft
        neural-gallery paint --shard 2/5 --time-budget 40m
        neural-gallery paint --cluster tcp://192.168.1.20:8786
    """
    from neural_gallery.cli.following import follow
    from neural_gallery.corridor.run import paint as paint_pairs

    site = request.load()
    workshop = workshop_for(context, request, cluster)
    run = paint_pairs(site, request.store(), workshop, pair_ids=pairs, shard=shard, deadline=deadline)
    follow(run, site.output, as_json=as_json, quiet=quiet)


@click.command()
@making_options
@json_option(error_line)
@quiet_option
@strict_option
@click.pass_context
def render(context: click.Context, request: Request, as_json: bool, quiet: bool, strict: bool) -> None:
    """Write the pages from what is painted already; paint nothing.

    \b
    Example:
        neural-gallery render
        neural-gallery render --target jekyll
    """
    from neural_gallery.cli.following import follow
    from neural_gallery.corridor.run import render as render_site

    site = request.load()
    run = render_site(site, request.store(), workshop_of(context, request), strict=strict)
    follow(run, site.output, as_json=as_json, quiet=quiet)
