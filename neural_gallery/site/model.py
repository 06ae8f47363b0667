"""What the author wrote, fully resolved: the records that every other room reads.

Everything here is frozen and typed. Past the manifest there are no dictionaries of settings, and no `None` that
means "the default"; where `PaintSettings` has one, it is the author's choice to leave a number to the quality. Lengths
are pixels, in pictures already turned upright (EXIF orientation applied).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from neural_gallery.errors import Location

MAX_SIZE = 8192
"""Pixels that no side of a result may exceed."""


class Quality(StrEnum):
    """How much work goes into one painting."""

    DRAFT = "draft"
    BALANCED = "balanced"
    BEST = "best"


class Colors(StrEnum):
    """Whose colours the result has."""

    STYLE = "style"
    CONTENT = "content"
    LUMINANCE = "luminance"
    MATCH = "match"


class Init(StrEnum):
    """What the painting starts from."""

    CONTENT = "content"
    NOISE = "noise"
    STYLE = "style"
    PICTURE = "picture"  # the pair's `init_picture`; authors write that picture's name


class Optimizer(StrEnum):
    """What makes the steps."""

    ADAM = "adam"
    LBFGS = "lbfgs"


class Pooling(StrEnum):
    """How the network halves its features between blocks."""

    MAX = "max"
    AVG = "avg"


class Show(StrEnum):
    """Which picture stands at the left of a result."""

    CONTENT = "content"
    STYLE = "style"


class Target(StrEnum):
    """For whom the pages are written."""

    JEKYLL = "jekyll"
    HTML = "html"
    HUGO = "hugo"


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle in the pixels of the upright source picture."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the manifest declares under `images`, seen to be readable."""

    name: str
    path: Path  # absolute
    file: str  # as the manifest writes it, POSIX separators
    sha256: str  # of the file's bytes
    crop: Crop | None
    width: int  # of the picture as used: upright, cropped
    height: int
    has_alpha: bool
    alt: str
    title: str
    credit: str
    license: str
    source: str  # a URL or words: where it was taken from
    location: Location

    @property
    def extension(self) -> str:
        """The extension of the source file with its dot, in lower case: `.jpg`."""
        return self.path.suffix.lower()

    def fitted(self, longest: int) -> tuple[int, int]:
        """Width and height of this picture when its longest side is `longest` pixels (at least one pixel each)."""
        return fit(self.width, self.height, longest)


