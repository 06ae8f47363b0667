"""Painting from Python: `from neural_gallery import stylize`.

    painting = stylize("harbour.jpg", "waves.jpg", size=512, strength=0.6)
    for progress in painting:
        print(progress.step, progress.steps, progress.loss)
    painting.result.save("harbour-waves.png")

Pictures are paths, Pillow images, or 8-bit arrays, (height, width), (height, width, 3) or (height, width, 4), sRGB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

from neural_gallery.site.model import Init, WeightsFile
from neural_gallery.workers.messages import Job, Painted, Progress, StyleSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from neural_gallery.workers.messages import RGB, FineRGB

Source: TypeAlias = "str | Path | Image | NDArray[np.uint8]"


class Controls(TypedDict, total=False):
    """How it is painted. Names, values and defaults are those of the manifest's `defaults`: see docs/manifest.md."""

    quality: Literal["draft", "balanced", "best"]
    strength: float
    colors: Literal["style", "content", "luminance", "match"]
    style_scale: float
    seed: int
    optimizer: Literal["adam", "lbfgs"]
    steps: int | Sequence[int]
    learning_rate: float
    scales: int
    pooling: Literal["max", "avg"]
    style_layers: Sequence[str] | Mapping[str, float]
    content_layers: Sequence[str] | Mapping[str, float]
    total_variation: float
    bits: Literal[8, 16]


@dataclass(frozen=True, slots=True)
class Style:
    """One of several styles. Masks count where they are white, and are scaled to the size of what they lie on."""

    picture: Source
    weight: float = 1.0  # relative to those of the other styles
    layers: tuple[str, ...] = ()  # the style layers at which alone it counts; empty: all
    mask: Source | None = None  # which part of the content it goes to; None: everywhere
    style_mask: Source | None = None  # which part of its picture counts; None: all of it


@dataclass(frozen=True, slots=True)
class Stylized:
    """A finished painting."""

    rgb: RGB  # (height, width, 3)
    alpha: NDArray[np.uint8] | None  # (height, width), the content's; None where it is opaque
    facts: Mapping[str, object]  # how it was made: steps, scales, losses, seconds, device, versions
    fine: FineRGB | None = None  # (height, width, 3) of uint16, where 16 bits were asked for

    @property
    def image(self) -> Image:
        """As a Pillow image, RGB or RGBA."""
        from PIL import Image

        image = Image.fromarray(self.rgb)
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image

    def save(self, path: str | Path) -> None:
        """Saves it in the format that the extension names, a PNG with 16 bits where so many were asked for.

        Raises OSError, ValueError.
        """
        if self.fine is not None and Path(path).suffix.lower() == ".png":
            from neural_gallery.store.png16 import encode_png16

            Path(path).write_bytes(encode_png16(self.fine, self.alpha))
        else:
            self.image.save(path)


class Stylization(Iterator[Progress]):
    """A painting on its way: iterating over it paints, and tells how far it is. Raises PaintError, WeightsError.

    `close()` stops it. A `Progress` that has a `checkpoint` is where a later `stylize` of the same can go on.
    """

    def __init__(self, job: Job, alpha: NDArray[np.uint8] | None) -> None:
        from neural_gallery.workers.local import local_painter

        self.job = job  # what the painter is told
        self._messages = local_painter(job)
        self._alpha = alpha
        self._result: Stylized | None = None

    def __next__(self) -> Progress:
        """Paints on until there is something to tell."""
        message = next(self._messages)
        if isinstance(message, Painted):
            self._result = Stylized(message.rgb, self._alpha, message.facts, message.fine)
            raise StopIteration
        return message

    @property
    def result(self) -> Stylized:
        """The finished painting; what is left to paint is painted first. Raises PaintError, also after `close()`."""
        for _ in self:
            pass
        if self._result is None:
            from neural_gallery.errors import PaintError, Problem

            raise PaintError(Problem(None, "the painting was stopped before it was finished.", "Start it again."))
        return self._result

    def close(self) -> None:
        """Stops painting."""
        self._messages.close()


def stylize(
    content: Source,
    style: Source | Mapping[str | Path, float] | Sequence[Style],
    *,
    size: int | None = None,
    init: Literal["content", "noise", "style"] | Source = "content",
    frames: int = 2,
    weights: str | Path | None = None,
    checkpoint: bytes | None = None,
    **controls: Unpack[Controls],
) -> Stylization:
    """Paints `content` in a style, in a blend ({path: weight}), or in several with masks and layers (`Style`).

    `size` is the longest side of the result in pixels, the content's own unless given. `init` is what painting starts
    from, a word or a picture. So many `frames` come with the progress, the start and the result among them. `weights`
    is a file with those of another network. Nothing is painted before the first progress is asked for. Raises
    PictureError, WeightsError, and ValueError (pydantic's ValidationError) for a value that is out of bounds.
    """
    from neural_gallery.site.pictures import covering, pixels_of
    from neural_gallery.site.schema import Settings
    from neural_gallery.site.settings import paint_settings

    words = tuple(word.value for word in Init if word is not Init.PICTURE)
    with_picture = not (isinstance(init, str) and init in words)
    image = _opened(content)
    written = {**controls, "size": max(image.size) if size is None else size}
    settings = Settings.model_validate(_plain(written))
    pixels = pixels_of(image, size=settings.size)
    height, width, _ = pixels.rgb.shape
    job = Job(
        "painting",
        pixels.rgb,
        tuple(_style_sources(style, width, height)),
        paint_settings(settings, size=settings.size, init=Init.PICTURE if with_picture else Init(init)),
        max(frames, 2),
        _weights(weights),
        covering(_opened(init), width, height) if with_picture else None,
        checkpoint,
    )
    return Stylization(job, pixels.alpha)


def _plain(written: Mapping[str, Any]) -> dict[str, Any]:
    """As the manifest would have it: lists for sequences."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in written.items()}


def _style_sources(
    style: Source | Mapping[str | Path, float] | Sequence[Style], width: int, height: int
) -> Iterator[StyleSource]:
    from neural_gallery.site.pictures import mask_of, pixels_of

    if isinstance(style, Mapping):
        styles = [Style(path, weight) for path, weight in style.items()]
    elif isinstance(style, Sequence) and not isinstance(style, str):
        styles = list(style)
    else:
        styles = [Style(style)]
    if not styles or any(one.weight <= 0 for one in styles):
        raise ValueError("give at least one style, each with a weight above 0")
    total = sum(one.weight for one in styles)
    for one in styles:
        rgb = pixels_of(_opened(one.picture)).rgb
        yield StyleSource(
            rgb,
            one.weight / total,
            layers=one.layers,
            mask=None if one.mask is None else mask_of(_opened(one.mask), width, height),
            style_mask=None if one.style_mask is None else mask_of(_opened(one.style_mask), rgb.shape[1], rgb.shape[0]),
        )


def _opened(source: Any) -> Image:
    from neural_gallery.site.pictures import open_picture

    if isinstance(source, str | Path):
        return open_picture(Path(source))
    from PIL import Image

    return source if isinstance(source, Image.Image) else Image.fromarray(source)


def _weights(path: str | Path | None) -> WeightsFile | None:
    from neural_gallery.errors import Location, WeightsError
    from neural_gallery.site.pictures import file_sha256

    if path is None:
        return None
    try:
        return WeightsFile(Path(path), str(path), file_sha256(Path(path)), Location(str(path)))
    except OSError as error:
        raise WeightsError.at(
            Location(str(path)), f"The weights cannot be read ({error}).", "Check the path."
        ) from error
