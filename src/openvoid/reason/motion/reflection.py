"""Reflection: the object's image in water, a floor or a looking glass.

Enters: evidence. Leaves: where the image is. Four signs: what keeps its place beside an object that
moves (`covariation`) is no mere light, and the object's colours explain it; below one that stays
lies its own appearance upside down (`upside_down`); a thing of the object's colours moves whenever
the object moves, in proportion, without touching it; and, for an image in an upright glass, a
region that has the object's hues, paler and darker perhaps, does so wherever it lies, though it may
be hidden for a while. Knows nothing of shadows, and does not find the second image of a gray
object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import EffectKind, Place, Relation
from openvoid.reason.motion import (
    background,
    change,
    coupling,
    covariation,
    parallax,
    upside_down,
)
from openvoid.reason.motion.background import nearest_px
from openvoid.reason.motion.blobs import BlobLimits, Course, Follower, Trail, blobs_of, together
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.covariation import CovariationLimits, Following, Region
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, LIGHT, SCENES, Limits, limit
from openvoid.reason.motion.report import Finding, frames_name
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.upside_down import Below, UpsideDownLimits
from openvoid.vision.masks import grown, inner, tidy


@dataclass(frozen=True)
class ReflectionLimits(Limits):
    """What is the object's image."""

    looks: int = limit(5, "frames by which an image is judged", COST)
    own_colours: float = limit(0.3, "of the difference: the object's colours explain it", SCENES)
    strength: float = limit(0.015, "of the difference: less is not looked at", SCENES)
    # moving as it does
    apart: float = limit(0.015, "of the short side: nearer than this is contact", SCENES)
    same_colour: float = limit(0.35, "of white, in every channel", SCENES)
    scrap: float = limit(0.15, "of the object's area: an image is larger", SCENES)
    # in an upright glass
    bins: int = limit(48, "of hue", LIGHT)
    common: float = limit(0.06, "of the object: a hue that is rarer does not count", LIGHT)
    gray: float = limit(12.0, "a*b*: an object with less colour is not told by it", LIGHT)
    paler: float = limit(0.5, "of the object's colour: an image has as much at least", LIGHT)
    least: float = limit(0.06, "of the object's area: an image's", LIGHT)
    most: float = limit(1.3, "of the object's area: an image's", LIGHT)
    often: float = limit(0.5, "of the object's frames show an image", LIGHT)
    solid: float = limit(0.45, "of its box an image fills", LIGHT)
    twin_off: float = limit(0.25, "of its size it may be off, in most frames", LIGHT)
    mostly: float = limit(0.7, "of the frames, the rest may be half hidden", LIGHT)


@once
def images(evidence: Evidence) -> tuple[Course, ...]:
    """What moves with the object, in its colours, and never touches it; and images in a glass."""
    limits = evidence.limits(ReflectionLimits)
    scene, path, moves = evidence.scene, evidence.path, evidence.limits(BlobLimits)
    found = [
        each
        for each in change.changes(evidence).things
        if together(each, scene, path, moves)
        and alike(each, scene, limits)
        and apart(each, scene, limits)
    ]
    return (*found, *(() if parallax.stays(evidence) else twins(scene, path, limits, moves)))


def find_moving(evidence: Evidence) -> Iterator[Finding]:
    """Images of an object that moves: they are not there without the object."""
    yield from _moving_along(evidence)
    yield from _in_place(evidence)


def find_staying(evidence: Evidence) -> Iterator[Finding]:
    """Images of an object that stays."""
    yield from _moving_along(evidence)
    yield from _upside_down(evidence)


def _moving_along(evidence: Evidence) -> Iterator[Finding]:
    scene, label = evidence.scene, evidence.scene.object.label
    cue = Cue.IMAGE_ALIKE if scene.locked else Cue.IMAGE_ALIKE_PANNED  # parallax does that too
    for course in images(evidence):
        frames = [blob.frame for blob in course.blobs]
        why = f"In {frames_name(frames)} something of the {label}'s colours moves whenever the"
        why += f" {label} moves, without touching it: its mirror image."
        now = scene.placed((t.frame, grown(t.mask(scene.size), 3)) for t in course.blobs)
        yield _image(scene, why, now, Sign(cue))


