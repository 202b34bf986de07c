"""Hidden: the whole silhouette of a thing of which the object hides a part.

Enters: what shows of a thing, the object, and the picture. Leaves: the silhouette with what the
object hides: of a round thing the rest of its circle, of another what lies between its parts. What
the object does not hide is never added.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.discs import Disc, refined
from openvoid.vision.masks import grown

Mask = NDArray[np.bool_]

TOUCHES_PX = 3
FITS = 0.9  # of what shows, and of what should show: it is that circle. Chosen
BETWEEN = 0.8  # of what lies between two parts is hidden: they are one thing. Chosen
MOST = 0.6  # of the whole: with more hidden nobody knows it


def whole(visible: Mask, object_: Mask, picture: NDArray[np.float32], focal_px: float) -> Mask:
    """What shows, and what the object hides of it.

    Args:
        visible, object_: [h, w].
        picture: [h, w, 3], 0..1.
        focal_px: of the lens: a ball beside the middle is an ellipse.
    """
    if not (grown(visible, TOUCHES_PX) & object_).any():
        return visible
    found = visible | (_hull(visible) & object_)
    circle = _circle(visible, object_, picture, focal_px)
    if circle is not None:
        found = visible | (circle & grown(object_, TOUCHES_PX))
    return found if visible.sum() > (1 - MOST) * found.sum() else visible


def joined(parts: Sequence[Mask], object_: Mask) -> list[list[int]]:
    """Which parts are one thing that the object cuts apart, by number."""
    groups: list[list[int]] = []
    near = grown(object_, TOUCHES_PX)
    for number, part in enumerate(parts):
        for group in groups:
            together = np.logical_or.reduce([parts[each] for each in group]) | part
            between = _hull(together) & ~together
            if not between.any() or (between & near).sum() > BETWEEN * between.sum():
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _circle(
    visible: Mask, object_: Mask, picture: NDArray[np.float32], focal_px: float
) -> Mask | None:
    """The circle of which it shows a part."""
    (x, y), radius = cv2.minEnclosingCircle(np.argwhere(visible)[:, ::-1].astype(np.float32))
    hidden = grown(object_, 1)
    disc = refined(picture, hidden, Disc(x + 0.5, y + 0.5, max(radius, 1.0), 0.0), focal_px)
    if disc is None:
        return None
    mask = disc.mask(*visible.shape)
    shows = mask & ~grown(object_, TOUCHES_PX)
    inside = float((mask & visible).sum()) > FITS * int(visible.sum())
    fills = float((shows & grown(visible, 1)).sum()) > FITS * int(shows.sum())
    return mask if inside and fills else None


def _hull(mask: Mask) -> Mask:
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(drawn, cv2.convexHull(points), 1)
    return drawn > 0
