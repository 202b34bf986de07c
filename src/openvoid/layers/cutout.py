"""Cutout: a thing's own pixels, and how it darkens what is around it, taken from one frame.

Enters: a frame, the same place without the thing, and a rough silhouette. Leaves: colour and alpha
[h, w], and a factor for the background beside it: the thing's shadow. Values are the clip's own.

The background is known, so the alpha at the outline is how far a pixel has come from it towards the
thing's colour, which is that of the nearest pixel well inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.fates import SEAM
from openvoid.vision.masks import disc

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]  # [h, w, 3] in the clip's own values
Plane = NDArray[np.float32]  # [h, w]

EDGE_PX = 2
BLURRED = 0.25  # of a thing's side: what is more blurred is not taken in account
ALL_THERE = 0.85  # of the difference in its middle
APART = 0.04  # of white: a pixel that is nearer to the background does not tell its alpha
DARKEST = 0.25  # of the background: what is darker is no shadow
HUE = 0.12  # between the channels of a factor: a shadow darkens all alike
FAINT = 0.02  # of a factor: less is noise


@dataclass(frozen=True)
class Cutout:
    """A thing, ready to be drawn elsewhere."""

    box: Box  # its place in the frame that it was taken from
    rgb: Picture  # not multiplied by alpha
    alpha: Plane
    shade: Picture  # factors of the background, 1 where it casts nothing


def cut(
    frame: Picture,
    clean: Picture,
    silhouette: Mask,
    box: Box,
    white: float,
    shadow: Mask | None = None,
    hidden: Mask | None = None,
) -> Cutout:
    """Take a thing out of a frame.

    Args:
        frame, clean: [h, w, 3] the box with the thing, and without it.
        silhouette: [h, w] bool, the thing as somebody saw it, perhaps with part of its shadow.
        box: the place in the frame; what lies around the silhouette in it may hold its shadow.
        white: of the values.
        shadow: [h, w] where it casts one, if that is known: then the silhouette holds none of it.
        hidden: [h, w] where the object is before it: that part is made up from the rest.
    """
    if hidden is not None and (hidden & silhouette).any():
        frame = completed(frame, silhouette, hidden)
    side = float(np.sqrt(max(1, silhouette.sum())))
    margin = max(EDGE_PX, round(SEAM * side))
    ratio = _ratio(frame, clean, white)
    off = np.asarray(np.abs(frame - clean).max(axis=-1), np.float32)
    solid = silhouette
    if shadow is None:
        solid = _solid(ratio, off > APART * white, silhouette, margin)
    else:
        margin = max(margin, _blur_px(off, silhouette, side))
    inside = cv2.erode(solid.astype(np.uint8), disc(margin)) > 0
    if not inside.any():
        inside = solid
    around = cv2.dilate(solid.astype(np.uint8), disc(margin)) > 0
    colour = _carried(frame, inside)
    alpha = np.where(inside, np.float32(1), np.float32(0))
    band = around & ~inside
    drawn = np.asarray(cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1), np.float32)
    alpha[band] = _mixed(frame, clean, colour, drawn, white)[band]
    colour = np.where(inside[..., None], frame, colour)
    if shadow is None:
        shade = _shade(ratio, silhouette | solid, around)
    else:
        shade = _known_shade(ratio, shadow, around, margin)
    return Cutout(box, colour, alpha, shade)


def completed(frame: Picture, silhouette: Mask, hidden: Mask) -> Picture:
    """With what the object hides of a thing: as on its other side, mirrored about its upright
    axis; else as the nearest place that shows."""
    shows = silhouette & ~(cv2.dilate(hidden.astype(np.uint8), disc(EDGE_PX)) > 0)
    if not shows.any():
        return frame
    columns = np.flatnonzero(silhouette.any(axis=0))
    turned = np.clip(columns[0] + columns[-1] - np.arange(frame.shape[1]), 0, frame.shape[1] - 1)
    mirrored, also = frame[:, turned], shows[:, turned]
    made = np.where(shows[..., None], frame, np.where(also[..., None], mirrored, 0))
    made = _carried(made.astype(np.float32), shows | (also & silhouette))
    return np.asarray(np.where((silhouette & ~shows)[..., None], made, frame), np.float32)


def window(silhouette: Mask, height: int, width: int, room: float) -> Box:
    """The place that is needed clean, to take a thing and its shadow out of it; `room` of its side
    around it."""
    reach = round(room * float(np.sqrt(max(1, silhouette.sum())))) + EDGE_PX
    return bounding_box(silhouette).grown(reach, height, width)


def _ratio(frame: Picture, clean: Picture, white: float) -> Picture:
    """By which factor each channel differs from the background; noise is smoothed away."""
    floor = np.float32(0.01 * white)
    over, under = (cv2.GaussianBlur(np.maximum(each, 0), (0, 0), 1) for each in (frame, clean))
    return np.asarray((over + floor) / (under + floor), np.float32)


def _shadowlike(ratio: Picture) -> Mask:
    """Where all channels are darker, alike and not too much."""
    low, high = ratio.min(axis=-1), ratio.max(axis=-1)
    return np.asarray((low > DARKEST) & (high < 1 + FAINT) & (high - low < HUE))


def _solid(ratio: Picture, changed: Mask, silhouette: Mask, margin: int) -> Mask:
    """The silhouette without the shadow that it may hold: what is shadow-like in it and hangs
    together with a shadow beyond it."""
    shadow = _shadowlike(ratio) & (ratio.min(axis=-1) < 1 - FAINT)
    outside = ~(cv2.dilate(silhouette.astype(np.uint8), disc(margin)) > 0)
    count, parts = cv2.connectedComponents(shadow.astype(np.uint8))
    cast = np.zeros(count, bool)
    cast[parts[outside & shadow]] = True
    cast[0] = False
    solid = silhouette & changed & ~cast[parts]
    closed = cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_CLOSE, disc(margin))
    whole = _largest(_filled(cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc(1)) > 0))
    return whole if whole.sum() > 0.25 * silhouette.sum() else silhouette


def _blur_px(off: Plane, silhouette: Mask, side: float) -> int:
    """How far inside its outline a thing is all there: there it differs from the background as in
    its middle. Told by its upper half, where no shadow lies."""
    depth = cv2.distanceTransform(silhouette.astype(np.uint8), cv2.DIST_L2, 5)
    rows = np.nonzero(silhouette.any(axis=1))[0]
    upper = silhouette & (np.arange(len(off))[:, None] < rows.mean())
    core = upper & (depth > 0.6 * depth.max())
    if not core.any():
        return 0
    level = ALL_THERE * float(np.median(off[core]))
    for inner in range(1, round(BLURRED * side)):
        ring = upper & (depth > inner - 1) & (depth <= inner)
        if ring.any() and float(np.median(off[ring])) > level:
            return inner
    return round(BLURRED * side)


def _filled(mask: Mask) -> Mask:
    """Its holes filled."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(drawn, outlines, -1, 1, cv2.FILLED)
    return drawn > 0


