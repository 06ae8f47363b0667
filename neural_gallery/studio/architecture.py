"""What there is to know of a VGG network but its weights: its layers and shapes, and how it wants its pictures.

Simonyan and Zisserman 2014, arXiv:1409.1556. Layers are named by block and index, after their rectifier: `relu4_2`.
No JAX here: a file of weights is looked at without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from neural_gallery.errors import WeightsError, did_you_mean


@dataclass(frozen=True, slots=True)
class Architecture:
    """A VGG network without its classifier: how many convolutions each block has, and how wide they are."""

    name: str
    depths: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def convolutions(self) -> tuple[str, ...]:
        """`conv1_1`, `conv1_2`, …, in the order of the forward pass."""
        return tuple(f"conv{block}_{i}" for block, n in enumerate(self.depths, 1) for i in range(1, n + 1))

    @property
    def layers(self) -> tuple[str, ...]:
        """`relu1_1`, `relu1_2`, …: the names under which features are asked for."""
        return tuple(name.replace("conv", "relu") for name in self.convolutions)

    def channels(self, layer: str) -> int:
        """How many channels that layer has."""
        return self.widths[int(layer[4]) - 1]

    def shape(self, convolution: str) -> tuple[int, int, int, int]:
        """Shape of that convolution's kernel, HWIO."""
        before = self.convolutions.index(convolution) - 1
        width = self.widths[int(convolution[4]) - 1]
        entering = 3 if before < 0 else self.widths[int(self.convolutions[before][4]) - 1]
        return 3, 3, entering, width


VGG19 = Architecture("VGG-19", depths=(2, 2, 4, 4, 4), widths=(64, 128, 256, 512, 512))
VGG16 = Architecture("VGG-16", depths=(2, 2, 3, 3, 3), widths=(64, 128, 256, 512, 512))

ARCHITECTURES = (VGG19, VGG16)


@dataclass(frozen=True, slots=True)
class InputConvention:
    """How a set of weights wants its pictures: `(channels * scale - mean) / deviation`, in `order`.

    The channels are those of a picture in [0, 1].
    """

    order: Literal["RGB", "BGR"]
    scale: float
    mean: tuple[float, float, float]  # in `order`
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)


CAFFE = InputConvention("BGR", 255.0, (103.939, 116.779, 123.68))
CAFFE_RGB = InputConvention("RGB", 255.0, (123.68, 116.779, 103.939))
TORCHVISION = InputConvention("RGB", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

CONVENTIONS: Mapping[str, InputConvention] = {"caffe": CAFFE, "caffe-rgb": CAFFE_RGB, "torchvision": TORCHVISION}
"""By the name under which an author asks for one. `caffe-rgb`: the first kernel was turned round for RGB pictures."""


def needed_convolutions(architecture: Architecture, layers: Collection[str]) -> tuple[str, ...]:
    """The convolutions down to the deepest of `layers`.

    Raises WeightsError where one of them is not a layer of that network.
    """
    for name in layers:
        if name not in architecture.layers:
            raise WeightsError.at(
                None,
                f"{architecture.name} has no layer '{name}'.",
                did_you_mean(name, architecture.layers) or f"Its layers are {', '.join(architecture.layers)}.",
            )
    deepest = max(architecture.layers.index(name) for name in layers)
    return architecture.convolutions[: deepest + 1]
