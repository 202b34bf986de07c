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
from openvoid.reason.motion import water
from openvoid.reason.motion.blobs import Trail
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown, inner, thick, touching

SLOWS = 0.45  # of its pace: an object whose fall becomes as slow has landed
PACE = 0.012  # of the short side a frame: slower is no fall
RING = 0.03  # of the short side: how wide around the object its surface is looked at
ALIKE = 11.0  # of CIE L*a*b*
COLOURS = 3  # of a surface: patterns have several
PLAIN = 4.0  # of L*a*b*: a surface that varies less is of one colour
SURFACE_LEAST = 0.02  # of the picture
SURFACE_MOST = 0.35
GIVES = 0.75  # of the object's size: how far around the contact a surface gives way
FLAT = 0.6  # a surface is seen from the side: distances upwards count by so much more
THING_LEAST, THING_MOST = 0.0003, 0.03  # of the picture
EDGE = 0.008  # of the short side: so wide is the surface's edge
FLOATS = 0.05  # of the short side: how far what floats on a plain surface, water, may move
SHAKEN = 0.02  # of the short side: how far things on the surface may move


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
    scene, label = evidence.scene, evidence.scene.object.label
    found = None if water.entered(evidence) else landing(scene, evidence.path)
    if found is None:
        return
    why = f"In frame {found.frame} the {label} comes down on a surface and is stopped. It may give"
    why += " way around the contact, and what floats or stands on it may be shaken."
    noun, now = f"surface under the {label}", scene.placed(_recorded(evidence, found))
    yield Finding(EffectKind.PHYSICAL, Relation.DEFORMS, noun, why, now, (), 0.5)


def _recorded(evidence: Evidence, found: Landing) -> Iterator[tuple[int, Mask]]:
    for index, mask in shaken(evidence.scene, found):
        evidence.record("impact.shaken", index, mask.mean())
        yield index, mask


def landing(scene: Scene, path: Trail) -> Landing | None:
    """The landing of an object, if it falls and is stopped within the shot."""
    frame = _stopped(scene, path)
    if frame is None:
        return None
    surface = _surface(scene, frame)
    share = surface.mean()
    if not SURFACE_LEAST < share < SURFACE_MOST:
        return None
    spots = _lab(scene, frame)[surface & ~grown(scene.object[frame], 3)]
    plain = spots.size > 0 and bool(spots.std(axis=0).max() < PLAIN)
    room, things = _room(scene, frame, surface), _things(scene, frame, surface)
    return Landing(frame, surface, room, things, plain)


def shaken(scene: Scene, found: Landing) -> Iterator[tuple[int, Mask]]:
    """What may be affected in each frame from the contact on."""
    wide = max(2, round((FLOATS if found.plain else SHAKEN) * scene.scale_px))
    things = grown(found.things, wide) | _edge(found.surface, max(2, round(EDGE * scene.scale_px)))
    for frame in range(found.frame, scene.length):
        own = grown(scene.object[frame], 2) & grown(found.surface, wide)
        yield frame, (things | found.room | own) & scene.seen(frame)


def _edge(surface: Mask, wide: int) -> Mask:
    """Along the surface's edge: there water rises, and cloth pulls."""
    whole = cv2.morphologyEx(surface.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(grown(whole > 0, wide) & grown(whole == 0, wide))


def _stopped(scene: Scene, path: Trail) -> int | None:
    """The frame after which a fall becomes slow at once."""
    frames = [index for index in sorted(path) if not _at_edge(scene, index)]
    steps = [(now, _pace(scene, path, before, now)) for before, now in itertools.pairwise(frames)]
    for (_, fast), (now, slow) in itertools.pairwise(steps):
        if fast > PACE * scene.scale_px and slow < SLOWS * fast:
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


def _surface(scene: Scene, frame: int) -> Mask:
    """What has the colours around the object's foot and hangs together with them."""
    object_ = scene.object[frame]
    rows = np.flatnonzero(object_.any(axis=1))
    if rows.size == 0:
        return np.zeros(scene.size, bool)
    ring = grown(object_, 3 + round(RING * scene.scale_px)) & ~grown(object_, 3)
    ring &= scene.seen(frame)
    ring[: int(rows[0] + 0.6 * (rows[-1] - rows[0]))] = False
    if ring.sum() < 20:
        return np.zeros(scene.size, bool)
    lab = _lab(scene, frame)
    colours = _colours(lab[ring])
    off = np.min([np.linalg.norm(lab - colour, axis=-1) for colour in colours], axis=0)
    alike = ((off < ALIKE) & scene.seen(frame)) | object_
    return touching(thick(alike), ring)


def _lab(scene: Scene, frame: int) -> NDArray[np.float32]:
    calm = cv2.GaussianBlur(scene.picture(frame), (5, 5), 0)
    return np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)


def _colours(spots: NDArray[np.float32]) -> NDArray[np.float32]:
    """A few colours that stand for all of the spots; the same spots give the same ones."""
    order = np.argsort(spots[:, 0], kind="stable")
    parts = np.array_split(spots[order], COLOURS)
    return np.array([np.median(part, axis=0) for part in parts], np.float32)


def _room(scene: Scene, frame: int, surface: Mask) -> Mask:
    """The surface right around the contact, and the object's own place."""
    object_ = scene.object[frame]
    size = float(np.sqrt(object_.sum()))
    rows = np.flatnonzero(object_.any(axis=1))
    foot = object_.copy()
    foot[: int(rows[0] + 0.5 * (rows[-1] - rows[0]))] = False
    high, wide = foot.shape
    flat = cv2.resize((~foot).astype(np.uint8), (wide, round(high / FLAT)))
    away = cv2.distanceTransform((flat > 0).astype(np.uint8), cv2.DIST_L2, 5)
    near = cv2.resize(away, (wide, high)) < GIVES * size
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


def _things(scene: Scene, frame: int, surface: Mask) -> Mask:
    """Small regions of other colours within the surface's outline."""
    least, most = (share * surface.size for share in (THING_LEAST, THING_MOST))
    other = _outline(surface, scene) & ~surface & ~grown(scene.object[frame], 3)
    opened = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    areas = stats[:, cv2.CC_STAT_AREA]
    good = np.flatnonzero((areas > least) & (areas < most))
    return np.isin(labels, good[good > 0])
