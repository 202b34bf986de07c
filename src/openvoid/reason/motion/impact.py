"""Impact: what an object comes down on, and what floats or stands there.

Enters: evidence. Leaves: a finding: the frame in which an object that was under way touches a
surface and is stopped by it, the room around the contact that may give way (cushion, net, water),
and things on that surface near enough to be shaken: regions of other colours inside the surface's
outline.

The surface is what has the colours of the ring around the object's foot and hangs together with it.
Nothing is affected before the contact. Knows nothing of what is behind the surface.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import contact, water
from openvoid.reason.motion.blobs import Trail
from openvoid.reason.motion.chance import ChanceLimits, contrast, shifted
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.limits import PRESS, WATER, Limits, limit
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown, inner, thick, touching


@dataclass(frozen=True)
class ImpactLimits(Limits):
    """What ends a fall, and how far a surface gives way."""

    slows: float = limit(0.45, "of its pace: what falls has landed when it is as slow", PRESS)
    pace: float = limit(0.012, "of the short side a frame: slower is no fall", PRESS)
    ring: float = limit(0.03, "of the short side: around it its surface is looked at", PRESS)
    alike: float = limit(11.0, "CIE L*a*b*: colours of one surface", PRESS)
    colours: int = limit(3, "of a surface: patterns have several", PRESS)
    plain: float = limit(4.0, "L*a*b*: what varies less is of one colour", PRESS)
    surface_least: float = limit(0.02, "of the picture", PRESS)
    surface_most: float = limit(0.35, "of the picture", PRESS)
    gives: float = limit(0.75, "of the object's size: how far around a surface gives way", PRESS)
    flat: float = limit(0.6, "rows a column on a surface seen 37 degrees from above", PRESS)
    thing_least: float = limit(0.0003, "of the picture", PRESS)
    thing_most: float = limit(0.03, "of the picture", PRESS)
    edge: float = limit(0.008, "of the short side: so wide is the surface's edge", PRESS)
    floats: float = limit(0.05, "of the short side: how far what floats may move", WATER)
    shaken: float = limit(0.02, "of the short side: how far things on it may move", PRESS)


@dataclass(frozen=True)
class Landing:
    """The object touches a surface in `frame`."""

    frame: int
    surface: Mask
    room: Mask  # may give way
    things: Mask  # on the surface
    plain: bool  # the surface is of one colour


def find(evidence: Evidence) -> Iterator[Finding]:
    """The surface that stops the object's fall, unless it is water, with what is on it."""
    limits = evidence.limits(ImpactLimits)
    scene, label = evidence.scene, evidence.scene.object.label
    found = None if water.entered(evidence) else landing(scene, evidence.path, limits)
    if found is None:
        return
    why = f"In frame {found.frame} the {label} comes down on a surface and is stopped. It may give"
    why += " way around the contact, and what floats or stands on it may be shaken."
    noun, now = f"surface under the {label}", scene.placed(_recorded(evidence, found))
    sign = Sign(Cue.LANDED, _contrast(evidence, found))
    yield Finding(EffectKind.PHYSICAL, Relation.DEFORMS, noun, why, now, (), sign)


def _contrast(evidence: Evidence, found: Landing) -> float:
    """How many times as much changes around the contact as in the same room at other places."""
    scene = evidence.scene
    things = [each for each in contact.things(evidence) if each.frames[-1] >= found.frame]
    whole = np.any(
        [np.zeros(scene.size, bool)]
        + [each.mask(t, scene.size) for each in things for t in each.frames if t >= found.frame],
        axis=0,
    )
    box, limits = scene.object.box(found.frame), evidence.limits(ChanceLimits)
    shifts = [(round(step * box.width), 0) for step in limits.steps]
    others = [float((whole & shifted(found.room, shift)).sum()) for shift in shifts]
    return contrast(float((whole & found.room).sum()), others, limits.stray)


def _recorded(evidence: Evidence, found: Landing) -> Iterator[tuple[int, Mask]]:
    limits = evidence.limits(ImpactLimits)
    for index, mask in shaken(evidence.scene, found, limits):
        evidence.record("impact.shaken", index, mask.mean())
        yield index, mask


def landing(scene: Scene, path: Trail, limits: ImpactLimits) -> Landing | None:
    """The landing of an object, if it falls and is stopped within the shot."""
    frame = _stopped(scene, path, limits)
    if frame is None:
        return None
    surface = _surface(scene, frame, limits)
    share = surface.mean()
    if not limits.surface_least < share < limits.surface_most:
        return None
    spots = _lab(scene, frame)[surface & ~grown(scene.object[frame], 3)]
    plain = spots.size > 0 and bool(spots.std(axis=0).max() < limits.plain)
    room, things = _room(scene, frame, surface, limits), _things(scene, frame, surface, limits)
    return Landing(frame, surface, room, things, plain)


