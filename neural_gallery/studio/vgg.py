"""The feature extractor: VGG-19 up to the layer that is asked for (Simonyan and Zisserman 2014, arXiv:1409.1556).

Pictures are float32, NHWC, RGB in [0, 1]. Layers are named by block and index, after their rectifier: `relu4_2`. The
architecture is data; what the input convention of a set of weights is, the weights say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx

from neural_gallery.errors import WeightsError, did_you_mean
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.convolution import (
    average_pool,
    direct_convolution,
    max_pool,
    pad_edges,
    transform_kernel,
    turn_kernel,
    winograd_convolution,
)

Pooling = Literal["max", "avg"]

WINOGRAD_CHANNELS = 128 * 256
"""Input times output channels from which Winograd's filtering is faster than the direct way, as measured on CPUs."""

WINOGRAD_PIXELS = 16 * 16
"""The same for the pixels of a picture: below, reading a transformed kernel, four times as large, takes the longest."""


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

    def shape(self, convolution: str) -> tuple[int, int, int, int]:
        """Shape of that convolution's kernel, HWIO."""
        before = self.convolutions.index(convolution) - 1
        width = self.widths[int(convolution[4]) - 1]
        entering = 3 if before < 0 else self.widths[int(self.convolutions[before][4]) - 1]
        return 3, 3, entering, width


VGG19 = Architecture("VGG-19", depths=(2, 2, 4, 4, 4), widths=(64, 128, 256, 512, 512))
VGG16 = Architecture("VGG-16", depths=(2, 2, 3, 3, 3), widths=(64, 128, 256, 512, 512))


@dataclass(frozen=True, slots=True)
class InputConvention:
    """How a set of weights wants its pictures: `(channels * scale - mean) / deviation`, in `order`."""

    order: Literal["RGB", "BGR"]
    scale: float
    mean: tuple[float, float, float]  # in `order`
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def apply(self, image: jax.Array) -> jax.Array:
        """RGB in [0, 1] -> what the first convolution wants; (…, 3) -> (…, 3)."""
        ordered = image[..., ::-1] if self.order == "BGR" else image
        return (ordered * self.scale - jnp.array(self.mean)) / jnp.array(self.deviation)


CAFFE = InputConvention("BGR", 255.0, (103.939, 116.779, 123.68))


class Convolution(nnx.Module):
    """A frozen 3 x 3 convolution with bias and rectifier, computed the way that is fastest for a picture's size."""

    def __init__(self, kernel: Floats, bias: Floats) -> None:
        self.bias = nnx.Param(jnp.asarray(bias))  # (O,)
        self.kernel = nnx.Param(jnp.asarray(kernel))  # (3, 3, I, O)
        self.turned = nnx.Param(jnp.asarray(turn_kernel(kernel)))  # (3, 3, O, I)
        self.wide = kernel.shape[2] * kernel.shape[3] >= WINOGRAD_CHANNELS
        if self.wide:
            self.transformed = nnx.Param(jnp.asarray(transform_kernel(kernel)))  # (36, I, O)

    def __call__(self, image: jax.Array, *, replicate_edges: bool = False) -> jax.Array:
        """(N, H, W, I) -> (N, H, W, O), not below 0; around the picture lie zeros, or its own edge continued."""
        if replicate_edges:
            features = direct_convolution(pad_edges(image), self.kernel[...], self.turned[...], 0)
        elif self.wide and image.shape[1] * image.shape[2] >= WINOGRAD_PIXELS:
            features = winograd_convolution(image, self.transformed[...])
        else:
            features = direct_convolution(image, self.kernel[...], self.turned[...])
        return jax.nn.relu(jnp.asarray(features) + self.bias[...])


class VGG(nnx.Module):
    """A VGG network's convolutions, as many as there are parameters for.

    `parameters` gives (`conv1_1`, kernel HWIO, bias) and so on, one at a time, so that no layer need be in memory
    twice. Raises WeightsError where a shape does not fit the architecture.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Iterable[tuple[str, Floats, Floats]],
        *,
        convention: InputConvention = CAFFE,
    ) -> None:
        self.architecture = architecture
        self.convention = convention
        for name, kernel, bias in parameters:
            wanted = architecture.shape(name)
            if kernel.shape != wanted or bias.shape != wanted[3:]:
                raise WeightsError.at(
                    None,
                    f"The weights of {name} have the shapes {kernel.shape} and {bias.shape}; "
                    f"{architecture.name} has {wanted} and {wanted[3:]}.",
                    "Use weights of that network.",
                )
            setattr(self, name, Convolution(kernel, bias))

    def __call__(
        self,
        image: jax.Array,
        layers: Collection[str],
        *,
        pooling: Pooling = "max",
        replicate_edges: bool = True,
    ) -> dict[str, jax.Array]:
        """Features of the named layers: (N, H, W, 3) -> {name: (N, h, w, C)}; nothing deeper is computed.

        `replicate_edges` lets the first convolution see the picture's own edge continued instead of the padding's
        grey, which otherwise paints a border (a deviation from Gatys et al. 2016, as in crowsonkb's
        style-transfer-pytorch). Raises WeightsError for a layer that the network does not have.
        """
        features = self.convention.apply(image)
        found = {}
        for name in needed_convolutions(self.architecture, layers):
            first = name == "conv1_1"
            if name.endswith("_1") and not first:
                features = max_pool(features) if pooling == "max" else average_pool(features)
            features = getattr(self, name)(features, replicate_edges=first and replicate_edges)
            layer = name.replace("conv", "relu")
            if layer in layers:
                found[layer] = features
        return found


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
