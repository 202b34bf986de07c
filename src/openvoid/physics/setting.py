"""Setting: a shot set up in the world, so that it can be simulated.

Enters: what becomes of each thing as `plain` says it. Leaves: who plays: what goes on, with the
course it came on; what falls, as far away as that which bore it stands; what is kept and stands in
the way. How far away each is follows from the view, so under another view the same picture is
another scene, and none contradicts the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import Place
from openvoid.core.fates import Fate, FateKind
from openvoid.physics import hidden
from openvoid.physics import view as views
from openvoid.physics.actor import Actor
from openvoid.physics.approach import stilled
from openvoid.physics.bearing import grouped
from openvoid.physics.body import Body, body
from openvoid.physics.mechanics import Moving
from openvoid.physics.plain import Shot, start_of, stilled_row
from openvoid.physics.stage import Stage, held_still, mask_held_still
from openvoid.physics.standing import Standing, standing
from openvoid.physics.view import View
from openvoid.physics.watch import BORNE, Look, Seen, look
from openvoid.reason.contours import mask_of, places_of
from openvoid.vision.masks import grown

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

MOST = 16  # kept things that are looked at
AROUND = 0.08  # of its size: so far around a thing that goes elsewhere nothing else is looked for
ON_TOP = 0.3  # of its height: what overlaps another by less stands on it
PART = 0.004  # of the picture: smaller parts of kept things are edges of what hides them. Chosen
LESS_SURE = 0.7  # what is hit, than what hits it. Chosen


@dataclass(frozen=True)
class Setting:
    """Who plays, from the frame `first` on."""

    actors: tuple[Actor, ...]  # those that go elsewhere, then the kept ones
    moving: int  # so many of them go elsewhere
    first: int
    stop: int
    view: View
    stage: Stage

    @property
    def length(self) -> int:
        """In frames."""
        return self.stop - self.first

    @property
    def fixed(self) -> frozenset[int]:
        """Kept ones of which a part alone is seen: nobody knows how they would move."""
        return frozenset(at for at, each in enumerate(self.actors) if not each.whole)

    def seen_by(self, view: View) -> tuple[list[Moving], list[Body]] | None:
        """The scene under a view; None where that cannot be."""
        bodies = [_solid(each, view) for each in self.actors]
        whole = [each for each in bodies if each is not None]
        if len(whole) < len(bodies):
            return None
        whole = _stacked(whole)
        moving = []
        for actor, each in zip(self.actors[: self.moving], whole, strict=False):
            assert actor.fate is not None
            course = _course(actor, each, view)
            if actor.course is not None and course is None:
                return None
            moving.append(Moving(each, actor.fate.from_frame - self.first, course))
        return moving, whole[self.moving :]


def set_up(plain: Sequence[tuple[Seen, Fate]], shot: Shot, camera_m: float) -> Setting | None:
    """The scene of a shot; None where nothing goes elsewhere, or no ground is seen."""
    stage, length = shot.stage, shot.length
    moving = list(_moving(plain, shot))
    if not moving:
        return None
    first = min(each.fate.from_frame for each in moving if each.fate is not None)
    moving = [replace(each, course=_extended(each, first, length, stage)) for each in moving]
    at = max(0, first - 1)
    balls = [[stilled(each, stage) for each in seen.looks if each.fitted] for seen, _ in plain]
    picture = held_still(shot.working, stage, at)
    view = views.find(
        [each for each in balls if len(each) > 1],
        picture,
        shot.working.scale,
        (stage.height, stage.width),
        camera_m,
    )
    moving = [each for each in moving if _possible(each, view)]
    if not moving or np.rad2deg(view.pitch_error) > views.UNKNOWN_DEG:
        return None
    taken = _taken(plain, shot, at)
    kept = [
        each
        for number, (stands, whole) in enumerate(_kept(picture, taken))
        if (each := _standing(stands, len(plain) + number, at, moving[0], shot, whole)) is not None
        and _possible(each, view)
    ]
    actors = grouped((*moving, *kept), len(moving), (stage.height, stage.width))
    return Setting(tuple(actors), len(moving), first, length, view, stage)


def _kept(picture: NDArray[np.uint8], taken: Mask) -> Iterator[tuple[Standing, bool]]:
    """Things that stand there, and whether the whole of each is seen."""
    hides = grown(taken, 2)
    hides[[0, -1]] = hides[:, [0, -1]] = True
    for number, each in enumerate(standing(picture, taken)):
        whole = not (grown(each.thing, 1) & hides).any()
        if number < MOST and (whole or each.thing.mean() > PART):
            yield each, whole


def _possible(actor: Actor, view: View) -> bool:
    solid = _solid(actor, view)
    return solid is not None and (actor.course is None or _course(actor, solid, view) is not None)


def _moving(plain: Sequence[tuple[Seen, Fate]], shot: Shot) -> Iterator[Actor]:
    """What goes elsewhere by itself."""
    stage, falls = shot.stage, dict[tuple[int, int], list[int]]()
    for number, (seen, fate) in enumerate(plain):
        if fate.kind is FateKind.GO_ON and fate.source == "plain" and fate.poses:
            own = look(fate.start.frame, fate.shape, shot.track)
            if own is not None:
                yield _actor(number, seen, fate, own, fate.shape, stage)
        elif seen.looks and (
            fate.kind is FateKind.FALL or (seen.cause in BORNE and fate.source == "plain")
        ):
            falls.setdefault((seen.effect, seen.looks[0].frame), []).append(number)
    for (_, frame), numbers in falls.items():
        yield from _falling(plain, numbers, frame, shot)


def _falling(
    plain: Sequence[tuple[Seen, Fate]], numbers: Sequence[int], frame: int, shot: Shot
) -> Iterator[Actor]:
    """What is let go, whole; parts that the object cuts apart are one thing."""
    stage, size = shot.stage, (shot.track.height, shot.track.width)
    object_ = mask_held_still(shot.track[frame], shot.working.size, stage, frame)
    picture = held_still(shot.working, stage, frame).astype(np.float32) / np.float32(255)
    parts = [
        mask_held_still(mask_of(plain[number][0].shapes[0], *size), object_.shape, stage, frame)
        for number in numbers
    ]
    for group in hidden.joined(parts, object_):
        visible = np.logical_or.reduce([parts[each] for each in group])
        if not visible.any():
            continue
        full = hidden.whole(visible, object_, picture, views.FOCAL * object_.shape[1])
        seen, fate = plain[numbers[group[0]]]
        shape = shown(full, frame, stage) if (full & ~visible).any() else seen.shapes[0]
        own = look(frame, shape, shot.track)
        if own is None:
            continue
        base = Fate(
            seen.noun,
            FateKind.FALL,
            seen.effect,
            frame,
            shape,
            start_of(own, stage),
            confidence=seen.confidence,
            source=fate.source,
        )
        made = _actor(numbers[group[0]], seen, base, own, shape, stage)
        parted = tuple(numbers[each] for each in group[1:])
        yield replace(made, foot=_foot(shot, frame), parts=parted)


def _actor(
    number: int, seen: Seen, fate: Fate | None, own: Look, shape: Iterable[Place], stage: Stage
) -> Actor:
    size = np.array([stage.width, stage.height])
    largest = max(shape, key=lambda place: _area(np.array(place.corners) * size))
    outline = [
        stage.stilled(own.frame, float(x), float(y))[:2]
        for x, y in np.array(largest.corners) * size
    ]
    still = stilled(own, stage)
    return Actor(
        number, seen, fate, own, np.array(outline), (still.x, still.y), max(1.0, still.side_px)
    )


def _area(points: Points) -> float:
    return float(cv2.contourArea(points.astype(np.float32)))


def _foot(shot: Shot, frame: int) -> tuple[float, float] | None:
    """Where what bore it stands when it is let go."""
    frames = [index for index in shot.track.seen if index >= frame] or list(shot.track.seen)
    if not frames:
        return None
    box = shot.track.box(frames[0])
    x = shot.stage.stilled(frames[0], (box.left + box.right) / 2, float(box.bottom))[0]
    return x, stilled_row(shot.track, frames[0], shot.stage)


def _extended(actor: Actor, first: int, length: int, stage: Stage) -> Points | None:
    """[T, 2] where its middle goes, held still; beyond the picture straight on."""
    fate = actor.fate
    if fate is None or fate.kind is not FateKind.GO_ON:
        return None
    places = {
        pose.frame: stage.stilled(pose.frame, pose.x * stage.width, pose.y * stage.height)[:2]
        for pose in fate.poses
    }
    known = sorted(places)
    found = np.zeros((length - first, 2))
    for frame in range(first, length):
        if frame in places:
            found[frame - first] = places[frame]
        elif frame < known[0]:
            found[frame - first] = places[known[0]]
        else:
            last = np.array(places[known[-1]])
            step = last - places[known[-2]] if len(known) > 1 else np.zeros(2)
            found[frame - first] = last + step * (frame - known[-1])
    return found


def _solid(actor: Actor, view: View) -> Body | None:
    """It in the world."""
    if actor.foot is not None:
        foot = view.on_level(*actor.foot)
        if foot is None:
            return None
        found = body(actor.outline, actor.middle, view, float(foot[1]))
        if found is not None and (found.low_m >= 0 or actor.fate is None):
            return found
    return body(actor.outline, actor.middle, view)


def _course(actor: Actor, solid: Body, view: View) -> Points | None:
    """[T, 3] of its middle: the anchor keeps its height. It does not pass the horizon."""
    if actor.course is None:
        return None
    found: list[Points] = []
    for x, y in actor.course:
        place = view.on_level(float(x), float(y), float(solid.anchor[2]))
        if place is None and not found:
            return None
        found.append(found[-1] if place is None else place - solid.anchor + solid.middle)
    return np.array(found)


def _stacked(bodies: Sequence[Body]) -> list[Body]:
    """What overlaps another a little from above stands on it; nothing stands below the ground."""
    done: dict[int, Body] = {}
    for number in sorted(range(len(bodies)), key=lambda at: bodies[at].low_m):
        own = bodies[number]
        own = own.raised(max(0.0, -own.low_m))
        for other in done.values():
            beside = np.abs(own.middle - other.middle)[:2] > np.add(own.half, other.half)[:2]
            into = other.low_m + 2 * other.half[2] - own.low_m
            if not beside.any() and 0 < into < ON_TOP * 2 * min(own.half[2], other.half[2]):
                own = own.raised(into)
        done[number] = own
    return [done[number] for number in range(len(bodies))]


def _taken(plain: Sequence[tuple[Seen, Fate]], shot: Shot, at: int) -> Mask:
    """Where the object is, and what goes elsewhere, in a frame, small and held still."""
    size, stage, track = shot.working.size, shot.stage, shot.track
    taken = grown(mask_held_still(track[at], size, stage, at), 2)
    for seen, fate in plain:
        told = [
            *seen.region,
            *seen.seen,
            *fate.seen,
            *(each for shape in seen.shapes for each in shape),
        ]
        here = [place for place in told if place.frame == at]
        if not here:  # where it was seen next
            frames = sorted({place.frame for place in told}, key=lambda frame: abs(frame - at))
            here = [place for place in told if frames and place.frame == frames[0]]
        mask = mask_of(here, track.height, track.width)
        if mask.any():
            small = mask_held_still(mask, size, stage, here[0].frame)
            taken |= grown(small, 2 + round(AROUND * float(np.sqrt(small.sum()))))
    return taken


def _standing(
    stands: Standing, number: int, at: int, by: Actor, shot: Shot, whole: bool
) -> Actor | None:
    """A kept thing."""
    stage = shot.stage
    shape, shadow = shown(stands.thing, at, stage), shown(stands.shadow, at, stage)
    own = look(at, shape, shot.track)
    if own is None:
        return None
    seen = replace(
        by.seen,
        noun="thing in the way",
        looks=(own,),
        shapes=(shape,),
        confidence=LESS_SURE * by.seen.confidence,
    )
    actor = _actor(number, seen, None, own, shape, stage)
    everywhere = tuple(
        place
        for frame in range(shot.length)
        for mask in (stands.thing, stands.shadow)
        for place in shown(mask, frame, stage)
    )
    return replace(actor, shadow=shadow, everywhere=everywhere, whole=whole)


def shown(mask: Mask, frame: int, stage: Stage) -> tuple[Place, ...]:
    """A small mask, held still, as places in a frame."""
    size = stage.width, stage.height
    large = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR) > 0
    found = []
    for place in places_of(large, frame):
        corners = np.array(place.corners) * size
        there = [stage.shown(frame, float(x), float(y))[:2] for x, y in corners]
        shares = np.array(there) / size
        found.append(Place(frame, tuple((float(x), float(y)) for x, y in shares)))
    return tuple(found)
