"""Where every thing is in the picture, in both worlds, and which go another way.

Enters: a `Pair`. Leaves: `Tracks`, which tracks.json holds (schema "openvoid.tracks/1"), and the
instance pictures of the truth in its numbering: 0 nobody, n the n-th of its "bodies", which are the
world's in their order. A rigid part (a handle) is one thing with what it is part of. Knows no
files.

    {"schema": "openvoid.tracks/1", "bodies": [
      {"name": "ball", "noun": "red ball", "part_of": "", "removed": false, "moved": true,
       "with_object":    {"center_px": [[x, y], ...], "visible_px": [n, ...]},
       "without_object": {"center_px": [[x, y], ...], "visible_px": [n, ...]}}, ...]}

`center_px` is of the middle of the body, seen or not, null where it is behind the camera or is not
there. `moved`: seen in one of the worlds while its middle is MOVED_SHARE of the picture's height
away from where it is in the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.synth.camera import project
from openvoid.synth.pair import Pair
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.take import Drawn
from openvoid.synth.world import World

SCHEMA = "openvoid.tracks/1"
MOVED_SHARE = 0.015


@dataclass(frozen=True)
class Seen:
    """A body in one of the worlds, frame by frame."""

    center_px: tuple[tuple[float, float] | None, ...]
    visible_px: tuple[int, ...]


@dataclass(frozen=True)
class Tracked:
    """A body in both."""

    name: str
    noun: str
    part_of: str
    removed: bool
    moved: bool
    with_object: Seen
    without_object: Seen


@dataclass(frozen=True)
class Tracks:
    """All bodies, in the world's order."""

    bodies: tuple[Tracked, ...]

    def to_json(self) -> str:
        """What tracks.json holds."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=False) + "\n"


def tracks(pair: Pair) -> Tracks:
    """Where everything of a pair is."""
    world, owner = pair.world, owners(pair.world)
    sides = (
        _Side(world, pair.with_object, pair.full, owner),
        _Side(world, pair.without_object, pair.removed, owner),
    )
    bodies = []
    for index, body in enumerate(world.bodies):
        part = int(owner[index + 1]) != index + 1
        removed = body.name in pair.gone
        moved = not (part or removed or body.fixed) and _moved(world, index, sides)
        bodies.append(
            Tracked(
                body.name,
                body.noun,
                world.names[owner[index + 1] - 1] if part else "",
                removed,
                moved,
                sides[0].seen(index),
                sides[1].seen(index),
            )
        )
    return Tracks(tuple(bodies))


def instances(world: World, frames: Sequence[Drawn]) -> Iterator[NDArray[np.uint8]]:
    """[H, W] a frame: whose pixel it is, by the numbers of tracks.json.

    Raises:
        OpenVoidError: more bodies than a byte can number.
    """
    if len(world.bodies) > 255:
        raise OpenVoidError(f"{len(world.bodies)} bodies; 255 can be numbered", where="ids.mkv")
    table = owners(world).astype(np.uint8)
    return (table[drawn.ids] for drawn in frames)


def owners(world: World) -> NDArray[np.uint16]:
    """[1 + bodies]: instance number -> that of the thing it is a rigid part of, or its own."""
    number = {name: index + 1 for index, name in enumerate(world.names)}
    table = np.arange(len(world.bodies) + 1, dtype=np.uint16)
    for index, body in enumerate(world.bodies):
        if body.parent and body.joint is None:
            table[index + 1] = table[number[body.parent]]
    return table


class _Side:
    """One of the two worlds: where bodies are in its picture, and how much of them is seen."""

    def __init__(
        self, world: World, motion: Motion, frames: Sequence[Drawn], owner: NDArray[np.uint16]
    ) -> None:
        count = len(world.bodies) + 1
        self.visible_px = np.stack(
            [np.bincount(owner[drawn.ids].ravel(), minlength=count) for drawn in frames]
        )
        self.center_px = np.full((world.frames, len(world.bodies), 2), np.nan)
        rows = [world.names.index(name) for name in motion.names]
        centers_m = motion.poses[..., :3].astype(np.float64)  # [T, N, 3]
        for at, name in enumerate(motion.names):
            if name in motion.shapes:
                centers_m[:, at] = motion.shapes[name].mean(axis=1)
        for frame in range(world.frames):
            seen = project(centers_m[frame], world.camera, frame, world.size)
            self.center_px[frame, rows] = seen[:, :2]

    def seen(self, index: int) -> Seen:
        """One body of it."""
        centers = (
            None if np.isnan(x) else (round(float(x), 2), round(float(y), 2))
            for x, y in self.center_px[:, index]
        )
        return Seen(tuple(centers), tuple(self.visible_px[:, index + 1].tolist()))


def _moved(world: World, index: int, sides: tuple[_Side, _Side]) -> bool:
    one, other = sides
    seen = (one.visible_px[:, index + 1] > 0) | (other.visible_px[:, index + 1] > 0)
    apart_px = np.linalg.norm(one.center_px[:, index] - other.center_px[:, index], axis=1)
    return bool(np.any(seen & (apart_px > MOVED_SHARE * world.size[0])))
