"""The values that keys of the manifest may have: their types and bounds, for the models in `schema`.

Lengths are pixels. What is written as one of several types says by a tag which of them was meant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Discriminator, Field, GetCoreSchemaHandler, Tag

from neural_gallery.site import sizes
from neural_gallery.site.model import MAX_SIZE

NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$"
NAME_LENGTH = 100
PATH_PATTERN = r"^[^\x00-\x1f]+$"
NAME_RULE = (
    "Use letters without accents, digits, '.', '_' and '-'; begin with a letter or a digit; do not end with '.'."
)
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)
DEVICE_RULE = "Choose another name: there no file can be called so, whatever its extension."
MIN_SIZE = 16
MAX_CROP = 1_000_000
MAX_PAIRS = 200_000
"""How many results a manifest may ask for, and how many entries it may have for them."""

ONE_TAG, LIST_TAG, MAPPING_TAG = TAGS = ("<one>", "<list>", "<mapping>")
"""No key can be named so, so that they can be told from keys in errors."""

LENIENT = Field(strict=False)  # a YAML list for a tuple, a YAML text for an enumeration
_FOLDER_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?(/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?)*/?$"
_BASE_URL_PATTERN = r"""^(/?|/[^/\s"'<>?#\\][^\s"'<>?#\\]*|https?://[^/\s"'<>?#\\]+(/[^\s"'<>?#\\]*)?)$"""


def is_device(name: str) -> bool:
    """Whether files of that name cannot be on Windows, where it is that of a device."""
    return name.partition(".")[0].lower() in DEVICES


class _OrLeftOpen:
    """Lets a value be None where the manifest does not give it, though no author can write None."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> Any:
        schema: Any = handler(source)
        return schema["schema"]  # without the "nullable" around it


def left_open(description: str) -> Any:
    """A key without a default, of which None says that it was not given."""
    return Field(default_factory=lambda: None, description=description)  # so that no JSON Schema offers null


def kind_of(value: object) -> str:
    """The tag of a value as YAML has it."""
    return MAPPING_TAG if isinstance(value, dict) else LIST_TAG if isinstance(value, list) else ONE_TAG


T = TypeVar("T")
LeftOpen = Annotated[T | None, _OrLeftOpen]

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=NAME_LENGTH, description=NAME_RULE)]
Reference = Annotated[str, Field(max_length=NAME_LENGTH)]
Text = Annotated[str, Field(max_length=5000)]
FilePath = Annotated[str, Field(min_length=1, max_length=1000, pattern=PATH_PATTERN)]
FolderPath = Annotated[str, Field(pattern=_FOLDER_PATTERN, max_length=200)]
BaseURL = Annotated[str, Field(pattern=_BASE_URL_PATTERN, max_length=1000)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]

ByteCount = Annotated[str, Field(pattern=sizes.PATTERN, max_length=24)]

Size = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
Weight = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Left = Annotated[int, Field(ge=0, le=MAX_CROP, title="left")]
Top = Annotated[int, Field(ge=0, le=MAX_CROP, title="top")]
Width = Annotated[int, Field(ge=1, le=MAX_CROP, title="width")]
Height = Annotated[int, Field(ge=1, le=MAX_CROP, title="height")]

Scales = Annotated[int, Field(ge=1, le=8)]
StepCount = Annotated[int, Field(ge=1, le=10_000)]
Steps = Annotated[
    Annotated[StepCount, Tag(ONE_TAG)]
    | Annotated[tuple[StepCount, ...], LENIENT, Field(min_length=1, max_length=8), Tag(LIST_TAG)],
    Discriminator(kind_of),
]
LearningRate = Annotated[float, Field(ge=0.0001, le=1, allow_inf_nan=False)]
TotalVariation = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]

Layer: TypeAlias = Literal[
    "relu1_1",
    "relu1_2",
    "relu2_1",
    "relu2_2",
    "relu3_1",
    "relu3_2",
    "relu3_3",
    "relu3_4",
    "relu4_1",
    "relu4_2",
    "relu4_3",
    "relu4_4",
    "relu5_1",
    "relu5_2",
    "relu5_3",
    "relu5_4",
]
Layers = Annotated[tuple[Layer, ...], LENIENT, Field(min_length=1, max_length=16)]
LayerWeights = Annotated[
    Annotated[Layers, Tag(LIST_TAG)]
    | Annotated[dict[Layer, Weight], Field(min_length=1, max_length=16), Tag(MAPPING_TAG)],
    Discriminator(kind_of),
]
