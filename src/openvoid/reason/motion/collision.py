"""Course: what a moving thing did before it met the object, and where it would have gone on to.

Enters: courses of blobs, the scene. Leaves: which are driven from outside the picture, which meet
the object and bend, stop or turn, and the region a thing would sweep with nothing in its way.

A course is a straight line with a steady acceleration, as far as the frames before the meeting tell
(least squares). How fast it would have gone on is uncertain, so the region in a frame is all that
lies between the slow and the fast end of it, wider with the distance; it ends at the supporting
surface (the height at which the object stands) for what falls, and at the frame's edge for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion.background import distance_px
from openvoid.reason.motion.blobs import Blob, Course
from openvoid.reason.motion.contact import Thing
from openvoid.reason.motion.figure_ground import novel
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown

HISTORY = 8  # frames before the meeting by which the course is told
FEWEST = 3
STEP = 0.004  # of the short side a frame: slower is at rest
TOUCH = 0.02  # of the short side: nearer than this is a meeting
NEARBY = 0.6  # of its size: what begins to move nearer than this has not come along
OWN = 0.5  # of a thing: if more of it is disturbed already, it does not move on its own
SAME_SIZE = 1.5
COME = 0.4  # of its size: what has not gone as far was not under way
EDGE_SHARE = 0.6  # of its frames a driven thing reaches beyond the picture
BENT = 0.3  # of its size: off its course by more than this
BENT_SHARE = 0.12  # and by more than this share of the way since
AFTER = 10  # frames after the meeting in which that is judged
SLOW, FAST = 0.55, 1.35  # of the expected way, the ends of the region
WIDENING = 0.10  # of the way
HIT = 0.4  # of a thing: if the way covers as much, it is struck
KNOCKED = 0.35  # of a struck thing's size: so far around its place it may be then
TARGET_LEAST, TARGET_MOST = 0.0008, 0.06  # of the picture
FALL = 0.010  # of the short side a frame: falls at least this fast after its first frame


@dataclass(frozen=True)
class Meeting:
    """A moving thing meets the object."""

    course: Course
    frame: int
    before: Blob
    velocity_px: NDArray[np.float64]  # (x, y) a frame
    acceleration_px: NDArray[np.float64]
    bends: bool

    def way(self, frames: float, factor: float = 1.0) -> NDArray[np.float64]:
        """How far it would have gone after a number of frames; what slows down stops."""
        velocity, speed = self.velocity_px, float(np.hypot(*self.velocity_px))
        along = float(self.acceleration_px @ velocity) / max(speed, 1e-6)
        if along < 0:
            frames = min(frames, speed / -along * 1.5)
            return np.asarray(factor * (velocity * frames * 0.75))
        return np.asarray(factor * (velocity * frames + 0.5 * self.acceleration_px * frames**2))


def driven(course: Course, until: int | None = None) -> bool:
    """Whether it is moved from beyond the picture: an arm, a machine, somebody half in view.

    What reaches the edge only after frame `until` in which it met the object was sent there.
    """
    blobs = course.blobs
    if len(blobs) < FEWEST:
        return False
    before = [blob for blob in blobs if until is None or blob.frame < until] or blobs[:1]
    return all(
        sum(blob.touches_edge for blob in some) >= EDGE_SHARE * len(some)
        for some in (blobs, before)
    )


def meeting(course: Course, scene: Scene, fewest: int = FEWEST) -> Meeting | None:
    """The first time a thing that was under way comes to the object.

    How it was under way is told by `fewest` blobs or more; where fewer than that come before the
    contact, the one at the contact counts too.
    """
    limit = TOUCH * scene.scale_px + 2
    first = course.blobs[0]
    begun = float(distance_px(scene, first.frame)[first.mask(scene.size)].min())
    for number, blob in enumerate(course.blobs):
        if not scene.object.box(blob.frame).empty:
            away = distance_px(scene, blob.frame)
            if float(away[blob.mask(scene.size)].min()) <= limit:
                last = course.blobs[max(0, number - 1)]
                whole = max(first.extent_px, last.extent_px)
                come = float(np.hypot(*(np.array(last.centre) - first.centre)))
                if min(begun / NEARBY, come / COME) < whole and not first.touches_edge:
                    return None  # it began here: pushed, rather than met
                return _told(course, number, scene, fewest)
    return None


def _told(course: Course, number: int, scene: Scene, fewest: int) -> Meeting | None:
    history = course.blobs[max(0, number - HISTORY) : number]
    whole = [blob for blob in history if not blob.touches_edge]
    history = whole if len(whole) >= FEWEST else history
    if len(history) < FEWEST and fewest < FEWEST:
        history = course.blobs[max(0, number - FEWEST) : number + 1]
    sizes = [blob.area_px for blob in history[-FEWEST:] if not blob.touches_edge]
    if len(history) < fewest or (sizes and max(sizes) > SAME_SIZE * min(sizes)):
        return None  # what goes along keeps its size; what is covered bit by bit does not
    times = np.array([blob.frame for blob in history], float)
    centres = np.array([blob.centre for blob in history])
    velocity, acceleration = _motion(times, centres)
    if float(np.hypot(*velocity)) < STEP * scene.scale_px:
        return None
    frame = course.blobs[number].frame
    before = history[-1] if history[-1].frame < frame else course.blobs[max(0, number - 1)]
    found = Meeting(course, frame, before, velocity, acceleration, False)
    return Meeting(course, frame, before, velocity, acceleration, _bends(found, number))


def _motion(
    times: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Velocity at the last of the times, and acceleration where there are frames enough."""
    since = times - times[-1]
    if len(times) >= 5:
        rows = np.c_[since, 0.5 * since**2, np.ones(len(times))]
        fitted = np.linalg.lstsq(rows, centres, rcond=None)[0]
        line = np.linalg.lstsq(np.c_[since, np.ones(len(times))], centres, rcond=None)[0]
        curved, straight = rows @ fitted, np.c_[since, np.ones(len(times))] @ line
        if np.abs(curved - centres).mean() < 0.5 * np.abs(straight - centres).mean():
            return fitted[0], fitted[1]
        return line[0], np.zeros(2)
    fitted = np.linalg.lstsq(np.c_[since, np.ones(len(times))], centres, rcond=None)[0]
    return fitted[0], np.zeros(2)


