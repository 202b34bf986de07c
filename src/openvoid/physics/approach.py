"""Approach: how a round thing came, seen frame by frame, and whether it came by itself.

Enters: what a reasoner saw of a thing, and the shot held still. Leaves: the same thing with a look
in every frame that shows it before the object has to do with it (`vision.following`), or nothing
where it is not round. What was at rest was pushed, what was under way and left its course there was
stopped or turned aside, whatever the reasoner calls it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.core.effects import Place
from openvoid.core.track import Track
from openvoid.physics.course import Course, fit
from openvoid.physics.shadow import shadow
from openvoid.physics.stage import Mask, Stage, held_still, mask_held_still
from openvoid.physics.watch import UNDER_WAY, Look, Seen
from openvoid.reason.contours import mask_of
from openvoid.vision.discs import Disc, Points
from openvoid.vision.following import View, followed, scene
from openvoid.vision.working import Working

BEFORE = 14  # frames that are looked at
FOCAL = 0.8  # of the picture's width, a usual lens: told from nothing better
FEWEST = 3  # looks that lie on one course: two lie on any
COME = 0.5  # of its size: what has not gone as far was at rest
OFF = 0.12  # of its size: so far from its course is on it
LEFT = 0.5  # of its size: so far from its course it has left it


def approach(seen: Seen, stage: Stage, working: Working, track: Track) -> Seen | None:
    """A thing that came by itself, with all its looks until it left its course."""
    all_ = sighted(seen, stage, working, track)
    if all_ is None:
        return None
    still = [stilled(each, stage) for each in all_.looks]
    middle = stage.width / 2, stage.height / 2
    count = sum(each.frame < seen.from_frame for each in still)
    course = fit(still[:count], middle)
    while course is not None and count < len(still) and _off(course, still[count]) < OFF:
        count += 1
        course = fit(still[:count], middle)
    if course is None or count < FEWEST:
        return None
    before, after = still[:count], still[count:]
    side = before[-1].side_px
    gone = float(np.hypot(before[-1].x - before[0].x, before[-1].y - before[0].y))
    left = any(_off(course, each) > LEFT for each in after)
    told = seen.cause in UNDER_WAY
    if gone < COME * side or course.off_px > OFF * side or not (left or told):
        return None
    return replace(
        all_,
        looks=all_.looks[:count],
        shapes=all_.shapes[:count],
        shadows=all_.shadows[:count],
    )


def sighted(seen: Seen, stage: Stage, working: Working, track: Track) -> Seen | None:
    """A thing with a look in every frame that shows it, before and after; None where it is not
    round."""
    start = seen.from_frame
    reach = range(max(0, start - BEFORE), len(track))
    regions: dict[int, list[Place]] = {}
    for place in seen.region:
        regions.setdefault(place.frame, []).append(place)
    size = working.size

    def region(index: int) -> Mask:
        return mask_held_still(mask_of(regions[index], *size), size, stage, index)

    view = View(
        len(track),
        size,
        lambda index: held_still(working, stage, index),
        lambda index: mask_held_still(track[index], size, stage, index),
        {index: region(index) for index in regions if index in reach},
        FOCAL * size[1],
    )
    chain = followed(view, scene(view), start, reach)
    if not chain:
        return None
    scale = 1 / working.scale
    looks = [_look(index, disc, scale, track, stage) for index, disc in chain.items()]
    dark = shadow(view, scene(view, chain), chain)
    outlines = [_placed(index, disc.corners(), working, stage) for index, disc in chain.items()]
    cast = [
        tuple(_placed(index, disc.carried(each), working, stage) for each in dark)
        for index, disc in chain.items()
    ]
    return replace(
        seen,
        looks=tuple(_in_frame(each, stage) for each in looks),
        shapes=tuple((each,) for each in outlines),
        seen=tuple(
            place for own, more in zip(outlines, cast, strict=True) for place in (own, *more)
        ),
        shadows=tuple(cast),
    )


def _off(course: Course, look: Look) -> float:
    """How far from its course it is seen, in its own sizes."""
    x, y, _ = course.at(look.frame)
    return float(np.hypot(look.x - x, look.y - y)) / look.side_px


def _look(frame: int, disc: Disc, scale: float, track: Track, stage: Stage) -> Look:
    """A look, held still, px of the clip."""
    corners = disc.corners() * scale
    low, high = corners.min(axis=0), corners.max(axis=0)
    whole = bool((low >= 0).all() and high[0] <= stage.width and high[1] <= stage.height)
    mask = mask_held_still(track[frame], (stage.height, stage.width), stage, frame)
    at = np.clip(corners.astype(int), 0, (stage.width - 1, stage.height - 1))
    clear = not mask[at[:, 1], at[:, 0]].any()
    area = disc.area_px * scale**2
    return Look(
        frame, disc.x * scale, disc.y * scale, area, float(high[1]), whole, clear, True, disc.plain
    )


def stilled(look: Look, stage: Stage) -> Look:
    """A look as the first frame's camera has it."""
    x, y, larger = stage.stilled(look.frame, look.x, look.y)
    low = stage.stilled(look.frame, look.x, look.low)[1]
    return replace(look, x=x, y=y, area_px=look.area_px * larger**2, low=low)


def _in_frame(look: Look, stage: Stage) -> Look:
    """The same as its own frame has it."""
    x, y, larger = stage.shown(look.frame, look.x, look.y)
    low = stage.shown(look.frame, look.x, look.low)[1]
    return replace(look, x=x, y=y, area_px=look.area_px * larger**2, low=low)


def _placed(frame: int, points: Points, working: Working, stage: Stage) -> Place:
    """Points of a small picture held still as a place in its own frame."""
    corners = []
    for x, y in points / working.scale:
        across, down, _ = stage.shown(frame, float(x), float(y))
        corners.append((across / stage.width, down / stage.height))
    return Place(frame, tuple(corners))
