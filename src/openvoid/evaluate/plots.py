"""Means by family -> small plots, as SVG text for a page.

Enters: numbers. Leaves: one `<svg>` element: a group of dots a family, a colour a contestant, its
95 % interval as a line. Scales itself; draws without any library. Knows no metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from openvoid.evaluate.summary import Mean

# told apart by colour-blind people too (Okabe and Ito 2008)
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 190, 46, 8, 24, 24
LEAST_WIDTH = 330  # the longest title needs as much
STEP, GAP = 13, 22  # pixels between two dots, between two families


def color_of(index: int) -> str:
    """Of the contestant of that number."""
    return COLORS[index % len(COLORS)]


def plot(title: str, means: Mapping[str, Mapping[str, Mean | None]], names: Sequence[str]) -> str:
    """Family -> contestant -> mean, as dots with their intervals."""
    known = [mean for row in means.values() for mean in row.values() if mean and mean.shots]
    if not known:
        return ""
    low, high = _bounds([m.low for m in known], [m.high for m in known])
    group = STEP * len(names) + GAP
    width = max(LEAST_WIDTH, LEFT + RIGHT + group * len(means))

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_text(LEFT, 14, title, "start", "title")]
    for tick in ticks(low, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{width}" y1="{y(tick):.1f}"')
        parts.append(f' y2="{y(tick):.1f}"/>')
        parts.append(_text(LEFT - 5, y(tick) + 4, f"{tick:g}", "end"))
    for place, (family, row) in enumerate(means.items()):
        left = LEFT + group * place + GAP / 2
        parts.append(_text(left + STEP * len(names) / 2, HEIGHT - 7, family, "middle"))
        for index, name in enumerate(names):
            mean = row.get(name)
            if mean and mean.shots:
                parts.append(_dot(left + STEP * (index + 0.5), mean, y, name, color_of(index)))
    inner = "".join(parts)
    return f'<svg viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">{inner}</svg>'


def ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers between two."""
    raw = (high - low) / 5
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 10) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _dot(x: float, mean: Mean, y: object, name: str, color: str) -> str:
    assert callable(y)
    told = (
        f"{escape(name)}: {mean.mean:.4g} ({mean.low:.4g} to {mean.high:.4g}), {mean.shots} shots"
    )
    return (
        f'<g stroke="{color}" fill="{color}"><title>{told}</title>'
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(mean.low):.1f}" y2="{y(mean.high):.1f}"'
        f' stroke-width="2"/><circle cx="{x:.1f}" cy="{y(mean.mean):.1f}" r="4"/></g>'
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _bounds(lows: Sequence[float], highs: Sequence[float]) -> tuple[float, float]:
    low, high = min(lows), max(highs)
    margin = 0.08 * (high - low) or max(0.5, abs(high) * 0.1)
    return low - margin, high + margin
