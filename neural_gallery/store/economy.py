"""How files are made smaller where they would be too large, step by step.

An animation loses quality or colours first, then frames; a still loses quality.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Economy:
    """What one step gives up."""

    share: float  # of the frames that are shown
    colors: int  # of a GIF's palette
    webp: int  # quality
    avif: int  # quality
    mp4: int  # constant rate factor: the lower, the better

    def frames(self, count: int) -> int:
        """How many of `count` frames are left: two at least."""
        return max(2, round(self.share * count))

    def told(self, format: str, count: int) -> str:
        """For people: what an animation of that format has left of `count` frames."""
        frames = f"{self.frames(count)} frames"
        if format == "gif":
            return f"{frames}, {self.colors} colours"
        return f"{frames}, {'rate factor' if format == 'mp4' else 'quality'} {getattr(self, format)}"

    def told_of_all(self) -> str:
        """For people: what animations of all formats have left."""
        share = "all frames" if self.share == 1 else f"{self.share:.0%} of their frames"
        quality = f"quality {self.avif} as AVIF and {self.webp} as WebP, rate factor {self.mp4} as MP4"
        return f"animations have {share}, {self.colors} colours as GIF, {quality}"


ECONOMIES = (
    Economy(1, 255, 75, 60, 26),
    Economy(1, 96, 60, 50, 30),
    Economy(2 / 3, 64, 50, 45, 32),
    Economy(1 / 2, 48, 45, 40, 34),
    Economy(1 / 3, 32, 40, 35, 36),
)
"""From giving up nothing to giving up what can be borne."""


@dataclass(frozen=True, slots=True)
class StillEconomy:
    """The quality of stills at one step, by format. A PNG has none to give up, and neither has a GIF."""

    avif: int
    webp: int
    jpeg: int

    def told(self) -> str:
        """For people: what stills have left."""
        return f"quality {self.avif} as AVIF, {self.webp} as WebP and {self.jpeg} as JPEG"


STILL_ECONOMIES = (
    StillEconomy(65, 82, 88),
    StillEconomy(55, 72, 80),
    StillEconomy(45, 60, 70),
    StillEconomy(36, 48, 58),
)
"""Likewise."""

LOSSY = ("avif", "webp", "jpeg")
"""The formats of stills that have a quality."""
