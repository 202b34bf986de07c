"""Meetings: what moves by itself, and what comes to the object.

Enters: evidence. Leaves: the courses that are driven from outside the picture or merely pass by,
and the meetings: a thing that was under way touches the object, and may then bend, stop or turn. A
course is a straight line with a steady acceleration, as far as the frames before the meeting tell
(least squares).

What comes to rest in the shot is no change from the undisturbed look, which shows it there in most
frames; it is seen by what differs from the frame before (`moving`): the hull of the place that a
thing leaves and the one it takes. What rests is not seen like that at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion import change, parallax, reflection
from openvoid.reason.motion.background import nearest_px
from openvoid.reason.motion.blobs import Blob, BlobLimits, Course, Follower, blobs_of
from openvoid.reason.motion.chance import shifted
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COLLIDE, HARM, SCENES, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, inner, thick, tidy


@dataclass(frozen=True)
class MeetingLimits(Limits):
    """What was under way, and what counts as bending its course."""

    history: int = limit(8, "frames before the meeting by which the course is told", COLLIDE)
    fewest: int = limit(3, "frames of a course", "a line through two points leaves nothing over")
    step: float = limit(0.004, "of the short side a frame: slower is at rest", WORKING)
    touch: float = limit(0.02, "of the short side: nearer than this is a meeting", COLLIDE)
    nearby: float = limit(0.6, "of its size: what begins nearer has not come along", COLLIDE)
    same_size: float = limit(1.5, "times: what goes along keeps its size", COLLIDE)
    come: float = limit(0.4, "of its size: what has not gone as far was not under way", COLLIDE)
    edge_share: float = limit(0.6, "of its frames a driven thing reaches the border", SCENES)
    bent: float = limit(0.3, "of its size: off its course by more than this", COLLIDE)
    bent_share: float = limit(0.12, "of the way since: and by more than this", COLLIDE)
    strays: float = limit(0.34, "of the looks before: what wanders so often is not bent", HARM)
    after: int = limit(10, "frames after the meeting in which that is judged", COLLIDE)
    # from one frame to the next
    least: float = limit(0.05, "of white: a smaller change is noise", COLLIDE)
    least_share: float = limit(0.0006, "of the canvas: smaller hulls are none", COLLIDE)
    bridged: float = limit(0.02, "of the short side: edges of one thing are no farther", COLLIDE)


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

    def keeps_size(self, limits: MeetingLimits) -> bool:
        """Whether it is as large after the meeting: what is struck stays what it is; what is only
        hidden, or runs into something else, does not."""
        seen = self.course.blobs
        before = [each.area_px for each in seen if each.frame <= self.before.frame]
        after = [each.area_px for each in seen if each.frame > self.frame][: limits.after]
        if not after:
            return True
        ratio = float(np.median(after) / np.median(before[-limits.history :]))
        return 1 / limits.same_size < ratio < limits.same_size

    def wanders(self, limits: MeetingLimits) -> bool:
        """Whether it is known to leave its course without a meeting."""
        share = self.strays(limits)
        return share is not None and share > limits.strays

    def strays(self, limits: MeetingLimits) -> float | None:
        """How often, 0..1, the thing left its course long before the meeting too, told in the same
        way; None where it is not seen long enough. What wanders by itself was not turned aside."""
        seen = [blob for blob in self.course.blobs if blob.frame < self.frame]
        off = []
        for start in range(limits.fewest, len(seen) - limits.fewest + 1):
            history, after = seen[max(0, start - limits.history) : start], seen[start:]
            times = np.array([blob.frame for blob in history], float)
            velocity, acceleration = _motion(times, np.array([blob.centre for blob in history]))
            last = history[-1]
            early = Meeting(self.course, last.frame, last, velocity, acceleration, False)
            off.append(_off(early, after[: limits.after], limits))
        return float(np.mean(off)) if off else None


@dataclass(frozen=True)
class Meetings:
    """What moves by itself, told apart."""

    free: tuple[Course, ...]  # whatever it touches is none of the object's doing
    met: tuple[Meeting, ...]

    @property
    def bent(self) -> list[Course]:
        """What the object stops or turns aside."""
        return [each.course for each in self.met if each.bends]


@once
def meetings(evidence: Evidence) -> Meetings:
    """Who comes to the object, and who is free of it."""
    found = _apart(evidence)
    if parallax.stays(evidence) and not found.bent:
        return Meetings(found.free, (*found.met, *_stopped(evidence)))
    return found


def _apart(evidence: Evidence) -> Meetings:
    """Told by what differs from the undisturbed look."""
    limits = evidence.limits(MeetingLimits)
    scene, courses = evidence.scene, change.changes(evidence).things
    free = list(reflection.images(evidence))
    met: list[Meeting] = []
    for course in courses:
        if course in free:
            continue
        found = meeting(course, scene, limits)
        if found is None:
            continue
        behind = resumed(found, courses, limits) if found.bends else None
        if behind is not None:
            free += [course, behind]
        elif not found.bends or driven(course, limits, found.frame) or found.wanders(limits):
            free.append(course)
        else:
            met.append(found)
    return Meetings(tuple(free), tuple(met))


def _stopped(evidence: Evidence) -> list[Meeting]:
    """What runs into an object that stays, and comes to rest in the shot."""
    scene, limits = evidence.scene, evidence.limits(MeetingLimits)
    all_ = moving(scene, limits, evidence.limits(BlobLimits))
    found = (meeting(each, scene, limits, fewest=2) for each in all_)
    return [
        each
        for each in found
        if each is not None
        and each.bends
        and not driven(each.course, limits)
        and not each.wanders(limits)
        and resumed(each, all_, limits) is None
    ]


def driven(course: Course, limits: MeetingLimits, until: int | None = None) -> bool:
    """Whether it is moved from beyond the picture: an arm, a machine, somebody half in view.

    What reaches the edge only after frame `until` in which it met the object was sent there.
    """
    blobs = course.blobs
    if len(blobs) < limits.fewest:
        return False
    before = [blob for blob in blobs if until is None or blob.frame < until] or blobs[:1]
    return all(
        sum(blob.touches_edge for blob in some) >= limits.edge_share * len(some)
        for some in (blobs, before)
    )


def meeting(
    course: Course, scene: Scene, limits: MeetingLimits, fewest: int | None = None
) -> Meeting | None:
    """The first time a thing that was under way comes to the object.

    How it was under way is told by `fewest` blobs or more; where fewer than that come before the
    contact, the one at the contact counts too.
    """
    limit = limits.touch * scene.scale_px + 2
    first = course.blobs[0]
    begun = nearest_px(scene, first.frame, first.mask(scene.size))
    for number in range(len(course.blobs)):
        if _nearest_px(course, number, scene) <= limit:
            last = course.blobs[max(0, number - 1)]
            whole = max(first.extent_px, last.extent_px)
            come = float(np.hypot(*(np.array(last.centre) - first.centre)))
            here = min(begun / limits.nearby, come / limits.come) < whole
            if here and not first.touches_edge:
                return None  # it began here: pushed, rather than met
            return _told(course, number, scene, fewest or limits.fewest, limits)
    return None


def _nearest_px(course: Course, number: int, scene: Scene) -> float:
    """How near it comes to the object in a frame, or would have come, had nothing stopped it since
    the frame before: the contact may come between the two."""
    blob, earlier = course.blobs[number], course.blobs[max(0, number - 2) : number]
    mask = blob.mask(scene.size)
    if len(earlier) == 2 and blob.frame - earlier[0].frame == 2:
        (x0, y0), (x1, y1) = (each.centre for each in earlier)
        mask = mask | shifted(earlier[1].mask(scene.size), (round(x1 - x0), round(y1 - y0)))
    return nearest_px(scene, blob.frame, mask)


def _told(
    course: Course, number: int, scene: Scene, fewest: int, limits: MeetingLimits
) -> Meeting | None:
    history = course.blobs[max(0, number - limits.history) : number]
    whole = [blob for blob in history if not blob.touches_edge]
    history = whole if len(whole) >= limits.fewest else history
    if len(history) < limits.fewest and fewest < limits.fewest:
        history = course.blobs[max(0, number - limits.fewest) : number + 1]
    sizes = [blob.area_px for blob in history[-limits.fewest :] if not blob.touches_edge]
    if len(history) < fewest or (sizes and max(sizes) > limits.same_size * min(sizes)):
        return None  # what goes along keeps its size; what is covered bit by bit does not
    times = np.array([blob.frame for blob in history], float)
    centres = np.array([blob.centre for blob in history])
    velocity, acceleration = _motion(times, centres)
    if float(np.hypot(*velocity)) < limits.step * scene.scale_px:
        return None
    frame = course.blobs[number].frame
    before = history[-1] if history[-1].frame < frame else course.blobs[max(0, number - 1)]
    found = Meeting(course, frame, before, velocity, acceleration, False)
    return Meeting(course, frame, before, velocity, acceleration, _bends(found, number, limits))


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


def _bends(found: Meeting, number: int, limits: MeetingLimits) -> bool:
    """Whether it leaves its course after the meeting, or is not seen to go on."""
    after = [
        blob for blob in found.course.blobs[number:] if blob.frame <= found.frame + limits.after
    ]
    last = after[-1]
    since = last.frame - found.before.frame
    if len(after) < 3:
        return not last.touches_edge
    return since > 0 and _off(found, after, limits)


def _off(found: Meeting, after: Sequence[Blob], limits: MeetingLimits) -> bool:
    """Whether it is off its course in the later half of some frames."""
    off = []
    for blob in after[len(after) // 2 :]:
        way = found.way(blob.frame - found.before.frame)
        error = np.hypot(*(np.array(found.before.centre) + way - blob.centre))
        limit = limits.bent * found.before.extent_px + limits.bent_share * float(np.hypot(*way))
        off.append(error > limit)
    return bool(np.mean(off) > 0.5)


def resumed(found: Meeting, others: Sequence[Course], limits: MeetingLimits) -> Course | None:
    """The course that goes on where a thing should come out again that went behind the object."""
    start = np.array(found.before.centre)
    for other in others:
        later = other.blobs[0].frame - found.before.frame
        if other is found.course or not 0 < later <= limits.after:
            continue
        blob = other.blobs[min(3, len(other.blobs) - 1)]
        way = found.way(blob.frame - found.before.frame)
        limit = limits.bent * found.before.extent_px + limits.bent_share * float(np.hypot(*way))
        pace = np.array(other.last.centre) - other.blobs[0].centre
        off = float(np.hypot(*(start + way - blob.centre)))
        if len(other.blobs) >= limits.fewest and off < limit:
            forward = float(pace @ found.velocity_px)
            return other if forward > 0 else None
    return None


def moving(scene: Scene, limits: MeetingLimits, followed: BlobLimits) -> list[Course]:
    """The courses of all that moves beside the object."""
    follower = Follower(followed)
    before = scene.picture(0)
    least = max(16, round(limits.least_share * scene.size[0] * scene.size[1]))
    for index in range(1, scene.length):
        picture, seen = scene.picture(index), scene.seen(index) & scene.seen(index - 1)
        hulls = _hulls(
            _changed(scene, before, picture, limits) & seen & ~grown(scene.object[index], 2), limits
        )
        edge = seen & ~inner(seen)
        shown = hulls & seen & ~scene.object[index]
        follower.add(index, blobs_of(shown, index, picture, least, edge))
        before = picture
    return follower.courses


def _changed(scene: Scene, before: Picture, picture: Picture, limits: MeetingLimits) -> Mask:
    found = outside(picture, before, limits.least, scene) | outside(
        before, picture, limits.least, scene
    )
    found = tidy(found)
    return found if scene.locked else thick(found)


def _hulls(changed: Mask, limits: MeetingLimits) -> Mask:
    """The convex hulls of what lies close together."""
    joined = grown(changed, max(2, round(limits.bridged * min(changed.shape))))
    count, labels = cv2.connectedComponents(joined.astype(np.uint8))
    whole = np.zeros(changed.shape, np.uint8)
    for number in range(1, count):
        y, x = np.nonzero((labels == number) & changed)
        if len(x) > 8:
            hull = cv2.convexHull(np.c_[x, y].astype(np.int32))
            cv2.fillConvexPoly(whole, hull, 1)
    return whole > 0
