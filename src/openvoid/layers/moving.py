"""Moving: fills with the affected things drawn where they would be without the object.

Enters: a removal whose fates say where, and the engine's fills, which show the scene without the
object and without those things. Leaves: the same fills with the things in them. Each thing is taken
from one frame in which it is whole: there its place is filled as well, and given back, because what
lies behind it must be known to take it out. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip
from openvoid.core.effects import Place
from openvoid.core.fates import REACH, SEAM, Fate, Pose, turned
from openvoid.core.quadmask import Labels, Quadmask, Region, dilate, split
from openvoid.core.removal import Fill, Origin, RemovalRequest
from openvoid.layers.cutout import Cutout, Picture, Plane, cut, window
from openvoid.reason.contours import mask_of

HALF = 0.5  # of alpha: from here on a pixel is the thing's

Fills = Callable[[RemovalRequest], Iterator[Fill]]


@dataclass(frozen=True)
class _Thing:
    """A fate, and where its look is taken from."""

    fate: Fate
    frame: int
    box: Box
    silhouette: NDArray[np.bool_]  # in the box
    poses: dict[int, Pose]
    foot: float  # how far its lowest row is below its middle, a share of the height

    def low(self, pose: Pose) -> float:
        """Its lowest row there, a share of the height."""
        return pose.y + self.foot * pose.scale


def fills(request: RemovalRequest, engine: Fills) -> Iterator[Fill]:
    """The engine's fills from `request.start` on, with what moves drawn in them."""
    found = [_thing(fate, request.clip) for fate in (request.fates.moving if request.fates else ())]
    if not found:
        yield from engine(request)
        return
    lent = _lent(found)
    quadmask = _with_lent(request.quadmask, lent, request.clip.size)
    asked = replace(request, quadmask=quadmask, fates=None)
    cutouts: dict[int, Cutout] = {}
    for number, thing in enumerate(found):  # of an earlier try
        if thing.frame < request.start:
            early = next(engine(replace(asked, start=thing.frame)))
            cutouts[number] = _taken(thing, request, early)
    for fill in engine(asked):
        for number, thing in enumerate(found):
            if thing.frame == fill.frame:
                cutouts[number] = _taken(thing, request, fill)
        own = _given_back(fill, request) if fill.frame in lent else fill
        drawn = [
            (thing, cutouts[number])
            for number, thing in enumerate(found)
            if fill.frame in thing.poses and number in cutouts
        ]
        yield _drawn(own, drawn, request.clip) if drawn and not own.box.empty else own


def _thing(fate: Fate, clip: Clip) -> _Thing:
    silhouette = mask_of(fate.shape, *clip.size)
    around = silhouette | mask_of(fate.shadow, *clip.size)
    box = window(around, *clip.size, SEAM if fate.seen else REACH)
    poses = {pose.frame: pose for pose in fate.poses}
    rows = np.flatnonzero(silhouette.any(axis=1))
    foot = (rows[-1] + 1) / clip.height - fate.start.y if len(rows) else 0.0
    return _Thing(fate, fate.start.frame, box, silhouette[box.slices], poses, float(foot))


@dataclass(frozen=True)
class _Lent:
    """Places that are filled as well, only to know what lies behind the things."""

    boxes: dict[int, list[Box]]  # by frame: where things are taken from
    ways: dict[int, list[Place]]  # where they hide the scene while they come

    def __contains__(self, frame: int) -> bool:
        return frame in self.boxes or frame in self.ways


def _lent(found: list[_Thing]) -> _Lent:
    boxes: dict[int, list[Box]] = {}
    ways: dict[int, list[Place]] = {}
    for thing in found:
        boxes.setdefault(thing.frame, []).append(thing.box)
        for place in thing.fate.seen:
            if place.frame < thing.fate.from_frame:
                ways.setdefault(place.frame, []).append(place)
    return _Lent(boxes, ways)


def _with_lent(mask: Quadmask, lent: _Lent, size: tuple[int, int]) -> Quadmask:
    """These places are affected as well."""

    def change(index: int, labels: Labels) -> Labels:
        if index not in lent:
            return labels
        more = mask_of(lent.ways.get(index, ()), *size)
        if more.any():
            more = dilate(more, 1 + round(SEAM * float(np.sqrt(more.sum()))))
        for box in lent.boxes.get(index, ()):
            more[box.slices] = True
        labels = labels.copy()
        labels[more & (labels == Region.KEEP)] = Region.AFFECTED
        return labels

    return mask.mapped(change)