def fit(width: int, height: int, longest: int) -> tuple[int, int]:
    """`width` x `height` scaled, up or down, so that the longest side is `longest`; aspect kept, rounded half up."""
    side = max(width, height)
    return max(1, (2 * width * longest + side) // (2 * side)), max(1, (2 * height * longest + side) // (2 * side))


@dataclass(frozen=True, slots=True)
class WeightedStyle:
    """One style of a blend. The weights of a pair's styles sum to 1.

    Masks are read as greyscale: a style counts where they are white, partly where they are grey.
    """

    picture: Picture
    weight: float
    layers: tuple[str, ...] = ()  # of the network, at which alone this style counts; empty: at every one
    mask: Picture | None = None  # where on the content this style goes; None: everywhere
    style_mask: Picture | None = None  # which part of the style's picture counts; None: all of it


@dataclass(frozen=True, slots=True)
class PaintSettings:
    """All settings that determine a result's pixels.

    None, and an empty tuple, mean "as the quality preset has it", and for what no preset varies, "as the studio has
    it". That is what the author chose by not naming a number; no reader of this record has to find a default for it.
    """

    size: int  # longest side of the result
    quality: Quality
    strength: float  # 0 keeps the content, 1 is nearly all style
    colors: Colors
    init: Init
    style_scale: float
    seed: int
    optimizer: Optimizer = Optimizer.ADAM
    steps: tuple[int, ...] = ()  # by scale, coarsest first; one number alone is for every scale
    learning_rate: float | None = None  # of colours between 0 and 1
    scales: int | None = None  # how many at the most, each half the size of the next
    pooling: Pooling = Pooling.MAX
    style_layers: tuple[tuple[str, float], ...] = ()  # names (relu4_1) and weights
    content_layers: tuple[tuple[str, float], ...] = ()
    total_variation: float | None = None  # how much smoothness counts
    bits: int = 8  # of each colour in the PNG of full size: 8 or 16


@dataclass(frozen=True, slots=True)
class AnimationSettings:
    """How the progress animation is encoded."""

    fps: int
    frames: int
    formats: tuple[str, ...]  # of "gif", "webp", "avif", "mp4"; "gif" is always the first: its name is a contract


@dataclass(frozen=True, slots=True)
class StillSettings:
    """How still pictures are encoded."""

    formats: tuple[str, ...]  # of "avif", "webp", "png", in the order in which a browser is offered them
    widths: tuple[int, ...]  # ascending


@dataclass(frozen=True, slots=True)
class Pair:
    """One result to paint: a content picture in one style, or in a blend of several."""

    id: str
    content: Picture
    styles: tuple[WeightedStyle, ...]
    paint: PaintSettings
    animation: AnimationSettings
    stills: StillSettings
    show: Show
    alt: str  # resolved: the author's, or made from the pictures' alternative texts
    caption: str  # inline Markdown; "" for none
    location: Location
    init_picture: Picture | None = None  # what painting starts from, where `paint.init` is `Init.PICTURE`

    @property
    def width(self) -> int:
        """Width of the result."""
        return self.content.fitted(self.paint.size)[0]

    @property
    def height(self) -> int:
        """Height of the result."""
        return self.content.fitted(self.paint.size)[1]

    @property
    def left(self) -> Picture:
        """The picture that stands at the left by default: the content, or the heaviest style."""
        if self.show is Show.CONTENT:
            return self.content
        return max(self.styles, key=lambda style: style.weight).picture


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a pair is painted with that has no settings of its own."""

    paint: PaintSettings  # without the `width` or `height` that the manifest may give: a size follows from those
    init_picture: Picture | None = None  # as a pair's


@dataclass(frozen=True, slots=True)
class Post:
    """A Markdown post: front matter as its YAML gives it, keys in the author's order, and the body as written."""

    path: Path  # absolute
    file: str  # relative to the site's folder, POSIX separators: as it is named in messages
    front_matter: Mapping[str, object]
    body: str
    body_line: int  # the line of the file on which the body begins, from 1
    title: str
    date: datetime.datetime | None  # aware; from the front matter or the file name, None where neither says
    slug: str
    liquid: bool  # the author writes Liquid on purpose: it is passed on as it is


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """The file with the network's weights that the manifest names, seen to be there, not yet to hold a network."""

    path: Path  # absolute
    file: str  # as the manifest writes it
    sha256: str  # of the file's bytes
    location: Location


@dataclass(frozen=True, slots=True)
class Budgets:
    """How large what is published may become, in bytes; None: as large as it is."""

    animation: int | None = None  # each file of an animation
    page: int | None = None  # each page, before any click
    site: int | None = None  # all files that are published


@dataclass(frozen=True)  # without slots, for what is worked out once
class Site:
    """A whole manifest, resolved: nothing in it needs a default any more."""

    root: Path  # absolute: the folder of the manifest
    manifest: Path  # absolute
    title: str
    description: str
    author: str
    language: str  # BCP 47, "en" unless given
    target: Target
    output: Path  # absolute
    base_url: str  # "" or an absolute path or URL without a trailing slash
    images_path: str  # relative to output, POSIX separators, no slash at either end
    theme: Path | None  # absolute
    images: Mapping[str, Picture]
    pairs: tuple[Pair, ...]
    posts: tuple[Post, ...]  # in the order of the manifest's patterns, each pattern's matches sorted
    defaults: Defaults
    weights: WeightsFile | None = None  # None: those that ship with the package
    indexes: bool = True  # pages of all results, and of those of each style and content
    pairs_per_page: int = 100  # of listings; 0: as many as there are
    budgets: Budgets = Budgets()

    def pair(self, pair_id: str) -> Pair:
        """The pair of that id. Raises KeyError."""
        return self.pairs_by_id[pair_id]

    @cached_property
    def pairs_by_id(self) -> Mapping[str, Pair]:
        """Every pair by its id."""
        return {pair.id: pair for pair in self.pairs}

    @cached_property
    def pairs_by_picture(self) -> Mapping[str, Sequence[Pair]]:
        """The pairs that each picture is the content or a style of, by its name."""
        found: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            for name in {pair.content.name, *(style.picture.name for style in pair.styles)}:
                found.setdefault(name, []).append(pair)
        return found
