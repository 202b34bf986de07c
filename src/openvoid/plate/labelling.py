"""Labelling: which of a few offsets each pixel of a hole is copied along.

Enters: features of a picture, a hole, where exemplars may lie, candidate offsets. Leaves: the
number of an offset for each hole pixel, in large pieces whose seams show least. Knows nothing of
how offsets are found or seams healed.

A shift-map (Pritch, Kav-Venaki, Peleg 2009): what is known at the rim should look the same at the
source, neighbours with different offsets should agree about both pixels. Minimised by max-product
belief propagation (Tappen and Freeman 2003), first for square cells and all offsets, then for
pixels and the offsets of the cells around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]

CELL_PX = 4
_CELLS = 1800  # more than these in a hole: larger cells
_WINDOW_PX = 9  # rim pixels so near speak for a pixel
_DIFFERENT = np.float32(0.3)  # squared difference beyond which two pixels just differ
_RIM, _SMOOTH = 2 / 16, 0.3 / 16  # weights of the rim, and of the smooth layer's colours
_SMOOTH_MOST = 0.1
_SEAM = 0.0025  # a pixel's length of any seam, twice
_BARRED = 10.0  # a pixel without a source
_CELL_SWEEPS, _PIXEL_SWEEPS = 12, 5
_AROUND = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0))  # cells whose offsets a pixel may take


@dataclass(frozen=True)
class Scene:
    """What is labelled, all for one window of a picture that is a whole number of cells."""

    features: Plane  # [H, W, C] of the whole picture; the first three channels are its colours
    usable: Mask  # [H, W]
    offsets: NDArray[np.int64]  # [K, 2]
    hole: Mask  # [h, w] of the window, False beyond the picture
    rows: NDArray[np.int64]  # [h] of the window in the picture, clipped to it
    columns: NDArray[np.int64]  # [w]
    cell_px: int

    def sampled(self, label: int) -> tuple[Plane, Mask]:
        """What the window [h, w, C] is copied from along an offset, and where that is usable."""
        return self.at(self.rows[:, None], self.columns, np.int64(label))

    def at(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], labels: Labels | np.int64
    ) -> tuple[Plane, Mask]:
        """Features and usability of the sources of pixels under given labels (broadcast)."""
        height, width = self.usable.shape
        y, x = rows + self.offsets[labels, 0], columns + self.offsets[labels, 1]
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        return self.features[y, x], inside & self.usable[y, x]


def label(
    features: Plane, hole: Mask, usable: Mask, offsets: NDArray[np.int64]
) -> tuple[Labels, Mask]:
    """The number [H, W] of each hole pixel's offset, and where it leads into `usable`."""
    scene, (top, left) = _scene(features, hole, usable, offsets)
    unary = _unary(scene)
    coarse = _label_cells(scene, unary)
    fine = _label_pixels(scene, unary, coarse)
    result = np.zeros(hole.shape, np.int64)
    rows, columns = np.nonzero(scene.hole)
    result[rows + top, columns + left] = fine[rows, columns]
    served = np.zeros(hole.shape, bool)
    found = fine[rows, columns]
    _, valid = scene.at(scene.rows[rows], scene.columns[columns], found)
    served[rows + top, columns + left] = valid
    return result, served


