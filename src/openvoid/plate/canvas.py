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
from openvoid.plate.align import landed, look_up, warp
from openvoid.plate.gradient import membrane
from openvoid.plate.propagate import clear_of
from openvoid.plate.survey import CELL_PX, Survey
from openvoid.plate.synthesize import synthesize
from openvoid.vision.fitting import Image, Matrix
from openvoid.vision.masks import nanmedian

CONTEXT = 0.8  # surroundings taken in, in sizes of the unseen region
CONTEXT_PX = 72  # and at least so many proxy pixels
MAX_SIDE_PX = 1024
STRIP_PX = 64
NEAR_PX = 33  # what is unknown this near to unseen cells is synthesised too
LOOKS = 16  # frames from which the surroundings are gathered


@dataclass(frozen=True)
class Canvas:
    """A world image, its pixel (0, 0) at `left`, `top` of the world, in proxy pixels."""

    left: float
    top: float
    image: Image  # [h, w, 3] the world with what was unseen synthesised
    plate: Image  # [h, w, 3] the world as gathered: what the copies were made from
    source: Image  # [h, w, 2] (x, y) in the world where each pixel is copied from

    def seen_from(self, matrix: Matrix, box: Box) -> tuple[Image, Image]:
        """`image` [h, w, 3] and the source's place in the frame [h, w, 2] (x, y), in a frame's box.

        `matrix` leads from the world to the frame, in proxy pixels.
        """
        back = self._into @ np.linalg.inv(matrix)
        return warp(self.image, back, box), mapped(matrix, warp(self.source, back, box, exact=True))

    def plate_at(self, points: Image) -> Image:
        """The gathered world [..., 3] at points [h, w, 2] (x, y) of the world."""
        return look_up(self.plate, mapped(self._into, points))

    @property
    def _into(self) -> Matrix:
        return np.array([[1, 0, -self.left], [0, 1, -self.top], [0, 0, 1.0]])


def mapped(matrix: Matrix, points: Image) -> Image:
    """Points [h, w, 2] (x, y) through a homography."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    x, y = points[..., 0], points[..., 1]
    depth = g * x + h * y + i if g or h else i
    moved = np.empty_like(points)
    np.divide(a * x + b * y + c, depth, out=moved[..., 0])
    np.divide(d * x + e * y + f, depth, out=moved[..., 1])
    return moved


def unseen_cells(look: Survey, donors: NDArray[np.int32]) -> NDArray[np.bool_]:
    """[rows, columns] of the world grid: cells that a frame needs and none of its donors shows."""
    left = np.zeros(look.world.rows * look.world.columns, bool)
    for index, row in enumerate(donors):
        open_cells = look.needed[index].copy()
        for donor in row[row >= 0]:
            open_cells &= ~look.lends(int(donor), index)
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
    source = np.stack([columns + left, rows + top], axis=-1).astype(np.float32)
    return Canvas(left, top, answer.image, plate.astype(np.float32), source)


def _gather(
    look: Survey, hole: NDArray[np.bool_], left: float, top: float, soft_px: int
) -> tuple[Image, NDArray[np.bool_]]:
    """What the world [h, w, 3] around the hole mostly looks like, and where any frame shows it.

    A median over the shot, so that what passes through is not copied.
    """
    size = hole.shape
    box = Box(0, 0, *size)
    place = np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
    picked = np.unique(np.linspace(0, len(look.frames) - 1, LOOKS).round().astype(int))
    looks = np.full((len(picked), *size, 3), np.nan, np.float32)
    for look_at, index in zip(looks, picked, strict=True):
        matrix = look.registration.matrices[index] @ place
        visible = landed(clear_of(look, int(index), soft_px + 1), matrix, box)
        look_at[visible] = warp(look.frame(int(index)), matrix, box)[visible]
    strips = range(0, size[0], STRIP_PX)  # sorting copies: a strip at a time
    world = np.concatenate([nanmedian(looks[:, row : row + STRIP_PX]) for row in strips])
    known = np.isfinite(world[..., 0])
    return np.where(known[..., None], world, 0).astype(np.float32), known
