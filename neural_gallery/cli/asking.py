"""Commands that only look: check, plan, schema. They change nothing and need neither JAX nor weights."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from neural_gallery.cli import words
from neural_gallery.cli.options import Request, json_option, making_options, site_options, workshop_of
from neural_gallery.cli.portions import shard_option
from neural_gallery.cli.problems import document, error_document
from neural_gallery.site.sizes import size

if TYPE_CHECKING:
    from neural_gallery.corridor.plan import Plan
    from neural_gallery.corridor.sharding import Shard
    from neural_gallery.corridor.sizing import SiteSize


@click.command()
@site_options
@json_option(error_document)
def check(request: Request, as_json: bool) -> None:
    """Check the manifest, its pictures and its posts, and report every problem at once.

    \b
    Example:
        neural-gallery check
        neural-gallery check --site my-gallery --json
    """
    from neural_gallery.corridor.checking import check as check_site
    from neural_gallery.corridor.weights import check_weights

    site = request.load()
    check_site(site)
    check_weights(site)
    counts = {"pairs": len(site.pairs), "pictures": len(site.images), "posts": len(site.posts)}
    if as_json:
        click.echo(document({"ok": True, "problems": [], **counts}))
        return
    told = ", ".join(words.counted(count, noun.removesuffix("s")) for noun, count in counts.items())
    click.echo(f"{request.manifest}: {told}: no problems")


@click.command()
@making_options
@json_option(error_document)
@shard_option("Tell of")
@click.pass_context
def plan(context: click.Context, request: Request, as_json: bool, shard: Shard) -> None:
    """Show what would be painted, why, how long it would take, and how large the site would be.

    \b
    Example:
        neural-gallery plan
        neural-gallery plan --quality draft
        neural-gallery plan --shard 2/5
    """
    from neural_gallery.cli.records import plan_record, size_record
    from neural_gallery.corridor.checking import check as check_site
    from neural_gallery.corridor.planning import make_plan
    from neural_gallery.corridor.run import OUTPUTS
    from neural_gallery.corridor.sizing import expected_size
    from neural_gallery.store.output import Output

    site = request.load()
    pages = check_site(site)
    store = request.store()
    workshop = workshop_of(context, request)
    made = everything = make_plan(site, store, workshop)
    if not shard.is_all:
        made = make_plan(site, store, workshop, shard=shard)
    whole = expected_size(site, store, everything, pages.used(), Output(site.output, store.folder / OUTPUTS))
    for note in store.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        click.echo(document({**plan_record(made), "site": size_record(whole, site.budgets.site)}))
    elif sys.stdout.isatty():
        _print_table(made)
    else:
        for planned in made.pairs:
            size = f"{planned.pair.width}x{planned.pair.height}"
            what = "fresh" if planned.fresh else f"to paint ({'; '.join(planned.reasons)})"
            click.echo(f"{planned.pair.id}: {size}: {what}")
    if not as_json:
        click.echo(_size_summary(whole, site.budgets.site))
        click.echo(_plan_summary(made))


@click.command()
def schema() -> None:
    """Print the JSON Schema of site.yaml, which editors use to complete and check it.

    \b
    Example:
        neural-gallery schema > site.schema.json
    """
    from neural_gallery.site.schema import manifest_schema

    click.echo(document(manifest_schema()))


def _plan_summary(made: Plan) -> str:
    missing = len(made.to_paint)
    shard = "" if made.shard.is_all else f"{words.share(made)}; "
    if not missing:
        return f"{shard}{words.counted(len(made.pairs), 'pair')}: all painted"
    about = f"about {words.seconds(made.seconds)} and {size(made.bytes)}"
    return f"{shard}{missing} of {words.counted(len(made.pairs), 'pair')} to paint: {about}"


def _size_summary(whole: SiteSize, budget: int | None) -> str:
    """`the site: 3.2 MB (2.9 MB encoded, about 180 kB to encode, about 120 kB of pages); its budget is 900 MB`."""
    parts = [f"{size(whole.encoded)} encoded"] if whole.encoded else []
    parts += [f"about {size(whole.expected)} to encode"] if whole.expected else []
    told = f"the site: {size(whole.total)} ({', '.join([*parts, f'about {size(whole.pages)} of pages'])})"
    if budget is None:
        return told
    return f"{told}; its budget is {size(budget)}" + (", so a build steps down" if whole.total > budget else "")


def _print_table(made: Plan) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("pair", "size", "state", "why", "about", box=None, pad_edge=False)
    for planned in made.pairs:
        state = Text("fresh", style="green") if planned.fresh else Text("to paint", style="yellow")
        about = "" if planned.fresh else words.seconds(planned.seconds)
        size = f"{planned.pair.width} x {planned.pair.height}"
        table.add_row(Text(planned.pair.id), size, state, Text("; ".join(planned.reasons)), about)
    Console().print(table)
