"""VGG-19 in PyTorch, with the weights of the studio's own network.

Pictures are float32, (1, 3, H, W), RGB in [0, 1]; *prepared* ones are what the first convolution wants, BGR in 0 to 255
with the mean taken off. Features are laid out channels last, which is the faster layout. All is on PyTorch's default
device.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from neural_gallery.studio.architecture import CAFFE, needed_convolutions
from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.vgg import VGG


class Network:
    """The convolutions of `network` down to the deepest of `layers`, with max pooling.

    Around a picture lie zeros, or its own edge continued in the first convolution.
    """

    def __init__(self, network: VGG, layers: frozenset[str], *, replicate_edges: bool = False) -> None:
        assert network.convention == CAFFE
        self._mean = torch.tensor(CAFFE.mean).view(1, 3, 1, 1)
        self._layers = layers
        self._replicate_edges = replicate_edges
        self._parameters = {
            name: _parameters(network, name) for name in needed_convolutions(network.architecture, layers)
        }

    def prepare(self, image: torch.Tensor) -> torch.Tensor:
        """A picture as the first convolution wants it."""
        return image.flip(1) * CAFFE.scale - self._mean

    def restore(self, prepared: torch.Tensor) -> torch.Tensor:
        """The picture of a prepared one."""
        return ((prepared + self._mean) / CAFFE.scale).flip(1)

    def __call__(self, prepared: torch.Tensor) -> dict[str, torch.Tensor]:
        """Features of the layers: {`relu4_2`: (1, C, h, w)} and so on."""
        features, found = prepared.contiguous(memory_format=torch.channels_last), {}
        for name, (kernel, bias) in self._parameters.items():
            if name == "conv1_1" and self._replicate_edges:
                features = functional.conv2d(functional.pad(features, (1, 1, 1, 1), mode="replicate"), kernel, bias)
            else:
                if name.endswith("_1") and name != "conv1_1":
                    features = functional.max_pool2d(features, 2)
                features = functional.conv2d(features, kernel, bias, padding=1)
            features = functional.relu(features)
            layer = name.replace("conv", "relu")
            if layer in self._layers:
                found[layer] = features
        return found


def _parameters(network: VGG, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Kernel (O, I, 3, 3) and bias (O,) of one convolution."""
    convolution = getattr(network, name)
    kernel, bias = (
        torch.from_numpy(np.array(array, np.float32)).to(torch.get_default_device())
        for array in (convolution.kernel[...], convolution.bias[...])
    )
    return kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last), bias


def to_tensor(rgb: Bytes) -> torch.Tensor:
    """An 8-bit picture (H, W, 3) as a tensor."""
    image = torch.from_numpy(rgb / np.float32(255)).to(torch.get_default_device())
    return image.permute(2, 0, 1)[None].contiguous()


def to_bytes(image: torch.Tensor) -> Bytes:
    """The 8-bit picture (H, W, 3) that a tensor is saved as: clipped and rounded."""
    scaled = image.detach()[0].permute(1, 2, 0).clamp(0, 1) * 255
    return scaled.round().to(torch.uint8).contiguous().cpu().numpy()
