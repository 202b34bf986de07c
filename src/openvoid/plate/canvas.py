"""Canvas: the part of the world that no donor shows, once for the whole shot.

Enters: survey and donor plan. Leaves: a world image around the unseen places with exemplars copied
in (`synthesize`), and for each of its pixels where it was copied from. It is made once and looked
at through every frame's camera, so it is stable in time. Knows no pixels at the clip's own size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.removal import Run
from openvoid.plate.align import warp
from openvoid.plate.gradient import membrane
from openvoid.plate.propagate import Rebuilt, clear_of, landed
from openvoid.plate.register import Image, Matrix
from openvoid.plate.survey import CELL_PX, Survey
from openvoid.plate.synthesize import synthesize

CONTEXT = 0.8  # surroundings taken in, in sizes of the unseen region
CONTEXT_PX = 72  # and at least so many proxy pixels
MAX_SIDE_PX = 1280
NEAR_PX = 33  # what is unknown this near to unseen cells is synthesised too
LOOKS = 16  # frames from which the surroundings are gathered


@dataclass(frozen=True)
class Canvas:
    """A world image, its pixel (0, 0) at `left`, `top` of the world, in proxy pixels."""

    left: float
    top: float
    image: Image  # [h, w, 3] the world with what was unseen synthesised
    heal: Image  # [h, w, 3] image minus the copied pixel, inside what was unseen
    source: Image  # [h, w, 2] (x, y) in the world where each pixel is copied from

    def seen_from(self, matrix: Matrix, box: Box) -> tuple[Image, Image, Image]:
        """`image`, `heal` and the source's place in the frame (x, y), inside a frame's box.

        `matrix` leads from the world to the frame, in proxy pixels.
        """
        shift = np.array([[1, 0, -self.left], [0, 1, -self.top], [0, 0, 1.0]])
        back = shift @ np.linalg.inv(matrix)
        image, heal = warp(self.image, back, box), warp(self.heal, back, box, exact=True)
        source = warp(self.source, back, box, exact=True)
        flat = np.concatenate([source.reshape(-1, 2), np.ones((source[..., 0].size, 1))], axis=1)
        place = flat @ matrix.T
        place = (place[:, :2] / place[:, 2:]).reshape(source.shape)
        return image, heal, place.astype(np.float32)


def unseen_cells(look: Survey, donors: NDArray[np.int32]) -> NDArray[np.bool_]:
    """[rows, columns] of the world grid: cells that a frame needs and none of its donors shows."""
    left = np.zeros(look.world.rows * look.world.columns, bool)
    for index, row in enumerate(donors):
        open_cells = look.needed[index].copy()
        for donor in row[row >= 0]:
            open_cells &= ~look.shown[donor]
        left |= open_cells
    return left.reshape(look.world.rows, look.world.columns)


def paint_canvas(
    look: Survey, unseen: NDArray[np.bool_], soft_px: int, rng: np.random.Generator, run: Run
) -> Canvas | None:
    """Gather the world around the unseen cells and synthesise them; None where none is unseen."""
    if not unseen.any():
        return None
    box = bounding_box(unseen)
    reach = max(CONTEXT_PX // CELL_PX, round(CONTEXT * max(box.height, box.width)))
    box = box.grown(reach, *unseen.shape)
    left = look.world.origin[0] - (CELL_PX - 1) / 2 + CELL_PX * box.left
    top = look.world.origin[1] - (CELL_PX - 1) / 2 + CELL_PX * box.top
    hole = np.kron(unseen[box.slices], np.ones((CELL_PX, CELL_PX), bool))
    hole = hole[:MAX_SIDE_PX, :MAX_SIDE_PX]
    plate, known = _gather(look, hole, left, top, soft_px)
    near = cv2.dilate(hole.astype(np.uint8), np.ones((NEAR_PX, NEAR_PX), np.uint8)).astype(bool)
    plate = np.where(known[..., None], plate, membrane(plate, known))
    hole = ~known & near

    def tell(done: int, total: int) -> None:
        run.progress("synthesise", done, total)

    answer = synthesize(plate, hole, known, rng, tell)
    rows, columns = answer.source[..., 0], answer.source[..., 1]
    heal = np.where(hole[..., None], answer.image - plate[rows, columns], 0).astype(np.float32)
    source = np.stack([columns + left, rows + top], axis=-1).astype(np.float32)
    return Canvas(left, top, answer.image, heal, source)


def _gather(
    look: Survey, hole: NDArray[np.bool_], left: float, top: float, soft_px: int
) -> tuple[Image, NDArray[np.bool_]]:
    """The world [h, w, 3] around the hole from the frames that show most of it, and where known."""
    size = hole.shape
    box = Box(0, 0, *size)
    place = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
    picked = np.unique(np.linspace(0, len(look.frames) - 1, LOOKS).round().astype(int))
    views = []
    for index in picked:
        matrix = look.registration.matrices[index] @ place
        visible = landed(clear_of(look, int(index), soft_px), matrix, box)
        views.append((int((visible & ~hole).sum()), int(index), matrix, visible))
    blank = np.zeros((*size, 3), np.float32)
    nothing = np.zeros(size, bool)
    world = Rebuilt(box, blank, blank.copy(), nothing.copy(), hole, ~nothing, [])
    for _, index, matrix, visible in sorted(views, key=lambda view: -view[0]):
        share = visible & ~world.known
        if share.any():
            world.lay(warp(look.frame(index), matrix, box), share, visible)
    return world.picture, world.known
