"""What the ground is made of, indoors, outdoors and on a table: words, a pattern, its colours.

Enters: a random generator, the setting, and how far across the action is. Leaves: a `Ground`. Knows
no story and no light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.synth.families.things import pick, uniform
from openvoid.synth.world import Color, Material

PALE: dict[str, Color] = {
    "cream": (0.70, 0.62, 0.48),
    "pale grey": (0.50, 0.51, 0.53),
    "sage green": (0.34, 0.42, 0.31),
    "dusty blue": (0.28, 0.38, 0.50),
    "terracotta": (0.48, 0.22, 0.13),
    "white": (0.74, 0.73, 0.70),
    "ochre": (0.55, 0.38, 0.14),
}
_GREYS: tuple[Color, ...] = ((0.45, 0.45, 0.46), (0.34, 0.34, 0.36), (0.52, 0.49, 0.44))
_WOODS: tuple[Color, ...] = ((0.30, 0.16, 0.08), (0.42, 0.25, 0.13), (0.20, 0.11, 0.06))
_STONES: tuple[Color, ...] = ((0.70, 0.68, 0.64), (0.42, 0.46, 0.44), (0.55, 0.42, 0.36))
_ANY: tuple[Color, ...] = tuple(PALE.values())


@dataclass(frozen=True)
class _Kind:
    """`scale` in action widths; `tones`: how dark the second colour may be."""

    noun: str
    pattern: str
    scale: float
    colors: tuple[Color, ...]
    roughness: float
    reflectance: float = 0.0
    tones: tuple[float, float] = (0.35, 0.75)


_INDOORS = {
    "planks": _Kind("wooden floor", "wood", 0.30, _WOODS, 0.5, 0.06, (0.4, 0.6)),
    "tiles": _Kind("tiled floor", "tiles", 0.22, _ANY, 0.3, 0.12),
    "checker": _Kind("checkered floor", "checker", 0.25, _ANY, 0.4, 0.10),
    "carpet": _Kind("woven carpet", "fabric", 0.05, _ANY, 0.95),
    "concrete": _Kind("concrete floor", "noise", 0.22, _GREYS, 0.8, 0.02, (0.75, 0.9)),
    "marble": _Kind("marble floor", "marble", 0.5, _STONES, 0.25, 0.15, (0.5, 0.8)),
}
_OUTDOORS = {
    "planks": _Kind("wooden terrace", "wood", 0.30, _WOODS, 0.7, 0.0, (0.4, 0.6)),
    "tiles": _Kind("paved square", "tiles", 0.30, (*_GREYS, *_STONES), 0.8, 0.0, (0.3, 0.5)),
    "checker": _Kind("checkered court", "checker", 0.35, _ANY, 0.7, 0.0, (0.6, 0.85)),
    "carpet": _Kind("lawn", "noise", 0.3, ((0.20, 0.33, 0.08), (0.26, 0.36, 0.12)), 1.0, 0.0,
                    (0.55, 0.7)),
    "concrete": _Kind("stretch of asphalt", "noise", 0.2, _GREYS[:2], 0.9, 0.0, (0.7, 0.85)),
    "marble": _Kind("sandy ground", "noise", 0.25, ((0.55, 0.42, 0.24), (0.62, 0.5, 0.33)), 1.0,
                    0.0, (0.75, 0.88)),
}  # fmt: skip
_TABLES = {
    "planks": "wooden table",
    "tiles": "tiled table",
    "checker": "table with a checkered top",
    "carpet": "table with a woven cloth",
    "concrete": "concrete table",
    "marble": "marble table",
}
GROUNDS = tuple(_INDOORS)


@dataclass(frozen=True)
class Ground:
    """What a caption calls it, and how it looks."""

    noun: str
    look: Material


def ground(rng: np.random.Generator, name: str, setting: str, across_m: float) -> Ground:
    """A ground of that kind, or the like of it outdoors."""
    kind = (_OUTDOORS if setting == "outdoors" else _INDOORS)[name]
    color = _shade(kind.colors[int(rng.integers(len(kind.colors)))], uniform(rng, 0.85, 1.15))
    second = _shade(color, uniform(rng, *kind.tones))
    look = Material(
        kind.pattern,
        (color, second),
        kind.scale * across_m * uniform(rng, 0.8, 1.2),
        int(rng.integers(2**31)),
        kind.roughness,
        kind.reflectance * uniform(rng, 0.3, 1.3),
    )
    return Ground(_TABLES[name] if setting == "table" else kind.noun, look)


def wall(rng: np.random.Generator, color: str, across_m: float) -> Material:
    """A painted wall, perhaps papered."""
    kind = pick(rng, ("plain", "noise", "stripes", "tiles"))
    colors: Sequence[Color] = (PALE[color], _shade(PALE[color], uniform(rng, 0.75, 0.92)))
    return Material(
        kind,
        (colors[0],) if kind == "plain" else tuple(colors),
        across_m * uniform(rng, 0.3, 0.6),
        int(rng.integers(2**31)),
        roughness=0.9,
    )


def _shade(color: Color, share: float) -> Color:
    red, green, blue = (min(0.7, part * share) for part in color)
    return (red, green, blue)