def _scene(
    features: Plane, hole: Mask, usable: Mask, offsets: NDArray[np.int64]
) -> tuple[Scene, tuple[int, int]]:
    cell_px = CELL_PX
    while np.count_nonzero(hole) > _CELLS * cell_px**2:
        cell_px += 1
    rows, columns = np.nonzero(hole.any(1))[0], np.nonzero(hole.any(0))[0]
    top, left = int(rows[0]), int(columns[0])
    height = -(-(int(rows[-1]) + 1 - top) // cell_px) * cell_px
    width = -(-(int(columns[-1]) + 1 - left) // cell_px) * cell_px
    window = np.zeros((height, width), bool)
    part = hole[top : top + height, left : left + width]
    window[: part.shape[0], : part.shape[1]] = part
    down = np.minimum(np.arange(top, top + height), hole.shape[0] - 1)
    across = np.minimum(np.arange(left, left + width), hole.shape[1] - 1)
    return Scene(features, usable, offsets, window, down, across, cell_px), (top, left)


# --- costs ------------------------------------------------------------------------------------


def _unary(scene: Scene) -> Plane:
    """[K, h, w]: how badly a pixel is served by each offset, on its own."""
    margin = _WINDOW_PX // 2 + 1
    height, width = scene.usable.shape
    rows = np.arange(scene.rows[0] - margin, scene.rows[0] + len(scene.rows) + margin)
    columns = np.arange(scene.columns[0] - margin, scene.columns[0] + len(scene.columns) + margin)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    rows, columns = np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)
    rim = inside & scene.usable[rows, columns]
    inner = (slice(margin, -margin), slice(margin, -margin))
    here = scene.features[rows, columns]
    result = np.empty((len(scene.offsets), *scene.hole.shape), np.float32)
    for number in range(len(scene.offsets)):
        there, valid = scene.at(rows, columns, np.int64(number))
        squared = (there - here) ** 2
        differs = _cost(np.where(valid, squared.sum(-1), _DIFFERENT / 2))
        differs = np.where(rim, differs, np.float32(0))
        near = cv2.boxFilter(differs, -1, (_WINDOW_PX, _WINDOW_PX), normalize=False)
        smooth = np.minimum(squared[inner][..., :3].sum(-1), _SMOOTH_MOST)
        cost = _RIM * near[inner] + _SMOOTH * smooth + _BARRED * ~valid[inner]
        result[number] = np.where(scene.hole, cost, 0)
    return result


def _cost(squared: Plane) -> Plane:
    """min(squared, limit) ^ 0.75: between a squared and a plain difference."""
    root = np.sqrt(np.clip(squared, 0, _DIFFERENT))
    result: Plane = root * np.sqrt(root)
    return result


def _label_cells(scene: Scene, unary: Plane) -> Labels:
    """[h / c, w / c] labels of square cells."""
    cell = scene.cell_px
    down, across = scene.hole.shape[0] // cell, scene.hole.shape[1] // cell
    count = len(scene.offsets)
    alone = unary.reshape(count, down, cell, across, cell).sum((2, 4)).transpose(1, 2, 0)
    active = np.asarray(scene.hole.reshape(down, cell, across, cell).any((1, 3)))
    apart = np.zeros((down, across, count, count), np.float32)
    step = np.arange(0, cell, max(1, cell // CELL_PX))
    numbers = np.arange(count)[:, None, None, None]
    for row in np.flatnonzero(active.any(1)):
        places = np.nonzero(active[row])[0]
        rows = scene.rows[row * cell + step][:, None]
        columns = scene.columns[places[:, None] * cell + step][:, None]
        found, _ = scene.at(rows, columns, numbers)  # K, cells, c, c, C
        found = found.transpose(1, 2, 3, 0, 4).reshape(len(places), -1, count, found.shape[-1])
        squares = (found**2).sum(-1)
        product = found @ found.swapaxes(-1, -2)
        product *= -2
        product += squares[..., None, :]
        product += squares[..., :, None]
        apart[row, places] = _cost(product).mean(1)
    apart += np.float32(_SEAM) * (1 - np.eye(count, dtype=np.float32))
    apart *= cell
    right = (apart[:, :-1] + apart[:, 1:]) * (active[:, :-1] & active[:, 1:])[..., None, None]
    below = (apart[:-1] + apart[1:]) * (active[:-1] & active[1:])[..., None, None]
    return _propagated(alone, right, below, _CELL_SWEEPS).argmin(-1)


def _label_pixels(scene: Scene, unary: Plane, coarse: Labels) -> Labels:
    """[h, w] labels: each pixel takes that of its own cell or of one beside it."""
    cell = scene.cell_px
    edge: Labels = np.pad(coarse, 1, mode="edge")
    down, across = coarse.shape
    choice = np.stack(
        [edge[1 + y : 1 + y + down, 1 + x : 1 + x + across] for y, x in _AROUND], axis=-1
    )
    choice = np.asarray(choice.repeat(cell, 0).repeat(cell, 1))  # h, w, 5
    rows, columns = (np.asarray(axis) for axis in np.indices(scene.hole.shape))
    alone = unary[choice, rows[..., None], columns[..., None]]
    right = _apart(scene, choice, (slice(None), slice(-1)), (slice(None), slice(1, None)))
    below = _apart(scene, choice, (slice(-1), slice(None)), (slice(1, None), slice(None)))
    best = _propagated(alone, right, below, _PIXEL_SWEEPS).argmin(-1)
    return np.take_along_axis(choice, best[..., None], -1)[..., 0]


def _apart(
    scene: Scene, choice: Labels, first: tuple[slice, slice], second: tuple[slice, slice]
) -> Plane:
    """[h, w, 5, 5] what a seam costs between neighbours, for each pair of their choices."""
    mine, yours = choice[first], choice[second]
    total = np.float32(_SEAM * 2) * (mine[..., :, None] != yours[..., None, :])
    for part in (first, second):
        rows, columns = scene.rows[part[0]][:, None, None], scene.columns[part[1]][:, None]
        one, _ = scene.at(rows, columns, mine)
        other, _ = scene.at(rows, columns, yours)
        for number in range(yours.shape[-1]):
            squared = ((one - other[..., number : number + 1, :]) ** 2).sum(-1)
            total[..., number] += _cost(squared)
    both = scene.hole[first] & scene.hole[second]
    result: Plane = total * both[..., None, None]
    return result


# --- belief propagation -----------------------------------------------------------------------


def _propagated(alone: Plane, right: Plane, below: Plane, sweeps: int) -> Plane:
    """Beliefs [h, w, K] about a grid: costs alone, between (y, x) and (y, x + 1), (y + 1, x).

    Messages run to the right, left, down and up in turn, a whole column or row at a time.
    """
    height, width, _ = alone.shape
    beliefs = alone.copy()  # always the costs alone and all messages together
    rightward, leftward = np.zeros_like(alone), np.zeros_like(alone)
    downward, upward = np.zeros_like(alone), np.zeros_like(alone)
    for _ in range(sweeps):
        for x in range(width - 1):
            rest = beliefs[:, x] - leftward[:, x]
            told = (rest[:, :, None] + right[:, x]).min(1)
            _hear(beliefs[:, x + 1], rightward[:, x + 1], told)
        for x in range(width - 1, 0, -1):
            rest = beliefs[:, x] - rightward[:, x]
            told = (rest[:, None] + right[:, x - 1]).min(2)
            _hear(beliefs[:, x - 1], leftward[:, x - 1], told)
        for y in range(height - 1):
            rest = beliefs[y] - upward[y]
            told = (rest[:, :, None] + below[y]).min(1)
            _hear(beliefs[y + 1], downward[y + 1], told)
        for y in range(height - 1, 0, -1):
            rest = beliefs[y] - downward[y]
            told = (rest[:, None] + below[y - 1]).min(2)
            _hear(beliefs[y - 1], upward[y - 1], told)
    return beliefs


def _hear(beliefs: Plane, message: Plane, told: Plane) -> None:
    """Replace what was heard before, in place; only differences between labels count."""
    told -= told.min(-1, keepdims=True)
    beliefs += told - message
    message[:] = told