@once
def mirrored(evidence: Evidence) -> tuple[Region, ...]:
    """What keeps its place beside an object that moves, and has its colours (`covariation`)."""
    limits, found = evidence.limits(ReflectionLimits), covariation.along(evidence)
    told = evidence.limits(CovariationLimits)
    own = []
    for each in found.regions:
        if each.sign and each.like > told.light:
            continue  # light can do that as well
        if own_colours(evidence, found, each, limits) > limits.own_colours:
            own.append(each)
    return tuple(own)


def own_colours(
    evidence: Evidence, found: Following, region: Region, limits: ReflectionLimits
) -> float:
    """How much of a region's difference from the background the object's colours explain, 0..1: a
    share of the object, upside down where that is known, is laid over the background."""
    scene, usual = evidence.scene, background.usual(evidence)
    frames = list(found.path)
    picked = np.unique(np.linspace(0, len(frames) - 1, limits.looks).round().astype(int))
    shares = []
    for index in (frames[number] for number in picked):
        x, y = found.path[index]
        where = found.window.laid(region.size, x, y, scene.size) > limits.strength
        where &= scene.seen(index) & usual.known & ~grown(scene.object[index], 2)
        if where.sum() < 12:
            continue
        picture, object_ = scene.picture(index), scene.object[index]
        off = (picture - usual.picture)[where]
        flip = np.array([[1, 0, 0], [0, -1, 2 * y - 1]], np.float32)
        turned, is_in = (
            cv2.warpAffine(each, flip, scene.size[::-1], flags=cv2.INTER_LINEAR)
            for each in (picture, object_.astype(np.float32))
        )
        whole = np.where(is_in[..., None] > 0.5, turned, picture[object_].mean(axis=0))
        plain = np.broadcast_to(picture[object_].mean(axis=0), picture.shape)
        shares.append(max(_share(off, (each - usual.picture)[where]) for each in (whole, plain)))
    return float(np.median(shares)) if shares else 0.0


def _share(off: NDArray[np.float32], own: NDArray[np.float32]) -> float:
    """How much of a difference is a positive multiple of another."""
    factor = max(0.0, float((off * own).sum()) / max(1e-9, float((own * own).sum())))
    left = float(((off - factor * own) ** 2).sum())
    return 1 - left / max(1e-9, float((off * off).sum()))


def _in_place(evidence: Evidence) -> Iterator[Finding]:
    """The image of an object that moves, as far as each frame shows it."""
    regions, scene, limits = mirrored(evidence), evidence.scene, evidence.limits(CovariationLimits)
    if not regions:
        return
    found = replace(covariation.along(evidence), regions=regions)
    now = scene.placed(
        (t, found.mask(scene, covariation.ratio(evidence, t), t, limits) & scene.seen(t))
        for t in found.path
    )
    why = f"In {frames_name(list(found.path))} colours of the {scene.object.label} keep their place"
    why += " beside it, whatever lies behind: its mirror image."
    yield _image(scene, why, now, Sign(Cue.ALONG, max(each.contrast for each in regions)))


@once
def below(evidence: Evidence) -> Below | None:
    """The image below an object that stays."""
    return upside_down.below(evidence.scene, evidence.limits(UpsideDownLimits))


def image_below(evidence: Evidence, index: int) -> Mask:
    """What of a frame is the image below an object that stays."""
    found, limits = below(evidence), evidence.limits(UpsideDownLimits)
    nothing = np.zeros(evidence.scene.size, bool)
    return nothing if found is None else upside_down.shown(evidence.scene, index, found, limits)


def _upside_down(evidence: Evidence) -> Iterator[Finding]:
    scene, label, frames = evidence.scene, evidence.scene.object.label, evidence.scene.object.seen
    limits, found = evidence.limits(UpsideDownLimits), below(evidence)
    if found is None:
        return
    why = f"In {frames_name(frames)} the {label} is seen again below, upside down"
    why += f" (likeness {found.likeness:.2f})."
    shows = {t: mask for t in frames if (mask := image_below(evidence, t)).any()}
    if len(shows) <= limits.mostly * len(frames):
        return
    first = min(shows)
    cue = coupling.cue(
        evidence, shows[first], Cue.IMAGE_BELOW, Cue.IMAGE_STILL, first=first, mirrored=True
    )
    now = scene.placed(shows.items())
    yield _image(scene, why, now, Sign(cue, found.likeness / limits.sure))


