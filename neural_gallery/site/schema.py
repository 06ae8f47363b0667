"""The manifest, version 1, as its author writes it: `site.yaml` (contract).

These models say which keys there are, their types, bounds, defaults and meaning; `manifest_schema` is the same as a
JSON Schema, for editors. What needs the whole manifest or the disk (names, files, identifiers) is seen to elsewhere.
Sizes and widths are pixels.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.config import JsonDict

from neural_gallery.site.model import Colors, Init, Optimizer, Pooling, Quality, Show, Target
from neural_gallery.site.values import (
    LENIENT,
    MAPPING_TAG,
    MAX_PAIRS,
    ONE_TAG,
    BaseURL,
    ByteCount,
    FilePath,
    FolderPath,
    Height,
    Language,
    Layers,
    LayerWeights,
    LearningRate,
    Left,
    LeftOpen,
    Name,
    Reference,
    Scales,
    Size,
    Steps,
    Text,
    Top,
    TotalVariation,
    Weight,
    Width,
    kind_of,
    left_open,
)

INIT_WORDS = tuple(init.value for init in Init if init is not Init.PICTURE)
SIDES = ("size", "width", "height")
"""The settings that say how large a result is: one of them at a time."""

_ONE_SIDE: JsonDict = {"not": {"anyOf": [{"required": [*two]} for two in itertools.combinations(SIDES, 2)]}}


class Section(BaseModel):
    """A mapping of the manifest: no other keys, no guessing of types.

    Validators are built when first used, which only the manifest's is: one for each section would make `check` a tenth
    slower. For the same reason a default that is a section is constructed without validation.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True)


S = TypeVar("S", bound=Section)


class SiteSection(Section):
    """The site: what it is called, and where its pages go."""

    title: Text = Field(default="Gallery", description="The site's title.")
    description: Text = Field(default="", description="One sentence about the site, for search engines and previews.")
    author: Text = Field(default="", description="Who made the site.")
    language: Language = Field(default="en", description="The language of the texts, as in HTML: en, de, pt-BR.")
    target: Annotated[Target, LENIENT] = Field(
        default=Target.JEKYLL, description="For whom the pages are written: a Jekyll or Hugo site, or any web server."
    )
    output: FilePath = Field(
        default="public", description="The folder that the pages go to; it may be an existing Jekyll or Hugo site."
    )
    base_url: BaseURL = Field(
        default="",
        description="Where the site will stand, for targets html and hugo: empty, /path or https://host/path.",
    )
    images_path: FolderPath = Field(
        default="static/img",
        description="The folder in output that pictures go to, as static/img: letters, digits, '.', '_', '-' and '/'.",
    )
    theme: FilePath = Field(
        default="", description="A folder whose templates/ and static/ override the default theme's, file by file."
    )
    indexes: bool = Field(
        default=True,
        description="Whether there are pages of all results, and of those of each style and each content.",
    )
    pairs_per_page: Annotated[int, Field(ge=0, le=MAX_PAIRS)] = Field(
        default=100,
        description="How many pairs a page shows before it is continued on another, posts aside; 0 is no limit.",
    )


class AnimationSection(Section):
    """The animation of how a result was painted."""

    fps: Annotated[int, Field(ge=1, le=60)] = Field(default=5, description="Frames per second.")
    frames: Annotated[int, Field(ge=2, le=240)] = Field(
        default=24, description="Number of frames, from the start to the result."
    )
    formats: Annotated[
        tuple[Literal["gif", "webp", "avif", "mp4"], ...], LENIENT, Field(min_length=1, max_length=4)
    ] = Field(
        default=("gif", "webp", "avif"),
        description="File formats. The GIF is made in any case, because pages link to it; mp4 needs the extra video.",
    )


class StillsSection(Section):
    """The still pictures."""

    formats: Annotated[tuple[Literal["avif", "webp", "png"], ...], LENIENT, Field(min_length=1, max_length=3)] = Field(
        default=("avif", "webp", "png"),
        description="File formats, the one that browsers should prefer first. A PNG of full size is made in any case.",
    )
    widths: Annotated[tuple[Size, ...], LENIENT, Field(min_length=1, max_length=8)] = Field(
        default=(400, 800), description="Widths in pixels that browsers may choose from."
    )