def shaken(scene: Scene, found: Landing, limits: ImpactLimits) -> Iterator[tuple[int, Mask]]:
    """What may be affected in each frame from the contact on."""
    wide = max(2, round((limits.floats if found.plain else limits.shaken) * scene.scale_px))
    things = grown(found.things, wide) | _edge(
        found.surface, max(2, round(limits.edge * scene.scale_px))
    )
    for frame in range(found.frame, scene.length):
        own = grown(scene.object[frame], 2) & grown(found.surface, wide)
        yield frame, (things | found.room | own) & scene.seen(frame)


def _edge(surface: Mask, wide: int) -> Mask:
    """Along the surface's edge: there water rises, and cloth pulls."""
    whole = cv2.morphologyEx(surface.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(grown(whole > 0, wide) & grown(whole == 0, wide))


def _stopped(scene: Scene, path: Trail, limits: ImpactLimits) -> int | None:
    """The frame after which a fall becomes slow at once."""
    frames = [index for index in sorted(path) if not _at_edge(scene, index)]
    steps = [(now, _pace(scene, path, before, now)) for before, now in itertools.pairwise(frames)]
    for (_, fast), (now, slow) in itertools.pairwise(steps):
        if fast > limits.pace * scene.scale_px and slow < limits.slows * fast:
            return now
    return None


def _pace(scene: Scene, path: Trail, before: int, now: int) -> float:
    """How fast it comes down, rows a frame, its foot too: a man who bends does not fall."""
    middle = path[now][1] - path[before][1]
    foot = scene.object.box(now).bottom - scene.object.box(before).bottom
    return min(middle, float(foot)) / (now - before)


def _at_edge(scene: Scene, index: int) -> bool:
    """Whether the object goes on beyond the picture: how it falls is not seen then."""
    seen = scene.seen(index)
    return bool((scene.object[index] & seen & ~inner(seen)).any())


def _surface(scene: Scene, frame: int, limits: ImpactLimits) -> Mask:
    """What has the colours around the object's foot and hangs together with them."""
    object_ = scene.object[frame]
    rows = np.flatnonzero(object_.any(axis=1))
    if rows.size == 0:
        return np.zeros(scene.size, bool)
    ring = grown(object_, 3 + round(limits.ring * scene.scale_px)) & ~grown(object_, 3)
    ring &= scene.seen(frame)
    ring[: int(rows[0] + 0.6 * (rows[-1] - rows[0]))] = False
    if ring.sum() < 20:
        return np.zeros(scene.size, bool)
    lab = _lab(scene, frame)
    colours = _colours(lab[ring], limits)
    off = np.min([np.linalg.norm(lab - colour, axis=-1) for colour in colours], axis=0)
    alike = ((off < limits.alike) & scene.seen(frame)) | object_
    return touching(thick(alike), ring)


def _lab(scene: Scene, frame: int) -> NDArray[np.float32]:
    calm = cv2.GaussianBlur(scene.picture(frame), (5, 5), 0)
    return np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)


def _colours(spots: NDArray[np.float32], limits: ImpactLimits) -> NDArray[np.float32]:
    """A few colours that stand for all of the spots; the same spots give the same ones."""
    order = np.argsort(spots[:, 0], kind="stable")
    parts = np.array_split(spots[order], limits.colours)
    return np.array([np.median(part, axis=0) for part in parts], np.float32)


def _room(scene: Scene, frame: int, surface: Mask, limits: ImpactLimits) -> Mask:
    """The surface right around the contact, and the object's own place."""
    object_ = scene.object[frame]
    size = float(np.sqrt(object_.sum()))
    rows = np.flatnonzero(object_.any(axis=1))
    foot = object_.copy()
    foot[: int(rows[0] + 0.5 * (rows[-1] - rows[0]))] = False
    high, wide = foot.shape
    flat = cv2.resize((~foot).astype(np.uint8), (wide, round(high / limits.flat)))
    away = cv2.distanceTransform((flat > 0).astype(np.uint8), cv2.DIST_L2, 5)
    near = cv2.resize(away, (wide, high)) < limits.gives * size
    return np.asarray((near & _outline(surface, scene)) | object_)


def _outline(surface: Mask, scene: Scene) -> Mask:
    """The surface with what lies on it."""
    contours, _ = cv2.findContours(
        surface.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    whole = np.zeros(scene.size, np.uint8)
    for contour in contours:
        cv2.fillConvexPoly(whole, cv2.convexHull(contour), 1)
    return whole > 0


def _things(scene: Scene, frame: int, surface: Mask, limits: ImpactLimits) -> Mask:
    """Small regions of other colours within the surface's outline."""
    least, most = (share * surface.size for share in (limits.thing_least, limits.thing_most))
    other = _outline(surface, scene) & ~surface & ~grown(scene.object[frame], 3)
    opened = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    areas = stats[:, cv2.CC_STAT_AREA]
    good = np.flatnonzero((areas > least) & (areas < most))
    return np.isin(labels, good[good > 0])
