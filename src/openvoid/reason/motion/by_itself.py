"""By itself: what changes before the object, or anything that it set going, has touched it.

Enters: where a frame differs from the scene as it last was, where that was other things' doing in
the frame before, where the object's doing, and what the object touches. Leaves: where it is other
things' doing now. Whoever walks up to the object, waves, leaves and what the camera model leaves
over are under way before the contact, and go on from where they were: so what is nearer to them
than to anything that the object set going is theirs. Knows no pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion.scene import Mask
from openvoid.vision.masks import grown, touching


@dataclass(frozen=True)
class Doing:
    """Whose doing the changes of a frame are."""

    itself: Mask  # other things'
    begun: Mask  # apart from all contact, since this frame: it will show
    owned: Mask  # the object's, and of what it set going


def by_itself(
    differs: Mask, before: Doing, reach: Mask, *, jump_px: float, least_px: int, around_px: int = 0
) -> Doing:
    """What of the changes goes on from what was under way, or begins apart from all contact.

    Args:
        differs: [H, W] where the frame differs.
        before: the same of the frame before.
        reach: where something is touched.
        jump_px: so far a thing goes from one frame to the next.
        least_px: smaller regions that begin are noise.
        around_px: what begins so near to what the object set going may be its far side.
    """
    going_on = differs & follows(before, jump_px)
    rest = differs & ~going_on
    apart = rest & ~touching(rest, (reach | grown(before.owned, 3)) & rest)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(apart.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] >= least_px
    large[0] = False
    apart = np.asarray(large[labels])
    if around_px and before.owned.any():
        apart &= ~touching(apart, grown(before.owned, around_px) & apart)
    lasting = touching(apart, grown(before.begun, round(jump_px)) & apart)
    return Doing(going_on | lasting, apart & ~lasting, before.owned)


def follows(before: Doing, jump_px: float) -> Mask:
    """Where a change is nearer to what was under way than to the object's doing."""
    off = _away(before.itself)
    return np.asarray((off <= jump_px) & (off < _away(before.owned)))


def _away(mask: Mask) -> NDArray[np.float32]:
    """How far each spot is from a mask; far beyond the picture from one that is nowhere."""
    if not mask.any():
        return np.full(mask.shape, 1e6, np.float32)
    free = (~mask).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 3), np.float32)
