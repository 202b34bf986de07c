"""Three renders of one frame -> its quadmask: what was removed, and where the scene changes.

Enters: the same frame of the takes `full`, `removed` and `acting`. Leaves: labels of
`core.quadmask`, or parts of them. Knows no motion and no files.

    silhouette  pixels that show the removed in `full`, by instance number; and those right beside
                them that its smooth edge reaches (`full` differs from `acting`)
    affected    where `removed` differs from `acting`: things go another way (VOID, arXiv
                2604.02296, section 3.2); and, outside the silhouette, where `full` differs from
                `removed`: the object's shadow, its mirror image, its light

The second part of "affected" goes beyond the definition above, in which shadows are nobody's; only
with it is what is kept the same in both clips.

Two pictures differ where a channel does by more than `strong`, and around there as far as one does
by more than `weak` (hysteresis, Canny 1986): a fading shadow is followed to where the eye loses it,
while dither and rounding begin nothing. Then gaps that a disc of CLOSED_PX cannot enter are filled,
as are holes of less than HOLE_SHARE of the picture, and specks of less than SPECK_SHARE dropped.
So every affected region holds a difference of more than `strong`, and what is kept differs by no
more than `weak` but for fields that never exceed `strong`, and specks. A renderer whose pictures
are noisy says by how many levels (`threshold_levels`); neither threshold is lower than that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.plugins import HasNoise
from openvoid.core.quadmask import Labels, label
from openvoid.synth.take import Drawn
from openvoid.vision.masks import Mask, disc, touching

CLOSED_PX = 2  # at 384 lines; as many times more in a larger picture
SPECK_SHARE = 8 / (384 * 672)
HOLE_SHARE = 40 / (384 * 672)


@dataclass(frozen=True)
class Threshold:
    """From where on pictures differ, of 255."""

    weak: int = 4
    strong: int = 10

    @staticmethod
    def of(renderer: object) -> Threshold:
        """No lower than the noise of what a renderer draws."""
        noise = renderer.threshold_levels if isinstance(renderer, HasNoise) else 0
        return Threshold(max(Threshold.weak, noise), max(Threshold.strong, noise))


_AROUND = np.ones((3, 3), np.uint8)


def labelled(
    full: Drawn, removed: Drawn, acting: Drawn, gone: Collection[int], threshold: Threshold
) -> Labels:
    """The quadmask of one frame; `gone` are the instance numbers of what is removed."""
    silhouette = silhouette_of(full, acting, gone, threshold)
    return label(silhouette, affected_of(full, removed, acting, silhouette, threshold))


def silhouette_of(full: Drawn, acting: Drawn, gone: Collection[int], threshold: Threshold) -> Mask:
    """Where the removed is seen, its smooth edge included."""
    seen: Mask = np.isin(full.ids, np.array(sorted(gone), np.uint16))
    if not seen.any():
        return seen
    beside = cv2.dilate(seen.view(np.uint8), _AROUND).view(bool)
    return seen | (beside & (distance(full.rgb, acting.rgb) > threshold.weak))


def affected_of(
    full: Drawn, removed: Drawn, acting: Drawn, silhouette: Mask, threshold: Threshold
) -> Mask:
    """Where the scene changes, behind the removed too."""
    change = distance(removed.rgb, acting.rgb)
    if full is not acting:
        visual = distance(full.rgb, removed.rgb)
        visual[silhouette] = 0
        change = np.maximum(change, visual)
    return tidied(above(change, threshold))


def distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[H, W]: how far apart two pictures are, 0 .. 255, in their farthest channel."""
    if one is other:
        return np.zeros(one.shape[:2], np.uint8)
    apart = cv2.absdiff(one, other)
    return np.asarray(np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2]))


def above(change: NDArray[np.uint8], threshold: Threshold) -> Mask:
    """Regions of weak differences that hold a strong one."""
    weak = change > threshold.weak
    strong = change > threshold.strong
    if not strong.any():
        return strong
    return touching(weak, strong)


def tidied(mask: Mask) -> Mask:
    """Narrow gaps and small holes filled, specks dropped."""
    if not mask.any():
        return mask
    area, scale = mask.size, min(mask.shape) / 384
    reach = max(1, round(CLOSED_PX * scale))
    edge = 2 * reach
    padded = cv2.copyMakeBorder(mask.view(np.uint8), edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(reach))
    inner = closed[edge:-edge, edge:-edge].astype(bool)
    whole = ~_without_small(~inner, HOLE_SHARE * area)
    return _without_small(whole, SPECK_SHARE * area)


def _without_small(mask: Mask, below_px: float) -> Mask:
    """Without its connected parts of fewer pixels."""
    _, parts, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = facts[:, cv2.CC_STAT_AREA] >= below_px
    large[0] = False
    return np.asarray(large[parts])