def _image(scene: Scene, why: str, now: tuple[Place, ...], sign: Sign) -> Finding:
    noun = f"reflection of the {scene.object.label}"
    return Finding(EffectKind.ARTEFACT, Relation.REFLECTS, noun, why, now, (), sign)


# --- moving as the object does ------------------------------------------------------------------


def apart(course: Course, scene: Scene, limits: ReflectionLimits) -> bool:
    """Whether a thing never touches the object: what does may be pushed by it."""
    for blob in course.blobs:
        away = nearest_px(scene, blob.frame, blob.mask(scene.size))
        if away < 2 + limits.apart * scene.scale_px:
            return False
    return True


def alike(course: Course, scene: Scene, limits: ReflectionLimits) -> bool:
    """Whether a thing has the object's colours, and is no mere scrap beside it."""
    blob = course.blobs[len(course.blobs) // 2]
    mask = scene.object[blob.frame]
    if (blob.area_px < limits.scrap * mask.sum() and not blob.touches_edge) or not mask.any():
        return False
    colour = scene.picture(blob.frame)[mask].mean(axis=0)
    return float(np.abs(colour - np.array(blob.colour)).max()) < limits.same_colour


# --- anywhere else, by its hues -----------------------------------------------------------------


def twins(scene: Scene, path: Trail, limits: ReflectionLimits, moves: BlobLimits) -> list[Course]:
    """What has the object's colours and moves as it does."""
    follower = Follower(moves)
    for index in scene.object.seen:
        object_, seen, picture = scene.object[index], scene.seen(index), scene.picture(index)
        alike = tidy(_alike(picture, object_, seen, limits)) & seen & ~grown(object_, 3)
        area = int(object_.sum())
        edge = seen & ~inner(seen)
        blobs = blobs_of(alike, index, picture, max(12, round(limits.least * area)), edge)
        follower.add(index, [blob for blob in blobs if blob.area_px < limits.most * area])
    often = limits.often * len(scene.object.seen)
    long = [each for each in follower.courses if len(each.blobs) >= often]
    return [
        each
        for each in long
        if _solid(each, limits) and _mostly_together(each, scene, path, limits, moves)
    ]


def _solid(course: Course, limits: ReflectionLimits) -> bool:
    filled = [blob.area_px / (blob.box.height * blob.box.width) for blob in course.blobs]
    return float(np.median(filled)) > limits.solid


def _alike(picture: Picture, object_: Mask, seen: Mask, limits: ReflectionLimits) -> Mask:
    """Pixels of the object's hues, nearly as strong as its own are."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0), cv2.COLOR_RGB2LAB)
    strength = np.hypot(lab[..., 1], lab[..., 2])
    hue = (np.arctan2(lab[..., 2], lab[..., 1]) / (2 * np.pi) % 1 * limits.bins).astype(
        int
    ) % limits.bins
    own = float(np.median(strength[object_]))
    if own < limits.gray:
        return np.zeros_like(object_)
    coloured = object_ & (strength > limits.paler * own)
    counts = np.bincount(hue[coloured], minlength=limits.bins).astype(np.float32)
    common = counts > limits.common * counts.sum()
    common |= np.roll(common, 1) | np.roll(common, -1)
    return np.asarray(common[hue] & (strength > limits.paler * own) & seen)


def _mostly_together(
    course: Course, scene: Scene, path: Trail, limits: ReflectionLimits, moves: BlobLimits
) -> bool:
    """Whether it moves as the object does in most of the frames that show it whole."""
    rows = [blob for blob in course.blobs if blob.frame in path and not blob.touches_edge]
    if len(rows) < moves.fewest:
        return False
    own = np.array([blob.centre for blob in rows])
    its = np.array([path[blob.frame] for blob in rows])
    travel = float(np.hypot(*np.ptp(its, axis=0)))
    if travel < moves.travel * scene.scale_px:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    off = np.zeros(len(rows))
    for _ in range(2):  # once more without the frames in which a part of it is hidden
        good = off <= np.quantile(off, limits.mostly)
        fitted = np.linalg.lstsq(matrix[good], own[good], rcond=None)[0]
        off = np.linalg.norm(matrix @ fitted - own, axis=1)
    size = float(np.median([blob.extent_px for blob in rows]))
    pace = float(np.hypot(*np.ptp(own, axis=0))) / travel
    close = float(np.quantile(off, limits.mostly)) < 1 + limits.twin_off * size
    return close and moves.slowest < pace < moves.fastest
