"""Render: the layers of a rebuilt frame at the clip's own size, and its soft edges.

Enters: a frame rebuilt at proxy size, the donors' crops. Leaves: a `Fill`. The donors' own pixels
are used, resampled once (not at all where the camera is locked), so grain and sharpness stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.clip import Frame
from openvoid.core.quadmask import Labels, Region
from openvoid.core.removal import Fill, Origin
from openvoid.plate.align import look_up, warp
from openvoid.plate.canvas import Canvas, mapped
from openvoid.plate.harvest import Harvest, clip_box
from openvoid.plate.propagate import Layer, Rebuilt
from openvoid.plate.survey import Proxy
from openvoid.vision.fitting import Image, Matrix, normal
from openvoid.vision.masks import largest, touching

SEAM_PX = 1.2  # donors cross-fade over about this far, proxy pixels
CHANGED = 0.012  # a soft-edge pixel that differs this much (0..1) from the plate was changed
SLOW_PX = 4.0  # what varies over more than this is taken from the still picture, proxy pixels
LOUD = 3.0  # a copy that differs this many times more than usual shows something passing


@dataclass(frozen=True)
class Sheet:
    """The synthesised layer of one frame, proxy size, inside the frame's box."""

    share: NDArray[np.bool_]
    image: Image  # [h, w, 3] corrected to its surroundings
    living: NDArray[np.bool_]  # where the source of the copy is kept in this very frame
    place: Image  # [h, w, 2] (x, y) proxy pixels of that source in the frame
    canvas: Canvas
    matrix: Matrix  # world -> frame, proxy pixels


def render(
    rebuilt: Rebuilt,
    sheet: Sheet | None,
    index: int,
    labels: Labels,
    frame: Frame | None,
    harvest: Harvest,
    proxy: Proxy,
    soft_px: int,
    unit: float,
) -> Fill:
    """A frame's new pixels.

    Args:
        labels: [H, W] of the whole frame.
        frame: [H, W, 3] as shot; needed only where `sheet` is given.
        soft_px: reach of soft edges in clip pixels.
        unit: the stored value that is 1.0 at proxy size.
    """
    height, width = labels.shape
    box = clip_box(rebuilt.box, proxy, height, width)
    hole = labels[box.slices] != Region.KEEP
    alpha = _alpha(rebuilt, hole, proxy, box, soft_px)
    shares = [layer.share for layer in rebuilt.layers]
    reach = [layer.visible for layer in rebuilt.layers]
    if sheet is not None:
        shares.append(sheet.share)
        reach.append(np.ones_like(sheet.share))
    weights = _weights(shares, reach)
    total = np.zeros((box.height, box.width, 3), np.float32)
    for layer, weight in zip(rebuilt.layers, weights, strict=False):
        _add_layer(total, layer, weight, rebuilt.box, box, harvest, proxy, unit)
    if sheet is not None:
        assert frame is not None
        _add_sheet(total, sheet, weights[-1], rebuilt.box, box, frame, proxy, unit)
    covered = enlarge(
        sum(weights, np.zeros(rebuilt.hole.shape, np.float32)), rebuilt.box, box, proxy
    )
    missing = covered < 0.999
    if missing.any():  # nothing lent and nothing synthesised: the smooth picture
        plain = enlarge(rebuilt.picture, rebuilt.box, box, proxy) * unit
        total += plain * _thrice(np.clip(1 - covered, 0, 1))
    origin = _origin(weights, len(rebuilt.layers), alpha, rebuilt.box, box, proxy)
    dtype = harvest.crops[0].dtype
    if dtype != np.float32:
        np.clip(np.rint(total, out=total), 0, unit, out=total)
    return Fill(index, box, total.astype(dtype), alpha, origin)


