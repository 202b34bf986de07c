"""A world, described: bodies, joints, holds, lights, a camera, and who is to be removed.

Enters: numbers that a family (`synth.families`) drew from its seed, or a world.json. Leaves: frozen
descriptions, and their JSON (schema "openvoid.world/1", floats to the last bit). Knows no physics
engine, no renderer, no picture: `synth.physics.scene` builds from it,
`synth.physics.simulation` moves it.

Conventions: metres, seconds, kilograms, z up; quaternions are (w, x, y, z); colours are linear,
0 .. 1. Positions and rotations are always the world's, also those of parts and limbs; joint anchors
and axes are the body's own. Sizes, as half sizes in metres:

    box, ellipsoid     (x, y, z)            sphere             (radius,)
    capsule, cylinder  (radius, half length along its own z; a capsule's without its caps)
    plane              (x, y), facing its own z; 0 is without end
    mesh               (scale x, y, z) of the file `mesh`
    cloth              (x, y), detail.count (nx, ny) vertices
    soft               (x, y, z), detail.count (nx, ny, nz) vertices
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail, Told, WorldDetail

SCHEMA = "openvoid.world/1"
RATE = re.compile(r"\d{1,9}(/[1-9]\d{0,8})?")
Vector = tuple[float, float, float]
Color = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

UPRIGHT: Quaternion = (1.0, 0.0, 0.0, 0.0)
KINDS = {
    "material": ("plain", "checker", "stripes", "wood", "noise", "marble", "tiles", "fabric"),
    "shape": (
        *("box", "sphere", "cylinder", "capsule", "ellipsoid"),
        *("mesh", "plane", "cloth", "soft"),
    ),
    "joint": ("hinge", "ball", "slide", "free", "weld"),
    "light": ("sun", "lamp", "sky"),
    "camera": ("locked", "handheld", "pan", "dolly"),
}


@dataclass(frozen=True)
class Material:
    """What a surface looks like. `colors` belong to the pattern, the first is the ground."""

    kind: str = "plain"
    colors: tuple[Color, ...] = ((0.5, 0.5, 0.5),)
    scale: float = 0.2  # one repeat of the pattern, in metres
    seed: int = 0
    roughness: float = 0.6
    reflectance: float = 0.0  # of a mirror image; 1 is a mirror
    emission: float = 0.0  # of its own light; 1 shows its colour in the dark


@dataclass(frozen=True)
class Joint:
    """How a body hangs on its parent, or on the world. As described, every joint is at 0.

    `drive` moves it: pairs of (time in seconds, target in radians or metres), eased between.
    """

    kind: str = "hinge"
    axis: Vector = (0.0, 1.0, 0.0)
    anchor: Vector = (0.0, 0.0, 0.0)  # in the body's own frame
    range: tuple[float, float] | None = None  # radians or metres
    stiffness: float = 0.0
    damping: float = 0.0
    drive: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Body:
    """One body. Without mass it stands still for ever; with a parent and no joint it is a part.

    A part is rigidly one with its parent (the handle of a cup), and moves and falls with it.
    """

    name: str
    shape: str
    size: tuple[float, ...]
    position: Vector
    rotation: Quaternion = UPRIGHT
    mass_kg: float = 0.0
    friction: float = 0.6
    bounce: float = 0.0  # 0 .. 1, speed after a drop / speed before it
    material: Material = field(default_factory=Material)
    velocity: Vector = (0.0, 0.0, 0.0)  # at frame 0; until then it is held where it is
    spin: Vector = (0.0, 0.0, 0.0)  # radians / s, about the world's axes
    parent: str = ""
    joint: Joint | None = None
    mesh: str = ""  # file
    detail: BodyDetail = field(default_factory=BodyDetail)

    @property
    def noun(self) -> str:
        """What a person would call it."""
        return self.detail.noun or self.name.replace("_", " ")

    @property
    def fixed(self) -> bool:
        """It can never move."""
        still = self.mass_kg <= 0 and not self.parent and self.joint is None
        return still and not self.detail.path


@dataclass(frozen=True)
class Weld:
    """`a` holds `b` until a time (for ever: infinity); let go when either of them is removed.

    The figure of `a` and the thing of `b` pass through each other: the grip stands for touch.
    """

    a: str
    b: str
    until_s: float = float("inf")


@dataclass(frozen=True)
class Light:
    """Sun: by `direction`. Lamp: at `position`, towards `direction`. Sky: the colour of shade.

    With `body` the light is its: carried along (position and direction are where they are at the
    start), and gone when that body is removed. So coloured light thrown back by a body is a lamp
    of that body's colour that casts no shadow.
    """

    kind: str
    position: Vector = (0.0, 0.0, 5.0)
    direction: Vector = (0.0, 0.0, -1.0)
    color: Color = (1.0, 1.0, 1.0)
    casts_shadow: bool = True
    body: str = ""
    radius: float = 0.02  # of what shines, in metres: the softness of shadows
    cutoff_deg: float = 80.0  # a lamp's cone, from its axis
    range_m: float = 0.0  # at which a lamp has lost half its strength; 0: never


@dataclass(frozen=True)
class Camera:
    """Where it is and what it looks at, frame by frame; z is up in the picture."""

    path: str
    positions: tuple[Vector, ...]
    targets: tuple[Vector, ...]
    fov_deg: float = 45.0  # of the height


@dataclass(frozen=True)
class World:
    """A scene, and which of its bodies are to be removed. `caption` tells what is there after."""

    family: str
    seed: int
    size: tuple[int, int]  # height, width
    frames: int
    rate: Fraction
    bodies: tuple[Body, ...]
    welds: tuple[Weld, ...]
    lights: tuple[Light, ...]
    camera: Camera
    removed: tuple[str, ...]
    why: str
    caption: str
    short: str
    gravity: Vector = (0.0, 0.0, -9.81)
    backdrop: tuple[Color, Color] = ((0.35, 0.5, 0.75), (0.8, 0.85, 0.9))  # zenith, horizon
    detail: WorldDetail = field(default_factory=WorldDetail)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Of its bodies, in order: the order of poses and of instance numbers."""
        return tuple(body.name for body in self.bodies)

    @property
    def duration_s(self) -> float:
        """From the first frame to the last."""
        return float((self.frames - 1) / self.rate)

    def body(self, name: str) -> Body:
        """The body of that name; KeyError if there is none."""
        return self.bodies[_index(self.names)[name]]

    def to_json(self) -> str:
        """Its description, readable for ever by `from_json`."""
        plain = _plain(_typed(_plain(self), World, "world"))  # 0 given for 0.0 is 0.0
        return json.dumps({"schema": SCHEMA, **plain}, indent=1) + "\n"

    @staticmethod
    def from_json(text: str, where: str = "world.json") -> World:
        """The inverse of `to_json`.

        Raises:
            OpenVoidError: not JSON, another schema, a field that is missing, unknown or wrong.
        """
        read = facts.loads(text, where).value
        schema = read.pop("schema", None) if isinstance(read, dict) else None
        if schema != SCHEMA:
            raise OpenVoidError(f"schema {schema!r}", where=where, mend=f"{SCHEMA!r} is expected")
        try:
            return typing.cast(World, _typed(read, World, "world"))
        except OpenVoidError as error:
            raise OpenVoidError(error.what, where=where) from error


