"""Moving: what moves from one frame to the next, whatever it looks like when it rests.

Enters: a scene. Leaves: courses of blobs, as `blobs` follows them. Each blob is the hull of what
differs from the frame before: the place a thing leaves and the one it takes. It needs no picture
of the scene without the thing, so it sees what comes to rest in the shot, for which the undisturbed
look is no help: most frames show it there. What rests is not seen at all.
"""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.reason.motion.blobs import Course, Follower, blobs_of
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, inner, thick, tidy

LEAST = 0.05  # of white: a smaller change from one frame to the next is noise
LEAST_SHARE = 0.0006  # of the canvas: smaller hulls are none
BRIDGED = 0.02  # of the short side: edges of one thing lie no farther apart


def moving(scene: Scene) -> list[Course]:
    """The courses of all that moves beside the object."""
    follower = Follower()
    before = scene.picture(0)
    least = max(16, round(LEAST_SHARE * scene.size[0] * scene.size[1]))
    for index in range(1, scene.length):
        picture, seen = scene.picture(index), scene.seen(index) & scene.seen(index - 1)
        hulls = _hulls(_changed(scene, before, picture) & seen & ~grown(scene.object[index], 2))
        edge = seen & ~inner(seen)
        shown = hulls & seen & ~scene.object[index]
        follower.add(index, blobs_of(shown, index, picture, least, edge))
        before = picture
    return follower.courses


def _changed(scene: Scene, before: Picture, picture: Picture) -> Mask:
    found = outside(picture, before, LEAST, scene) | outside(before, picture, LEAST, scene)
    found = tidy(found)
    return found if scene.locked else thick(found)


def _hulls(changed: Mask) -> Mask:
    """The convex hulls of what lies close together."""
    joined = grown(changed, max(2, round(BRIDGED * min(changed.shape))))
    count, labels = cv2.connectedComponents(joined.astype(np.uint8))
    whole = np.zeros(changed.shape, np.uint8)
    for number in range(1, count):
        y, x = np.nonzero((labels == number) & changed)
        if len(x) > 8:
            hull = cv2.convexHull(np.c_[x, y].astype(np.int32))
            cv2.fillConvexPoly(whole, hull, 1)
    return whole > 0
