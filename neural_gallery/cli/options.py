"""Options that several commands share, and the record that they amount to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from neural_gallery.errors import NeuralGalleryError
from neural_gallery.site.model import Quality, Target
from neural_gallery.store import STORE_FOLDER

if TYPE_CHECKING:
    from neural_gallery.corridor.workshop import Workshop
    from neural_gallery.site.model import Site
    from neural_gallery.store.store import Store

MANIFEST = "site.yaml"

Function: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Request:
    """Which site, and what the command line says otherwise about it."""

    manifest: Path
    allow_outside: bool
    target: Target | None
    quality: Quality | None

    @property
    def cache(self) -> Path:
        """The folder that everything made for the site is kept in."""
        return self.manifest.parent.absolute() / STORE_FOLDER

    def load(self) -> Site:
        """The site, checked as far as the manifest and the posts' front matter go."""
        from neural_gallery.site.manifest import Overrides, load_site
        from neural_gallery.site.memory import ProbeCache

        return load_site(
            self.manifest,
            overrides=Overrides(target=self.target, quality=self.quality),
            allow_outside=self.allow_outside,
            cache=ProbeCache(self.cache / "pictures.json"),
        )

    def store(self) -> Store:
        """The site's store."""
        from neural_gallery.store.store import Store

        return Store(self.cache)


_quality_option = click.option(
    "--quality",
    type=click.Choice([quality.value for quality in Quality]),
    help="Paint every pair at this quality, whatever the manifest says.",
)


def site_options(function: Function) -> Function:
    """`--site` and `--allow-outside`: the command gets a Request."""
    return _with_request(function, [])


def painting_options(function: Function) -> Function:
    """The same, and `--quality`."""
    return _with_request(function, [_quality_option])


def making_options(function: Function) -> Function:
    """The same, and `--quality` and `--target`."""
    return _with_request(
        function,
        [
            _quality_option,
            click.option(
                "--target",
                type=click.Choice([target.value for target in Target]),
                help="Write pages for this, whatever the manifest says.",
            ),
        ],
    )


def json_option(told_as: Callable[[NeuralGalleryError], str]) -> Callable[[Function], Function]:
    """`--json`. What the command fails with then stands on standard output too, told by `told_as`."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(*arguments: object, as_json: bool, **keywords: object) -> object:
            try:
                return function(*arguments, as_json=as_json, **keywords)
            except NeuralGalleryError as error:
                if as_json:
                    click.echo(told_as(error))
                raise

        return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)

    return decorate


def strict_option(function: Function) -> Function:
    """`--strict`."""
    text = "Fail, and write no pages, where something is larger than its budget in the manifest."
    return click.option("--strict", is_flag=True, help=text)(function)


def quiet_option(function: Function) -> Function:
    """`--quiet`."""
    return click.option("-q", "--quiet", is_flag=True, help="Print nothing but problems.")(function)


def manifest_at(site: Path) -> Path:
    """The manifest that `--site` names: itself, or the folder that has it."""
    return site / MANIFEST if site.is_dir() else site


def workshop_of(context: click.Context, request: Request) -> Workshop:
    """The workshop that the caller of the command line put into its context, or else the one in this process."""
    from neural_gallery.corridor.workshop import Workshop, local_workshop

    given = context.find_object(Workshop)
    return given if given is not None else local_workshop(request.cache / "compiled")


def with_options(command: Function, options: Sequence[Callable[[Function], Function]]) -> Function:
    """A command with those options (or arguments), in the order in which its help lists them."""
    for option in reversed(options):
        command = option(command)
    return command


def open_in_browser(page: Path) -> None:
    """Show a page; that no browser starts is told, and is no failure."""
    import webbrowser  # takes longer to import than most of what this program needs

    if not webbrowser.open(page.as_uri()):
        click.echo("no browser could be started", err=True)


def _with_request(function: Function, further: list[Callable[[Function], Function]]) -> Function:
    @functools.wraps(function)
    def command(
        *arguments: object,
        site: Path,
        allow_outside: bool,
        target: str | None = None,
        quality: str | None = None,
        **keywords: object,
    ) -> object:
        request = Request(
            manifest=manifest_at(site),
            allow_outside=allow_outside,
            target=Target(target) if target else None,
            quality=Quality(quality) if quality else None,
        )
        return function(*arguments, request=request, **keywords)

    shared = [
        click.option(
            "--site",
            type=click.Path(path_type=Path),
            default=MANIFEST,
            show_default=True,
            help="The manifest, or the folder that has it.",
        ),
        click.option("--allow-outside", is_flag=True, help="Allow paths that lead out of the site's folder."),
    ]
    return with_options(command, [*shared, *further])
