"""The numbers behind a painting: which scales, how many steps, which weights. No JAX here.

A recipe is complete: nothing in it needs a default any more, and two equal recipes paint equal pictures. Change what
`recipe_for` gives only together with `neural_gallery.ENGINE_VERSION`, which is part of every painting's key.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

STYLE_LAYERS = (("relu1_1", 1.0), ("relu2_1", 1.0), ("relu3_1", 1.0), ("relu4_1", 1.0), ("relu5_1", 1.0))
CONTENT_LAYERS = (("relu4_2", 1.0),)

COARSEST = 96
"""No scale has a longest side below this: VGG's fifth block would see too few positions to have statistics."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a quality puts into a painting."""

    levels: int  # how many scales there are at the most, each half the size of the next
    at_256: int  # steps at the last scale where its longest side is 256 pixels or less
    least: int  # steps at the last scale, however large it is
    coarse: int  # steps at each scale before the last, at the most: more of them hardly show in the end
    fall: float = 2.5  # how steeply steps fall as the size grows: with this power of its share of 256 pixels

    def steps(self, size: int, *, last: bool) -> int:
        """Steps at a scale of that longest side: a multiple of four, since chunks of one length are one program.

        The larger the scale, the fewer: its steps take longer, and the scales before it have left it less to do.
        """
        steps = min(self.at_256, max(self.least, 4 * int(self.at_256 * (256 / size) ** self.fall / 4)))
        return steps if last else min(self.coarse, steps)


EFFORTS = {
    "draft": Effort(levels=2, at_256=28, least=4, coarse=4, fall=4.0),
    "balanced": Effort(levels=3, at_256=64, least=12, coarse=32),
    "best": Effort(levels=4, at_256=200, least=40, coarse=100),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """One level of the coarse-to-fine pyramid."""

    size: int  # longest side in pixels
    steps: int


@dataclass(frozen=True, slots=True)
class Method:
    """How a picture is optimised. It is compiled in: pairs of equal method and shape share one program."""

    optimizer: Literal["adam", "lbfgs"] = "adam"
    learning_rate: float = 12 / 255  # Adam's, of the first step of a scale; a cosine takes it down
    final_learning_rate: float = 1 / 255
    momentum: float = 0.9  # Adam's b1, at the most
    second_momentum: float = 0.99  # Adam's b2
    averaged_share: float = 1 / 8  # of a scale's steps: how far back the average goes that is shown and saved
    pooling: Literal["max", "avg"] = "max"
    style_layers: tuple[tuple[str, float], ...] = STYLE_LAYERS
    content_layers: tuple[tuple[str, float], ...] = CONTENT_LAYERS
    total_variation: float = 4.0  # removes the fine dots that the network's poolings leave in flat areas

    def average_decay(self, steps: int) -> float:
        """Decay of the exponential moving average at a scale of so many steps.

        It forgets in proportion to them: with 0.9 throughout, a scale of four steps would show two thirds of its start.
        """
        return 1 - 1 / (1 + self.averaged_share * steps)

    def momentum_at(self, steps: int) -> float:
        """Adam's b1 at a scale of so many steps: no more of the past than the average has.

        With 0.9 throughout, what a scale of twelve steps takes up in the first ones swings back only after the last,
        and stays in the picture as fine noise.
        """
        return min(self.momentum, self.average_decay(steps))

    @property
    def layers(self) -> frozenset[str]:
        """All layers whose features are needed."""
        return frozenset(layer for layer, _ in self.style_layers + self.content_layers)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the studio needs to know besides the pictures."""

    scales: tuple[Scale, ...]  # coarsest first; the last has the result's size
    strength: float  # 0 keeps the content, 1 is nearly all style
    colors: Literal["style", "content", "luminance", "match"]
    init: Literal["content", "noise", "style", "picture"]
    style_scale: float  # longest side of the style over that of the result
    seed: int
    method: Method = Method()

    @property
    def steps(self) -> int:
        """Steps over all scales."""
        return sum(scale.steps for scale in self.scales)

    @property
    def pace(self) -> float:
        """What the learning rate is multiplied by from the first step on.

        Adam's first steps have one length however near the goal is. From the content to a low strength it is near, and
        steps longer than the way leave noise which the few at a large scale do not remove: the fewer, the shorter.
        """
        if self.init != "content" or self.method.optimizer != "adam":
            return 1.0
        shortened = max(1.0, self.scales[-1].size / 256) ** PACE_EXPONENT
        return max(LEAST_PACE, 1.0 - shortened * max(0.0, 1.0 - 2.0 * self.strength))

    @property
    def shares(self) -> tuple[float, float]:
        """What the style and the content term are multiplied by, at every scale.

        Content over style is `MIDDLE_CONTENT_SHARE` at strength 0.5 and 256 pixels, and runs from nothing but content
        at strength 0 to nothing but style at 1; the larger of the two shares is 1.
        """
        if self.strength in (0.0, 1.0):
            return self.strength, 1.0 - self.strength
        content = MIDDLE_CONTENT_SHARE * ((1.0 - self.strength) / self.strength) ** STRENGTH_EXPONENT
        size, exponent = self.scales[-1].size / 256, SIZE_EXPONENT
        if size > 1:
            rise = RISE_BELOW if self.strength < 0.5 else RISE_ABOVE
            exponent += rise * (self.strength - 0.5) ** 2
        content *= size**exponent
        return min(1.0, 1.0 / content), min(1.0, content)


MIDDLE_CONTENT_SHARE = 0.62
"""The content term's share over the style's at strength 0.5: by eye, what keeps a face a face and a brush a brush."""

STRENGTH_EXPONENT = 1.0
"""How steeply that share falls as strength grows: ((1 - strength) / strength) to this power."""

SIZE_EXPONENT, RISE_BELOW, RISE_ABOVE = 0.8, 9.0, 7.0
"""How steeply it grows with the result's size, so that a strength keeps as much of the content whatever the size is.

Strokes are the larger, and steps the fewer, the larger a picture is. Measured between 256 and 512 pixels: the exponent
is the first number at strength 0.5, and grows with the square of the distance from there, by the second number below it
and by the third above. Below 256 pixels, where the number of steps stays, it does not.
"""

LEAST_PACE = 0.1
"""The pace at strength 0, where only the total variation is left to be lowered."""

PACE_EXPONENT = 0.17
"""How steeply what a low strength takes off the pace grows with the size: at strength 0.1 it is 0.9 at 512 pixels."""


def pyramid(size: int, *, levels: int) -> tuple[int, ...]:
    """Longest sides of the scales, coarsest first: `size` halved, rounded up, while `COARSEST` allows."""
    sizes = itertools.takewhile(lambda side: side >= COARSEST, (-(-size // 2**level) for level in range(1, levels)))
    return (*reversed(list(sizes)), size)


def scales_for(quality: str, size: int, *, levels: int | None = None, steps: tuple[int, ...] = ()) -> tuple[Scale, ...]:
    """The scales and steps of a quality preset (`draft`, `balanced`, `best`) for a result of that longest side.

    `levels` is another number of scales, at the most. `steps` are other numbers of steps, coarsest first: where there
    are fewer of them than scales, the first holds for all coarser ones; where there are more, the last ones count.
    """
    effort = EFFORTS[quality]
    sizes = pyramid(size, levels=effort.levels if levels is None else levels)
    if not steps:
        return tuple(Scale(side, effort.steps(side, last=side == size)) for side in sizes)
    counts = (*steps[:1] * (len(sizes) - len(steps)), *steps[-len(sizes) :])
    return tuple(Scale(side, count) for side, count in zip(sizes, counts, strict=True))
