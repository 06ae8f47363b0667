"""Coarse to fine with Adam on the Wasserstein-2 distance of feature Gaussians, after crowsonkb's program.

Settings are the defaults of github.com/crowsonkb/style-transfer-pytorch (`style_transfer.py`): scales √2 apart from
128 pixels on, 1000 steps at the first and 500 at each other; Adam with steps of 0.02, b1 0.9 and b2 0.99, its moments
resampled from scale to scale; colours clipped after every step; a bias-corrected average with a decay of 0.99, which
the next scale starts with and which is the result; squared Wasserstein-2 distance per channel at relu1_1 to relu5_1,
weighted 256 : 64 : 16 : 4 : 1; mean squared error at relu4_2, weight 0.015; squared total variation over eight
neighbours, weight 2; max pooling, and the picture's own edge continued in the first convolution.

Where this deviates:

- The weights are the ones that ship with neural-gallery, their kernels reduced to 8 bits: VGG-19 as its authors
  trained it, not torchvision's training of the same architecture. Features are divided by `DEVIATION`, which is the
  same as normalising the picture as torchvision does and dividing the biases. So total variation and `EPSILON` keep
  their share, as far as the two trainings agree.
- The gradient of a root's trace is taken from the inverse root, which the same iterations give, instead of solving
  Lyapunov's equation by as many iterations again. That is the same gradient in less time.
- Pictures are scaled by Lanczos, as an earlier version of that program does it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from judge import CONTENT_LAYER, LAYERS, STYLE_LAYERS, fitted_to
from torch.nn.functional import interpolate, mse_loss, pad

from neural_gallery.studio.arrays import Bytes
from neural_gallery.studio.vgg import VGG
from references.network import Network, to_bytes, to_tensor

DEVIATION = 255 * (0.229 + 0.224 + 0.225) / 3
"""By how much torchvision divides 8-bit colours: the mean of its three channels."""

EPSILON = 1e-4
"""What is added to the variances."""

ITERATIONS = 12
"""Newton-Schulz iterations of a matrix root."""

STYLE_WEIGHTS = {layer: 4.0**place / 341 for place, layer in enumerate(reversed(STYLE_LAYERS))}


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults are those of crowsonkb's program."""

    content_weight: float = 0.015
    total_variation: float = 2.0
    coarsest: int = 128
    steps: int = 500  # at each scale but the first, which has twice as many
    learning_rate: float = 0.02
    momentums: tuple[float, float] = (0.9, 0.99)
    average_decay: float = 0.99


@dataclass(frozen=True, slots=True)
class Gaussian:
    """The normal distribution with the mean and the covariance of a layer's features."""

    mean: torch.Tensor  # (C,)
    covariance: torch.Tensor  # (C, C)


class Average:
    """A bias-corrected exponential moving average (Kingma and Ba 2014, section 3)."""

    def __init__(self, first: torch.Tensor, decay: float) -> None:
        self._decay = decay
        self._sum, self._weight = torch.zeros_like(first), 0.0
        self.update(first)

    def update(self, image: torch.Tensor) -> None:
        """Takes in one more."""
        self._sum.mul_(self._decay).add_(image, alpha=1 - self._decay)
        self._weight = self._decay * self._weight + 1 - self._decay

    @property
    def value(self) -> torch.Tensor:
        """The average of all so far."""
        return self._sum / self._weight


