"""Commands about the site's folder: init starts one, gc tidies its store."""

from __future__ import annotations

from pathlib import Path

import click

from neural_gallery.cli import words
from neural_gallery.cli.options import Request, json_option, site_options, workshop_of
from neural_gallery.cli.problems import document, error_document


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def init(folder: Path) -> None:
    """Start a small working site in FOLDER (the current one unless given). Never overwrites a file.

    \b
    Example:
        neural-gallery init my-gallery
    """
    from neural_gallery.scaffold import write_scaffold

    for path in write_scaffold(folder):
        click.echo(f"wrote {path}")
    click.echo("\nNext:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {folder}")
    click.echo("  neural-gallery build     paints the pair, about a minute, and writes the pages")
    click.echo("  neural-gallery serve     shows them in the browser")


@click.command()
@site_options
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@json_option(error_document)
@click.pass_context
def gc(context: click.Context, request: Request, dry_run: bool, as_json: bool) -> None:
    """Remove from the store what no entry of the manifest uses.

    Paintings made with another --quality than the manifest's are among these. Proofs are kept as long as the page of
    their sheet is there.

    \b
    Example:
        neural-gallery gc --dry-run
        neural-gallery gc
    """
    from neural_gallery.corridor.run import collect_garbage

    swept = collect_garbage(request.load(), request.store(), workshop_of(context, request), dry_run=dry_run)
    if as_json:
        record = {"dry_run": dry_run, "paintings": swept.paintings, "encoded": swept.encoded, "bytes": swept.bytes}
        click.echo(document(record))
        return
    what = f"{words.counted(len(swept.paintings), 'painting')} and {words.counted(len(swept.encoded), 'encoded file')}"
    click.echo(f"{'would remove' if dry_run else 'removed'} {what}, {words.size(swept.bytes)}")