def _bends(found: Meeting, number: int) -> bool:
    """Whether it leaves its course after the meeting, or is not seen to go on."""
    after = [blob for blob in found.course.blobs[number:] if blob.frame <= found.frame + AFTER]
    last = after[-1]
    since = last.frame - found.before.frame
    if len(after) < 3:
        return not last.touches_edge
    off = []
    for blob in after[len(after) // 2 :]:
        way = found.way(blob.frame - found.before.frame)
        error = np.hypot(*(np.array(found.before.centre) + way - blob.centre))
        limit = BENT * found.before.extent_px + BENT_SHARE * float(np.hypot(*way))
        off.append(error > limit)
    return since > 0 and bool(np.mean(off) > 0.5)


def set_off(found: Meeting, things: Sequence[Thing], scene: Scene) -> bool:
    """Whether the object had set the thing going before they met: it would not have gone at all."""
    frame, mask = found.before.frame, found.before.mask(scene.size)
    known = [each.mask(frame, scene.size) for each in things if each.began < frame]
    return bool(known) and (np.any(known, axis=0) & mask).sum() > OWN * mask.sum()


def resumed(found: Meeting, others: Sequence[Course]) -> Course | None:
    """The course that goes on where a thing should come out again that went behind the object."""
    start = np.array(found.before.centre)
    for other in others:
        if other is found.course or not 0 < other.blobs[0].frame - found.before.frame <= AFTER:
            continue
        blob = other.blobs[min(3, len(other.blobs) - 1)]
        way = found.way(blob.frame - found.before.frame)
        limit = BENT * found.before.extent_px + BENT_SHARE * float(np.hypot(*way))
        pace = np.array(other.last.centre) - other.blobs[0].centre
        if len(other.blobs) >= FEWEST and float(np.hypot(*(start + way - blob.centre))) < limit:
            forward = float(pace @ found.velocity_px)
            return other if forward > 0 else None
    return None


def falls(velocity: NDArray[np.float64], acceleration: NDArray[np.float64], scene: Scene) -> bool:
    """Whether a thing is on its way down rather than along."""
    down, across = float(velocity[1] + 2 * acceleration[1]), abs(float(velocity[0]))
    return down > FALL * scene.scale_px and down > 1.5 * across


def going_on(found: Meeting, scene: Scene) -> Iterator[tuple[int, Mask]]:
    """Where it would be in each frame from the meeting on."""
    mask = found.before.mask(scene.size)
    drops = falls(found.velocity_px, found.acceleration_px, scene)
    floor = base_px(scene, found.frame) if drops else None
    targets = _targets(scene, found)
    struck = np.zeros(scene.size, bool)
    for frame in range(found.frame, scene.length):
        since = frame - found.before.frame
        slow, fast = found.way(since, SLOW), found.way(since, FAST)
        region = swept(mask, slow, fast, floor)
        hit = [target for target in targets if (target & region).sum() > HIT * target.sum()]
        for target in hit:
            struck |= grown(target, round(KNOCKED * float(target.sum()) ** 0.5))
        targets = [each for each in targets if not any(each is other for other in hit)]
        if struck.any() or region.any():
            yield frame, region | struck


def _targets(scene: Scene, found: Meeting) -> list[Mask]:
    """Things that stand apart from the object and from what met it: on its way they are struck."""
    frame = found.before.frame
    own = grown(scene.object[frame] | found.before.mask(scene.size), 4)
    things = novel(scene.picture(frame), scene.object[frame], scene.seen(frame))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(things.astype(np.uint8))
    parts = [labels == number for number in range(1, count)]
    least, most = TARGET_LEAST * things.size, TARGET_MOST * things.size
    return [
        part
        for part, row in zip(parts, stats[1:], strict=True)
        if least < row[cv2.CC_STAT_AREA] < most and not (part & own).any()
    ]


def base_px(scene: Scene, frame: int) -> float:
    """The lowest row of the object, in the nearest frame that shows it: what it stands on."""
    seen = min(scene.object.seen, key=lambda index: (abs(index - frame), index))
    return float(scene.object.box(seen).bottom)


def swept(
    mask: Mask, start: NDArray[np.float64], end: NDArray[np.float64], floor: float | None = None
) -> Mask:
    """A mask drawn along from one shift to another, widened; not below `floor`, if there is one."""
    rows = np.flatnonzero(mask.any(axis=1))
    bottom = float(rows[-1]) if rows.size else 0.0
    if floor is not None:
        room = max(0.0, floor - bottom)
        start, end = np.minimum(start, [np.inf, room]), np.minimum(end, [np.inf, room])
    length = float(np.hypot(*(end - start)))
    size = max(4.0, float(np.sqrt(mask.sum())))
    count = int(np.clip(np.ceil(length / (0.3 * size)) + 1, 1, 24))
    region = np.zeros(mask.shape, bool)
    height, width = mask.shape
    for share in np.linspace(0, 1, count):
        shift = start + share * (end - start)
        if abs(shift[0]) > 2 * width or abs(shift[1]) > 2 * height:
            continue
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        region |= cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height)) > 0
    wider = 2 + round(min(0.5 * size, WIDENING * float(np.hypot(*end))))
    return grown(region, wider) if region.any() else region