class BudgetsSection(Section):
    """How large what is published may become."""

    animation: LeftOpen[ByteCount] = left_open(
        "How large a file of an animation may be, such as 800kB or 1.5MB; one that is larger loses colours and frames."
    )
    page: LeftOpen[ByteCount] = left_open(
        "How much a page may weigh before any click, such as 1.5MB; the stills of one that is heavier lose quality."
    )
    site: LeftOpen[ByteCount] = left_open(
        "How large all files together may be, such as 900MB; if they are larger, animations and stills lose quality."
    )


class Settings(Section):
    """Settings that hold for every pair, and that a pair may override key by key."""

    model_config = ConfigDict(json_schema_extra=_ONE_SIDE)

    size: Size = Field(default=400, description="Longest side of the result, in pixels.")
    width: LeftOpen[Size] = left_open("Width of the result in pixels, instead of size.")
    height: LeftOpen[Size] = left_open("Height of the result in pixels, instead of size.")
    quality: Annotated[Quality, LENIENT] = Field(
        default=Quality.BALANCED, description="How much work goes into a result."
    )
    strength: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=0.5, description="0 keeps the content, 1 is nearly all style."
    )
    colors: Annotated[Colors, LENIENT] = Field(default=Colors.STYLE, description="Whose colours the result has.")
    init: Reference = Field(
        default=Init.CONTENT.value,
        description="What the painting starts from: content, noise, style, or the name of a picture.",
        examples=[*INIT_WORDS],
    )
    style_scale: Annotated[float, Field(ge=0.1, le=4, allow_inf_nan=False)] = Field(
        default=1.0, description="How large the style's strokes are; 1 is their natural size."
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        default=0, description="The seed of the noise: the same seed paints the same picture."
    )
    optimizer: Annotated[Optimizer, LENIENT] = Field(
        default=Optimizer.ADAM, description="The method that changes the picture step by step."
    )
    steps: LeftOpen[Steps] = left_open(
        "How many steps at each scale: one number for all, or a list of numbers, the coarsest scale's first."
    )
    learning_rate: LeftOpen[LearningRate] = left_open("How far a step may go, where 1 is the way from black to white.")
    scales: LeftOpen[Scales] = left_open("How many scales there are at the most, each half the size of the next.")
    pooling: Annotated[Pooling, LENIENT] = Field(
        default=Pooling.MAX, description="How the network halves what it sees: by the largest value, or the average."
    )
    style_layers: LeftOpen[LayerWeights] = left_open(
        "The layers at which styles are compared: a list, or a mapping with weights, {relu1_1: 4, relu2_1: 1}."
    )
    content_layers: LeftOpen[LayerWeights] = left_open(
        "The layers at which the content is compared: a list, or a mapping with weights, {relu4_2: 1, relu3_2: 0.5}."
    )
    total_variation: LeftOpen[TotalVariation] = left_open("How smooth the result is made; 0 is not at all.")
    bits: Literal[8, 16] = Field(
        default=8, description="Bits of each colour in the result's PNG of full size: 8, or 16 for prints."
    )
    show: Annotated[Show, LENIENT] = Field(
        default=Show.CONTENT, description="Which picture stands at the left of the result."
    )
    animation: AnimationSection = Field(
        default=AnimationSection.model_construct(), description="The animation of how the result was painted."
    )
    stills: StillsSection = Field(default=StillsSection.model_construct(), description="The still pictures.")