class Objective:
    """What is minimised at one scale. `content` and `style` have its size."""

    def __init__(self, see: Network, content: Bytes, style: Bytes, settings: Settings) -> None:
        self._see, self._settings = see, settings
        with torch.no_grad():
            self._content = self._features(to_tensor(content))[CONTENT_LAYER]
            seen = self._features(to_tensor(style))
            self._style = {layer: gaussian(seen[layer]) for layer in STYLE_LAYERS}
            self._roots = {layer: root_and_inverse(self._style[layer].covariance)[0] for layer in STYLE_LAYERS}

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Its value for a picture."""
        found = self._features(picture)
        loss = self._settings.content_weight * mse_loss(found[CONTENT_LAYER], self._content)
        loss = loss + self._settings.total_variation * total_variation(picture)
        for layer, weight in STYLE_WEIGHTS.items():
            loss = loss + weight * distance(gaussian(found[layer]), self._style[layer], self._roots[layer])
        return loss

    def _features(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {layer: features / DEVIATION for layer, features in self._see(self._see.prepare(image)).items()}


def paint(network: VGG, content: Bytes, style: Bytes, settings: Settings) -> Bytes:
    """A picture of the size of `content`, (H, W, 3); the style is scaled to the longest side of each scale."""
    see = Network(network, LAYERS, replicate_edges=True)
    sides = scales(settings.coarsest, max(content.shape[:2]))
    picture, adam = to_tensor(fitted_to(content, sides[0])), None
    for side in sides:
        here = fitted_to(content, side)
        picture = resampled(picture, here.shape[:2], "bicubic").clamp(0, 1).requires_grad_()
        adam = continued(adam, picture, settings)
        objective = Objective(see, here, fitted_to(style, side), settings)
        average = Average(picture.detach(), settings.average_decay)
        for _ in range(settings.steps * (2 if side == sides[0] else 1)):
            adam.zero_grad()
            objective(picture).backward()
            adam.step()
            with torch.no_grad():
                average.update(picture.clamp_(0, 1))
        picture = average.value
    return to_bytes(picture)


def scales(coarsest: int, finest: int) -> list[int]:
    """Longest sides √2 apart, coarsest first: `finest`, and what lies below it down to `coarsest`."""
    sides = [finest]
    while (smaller := round(finest / 2 ** (len(sides) / 2))) >= coarsest:
        sides.append(smaller)
    return sides[::-1]


def resampled(image: torch.Tensor, shape: tuple[int, ...], mode: str) -> torch.Tensor:
    """The image at the height and width `shape`."""
    return interpolate(image, shape, mode=mode, align_corners=False)


def continued(adam: torch.optim.Adam | None, picture: torch.Tensor, settings: Settings) -> torch.optim.Adam:
    """An Adam for `picture`, which has the moments of the last scale's."""
    fresh = torch.optim.Adam([picture], lr=settings.learning_rate, betas=settings.momentums)
    if adam is not None:
        (state,) = adam.state.values()
        shape = picture.shape[2:]
        fresh.state[picture] = {
            "step": state["step"],
            "exp_avg": resampled(state["exp_avg"], shape, "bicubic"),
            "exp_avg_sq": resampled(state["exp_avg_sq"], shape, "bilinear"),  # which leaves none below 0
        }
    return fresh


def gaussian(features: torch.Tensor) -> Gaussian:
    """Mean and covariance over positions, of (1, C, h, w), with `EPSILON` added to the variances."""
    flat = features.flatten(2)[0]
    mean = flat.mean(1)
    centred = flat - mean[:, None]
    return Gaussian(mean, centred @ centred.T / flat.shape[1] + EPSILON * torch.eye(len(flat)))


def distance(found: Gaussian, wanted: Gaussian, root: torch.Tensor) -> torch.Tensor:
    """Squared Wasserstein-2 distance of two Gaussians per channel; `root` is that of the wanted covariance.

    |m - n|² + tr(A + B - 2 (√B A √B)^½) (Olkin and Pukelsheim 1982).
    """
    traces = found.covariance.trace() + wanted.covariance.trace()
    overlap = trace_of_root(root @ found.covariance @ root)
    return ((found.mean - wanted.mean).square().sum() + traces - 2 * overlap) / len(root)


def trace_of_root(matrix: torch.Tensor) -> torch.Tensor:
    """Trace of the square root of a symmetric matrix; its gradient is half the inverse root."""
    with torch.no_grad():
        root, inverse = root_and_inverse(matrix)
    linear = (inverse / 2 * matrix).sum()
    return root.trace() + linear - linear.detach()


def root_and_inverse(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A positive definite matrix's square root and that root's inverse, by the coupled Newton-Schulz iteration.

    Higham, "Functions of Matrices" (2008), chapter 6. Where an eigenvalue is under about 1e-4 of the matrix's norm
    the iterations do not get there: the inverse stays bounded, which keeps gradients so.
    """
    norm, unit = torch.linalg.matrix_norm(matrix), torch.eye(len(matrix))
    root, inverse = matrix / norm, unit
    for _ in range(ITERATIONS):
        correction = (3 * unit - inverse @ root) / 2
        root, inverse = root @ correction, correction @ inverse
    return root * norm.sqrt(), inverse / norm.sqrt()


def total_variation(image: torch.Tensor) -> torch.Tensor:
    """Mean squared differences to the eight neighbours, diagonal ones with a quarter of the weight of the others."""
    padded = pad(image, (1, 1, 1, 1), mode="replicate")
    inner, right, lower = padded[..., 1:-1, 1:-1], padded[..., 1:-1, 2:], padded[..., 2:, 1:-1]
    falling = padded[..., 1:, 1:] - padded[..., :-1, :-1]
    rising = padded[..., :-1, 1:] - padded[..., 1:, :-1]
    straight = (right - inner).square().mean() + (lower - inner).square().mean()
    return 2 * (straight / 3 + (falling.square().mean() + rising.square().mean()) / 12)
