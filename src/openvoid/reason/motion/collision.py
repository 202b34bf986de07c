"""Collision: where a thing would have gone on to that the object stops or turns aside.

Enters: evidence. Leaves: a finding for each thing that was under way, met the object and left its
course: where it is since, and the region it would sweep with nothing in its way.

How fast it would have gone on is uncertain, so the region in a frame is all that lies between the
slow and the fast end of it, wider with the distance; it ends at the supporting surface (the height
at which the object stands) for what falls, and at the frame's edge for all. What stands on that way
is struck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import arrival, contact
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.disturbance import Thing
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.figure_ground import novel_in
from openvoid.reason.motion.limits import COLLIDE, Limits, limit
from openvoid.reason.motion.meeting import Meeting, MeetingLimits, meetings
from openvoid.reason.motion.report import ColourLimits, Finding, colour_name
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown


@dataclass(frozen=True)
class CollisionLimits(Limits):
    """How far what is stopped would have gone, and what it would have struck."""

    own: float = limit(0.5, "of a thing: if more is disturbed, it does not move by itself", COLLIDE)
    slow: float = limit(0.55, "of the expected way: the slow end of the region", COLLIDE)
    fast: float = limit(1.35, "of the expected way: the fast end", COLLIDE)
    widening: float = limit(0.10, "of the way: so far to all sides", COLLIDE)
    hit: float = limit(0.4, "of a thing: if the way covers as much, it is struck", COLLIDE)
    knocked: float = limit(0.35, "of its size: so far around its place it may be then", COLLIDE)
    target_least: float = limit(0.0008, "of the picture: what may be struck", COLLIDE)
    target_most: float = limit(0.06, "of the picture: what may be struck", COLLIDE)
    fall: float = limit(0.010, "of the short side a frame: what falls is as fast", COLLIDE)


def find(evidence: Evidence) -> Iterator[Finding]:
    """What the object stops or turns aside, unless it had set the thing going itself."""
    limits = evidence.limits(CollisionLimits)
    scene, label = evidence.scene, evidence.scene.object.label
    things = contact.things(evidence)
    for each in meetings(evidence).met:
        if not each.bends or set_off(each, things, scene, limits):
            continue
        if arrival.came(evidence, each.before.frame, each.before.mask(scene.size)):
            continue  # it is told by its outline
        now = scene.placed(
            (blob.frame, grown(blob.mask(scene.size), 3))
            for blob in each.course.blobs
            if blob.frame >= each.frame
        )
        came = scene.placed(
            (blob.frame, blob.mask(scene.size))
            for blob in each.course.blobs
            if blob.frame < each.frame
        )
        novel = novel_in(evidence, each.before.frame)
        goes = scene.placed(
            (t, mask & scene.seen(t)) for t, mask in going_on(each, scene, novel, limits)
        )
        noun = f"{colour_name(each.before.colour, evidence.limits(ColourLimits))} thing"
        why = f"Until frame {each.before.frame} the {noun} moves on its own; where it meets the"
        why += f" {label} in frame {each.frame} it leaves its course. Without the {label} it would"
        why += " have gone on."
        plainly = each.keeps_size(evidence.limits(MeetingLimits))
        cue = Cue.STOPPED_PANNED if not scene.locked else Cue.STOPPED
        sign = Sign(cue if plainly else Cue.STOPPED_VAGUELY)
        yield Finding(EffectKind.PHYSICAL, Relation.STOPS, noun, why, now, goes, sign, came)


def set_off(found: Meeting, things: Sequence[Thing], scene: Scene, limits: CollisionLimits) -> bool:
    """Whether the object had set the thing going before they met: it would not have gone at all."""
    frame, mask = found.before.frame, found.before.mask(scene.size)
    known = [each.mask(frame, scene.size) for each in things if each.began < frame]
    return bool(known) and (np.any(known, axis=0) & mask).sum() > limits.own * mask.sum()


def falls(
    velocity: NDArray[np.float64],
    acceleration: NDArray[np.float64],
    scene: Scene,
    limits: CollisionLimits,
) -> bool:
    """Whether a thing is on its way down rather than along."""
    down, across = float(velocity[1] + 2 * acceleration[1]), abs(float(velocity[0]))
    return down > limits.fall * scene.scale_px and down > 1.5 * across


def going_on(
    found: Meeting, scene: Scene, novel: Mask, limits: CollisionLimits
) -> Iterator[tuple[int, Mask]]:
    """Where it would be in each frame from the meeting on, with what it strikes there: `novel` is
    what stood out from the ground right before."""
    mask = found.before.mask(scene.size)
    drops = falls(found.velocity_px, found.acceleration_px, scene, limits)
    floor = scene.base_px(found.frame) if drops else None
    targets = _targets(scene, found, novel, limits)
    struck = np.zeros(scene.size, bool)
    for frame in range(found.frame, scene.length):
        since = frame - found.before.frame
        slow, fast = found.way(since, limits.slow), found.way(since, limits.fast)
        region = swept(mask, slow, fast, limits, floor)
        hit = [target for target in targets if (target & region).sum() > limits.hit * target.sum()]
        for target in hit:
            struck |= grown(target, round(limits.knocked * float(target.sum()) ** 0.5))
        targets = [each for each in targets if not any(each is other for other in hit)]
        if struck.any() or region.any():
            yield frame, region | struck


def _targets(scene: Scene, found: Meeting, novel: Mask, limits: CollisionLimits) -> list[Mask]:
    """Things that stand apart from the object and from what met it: on its way they are struck."""
    frame = found.before.frame
    own = grown(scene.object[frame] | found.before.mask(scene.size), 4)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(novel.astype(np.uint8))
    parts = [labels == number for number in range(1, count)]
    least, most = limits.target_least * novel.size, limits.target_most * novel.size
    return [
        part
        for part, row in zip(parts, stats[1:], strict=True)
        if least < row[cv2.CC_STAT_AREA] < most and not (part & own).any()
    ]


def swept(
    mask: Mask,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    limits: CollisionLimits,
    floor: float | None = None,
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
    wider = 2 + round(min(0.5 * size, limits.widening * float(np.hypot(*end))))
    return grown(region, wider) if region.any() else region
