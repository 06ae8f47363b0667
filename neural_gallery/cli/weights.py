"""Commands about the network's weights: show what a file holds, import one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from neural_gallery.cli.options import json_option
from neural_gallery.cli.problems import document, error_document
from neural_gallery.errors import UsageError
from neural_gallery.site.sizes import size

if TYPE_CHECKING:
    from neural_gallery.workers.messages import WeightsReport

CONVENTIONS = ("caffe", "caffe-rgb", "torchvision")
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")  # what YAML takes for text without quotes, as far as paths go
_file_argument = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def weights() -> None:
    """Use other weights of the network, VGG-19 or VGG-16, than those that ship with the program.

    Nothing that a file contains is ever run.

    \b
    Example:
        neural-gallery weights show vgg19-dcbb9e9d.pth
        neural-gallery weights import vgg19-dcbb9e9d.pth
    """


@weights.command("import")
@_file_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write it, if not here.")
@click.option(
    "--convention",
    type=click.Choice(CONVENTIONS),
    help="How the network wants its pictures, where the file does not show it.",
)
@click.option("--sha256", metavar="HEX", help="Refuse FILE unless this is its SHA-256.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@json_option(error_document)
def import_(
    file: Path, output: Path | None, convention: str | None, sha256: str | None, force: bool, as_json: bool
) -> None:
    """Write the network in FILE (.pth, .h5, .npz, .safetensors) as a small .safetensors, for `weights:` in site.yaml.

    \b
    Example:
        neural-gallery weights import vgg19-dcbb9e9d.pth
        neural-gallery weights import vgg16_weights.npz -o weights/vgg16.safetensors
    """
    from neural_gallery.corridor.weights import import_weights

    if sha256 is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", sha256):
        raise UsageError.at(None, f"'{sha256}' is no SHA-256.", "Give all of its 64 hexadecimal digits.")
    place = output or Path(f"{file.stem}.safetensors")
    made = import_weights(file, place, convention=convention or "", sha256=sha256 or "", overwrite=force)
    if as_json:
        record = {"file": str(made.path), "bytes": made.bytes, "sha256": made.sha256, "source": _record(made.source)}
        click.echo(document(record))
        return
    told = made.path.as_posix()
    click.echo(f"read {file}: {_description(made.source)}")
    click.echo(f"wrote {told}, {size(made.bytes)}, SHA-256 {made.sha256}")
    click.echo("\nFor site.yaml, with the path as seen from there:")
    click.echo(f"  weights: {told if _PLAIN.fullmatch(told) else json.dumps(told)}")


@weights.command()
@_file_argument
@json_option(error_document)
def show(file: Path, as_json: bool) -> None:
    """Show which network FILE holds, how it wants its pictures, and the SHA-256 of the file.

    \b
    Example:
        neural-gallery weights show vgg19-dcbb9e9d.pth
    """
    from neural_gallery.corridor.weights import show_weights

    report = show_weights(file)
    if as_json:
        click.echo(document(_record(report)))
        return
    click.echo(f"{file}: {_description(report)}\nSHA-256 {report.sha256}")
    for name, shape in report.kernels.items():
        click.echo(f"  {name}: {' x '.join(str(size) for size in shape)}")


def _description(report: WeightsReport) -> str:
    return f"{report.architecture}, convention {report.convention}, {report.kind} format"


def _record(report: WeightsReport) -> dict[str, object]:
    return {
        "format": report.kind,
        "architecture": report.architecture,
        "convention": report.convention,
        "sha256": report.sha256,
        "kernels": {name: list(shape) for name, shape in report.kernels.items()},
    }
