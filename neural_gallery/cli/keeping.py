"""Commands about the site's folder: init starts one, gc tidies its store, clean takes away what was built."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from neural_gallery.cli import words
from neural_gallery.cli.options import Request, json_option, site_options, workshop_of
from neural_gallery.cli.problems import document, error_document, problem_records
from neural_gallery.site.sizes import size

if TYPE_CHECKING:
    from neural_gallery.scaffold.own import OwnSite


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option(
    "--from-folders",
    type=(click.Path(path_type=Path), click.Path(path_type=Path)),
    metavar="PHOTOS PAINTINGS",
    help="Begin with the pictures in these two folders, each photograph with one painting in turn.",
)
@click.option("--github", is_flag=True, help="Add a workflow that publishes the site on GitHub Pages.")
@json_option(error_document)
def init(folder: Path, from_folders: tuple[Path, Path] | None, github: bool, as_json: bool) -> None:
    """Start a small working site in FOLDER (the current one unless given). Never overwrites a file.

    In a folder with a site.yaml, --github adds nothing but the workflow.

    \b
    Example:
        neural-gallery init my-gallery
        neural-gallery init our-gallery --from-folders holidays museum
        neural-gallery init our-website --github
    """
    from neural_gallery.scaffold.example import pages_workflow
    from neural_gallery.scaffold.writing import write_new

    made = _site(folder, from_folders, github=github)
    written = write_new(folder, made.files | (pages_workflow() if github else {}))
    if as_json:
        record = {"folder": str(folder), "files": [str(path) for path in written], "pairs": made.pairs}
        located = [str(folder / name) for name in made.located]
        click.echo(document(record | {"skipped": problem_records(made.skipped), "located": located}))
        return
    for problem in made.skipped:
        click.echo(f"note: left out: {problem}", err=True)
    for path in written:
        click.echo(f"wrote {path}")
    for name in made.located:
        click.echo(f"note: {folder / name}: {_LOCATED}", err=True)
    click.echo("\nNext:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {folder}")
    for step in _next_steps(made.pairs, own=from_folders is not None, github=github):
        click.echo(f"  {step}")


_LOCATED = (
    "this file says where it was taken. Built pictures do not, but whoever gets the file itself can read it, "
    "in a public repository anybody: take it out first, with `exiftool -gps:all=` for one."
)


def _site(folder: Path, from_folders: tuple[Path, Path] | None, *, github: bool) -> OwnSite:
    """What is to be written besides the workflow: nothing where there is a site that only wants one."""
    from neural_gallery.scaffold.example import example_site
    from neural_gallery.scaffold.own import OwnSite, own_site

    if from_folders:
        return own_site(*from_folders, today=datetime.datetime.now(datetime.UTC).date())
    if github and (folder / "site.yaml").is_file():
        return OwnSite({}, pairs=0)
    return OwnSite({**example_site()}, pairs=1)


def _next_steps(pairs: int, *, own: bool, github: bool) -> Iterator[str]:
    """What to do with a new site, or with the workflow of an old one: commands, and what they do."""
    if own:
        yield "edit site.yaml           say what is to be seen, where the text is made from a file's name"
        yield "neural-gallery plan      tells how long painting takes"
    if pairs:
        about = f"paints {words.counted(pairs, 'pair')}" if own else "paints the pair, about a minute"
        yield f"neural-gallery build     {about}, and writes the pages"
        yield "neural-gallery serve     shows them in the browser"
    if github:
        yield "push to GitHub           and choose GitHub Actions under Settings > Pages, once"


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
    click.echo(f"{'would remove' if dry_run else 'removed'} {what}, {size(swept.bytes)}")


@click.command()
@site_options
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@json_option(error_document)
def clean(request: Request, dry_run: bool, as_json: bool) -> None:
    """Remove what was written into the output folder. Paintings are kept: the next build brings all of it back.

    Nothing else there is touched. A file that was edited since it was written stays, too.

    \b
    Example:
        neural-gallery clean --dry-run
        neural-gallery clean
    """
    from neural_gallery.corridor.run import clean as clean_output

    site = request.load()
    cleaned = clean_output(site, request.store(), dry_run=dry_run)
    if as_json:
        record = {"dry_run": dry_run, "output": str(site.output), "files": cleaned.files, "bytes": cleaned.bytes}
        click.echo(document(record | {"notes": cleaned.notes}))
        return
    for note in cleaned.notes:
        click.echo(f"note: {note}", err=True)
    files = f"{words.counted(len(cleaned.files), 'file')} from {site.output}"
    click.echo(f"{'would remove' if dry_run else 'removed'} {files}, {size(cleaned.bytes)}")
