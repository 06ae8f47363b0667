"""How seconds grow with sizes: the exponent, and a drawing of it on logarithmic axes, as SVG. See `scale.py`."""

from __future__ import annotations

import math
from collections.abc import Mapping

Points = Mapping[int, float]
"""Seconds by size."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 56, 210, 16, 44
COLORS = ("#4477aa", "#cc6677", "#228833", "#aa7700", "#8855aa", "#008b8b", "#bb5566")
"""Legible on white and on black."""

_STYLE = """
svg { color: #1d1b18; background: #f7f5f0; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #ece8e0; background: #161513 } }
text { fill: currentColor }
.grid { stroke: currentColor; stroke-opacity: 0.18 }
.line { fill: none; stroke-width: 2 }
"""


def exponent(points: Points) -> float:
    """The power of the size with which seconds grow: a least-squares line through logarithms.

    Starting takes as long for every size: what the smallest takes is taken off. NaN for fewer than two sizes beside it.
    """
    smallest = min(points)
    logs = [(math.log(n / smallest), math.log(s - points[smallest])) for n, s in points.items() if s > points[smallest]]
    if len(logs) < 2:
        return math.nan
    x, y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


def drawing(lines: Mapping[str, Points]) -> str:
    """The seconds of each command over the sizes, both logarithmic, as one SVG."""
    sizes = [size for points in lines.values() for size in points]
    seconds = [value for points in lines.values() for value in points.values()]
    across = (math.floor(math.log10(min(sizes))), math.ceil(math.log10(max(sizes))))
    up = (math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds))))

    def x(size: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(size) - across[0]) / max(1, across[1] - across[0])

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - up[0]) / max(1, up[1] - up[0])

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="Processor seconds over the number of pairs">\n<style>{_STYLE}</style>'
    ]
    for power in range(across[0], across[1] + 1):
        parts.append(f'<path class="grid" d="M{x(10**power):.0f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x(10**power):.0f}" y="{HEIGHT - 26}" text-anchor="middle">{10**power:,}</text>')
    for power in range(up[0], up[1] + 1):
        parts.append(f'<path class="grid" d="M{LEFT} {y(10.0**power):.0f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(10.0**power) + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 8}" text-anchor="middle">pairs</text>')
    # Names stand where their lines end, the highest first, and no nearer to one another than a line of text.
    floor = 0.0
    for number, (name, points) in enumerate(sorted(lines.items(), key=lambda line: -line[1][max(line[1])])):
        color, last = COLORS[number % len(COLORS)], max(points)
        path = " ".join(f"{x(size):.1f},{y(points[size]):.1f}" for size in sorted(points))
        floor = max(floor + 16, y(points[last]) + 4)
        parts.append(f'<polyline class="line" stroke="{color}" points="{path}"/>')
        parts.append(f'<text x="{x(last) + 8:.0f}" y="{floor:.0f}" style="fill: {color}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])
