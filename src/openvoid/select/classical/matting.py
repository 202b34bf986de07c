"""Refine: the boundary at native size.

Enters: a silhouette at working size and the native frame. Leaves: the silhouette [H, W] at native
size, its edge where the picture's edge is. Knows no time.

A guided filter (He, Sun, Tang, TPAMI 2013; its fast form, 2015) makes an alpha of the silhouette:
locally an affine function of colour, fitted at working size and applied to the native frame in a
narrow band. Half of it is the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.select.seeds import Mask
from openvoid.vision.display import Display
from openvoid.vision.flow import sample

Map = NDArray[Any]  # [h, w] float32
RADIUS_PX = 4  # of the local fit, working px
EVENNESS = 1e-3  # regularisation: contrast squared (of 0..1) that counts as an edge
EVEN_PX = 0.4  # working px over which alpha is evened out
BAND_PX = 2.5  # how far the boundary may move, working px


def refined(mask: Mask, frame: NDArray[Any], small: NDArray[Any], display: Display) -> Mask:
    """The silhouette at native size.

    Args:
        mask: [h, w] at working size.
        frame: [H, W, 3] native.
        small: [h, w, 3] the same picture at working size, RGB as displayed.
        display: how the clip is shown.
    """
    height, width = frame.shape[:2]
    full = np.zeros((height, width), bool)
    if not mask.any():
        return full
    grown = bounding_box(mask).grown(3 * RADIUS_PX, *mask.shape)
    large = _native(grown, mask.shape, (height, width))
    picture = display.seen(frame[large.slices]).astype(np.float32) / 255
    place = _places(mask.shape, grown, large, (height, width))
    signed = sample(_signed(mask[grown.slices]), *place)
    near = np.abs(signed) < BAND_PX
    if not near.any():
        full[large.slices] = signed > 0
        return full
    alpha = _alpha(mask, small, grown, (place[0][near], place[1][near]), picture[near])
    alpha += 0.15 * signed[near] / BAND_PX  # where there is no edge, the cut's boundary stays
    soft = (signed > 0).astype(np.float32)
    soft[near] = np.clip(alpha, 0, 1)
    smooth = EVEN_PX * height / mask.shape[0]  # grain of the ground is no edge
    full[large.slices] = cv2.GaussianBlur(soft, (0, 0), smooth) > 0.5
    return full


def _native(box: Box, small: tuple[int, ...], size: tuple[int, int]) -> Box:
    """A box of the working frame in native pixels, grown to whole ones."""
    down, across = size[0] / small[0], size[1] / small[1]
    return Box(
        int(box.top * down),
        int(box.left * across),
        min(size[0], int(np.ceil(box.bottom * down))),
        min(size[1], int(np.ceil(box.right * across))),
    )


def _signed(mask: Mask) -> Map:
    """Distance to the boundary: positive inside."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.where(mask, inside - 0.5, 0.5 - outside).astype(np.float32)


def _alpha(
    mask: Mask, small: NDArray[Any], box: Box, place: tuple[Map, Map], colours: NDArray[Any]
) -> Map:
    """Alpha [N] of native pixels with `colours` [N, 3] at working places (x, y) in the box."""
    here = box.slices
    target = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6)[here]
    reach = BAND_PX + 2 * RADIUS_PX  # of the fits that the band's pixels take the mean of
    wanted = np.abs(_signed(mask[here])) < reach
    gains, offset = fit(small[here].astype(np.float32) / 255, target, wanted)
    return (sample(gains, *place) * colours).sum(-1) + sample(offset, *place)


def _places(small: tuple[int, ...], box: Box, large: Box, size: tuple[int, int]) -> tuple[Map, Map]:
    """Where each native pixel of a box lies in the working box: x and y maps."""
    rows = (np.arange(large.top, large.bottom) + 0.5) * small[0] / size[0] - 0.5 - box.top
    columns = (np.arange(large.left, large.right) + 0.5) * small[1] / size[1] - 0.5 - box.left
    x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    return x, y


def fit(guide: NDArray[Any], target: Map, wanted: Mask) -> tuple[NDArray[Any], Map]:
    """Local affine functions of colour that give `target`: gains [h, w, 3] and offset [h, w].

    Only those around the pixels that are `wanted` count; elsewhere they are zero.
    """
    side = (2 * RADIUS_PX + 1, 2 * RADIUS_PX + 1)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return cv2.blur(values, side, borderType=cv2.BORDER_REFLECT_101)

    centre, level = mean(guide), mean(target)
    products = np.stack([guide[..., i] * guide[..., j] for i, j in PAIRS], -1)
    spread = mean(products[..., :3]), mean(products[..., 3:])
    together = (mean(guide * target[..., None]) - centre * level[..., None])[wanted]
    found = np.concatenate(spread, -1)[wanted].T
    at = centre[wanted].T
    matrix = [found[number] - at[i] * at[j] for number, (i, j) in enumerate(PAIRS)]
    gains = np.zeros(guide.shape, np.float32)
    gains[wanted] = _solved(
        [each + EVENNESS * (number < 3) for number, each in enumerate(matrix)], together.T
    ).T
    offset = (level - (gains * centre).sum(-1)) * wanted
    return mean(gains), mean(offset.astype(np.float32))


def _solved(matrix: Sequence[Map], right: Map) -> Map:
    """x [3, N] of symmetric A x = b, A as its six different entries [N] in the order of `PAIRS`.

    By the adjugate: A is positive definite, its eigenvalues are no less than `EVENNESS`.
    """
    xx, yy, zz, xy, xz, yz = (each.astype(np.float64) for each in matrix)
    by_x = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    by_y = by_x[1], xx * zz - xz * xz, xy * xz - xx * yz
    by_z = by_x[2], by_y[2], xx * yy - xy * xy
    scale = 1 / (xx * by_x[0] + xy * by_x[1] + xz * by_x[2])
    return np.stack(
        [
            scale * (row[0] * right[0] + row[1] * right[1] + row[2] * right[2])
            for row in (by_x, by_y, by_z)
        ]
    ).astype(np.float32)


PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
