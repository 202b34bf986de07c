"""Bearing: what stands on what, as far as things touch in the picture, and so is as far away.

Enters: things that are let go, with the foot of the object that bore them, and kept things. Leaves:
the same, those of one structure with the one foot on which it stands: the lowest of all. A post
that bears a plank is as far away as the plank, whatever its own foot seems to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.physics.actor import Actor
from openvoid.vision.masks import grown

Mask = NDArray[np.bool_]

NEAR = 0.02  # of the picture's height: nearer in the picture is contact, seams and noise included
UNDER = 0.2  # of the narrower thing's columns: the one begins where the other ends
FARTHER = 0.25  # of the picture's height: feet farther apart are not of one structure


def grouped(actors: Sequence[Actor], moving: int, size: tuple[int, int]) -> list[Actor]:
    """All of them, with the foot of their structure.

    Args:
        moving: so many of them, the first, go elsewhere; those with a foot are let go.
        size: (height, width) of the picture.
    """
    masks = [_mask(each, size) for each in actors]
    falling = [at for at in range(moving) if actors[at].foot is not None]
    found = list(actors)
    done: set[int] = set()
    for first in falling:
        if first in done:
            continue
        group = _together(first, falling, range(moving, len(actors)), masks)
        done |= group
        feet = [_foot(masks[at]) for at in sorted(group)]
        feet += [foot for at in sorted(group) if (foot := actors[at].foot) is not None]
        lowest = max(feet, key=lambda foot: foot[1])
        for at in group:
            if (
                actors[at].foot is not None
                or abs(_foot(masks[at])[1] - lowest[1]) < FARTHER * size[0]
            ):
                found[at] = replace(actors[at], foot=lowest)
    return found


def _together(first: int, falling: Sequence[int], kept: range, masks: Sequence[Mask]) -> set[int]:
    """Those that touch it, or touch what touches it; of the kept ones those that bear it."""
    group, grows = {first}, True
    while grows:
        near = np.zeros_like(masks[0])
        for at in group:
            near |= masks[at]
        wide = grown(near, max(2, round(NEAR * len(near))))
        more = {at for at in falling if at not in group and (wide & masks[at]).any()}
        fallers = [at for at in group if at in falling]
        more |= {
            at
            for at in kept
            if at not in group and any(_bears(masks[at], masks[each]) for each in fallers)
        }
        group |= more
        grows = bool(more)
    if sum(at in falling for at in group) == 1:  # what would bear it alone does not: it falls
        group = {at for at in group if at == first or not _alone(masks[at], masks[first])}
    return group


def _alone(lower: Mask, upper: Mask) -> bool:
    """Whether the one is under the other's middle."""
    columns = np.flatnonzero(lower.any(axis=0))
    middle = float(np.nonzero(upper)[1].mean())
    return bool(columns.min() <= middle <= columns.max())


def _bears(lower: Mask, upper: Mask) -> bool:
    """Whether the one begins right where the other ends."""
    both = lower.any(axis=0) & upper.any(axis=0)
    least = UNDER * min(int(lower.any(axis=0).sum()), int(upper.any(axis=0).sum()))
    if both.sum() < max(1.0, least):
        return False
    top = lower[:, both].argmax(axis=0)
    bottom = len(upper) - 1 - upper[::-1][:, both].argmax(axis=0)
    return float(np.median(np.abs(top - bottom))) < max(3.0, 2 * NEAR * len(lower))


def _mask(actor: Actor, size: tuple[int, int]) -> Mask:
    """Its silhouette, held still."""
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round(actor.outline).astype(np.int32)], 1)
    return mask > 0


def _foot(mask: Mask) -> tuple[float, float]:
    """Its lowest place."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.0, 0.0
    low = rows.max()
    return float(columns[rows == low].mean()) + 0.5, float(low) + 1
