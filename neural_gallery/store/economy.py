"""How an animation is made smaller where it would be too large: step by step, by quality, colours, then frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Economy:
    """What one step gives up."""

    share: float  # of the frames that are shown
    colors: int  # of a GIF's palette
    webp: int  # quality
    avif: int  # quality

    def frames(self, count: int) -> int:
        """How many of `count` frames are left: two at least."""
        return max(2, round(self.share * count))

    def told(self, format: str, count: int) -> str:
        """For people: what an animation of that format has left of `count` frames."""
        frames = f"{self.frames(count)} frames"
        return f"{frames}, {self.colors} colours" if format == "gif" else f"{frames}, quality {getattr(self, format)}"


ECONOMIES = (
    Economy(1, 255, 75, 60),
    Economy(1, 96, 60, 50),
    Economy(2 / 3, 64, 50, 45),
    Economy(1 / 2, 48, 45, 40),
    Economy(1 / 3, 32, 40, 35),
)
"""From giving up nothing to giving up what can be borne."""
