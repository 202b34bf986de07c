"""Meet: what was carried from before and from after, brought to where both agree.

Enters: two candidates of one frame. Leaves them moved onto each other. Knows no donors.

Each strays while it is hidden, the longer the farther; where both show the same it lies between
them, in proportion to how long each has been hidden (as motion is interpolated between two frames).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from openvoid.plate.carry import fetched_from
from openvoid.plate.gradient import membrane
from openvoid.plate.propagate import fitted
from openvoid.plate.survey import Survey
from openvoid.plate.trails import Candidate
from openvoid.vision.fitting import Image
from openvoid.vision.flow import Dis, fetched, pixel_grid

Frames = Callable[[int], Image]
ALIKE, PATCH_PX = 0.03, 5  # a patch's difference (0..1) up to which both show the same
MOST_PX = 8.0  # no farther apart
ROUNDS = 2
SMOOTH_PX = 4.0
LEAST_SHARE = 0.4  # of a pixel's surroundings, to be told by it fully
LEAST_PX = 24


def met(look: Survey, frame: Frames, *found: Candidate) -> list[Candidate]:
    """One or two candidates; two moved so that they meet. `frame` gives reduced frames."""
    if len(found) == 2:
        for _ in range(ROUNDS):
            found = _nearer(look, frame, *found)
    return list(found)


def _nearer(
    look: Survey, frame: Frames, one: Candidate, other: Candidate
) -> tuple[Candidate, Candidate]:
    both = one.there & other.there
    if np.count_nonzero(both) < LEAST_PX:
        return one, other
    colors = [fetched_from(frame, each.source, both) for each in (one, other)]
    colors[0] += fitted(colors[1] - colors[0], both)
    seen = (look.seen(membrane(each, both)) for each in colors)
    first, second = (
        np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), np.float32) for each in seen
    )
    pair = (np.clip(each * 255, 0, 255).astype(np.uint8) for each in (first, second))
    apart = Dis().between_gray(*pair)
    sure = cv2.erode(both.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    sure &= np.abs(apart).max(axis=-1) < MOST_PX
    off = cv2.blur(np.abs(fetched(second, apart) - first), (PATCH_PX, PATCH_PX))
    sure &= off < ALIKE
    weight = cv2.GaussianBlur(sure.astype(np.float32), (0, 0), SMOOTH_PX)
    total = cv2.GaussianBlur(apart * sure[..., None], (0, 0), SMOOTH_PX)
    even = total / np.maximum(weight, LEAST_SHARE)[..., None] * both[..., None]
    share = (one.age / np.maximum(one.age + other.age, 1))[..., None]
    return _shifted(one, -share * even), _shifted(other, (1 - share) * even)


def _shifted(each: Candidate, by: Image) -> Candidate:
    """A candidate looked up at every pixel plus `by` [h, w, 2]."""
    across, down = pixel_grid(*each.there.shape)
    x, y = across + by[..., 0], down + by[..., 1]
    column = np.clip(np.rint(x), 0, by.shape[1] - 1).astype(int)
    row = np.clip(np.rint(y), 0, by.shape[0] - 1).astype(int)
    source, flow = each.source[row, column], each.flow[row, column] + by
    source[..., 1:] += np.dstack([x - column, y - row])
    there, moves = each.there[row, column], each.moves[row, column]
    return Candidate(source, there, moves, flow, each.age[row, column])