class ImageSection(Section):
    """A picture: a file, or a part of another picture."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["file"]}, {"required": ["from", "crop"]}]})

    file: FilePath = Field(default="", description="The picture file, relative to the manifest's folder.")
    from_: Reference = Field(
        default="", alias="from", description="The name of another picture, of which this one is a part; give crop too."
    )
    crop: Annotated[tuple[Left, Top, Width, Height], LENIENT] = Field(
        default=(0, 0, 1, 1),
        description="The part to take, as [left, top, width, height] in pixels of the upright picture.",
    )
    alt: Annotated[str, Field(min_length=1, max_length=5000)] = Field(
        description="what the picture shows, in a few words, for people who do not see it."
    )
    title: Text = Field(default="", description="What the picture is called.")
    credit: Text = Field(default="", description="Who made the picture.")
    license: Text = Field(default="", description="Under which terms the picture may be used.")
    source: Text = Field(default="", description="Where the picture was taken from: a URL, or words.")


class StyleSection(Section):
    """One style of a blend, and where it counts."""

    weight: Weight = Field(default=1.0, description="The style's weight in the blend.")
    layers: LeftOpen[Layers] = left_open("The only layers of the network at which the style counts.")
    mask: LeftOpen[Reference] = left_open(
        "The name of a picture of the content's shape, white where the style goes and black elsewhere."
    )
    style_mask: LeftOpen[Reference] = left_open(
        "The name of a picture of the style's shape, white on the part of it that counts and black elsewhere."
    )


_BlendedStyle = Annotated[
    Annotated[Weight, Tag(ONE_TAG)] | Annotated[StyleSection, Tag(MAPPING_TAG)], Discriminator(kind_of)
]
StyleReference = Annotated[
    Annotated[Reference, Tag(ONE_TAG)]
    | Annotated[dict[str, _BlendedStyle], Field(min_length=1, max_length=16), Tag(MAPPING_TAG)],
    Discriminator(kind_of),
]


class PairSection(Settings):
    """One result, or every combination of several contents and styles; any default can be overridden."""

    model_config = ConfigDict(
        json_schema_extra={
            **_ONE_SIDE,
            "allOf": [
                {"oneOf": [{"required": ["content"]}, {"required": ["contents"]}]},
                {"oneOf": [{"required": ["style"]}, {"required": ["styles"]}]},
            ],
        }
    )

    content: Reference = Field(default="", description="The name of the picture to paint.")
    contents: Annotated[tuple[Reference, ...], LENIENT, Field(min_length=1, max_length=1000)] = Field(
        default=(), description="The names of several pictures to paint, each in every style."
    )
    style: StyleReference = Field(
        default="",
        description="The name of the picture whose style is used, or several names with weights: {a: 2, b: 1}.",
    )
    styles: Annotated[tuple[StyleReference, ...], LENIENT, Field(min_length=1, max_length=1000)] = Field(
        default=(), description="Several styles, for each of which a result is made."
    )
    id: Name = Field(
        default="", description="The result's name, of which its file names are made; content-style unless given."
    )
    alt: Text = Field(default="", description="What the result shows; made of the pictures' texts unless given.")
    caption: Text = Field(default="", description="A line below the result, inline Markdown.")


class Manifest(Section):
    """A site for neural-gallery: pictures, the pairs to paint, and the posts that show them."""

    version: Literal[1] = Field(description="The version of this format.")
    site: SiteSection = Field(
        default=SiteSection.model_construct(), description="The site: what it is called, and where its pages go."
    )
    defaults: Settings = Field(  # a factory keeps what is left open in it from the JSON Schema
        default_factory=Settings.model_construct, description="Settings that every pair starts from."
    )
    images: Annotated[dict[Name, ImageSection], Field(json_schema_extra={"additionalProperties": False})] = Field(
        description="pictures by name: 'name: {file: picture.jpg, alt: what it shows}'."
    )
    pairs: Annotated[tuple[PairSection, ...], LENIENT, Field(max_length=MAX_PAIRS)] = Field(
        description="a list of results: '- {content: name, style: name}'."
    )
    posts: Annotated[tuple[FilePath, ...], LENIENT, Field(max_length=1000)] = Field(
        default=(), description="Patterns of the Markdown posts, such as content/posts/*.md."
    )
    weights: FilePath = Field(
        default="", description="A file with other weights of the network, VGG-19 or VGG-16, than those of the package."
    )
    budgets: BudgetsSection = Field(
        default_factory=BudgetsSection.model_construct, description="How large what is published may become."
    )


def merged(base: S, override: Section) -> S:
    """`base` with what `override` gives itself (not its defaults), key by key, sections within sections too."""
    given = {}
    for name in override.model_fields_set & type(base).model_fields.keys():
        value = getattr(override, name)
        given[name] = merged(getattr(base, name), value) if isinstance(value, Section) else value
    return base.model_copy(update=given)


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a manifest of version 1."""
    schema = Manifest.model_json_schema(by_alias=True)
    for field in schema["$defs"]["PairSection"]["properties"].values():
        field.pop("default", None)  # a pair's defaults are those of the section `defaults`
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