@cache
def _index(names: tuple[str, ...]) -> dict[str, int]:
    return {name: index for index, name in enumerate(names)}


def _check(world: World) -> None:
    """Every name known and once, parents first, kinds known, the camera as long as the clip."""
    seen: set[str] = set()
    for body in world.bodies:
        if body.name in seen or not body.name:
            raise OpenVoidError(f"two bodies are called {body.name!r}")
        if body.parent and body.parent not in seen:
            raise OpenVoidError(f"{body.name}: its parent {body.parent!r} does not come before it")
        _check_kind("shape", body.shape)
        _check_kind("material", body.material.kind)
        if body.joint is not None:
            _check_kind("joint", body.joint.kind)
        seen.add(body.name)
    spoken = {*world.removed, *(light.body for light in world.lights)} - {""}
    unknown = (spoken | {name for weld in world.welds for name in (weld.a, weld.b)}) - seen
    if unknown:
        raise OpenVoidError(f"no body is called {', '.join(sorted(unknown))}")
    for light in world.lights:
        _check_kind("light", light.kind)
    _check_kind("camera", world.camera.path)
    if not len(world.camera.positions) == len(world.camera.targets) == world.frames > 0:
        raise OpenVoidError(f"a camera of other than {world.frames} frames")


def _check_kind(what: str, kind: str) -> None:
    if kind not in KINDS[what]:
        raise OpenVoidError(f"unknown {what} {kind!r}", mend=f"known: {', '.join(KINDS[what])}")


def _plain(value: Any) -> Any:
    """Dataclasses and fractions -> what JSON has; infinity is null."""
    if isinstance(value, np.generic):
        return _plain(value.item())
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        told = value.said if isinstance(value, Told) else names
        return {name: _plain(getattr(value, name)) for name in told}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    return None if value == float("inf") else float(value)


def _typed(value: Any, kind: Any, at: str) -> Any:
    """What JSON had -> what a field of this type holds; `at` says where, for messages."""
    if dataclasses.is_dataclass(kind):
        return _dataclass(value, typing.cast(type[Any], kind), at)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _typed(value, inner[0], at)
    if origin is tuple:
        count = None if inner[-1] is Ellipsis else len(inner)
        if not isinstance(value, list) or (count is not None and len(value) != count):
            raise OpenVoidError(f"{at} is {value!r}")
        kinds = [inner[0]] * len(value) if count is None else list(inner)
        return tuple(_typed(*pair, at) for pair in zip(value, kinds, strict=True))
    if kind is Fraction and isinstance(value, str):
        if not RATE.fullmatch(value):
            raise OpenVoidError(f"{at} is {value!r}")
        return Fraction(value)
    if kind is float and value is None:
        return float("inf")
    if kind is float and type(value) in (int, float):
        return float(value)
    if type(value) is not kind:
        raise OpenVoidError(f"{at} is {value!r}")
    return value


def _dataclass(value: Any, kind: type[Any], at: str) -> Any:
    known = typing.get_type_hints(kind)
    hints = {each.name: known[each.name] for each in dataclasses.fields(kind)}
    if not isinstance(value, dict):
        raise OpenVoidError(f"{at} is {value!r}")
    if unknown := set(value) - set(hints):
        raise OpenVoidError(f"{at} has no field {', '.join(sorted(unknown))}")
    fields = {name: _typed(item, hints[name], f"{at}.{name}") for name, item in value.items()}
    try:
        return kind(**fields)
    except TypeError as error:
        raise OpenVoidError(f"{at}: {error}") from error