def _largest(mask: Mask) -> Mask:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 3:
        return mask
    return np.asarray(parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def _carried(frame: Picture, inside: Mask) -> Picture:
    """The colour of the nearest pixel inside, everywhere."""
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(labels.max()) + 1, 3), np.float32)
    colours[labels[inside]] = frame[inside]
    return colours[labels]


def _mixed(frame: Picture, clean: Picture, colour: Picture, drawn: Plane, white: float) -> Plane:
    """How far each pixel is from the background to the thing's colour; as drawn, where the two are
    too alike to say."""
    way = colour - clean
    length = np.square(way).sum(axis=-1)
    told = np.clip(((frame - clean) * way).sum(axis=-1) / np.maximum(length, 1e-9), 0, 1)
    sure = np.clip(np.sqrt(length) / (APART * white) - 1, 0, 1)
    return np.asarray(sure * told + (1 - sure) * drawn, np.float32)


def _shade(ratio: Picture, thing: Mask, around: Mask) -> Picture:
    """Factors of the shadow beside and under the thing, fading to 1 at the border of the box."""
    shadow = _shadowlike(ratio) & (ratio.min(axis=-1) < 1 - FAINT) & ~around
    near = cv2.dilate((thing | around).astype(np.uint8), disc(3)) > 0
    count, parts = cv2.connectedComponents((shadow | around).astype(np.uint8))
    own = np.zeros(count, bool)
    own[parts[near & (shadow | around)]] = True
    own[0] = False
    cast = shadow & own[parts]
    factor = np.where(cast[..., None], np.clip(ratio, DARKEST, 1), np.float32(1)).astype(np.float32)
    if cast.any():  # under the thing as beside it
        under = around & ~cast
        filled = _carried(factor, cast)
        rows = np.nonzero(cast.any(axis=1))[0]
        below = np.arange(len(factor))[:, None] >= rows[0]
        factor = np.where((under & below)[..., None], filled, factor)
    soft = np.asarray(cv2.GaussianBlur(factor, (0, 0), 1.5), np.float32)
    return np.asarray(1 - (1 - soft) * _fade(factor.shape[:2])[..., None], np.float32)


def _known_shade(ratio: Picture, shadow: Mask, around: Mask, margin: int) -> Picture:
    """Factors in the shadow alone; where the thing hides it, those of the nearest place beside."""
    cast = shadow & ~around & _shadowlike(ratio)
    factor = np.where(cast[..., None], np.clip(ratio, DARKEST, 1), np.float32(1))
    if cast.any():
        near = cv2.dilate(shadow.astype(np.uint8), disc(2 * margin)) > 0
        hidden = (shadow | (around & near)) & ~cast
        factor = np.where(hidden[..., None], _carried(ratio, cast), factor)
    soft = cv2.GaussianBlur(np.minimum(factor, 1).astype(np.float32), (0, 0), 1.5)
    return np.asarray(1 - (1 - soft) * _fade(shadow.shape)[..., None], np.float32)


def _fade(size: tuple[int, int]) -> Plane:
    """1 inside, 0 at the border."""
    ramps = []
    for length in size:
        at = np.minimum(np.arange(length), np.arange(length)[::-1]).astype(np.float32)
        ramps.append(np.clip(at / max(2.0, 0.08 * length), 0, 1))
    return np.minimum(ramps[0][:, None], ramps[1][None, :])
