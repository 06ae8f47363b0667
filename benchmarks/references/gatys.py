"""Plain L-BFGS on Gatys' objective, with the settings of jcjohnson's neural-style.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016. Settings are the
defaults of github.com/jcjohnson/neural-style (`neural_style.lua`): mean squared errors of the features at relu4_2
(weight 5) and of the Gram matrices over channels times positions at relu1_1 to relu5_1 (weight 100 each), squared
total variation (weight 1e-3), max pooling, one scale, L-BFGS with a history of 100, steps of length 1 and no
tolerances. There are no bounds on the colours while it runs; saving clips them.

Where this deviates:

- The weights are the ones that ship with neural-gallery: the same network, its kernels reduced to 8 bits.
- Colours are scaled by 255; neural-style scales them by 256.
- neural-style starts with faint noise; here that is a choice, as is a start with the content, its `-init image`.
- Total variation is part of the value that L-BFGS sees; neural-style adds it to the gradient alone. Without a line
  search the value decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from judge import CONTENT_LAYER, LAYERS, STYLE_LAYERS, fitted_to
from torch.nn.functional import mse_loss

from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.vgg import VGG
from references.network import Network, to_bytes, to_tensor

HISTORY = 100


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults are neural-style's."""

    content_weight: float = 5.0
    style_weight: float = 100.0
    total_variation: float = 1e-3
    evaluations: int = 1000
    init: Literal["content", "noise"] = "noise"
    seed: int = 0


def paint(network: VGG, content: Bytes, style: Bytes, settings: Settings) -> Bytes:
    """A picture of the size of `content`, (H, W, 3); the style is scaled to its longest side."""
    see = Network(network, LAYERS)
    prepared = see.prepare(to_tensor(content))
    with torch.no_grad():
        wanted_content = see(prepared)[CONTENT_LAYER]
        seen = see(see.prepare(to_tensor(fitted_to(style, max(content.shape[:2])))))
        wanted_style = {layer: gram(seen[layer]) for layer in STYLE_LAYERS}
    if settings.init == "noise":
        generator = torch.Generator("cpu").manual_seed(settings.seed)  # the same noise on every device
        noise = torch.randn(prepared.shape, generator=generator, device="cpu")
        prepared = 0.001 * noise.to(prepared.device)
    picture = prepared.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [picture],
        max_iter=settings.evaluations,  # one evaluation each, since there is no line search
        max_eval=settings.evaluations,
        history_size=HISTORY,
        tolerance_grad=-1,
        tolerance_change=-1,
    )

    def evaluate() -> torch.Tensor:
        optimizer.zero_grad()
        found = see(picture)
        style_terms = torch.stack([mse_loss(gram(found[layer]), wanted_style[layer]) for layer in STYLE_LAYERS])
        loss = (
            settings.content_weight * mse_loss(found[CONTENT_LAYER], wanted_content)
            + settings.style_weight * style_terms.sum()
            + settings.total_variation * total_variation(picture)
        )
        loss.backward()
        return loss

    optimizer.step(evaluate)
    return to_bytes(see.restore(picture))


def gram(features: torch.Tensor) -> torch.Tensor:
    """Gram matrix over channels times positions: (1, C, h, w) -> (C, C)."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.numel()


def total_variation(image: torch.Tensor) -> torch.Tensor:
    """Half the sum of squared differences to the right and lower neighbours; the last row and column have none."""
    corner = image[..., :-1, :-1]
    return ((image[..., :-1, 1:] - corner).square().sum() + (image[..., 1:, :-1] - corner).square().sum()) / 2
