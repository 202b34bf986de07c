"""What only some bodies and some worlds have: deforming, paths, pools, how a world settles.

Enters: what a family or a file tells. Leaves: frozen fields, each with what holds where nothing is
told. Knows nothing of bodies or worlds themselves; `synth.world` keeps these and saves them.

A file holds what was told, in the order it was told, and nothing else, so that one that is read and
saved again is the same to the byte: `Told` remembers that. What was told is changed by `but`, never
by `dataclasses.replace`, which would tell every field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

Flat = tuple[float, float]  # x, y


class Told:
    """Of a dataclass: which of its fields were told, in order. Equality is that of the fields."""

    said: tuple[str, ...]

    def __new__(cls, **told: object) -> Self:
        made = super().__new__(cls)
        object.__setattr__(made, "said", tuple(told))
        return made

    def but(self, **changes: Any) -> Self:
        """The same with some fields told anew; those that were not told before come last."""
        return type(self)(**self.told() | changes)

    def told(self) -> dict[str, Any]:
        """What was told, by name."""
        return {name: getattr(self, name) for name in self.said}


@dataclass(frozen=True, kw_only=True)
class BodyDetail(Told):
    """Of a body. Metres, seconds; `young_pa` in pascal.

    A deforming body's kind is told by its shape and by `water`, `drops`, `patch`: see
    `synth.physics.deform`. What follows a `path` does so while the body `carried_by` is there.
    """

    noun: str = ""  # what a person would call it; its name where nothing is told
    collides: bool = True
    rolling: float = 0.002  # rolling resistance, as MuJoCo counts it: m
    weightless: bool = False
    held: bool = False  # stays where it is while the world settles
    alpha: float = 1.0  # 0 .. 1, how much of what is behind it hides
    texture: str = ""  # a mesh's picture, a file
    path: tuple[tuple[float, ...], ...] = ()  # [T][7]: x y z, w x y z of each frame
    carried_by: str = ""  # an earlier body; itself where nothing is told
    count: tuple[int, ...] = ()  # vertices a side
    water: bool = False  # the surface of a pool
    drops: int = 0  # little balls
    patch: int = 0  # flat discs
    young_pa: float = 1e4
    damping_s: float = 5e-3
    thickness_m: float = 0.012  # of cloth
    round_m: float = 0.04  # of a soft thing's edges
    puff: float = 0.0  # 0 .. 1: how much thinner a pillow is at its rim
    pinned: str = ""  # what of it never moves: "", "edge", "sides", "below" (`physics.flex`)

    @property
    def drawn_only(self) -> bool:
        """It deforms, but not by MuJoCo: water, drops, wet patches."""
        return self.water or self.drops > 0 or self.patch > 0


@dataclass(frozen=True)
class Water:
    """A pool, and the bodies by which it is drawn."""

    surface: str
    drops: str
    patches: str
    centre: Flat
    half: Flat
    level_m: float
    depth_m: float
    rim_m: float  # top of its walls
    wall_m: float  # how thick they are
    ground_m: float  # what is beside it


@dataclass(frozen=True, kw_only=True)
class WorldDetail(Told):
    """Of a world. What is None is as whoever asks has it."""

    across_m: float = 2.0  # how wide the action is
    kind: str = ""  # which of its family's
    step_s: float | None = None  # of the simulation, at most
    settle_s: float | None = None  # for how long all comes to rest before frame 0
    settle: str = ""  # "apart": each of the two worlds by itself
    water: Water | None = None
    title: str = ""  # of a recording
