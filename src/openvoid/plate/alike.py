"""Alike: how pixels that cannot be seen move, told by those that can and moved like them before.

Enters: by which motion each pixel came, and how those that are seen go on. Leaves the same for the
others. Knows no frames, no holes and no pictures.

A kernel regression over place and former motion, locally affine (Cleveland 1979): what moved alike
goes on alike, so two things that part keep their edge though neither is named. It is worked out
once for each cell of place and motion, as a bilateral grid does (Chen, Paris and Durand 2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openvoid.vision.fitting import Image

Mask = NDArray[np.bool_]
SAMPLES = 500
LEAST_SAMPLES = 20
ALIKE_PX = 0.5  # former motions that differ by so much are alike, and by this share of them
ALIKE_SHARE = 0.15
NEAR_PX = 30.0  # so far away a pixel counts a quarter
CELL_PX = 8
NONE = 0.5  # pixels that say what is usual
FLAT = 0.3  # how unwillingly the answer changes with place


def regressed(
    former: Image,
    value: Image,
    seen: Mask,
    wanted: Mask,
    *,
    or_as_before: bool = False,
    doubt: float = NONE,
) -> Image:
    """A value [h, w, 2] at the `wanted` pixels, told by those `seen`; 0 elsewhere.

    Args:
        former: [h, w, 2] by which motion each came; finite where seen or wanted.
        value: [h, w, 2] of the seen.
        or_as_before: the value is a motion: where few tell it, it is the former, else it is 0.
        doubt: few are so many pixels that moved just so.
    """
    answer = np.zeros_like(former)
    y, x = np.nonzero(wanted)
    rows, columns = np.nonzero(seen)
    if not len(x) or len(rows) < LEAST_SAMPLES:
        answer[y, x] = former[y, x] if or_as_before else 0
        return answer
    pick = np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)
    rows, columns = rows[pick], columns[pick]
    each = np.stack([x, y, *former[y, x].T], axis=-1).astype(np.float32)
    cells = np.rint(each / (CELL_PX, CELL_PX, ALIKE_PX, ALIKE_PX)).astype(int)
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    cell = cell.ravel()
    sums = [np.bincount(cell, column) for column in each.T]
    middle = (np.stack(sums, axis=-1) / np.bincount(cell)[:, None]).astype(np.float32)
    samples = np.stack([columns, rows, *former[rows, columns].T], axis=-1).astype(np.float32)
    usual = middle[:, 2:] if or_as_before else np.zeros_like(middle[:, 2:])
    fits = _fitted(middle, samples, value[rows, columns], usual, doubt)[cell]  # [n, 3, 2]
    off = each[:, :2] - middle[cell, :2]
    answer[y, x] = fits[:, 0] + off[:, :1] * fits[:, 1] + off[:, 1:] * fits[:, 2]
    return answer


def _fitted(places: Image, samples: Image, values: Image, usual: Image, doubt: float) -> Image:
    """Affine fits [n, 3, 2] about `places` [n, 4] of `values` [m, 2] at `samples` [m, 4].

    Each the value, and its slopes along x and y. Columns are x, y and the former motion. `usual`
    [n, 2] is the value where no sample speaks.
    """
    apart = ((places[:, None, 2:] - samples[None, :, 2:]) ** 2).sum(-1)
    reach = (ALIKE_PX + ALIKE_SHARE * np.linalg.norm(places[:, 2:], axis=1)) ** 2
    off = (samples[None, :, :2] - places[:, None, :2]) / NEAR_PX  # n, m, 2
    weight = np.exp(-apart / (2 * reach[:, None])) / (1 + (off**2).sum(-1)) ** 2
    terms = np.concatenate([np.ones_like(off[..., :1]), off], axis=-1)  # n, m, 3
    weighted = (terms * weight[..., None]).swapaxes(1, 2)
    system, right = weighted @ terms, weighted @ values
    right[:, 0] += doubt * usual
    stiff = FLAT * (weight.sum(axis=1) + doubt)
    system[:, [0, 1, 2], [0, 1, 2]] += np.stack([np.full_like(stiff, doubt), stiff, stiff], -1)
    fits = np.linalg.solve(system.astype(np.float64), right.astype(np.float64))
    fits[:, 1:] /= NEAR_PX
    return np.asarray(fits, np.float32)