def _taken(thing: _Thing, request: RemovalRequest, fill: Fill) -> Cutout:
    """The thing, taken out of its frame."""
    clip = request.clip
    hidden, _ = split(request.quadmask.labels_in(thing.frame, thing.box))
    whole = next(iter(clip.frames(thing.frame, thing.frame + 1))).astype(np.float32)
    clean = whole.copy()
    fill.laid_over(clean)
    here = thing.box.slices
    shadow = mask_of(thing.fate.shadow, *clip.size)[here] if thing.fate.seen else None
    white = float(clip.white)
    return cut(whole[here], clean[here], thing.silhouette, thing.box, white, shadow, hidden)


def _given_back(fill: Fill, request: RemovalRequest) -> Fill:
    """Without what was filled only to take a thing out."""
    mask, soft_px = request.quadmask, request.soft_edge_px
    if mask.box(fill.frame).empty:
        return Fill.nothing(fill.frame, request.clip.dtype)
    box = mask.box(fill.frame).grown(soft_px, *request.clip.size).intersect(fill.box)
    inner = box.within(fill.box).slices
    away = cv2.distanceTransform(
        (mask.labels_in(fill.frame, box) == Region.KEEP).astype(np.uint8), cv2.DIST_L2, 5
    )
    ramp = np.where(away > soft_px, 0, np.clip(1 - away / (soft_px + 1), 0, 1))
    alpha = np.minimum(fill.alpha[inner], ramp.astype(np.float32))
    origin = np.where(alpha > 0, fill.origin[inner], np.uint8(Origin.KEPT))
    return Fill(fill.frame, box, fill.rgb[inner], alpha, origin)


def _drawn(fill: Fill, things: list[tuple[_Thing, Cutout]], clip: Clip) -> Fill:
    """A fill with things in it, the farther ones first: what stands lower is nearer."""
    picture = fill.rgb.astype(np.float32)
    origin = fill.origin.copy()
    layers = []
    for thing, cutout in things:
        pose = thing.poses[fill.frame]
        layers.append((thing.low(pose), _placed(cutout, thing, pose, fill.box, clip)))
    for _, (_, _, shade) in layers:
        picture *= shade
    for _, (rgb, alpha, _) in sorted(layers, key=lambda each: each[0]):
        picture = picture * (1 - alpha[..., None]) + rgb * alpha[..., None]
        origin[(alpha > HALF) & (fill.alpha > 0)] = Origin.MOVED
    if clip.dtype.kind != "f":
        picture = np.clip(np.rint(picture), 0, clip.white)
    return replace(fill, rgb=picture.astype(clip.dtype), origin=origin)


def _placed(
    cutout: Cutout, thing: _Thing, pose: Pose, box: Box, clip: Clip
) -> tuple[Picture, Plane, Picture]:
    """Colour, alpha and shade of a thing in a box of another frame."""
    height, width = clip.size
    turn = turned(pose.angle_deg - thing.fate.start.angle_deg) * pose.scale
    start = np.array([thing.fate.start.x * width, thing.fate.start.y * height])
    end = np.array([pose.x * width, pose.y * height])
    corner = np.array([cutout.box.left + 0.5, cutout.box.top + 0.5])  # centre of its first pixel
    shift = turn @ (corner - start) + end - np.array([box.left + 0.5, box.top + 0.5])
    matrix = np.c_[turn, shift].astype(np.float64)
    size = box.width, box.height

    def warped(plane: NDArray[np.float32], beyond: float) -> NDArray[np.float32]:
        border = (beyond,) * 3
        out = cv2.warpAffine(
            plane,
            matrix,
            size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=border,
        )
        return np.asarray(out, np.float32)

    alpha = np.clip(warped(cutout.alpha, 0), 0, 1)
    rgb = cv2.warpAffine(
        cutout.rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(rgb, np.float32), alpha, np.clip(warped(cutout.shade, 1), 0, 1)
