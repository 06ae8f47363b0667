"""Completion by the shell: the script that it needs, and the words that only a site knows."""

from __future__ import annotations

from pathlib import Path

import click

from neural_gallery.cli.options import MANIFEST, manifest_at

PROGRAM = "neural-gallery"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which bash, zsh or fish completes commands, options and the ids of pairs.

    Add it, once, to what the shell reads when it starts. In ~/.zshrc it has to stand after compinit; fish has a folder
    for such scripts.

    \b
    Example:
        neural-gallery completion bash >> ~/.bashrc
        neural-gallery completion zsh >> ~/.zshrc
        neural-gallery completion fish > ~/.config/fish/completions/neural-gallery.fish
    """
    from click.shell_completion import get_completion_class

    # The variable's name is not free: click looks for the one that follows from the program's name.
    variable = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
    kind = get_completion_class(shell)
    assert kind is not None, "the shells are those that click knows"
    click.echo(kind(context.find_root().command, {}, PROGRAM, variable).source(), nl=False)


def pair_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ids of the site's pairs that begin so, but those that stand on the line already."""
    from neural_gallery.site.manifest import pair_ids as ids_in

    given = context.params.get(str(parameter.name)) or ()
    manifest = manifest_at(Path(context.params.get("site") or MANIFEST))
    try:
        found = ids_in(manifest)
    except Exception:  # between two key strokes there is no place to tell anything
        return []
    return [one for one in found if one.startswith(incomplete) and one not in given]
