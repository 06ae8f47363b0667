"""The feature extractor: VGG-19 up to the layer that is asked for (Simonyan and Zisserman 2014, arXiv:1409.1556).

Pictures are float32, NHWC, RGB in [0, 1]. Layers are named by block and index, after their rectifier: `relu4_2`. The
architecture is data; what the input convention of a set of weights is, the weights say (`architecture.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike

from neural_gallery.errors import WeightsError
from neural_gallery.studio.architecture import CAFFE, Architecture, InputConvention, needed_convolutions
from neural_gallery.studio.arrays import Floats
from neural_gallery.studio.convolution import (
    Bands,
    average_pool,
    continued,
    direct_convolution,
    inside,
    max_pool,
    pad_columns,
    pad_edges,
    turn_kernel,
)
from neural_gallery.studio.winograd import transform_kernel, winograd_convolution

Pooling = Literal["max", "avg"]

WINOGRAD_CHANNELS = 128 * 256
"""Input times output channels from which Winograd's filtering is faster than the direct way, as measured on CPUs."""

WINOGRAD_PIXELS = 8 * 8
"""The same for the pixels of a picture: below, reading a transformed kernel, four times as large, takes the longest."""


def as_wanted(image: jax.Array, convention: InputConvention) -> jax.Array:
    """RGB in [0, 1] -> what the first convolution wants; (…, 3) -> (…, 3)."""
    ordered = image[..., ::-1] if convention.order == "BGR" else image
    return (ordered * convention.scale - jnp.array(convention.mean)) / jnp.array(convention.deviation)


def _inside(features: jax.Array, extent: jax.Array) -> jax.Array:
    """What features on a canvas are multiplied by, so that only those of the picture of that extent are left."""
    return inside(features.shape[1:3], extent).astype(features.dtype)


class Convolution(nnx.Module):
    """A frozen 3 x 3 convolution with bias and rectifier, computed the way that is fastest for a picture's size."""

    def __init__(
        self, kernel: Floats, bias: Floats, *, dtype: DTypeLike = jnp.float32, back: DTypeLike = jnp.float32
    ) -> None:
        self.bias = nnx.Param(jax.device_put(bias.astype(dtype)))  # (O,)
        self.kernel = nnx.Param(jax.device_put(kernel.astype(dtype)))  # (3, 3, I, O)
        self.turned = nnx.Param(jax.device_put(turn_kernel(kernel).astype(back)))  # (3, 3, O, I)
        # Accelerators have filterings of their own, and units that are made for plain products.
        filtered = jax.default_backend() == "cpu" and dtype == jnp.float32
        self.wide = filtered and kernel.shape[2] * kernel.shape[3] >= WINOGRAD_CHANNELS
        if self.wide:
            self.transformed = nnx.Param(jax.device_put(transform_kernel(kernel)))  # (36, I, O)

    def __call__(self, image: jax.Array, *, replicate_edges: bool = False) -> jax.Array:
        """(N, H, W, I) -> (N, H, W, O), not below 0; around the picture lie zeros, or its own edge continued."""
        if replicate_edges:
            features = direct_convolution(pad_edges(image), self.kernel[...], self.turned[...], 0)
        elif self.wide and image.shape[1] * image.shape[2] >= WINOGRAD_PIXELS:
            features = winograd_convolution(image, self.transformed[...])
        else:
            features = direct_convolution(image, self.kernel[...], self.turned[...])
        return jax.nn.relu(jnp.asarray(features) + self.bias[...])

    def within(self, band: jax.Array, *, replicate_edges: bool = False) -> jax.Array:
        """The same for a band that has a row of each neighbour: (N, h + 2, W, I) -> (N, h, W, O)."""
        if self.wide and not replicate_edges and band.shape[1] * band.shape[2] >= WINOGRAD_PIXELS:
            features = jnp.asarray(winograd_convolution(band, self.transformed[...]))[:, 1:-1]
        else:
            padded = pad_columns(band, replicate=replicate_edges)
            features = direct_convolution(padded, self.kernel[...], self.turned[...], 0)
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
        dtype: DTypeLike = jnp.float32,
    ) -> None:
        self.architecture = architecture
        self.convention = convention
        self.dtype = np.dtype(dtype)
        for name, kernel, bias in parameters:
            wanted = architecture.shape(name)
            if kernel.shape != wanted or bias.shape != wanted[3:]:
                raise WeightsError.at(
                    None,
                    f"The weights of {name} have the shapes {kernel.shape} and {bias.shape}; "
                    f"{architecture.name} has {wanted} and {wanted[3:]}.",
                    "Use weights of that network.",
                )
            # Colours are looked at in full: 8 bits of mantissa would round them to more than the steps of a file.
            looking = jnp.float32 if name == "conv1_1" else dtype
            setattr(self, name, Convolution(kernel, bias, dtype=looking, back=dtype))

    def __call__(
        self,
        image: jax.Array,
        layers: Collection[str],
        *,
        pooling: Pooling = "max",
        replicate_edges: bool = True,
        extent: jax.Array | None = None,
        bands: Bands | None = None,
    ) -> dict[str, jax.Array]:
        """Features of the named layers: (N, H, W, 3) -> {name: (N, h, w, C)}; nothing deeper is computed.

        `extent`, (2,), says how many of the rows and columns are the picture; None: all. What lies beyond, below and to
        the right, is not looked at, and its features are 0: those of the picture are what they would be without it.

        `replicate_edges` lets the first convolution see the picture's own edge continued instead of the padding's
        grey, which otherwise paints a border (a deviation from Gatys et al. 2016, as in crowsonkb's
        style-transfer-pytorch). Raises WeightsError for a layer that the network does not have.

        With `bands` the picture is one of them, whose rows are a multiple of what the poolings make one, and `extent`,
        which it must have, counts from its first row on; every convolution asks the neighbours for a row.
        """
        if bands is not None and replicate_edges:
            assert extent is not None
            image = bands.continued(bands.with_neighbours(image), extent)
        elif extent is not None and replicate_edges:
            image = continued(image, extent)
        features = as_wanted(image, self.convention)
        if extent is not None and not replicate_edges:
            features = features * _inside(features, extent)
        found = {}
        for name in needed_convolutions(self.architecture, layers):
            first = name == "conv1_1"
            if name.endswith("_1") and not first:
                features = max_pool(features) if pooling == "max" else average_pool(features)
                if extent is not None:
                    extent = extent // 2
                    features = features * _inside(features, extent)  # a half-covered window does not count
            convolution, edges = getattr(self, name), first and replicate_edges
            if bands is None:
                features = convolution(features, replicate_edges=edges).astype(self.dtype)
            else:
                band = features if edges else bands.with_neighbours(features)
                features = convolution.within(band, replicate_edges=edges).astype(self.dtype)
            if extent is not None:
                features = features * _inside(features, extent)
            layer = name.replace("conv", "relu")
            if layer in layers:
                found[layer] = features
        return found