def enlarge(picture: Image, box: Box, into: Box, proxy: Proxy) -> Image:
    """A proxy-size picture that fills proxy `box`, over the clip pixels of `into`."""
    shift = np.array([[1, 0, into.left], [0, 1, into.top], [0, 0, 1.0]])
    back = np.array([[1, 0, -box.left], [0, 1, -box.top], [0, 0, 1.0]])
    matrix = (back @ np.linalg.inv(proxy.to_clip) @ shift)[:2]
    return cv2.warpAffine(
        picture,
        matrix,
        (into.width, into.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _weights(shares: list[NDArray[np.bool_]], reach: list[NDArray[np.bool_]]) -> list[Image]:
    """Each layer's share with soft seams between layers; they add up to 1 where any layer lies."""
    soft = [
        cv2.GaussianBlur(share.astype(np.float32), (0, 0), SEAM_PX) * able
        for share, able in zip(shares, reach, strict=True)
    ]
    if not soft:
        return []
    total = np.maximum(sum(soft[1:], soft[0]), 1e-6)
    return [part / total for part in soft]


def _add_layer(
    total: Image,
    layer: Layer,
    weight: Image,
    box: Box,
    into: Box,
    harvest: Harvest,
    proxy: Proxy,
    unit: float,
) -> None:
    """Add a donor's pixels times their weight to `total` [h, w, 3], which covers `into`."""
    target = _reach(weight, box, into, proxy)
    if target.empty:
        return
    seen = _lit(layer, harvest, target, into, box, proxy, unit)
    seen += enlarge(layer.correction, box, target, proxy) * unit
    seen *= _thrice(enlarge(weight, box, target, proxy))
    total[target.within(into).slices] += seen


def _lit(
    layer: Layer, harvest: Harvest, target: Box, into: Box, box: Box, proxy: Proxy, unit: float
) -> Image:
    """A donor's own pixels [h, w, 3] in clip box `target`, as bright and as soft as the target."""
    place, crop = harvest.crop(layer.donor)
    wide = target
    if layer.blur is not None:
        reach_px = int(np.ceil(layer.blur.reach_px * proxy.scale))
        wide = target.grown(reach_px, into.bottom, into.right).intersect(into)
    seen = _seen(layer, crop, place, wide, box, proxy)
    if layer.tone is not None:
        seen = layer.tone.of(seen, unit)
    if layer.blur is None:
        return seen
    clear = enlarge(layer.visible.astype(np.float32), box, wide, proxy)
    return layer.blur.of(seen, clear, proxy.scale)[target.within(wide).slices]


def _reach(weight: Image, box: Box, into: Box, proxy: Proxy) -> Box:
    """The clip pixels of `into` on which a weight [h, w] over proxy `box` has any bearing."""
    used = bounding_box(weight > 1e-3)
    if used.empty:
        return used
    used = used.grown(1, box.height, box.width)
    moved = used.within(Box(-box.top, -box.left, 0, 0))
    return clip_box(moved, proxy, into.bottom, into.right).intersect(into)


def _seen(layer: Layer, crop: Frame, place: Box, target: Box, box: Box, proxy: Proxy) -> Image:
    """A donor's own pixels [h, w, 3] as float32, seen from the target inside clip box `target`."""
    up = proxy.to_clip
    matrix = normal(up @ layer.matrix @ np.linalg.inv(up))
    inside = target.within(place)
    if layer.flow is None and np.allclose(matrix, np.eye(3), atol=1e-9) and min(inside[:2]) >= 0:
        exact = crop[inside.slices]
        if exact.shape[:2] == (target.height, target.width):
            return exact.astype(np.float32)
    back = np.array([[1, 0, -place.left], [0, 1, -place.top], [0, 0, 1.0]])
    if layer.flow is None:
        return warp(crop.astype(np.float32), back @ matrix, target)
    flow = enlarge(layer.flow, box, target, proxy) * (proxy.scale_x, proxy.scale_y)
    x, y = np.meshgrid(
        np.arange(target.left, target.right) + 0.0, np.arange(target.top, target.bottom) + 0.0
    )
    points = np.stack([x + flow[..., 0], y + flow[..., 1], np.ones_like(x)], axis=-1)
    points = points @ (back @ matrix).T
    return look_up(crop.astype(np.float32), points[..., :2] / points[..., 2:])


def _add_sheet(
    total: Image,
    sheet: Sheet,
    weight: Image,
    box: Box,
    into: Box,
    frame: Frame,
    proxy: Proxy,
    unit: float,
) -> None:
    """Add the synthesised pixels: the frame's own living pixels where their source is kept."""
    target = _reach(weight, box, into, proxy)
    if target.empty:
        return
    still = enlarge(sheet.image, box, target, proxy)
    detail, living = _detail(sheet, box, target, frame, proxy, unit)
    strength = cv2.GaussianBlur(largest(np.abs(detail)), (0, 0), max(1.0, proxy.scale))
    usual = float(np.median(strength[living > 0])) if (living > 0).any() else 0.0
    calm = np.clip(2 - strength / max(LOUD * usual, CHANGED), 0, 1) * living
    calm = cv2.GaussianBlur(calm, (0, 0), max(0.8, proxy.scale / 2))
    detail *= _thrice(calm)
    reach = SLOW_PX * proxy.scale
    near = np.maximum(_slow(calm, reach), 1e-3)
    detail -= _slow(detail, reach) * _thrice(calm / near)
    still += detail
    share = _thrice(enlarge(weight, box, target, proxy))
    total[target.within(into).slices] += share * still * unit


def _slow(picture: Image, sigma_px: float) -> Image:
    """A wide Gaussian blur, done at a size at which it is not wide."""
    height, width = picture.shape[:2]
    shrink = max(1.0, sigma_px / 3)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / shrink)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _detail(
    sheet: Sheet, box: Box, target: Box, frame: Frame, proxy: Proxy, unit: float
) -> tuple[Image, Image]:
    """What the frame's own pixels at the copies' sources have beyond the gathered plate.

    That is grain, motion and what the proxies are too small to show: [h, w, 3], 1.0 for `unit`; and
    [h, w] 1 where the source is kept in this frame.
    """
    x, y = _axes(box)
    away = np.dstack([sheet.place[..., 0] - x, sheet.place[..., 1] - y]).astype(np.float64)
    steps = np.rint(away * (proxy.scale_x, proxy.scale_y)).astype(np.float32)  # clip pixels
    where = _enlarge_nearest(steps, box, target, proxy)
    for axis, (own, limit) in enumerate(zip(_axes(target), frame.shape[1::-1], strict=True)):
        where[..., axis] += own
        np.clip(where[..., axis], 0, limit - 1, out=where[..., axis])
    picked = cv2.remap(frame, where, None, cv2.INTER_NEAREST)  # type: ignore[call-overload]
    copy: Image = picked.astype(np.float32)
    copy /= np.float32(unit)
    world = mapped(np.linalg.inv(proxy.to_clip @ sheet.matrix), where)
    copy -= sheet.canvas.plate_at(world)
    return copy, _enlarge_nearest(sheet.living.astype(np.float32), box, target, proxy)


def _axes(box: Box) -> tuple[Image, Image]:
    """The x [1, w] and the y [h, 1] of a box's pixels."""
    x = np.arange(box.left, box.right, dtype=np.float32)
    y = np.arange(box.top, box.bottom, dtype=np.float32)
    return x[None], y[:, None]


def _thrice(plane: Image) -> Image:
    """A plane [h, w] for three channels: numpy spreads over a short last axis slowly."""
    return cv2.merge([plane] * 3)


def _enlarge_nearest(picture: Image, box: Box, into: Box, proxy: Proxy) -> Image:
    rows = np.arange(into.top, into.bottom) / proxy.scale_y - box.top
    columns = np.arange(into.left, into.right) / proxy.scale_x - box.left
    y = np.clip(rows.astype(int), 0, box.height - 1)
    x = np.clip(columns.astype(int), 0, box.width - 1)
    return picture[y[:, None], x[None, :]]


def _alpha(
    rebuilt: Rebuilt, hole: NDArray[np.bool_], proxy: Proxy, box: Box, soft_px: int
) -> Image:
    """[h, w] 1 in the hole; outside as far as the frame was changed there, at most `soft_px`.

    Blur and penumbra show as a difference to the rebuilt picture that hangs together with the hole.
    """
    alpha = hole.astype(np.float32)
    if soft_px == 0:
        return alpha
    difference = largest(np.abs(rebuilt.target - rebuilt.picture))
    difference = cv2.GaussianBlur(difference, (0, 0), 0.8)
    changed = (difference > max(CHANGED, 3 * rebuilt.noise)) & rebuilt.want
    changed &= touching(changed | rebuilt.hole, rebuilt.hole)
    grown = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    band = enlarge(cv2.GaussianBlur(grown, (0, 0), 1.0), rebuilt.box, box, proxy)
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ramp = np.clip(1 - distance / (min(soft_px, max(2.0, proxy.scale)) + 1), 0, 1)
    fade = np.clip((soft_px + 1 - distance) / max(1.0, soft_px / 3), 0, 1)
    alpha = np.maximum(alpha, np.maximum(ramp, np.clip(1.5 * band, 0, 1)) * fade)
    alpha[distance > soft_px] = 0
    alpha[alpha < 1 / 512] = 0
    return alpha.astype(np.float32)


def _origin(
    weights: list[Image], donors: int, alpha: Image, box: Box, into: Box, proxy: Proxy
) -> NDArray[np.uint8]:
    shape = alpha.shape
    seen = np.zeros(shape, np.float32)
    if donors:
        seen = enlarge(sum(weights[1:donors], weights[0]), box, into, proxy)
    origin = np.where(seen > 0.5, Origin.SEEN, Origin.SYNTHESISED).astype(np.uint8)
    origin[alpha == 0] = Origin.KEPT
    return origin
