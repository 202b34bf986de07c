"""The true effects of a made world: which things are affected, and how, from its own truth.

Enters: a shot as `openvoid synth make` writes it. Leaves: effects as a reasoner would tell that
knew all: a mover is measured with them apart from the reasoner. The clip's world is filmed again
for the silhouettes, so nothing that happens only without the object is told: what would be hit then
the mover must find by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core import plugins
from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.removal import Run
from openvoid.media.open import open_clip
from openvoid.reason.contours import places_of
from openvoid.synth.physics.simulation import simulate
from openvoid.synth.take import Drawn, Take
from openvoid.synth.tracks import instances
from openvoid.synth.world import World

APART_PX = 1.0  # both worlds differ, in the clip's frame where that begins
AT_ONCE = 2  # frames: what parts from the clip so early was borne or held when it began
BACK = 3  # frames that tell its pace before
CAME = 0.15  # of its size, in those: it was under way
GOES = 0.25  # of its size: without the object it stirs
SAME = 0.6  # of its smaller silhouette: with less in common they are two places
LEAST_PX = 24  # of a silhouette

Centers = NDArray[np.float64]  # [T, 2] px, NaN where it is not there


def true_effects(shot: Path) -> Effects:
    """What the object truly does, thing by thing."""
    bodies = json.loads((shot / "tracks.json").read_text())["bodies"]
    ids = clip_ids(shot)
    later = [frame[..., 0] for frame in open_clip(shot / "ids.mkv").frames()]
    found = []
    for number, body in enumerate(bodies):
        if body["removed"] or body["part_of"]:
            continue
        parted = parts(ids, later, number)
        if not (body["moved"] or (parted.any() and turns(later, number))):
            continue
        with_, without = (centers(body[key]) for key in ("with_object", "without_object"))
        area = np.array([int((each == number + 1).sum()) for each in ids])
        side = float(np.sqrt(np.median(area[area > 0]))) if (area > 0).any() else 0.0
        told = relation(with_, without, side, parted) if side else None
        if told is None:
            continue
        cause, begins = told
        places = list(silhouettes(ids, number))
        now = tuple(place for place in places if place.frame >= begins)
        before = tuple(place for place in places if place.frame < begins)
        if now:
            found.append(
                Effect(
                    body["noun"],
                    EffectKind.PHYSICAL,
                    cause,
                    "true",
                    now,
                    before=before if cause is Relation.STOPS else (),
                    source="truth",
                )
            )
    return Effects(tuple(found))


def turns(ids: list[NDArray[np.uint8]], number: int) -> bool:
    """Whether a body covers another place in the end than at first."""
    first, last = ids[0] == number + 1, ids[-1] == number + 1
    return float((first & last).sum()) < SAME * int(min(first.sum(), last.sum()))


def parts(
    with_: list[NDArray[np.uint8]], without: list[NDArray[np.uint8]], number: int
) -> NDArray[np.bool_]:
    """[T] whether a body covers another place in both worlds: it may turn about its middle."""
    found = []
    for one, other in zip(with_, without, strict=True):
        first, second = one == number + 1, other == number + 1
        found.append(float((first & second).sum()) < SAME * int(min(first.sum(), second.sum())))
    return np.array(found)


def relation(
    with_: Centers, without: Centers, side: float, parted: NDArray[np.bool_] | None = None
) -> tuple[Relation, int] | None:
    """What the object does to a thing and from which frame on; None where it is nothing by itself.

    Args:
        with_, without: where its middle is.
        side: of the thing, px.
        parted: frames in which it certainly is elsewhere, though its middle may not be.
    """
    apart = np.hypot(*(with_ - without).T) > APART_PX
    elsewhere = parted is not None and bool(parted.any())
    if not apart.any() and not elsewhere:
        return None
    if not apart.any():
        assert parted is not None
        return Relation.SUPPORTS, max(0, int(parted.argmax()) - AT_ONCE)
    begins = int(apart.argmax())
    last = max(0, begins - 1)  # in which it goes as it would without the object
    came = float(np.hypot(*(with_[last] - with_[max(0, last - BACK)])))
    stirs = np.hypot(*(without[begins:] - without[begins]).T)
    goes = bool((stirs > GOES * side).any())  # NaN is not
    if begins <= AT_ONCE:
        return (Relation.SUPPORTS if goes or elsewhere else Relation.PUSHES), begins
    if came > CAME * side:
        return Relation.STOPS, begins
    stays = np.hypot(*(with_[begins:] - with_[begins]).T)
    pushed = bool((stays > GOES * side).any())
    return (Relation.PUSHES, begins) if pushed and not goes else None


def centers(seen: dict[str, list[list[float] | None]]) -> Centers:
    """[T, 2] of a body in tracks.json."""
    return np.array([each or (np.nan, np.nan) for each in seen["center_px"]], np.float64)


def clip_ids(shot: Path) -> list[NDArray[np.uint8]]:
    """Whose pixel it is in the clip, by the numbers of tracks.json: filmed again."""
    world = World.from_json((shot / "world.json").read_text())
    renderer = plugins.construct("renderer", "mujoco")
    take = Take(world, simulate(world), wanted=frozenset(("ids",)))
    drawn: list[Drawn] = list(renderer.render(take, Run(shot)))
    return list(instances(world, drawn))


def silhouettes(ids: list[NDArray[np.uint8]], number: int) -> Iterator[Place]:
    """Of a body, wherever enough of it shows."""
    for frame, each in enumerate(ids):
        own = each == number + 1
        if own.sum() >= LEAST_PX:
            yield from places_of(own, frame)
