"""The serve command: the site on a local address, which follows its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from neural_gallery.cli.options import Request, json_option, quiet_option, site_options, workshop_of
from neural_gallery.cli.problems import error_line
from neural_gallery.site.model import Quality

if TYPE_CHECKING:
    from neural_gallery.live.site import Source


@click.command()
@site_options
@click.option(
    "--quality",
    type=click.Choice([quality.value for quality in Quality]),
    help="Paint every pair at this quality, whatever the manifest says.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the site in the browser.")
@click.option("--no-paint", is_flag=True, help="Do not paint what is missing.")
@json_option(error_line)
@quiet_option
@click.pass_context
def serve(
    context: click.Context,
    request: Request,
    port: int,
    open_browser: bool,
    no_paint: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show the site at http://127.0.0.1:8000/ until Ctrl-C, and paint what is missing meanwhile.

    Pages are there at once, and change as you save posts, pictures, the manifest or the theme. Pairs that are still to
    be painted show their photograph, then frame after frame. What is wrong with the manifest stands on the page.
    The output folder is not touched.

    \b
    Example:
        neural-gallery serve --open
        neural-gallery serve --quality draft
        neural-gallery serve --no-paint --port 0 --json
    """
    from neural_gallery.live.site import Source

    root = request.manifest.parent.absolute()
    source = Source(root, request.load, request.store(), workshop_of(context, request))
    try:
        _serve(source, port=port, paints=not no_paint, open_browser=open_browser, as_json=as_json, quiet=quiet)
    except KeyboardInterrupt:
        click.echo("stopped serving", err=True)


def _serve(source: Source, *, port: int, paints: bool, open_browser: bool, as_json: bool, quiet: bool) -> None:
    """Until Ctrl-C."""
    from neural_gallery.cli.live import show_live
    from neural_gallery.live.events import Serving
    from neural_gallery.live.server import listen, serving
    from neural_gallery.live.site import LiveSite

    listening = listen(port)
    live = LiveSite(source, paints=paints)
    with live as site, serving(site, listening) as url, show_live(as_json=as_json, quiet=quiet) as show:
        show(Serving(url))
        if open_browser:
            import webbrowser

            webbrowser.open(url)
        for event in site.events():
            show(event)
