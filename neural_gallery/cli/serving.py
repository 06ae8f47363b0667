"""The serve command: the site on a local address."""

from __future__ import annotations

import dataclasses

import click

from neural_gallery.cli.options import Request, json_option, quiet_option, site_options, workshop_of
from neural_gallery.cli.problems import error_line, line
from neural_gallery.site.model import Quality, Target


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
    """Build the site as plain HTML into a private folder, and show it at http://127.0.0.1:8000/ until Ctrl-C.

    The output folder that the manifest names is not touched.

    \b
    Example:
        neural-gallery serve --open
        neural-gallery serve --no-paint --port 0 --json
    """
    from neural_gallery.cli.following import follow
    from neural_gallery.corridor.run import build, render
    from neural_gallery.serve import make_server

    site = request.load()
    private = request.cache / "serve"
    site = dataclasses.replace(site, target=Target.HTML, output=private, base_url="")
    run = (render if no_paint else build)(site, request.store(), workshop_of(context, request))
    follow(run, private, as_json=as_json, quiet=quiet)
    with make_server(private, port=port, log=lambda told: None if quiet else click.echo(told, err=True)) as server:
        told = f"serving {site.title} at {server.url} (Ctrl-C stops)"
        click.echo(line({"event": "serving", "url": server.url}) if as_json else told)
        if open_browser:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped serving", err=True)
