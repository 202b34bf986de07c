"""Standing: what stands on the ground and is kept, as far as one picture shows it.

Enters: a picture held still, and where the object and the things are that go elsewhere. Leaves:
the silhouettes of things, each with its shadow. A thing is what has colours that the picture's
borders do not have at about that height (ground, walls and sky reach the border, whereas what a
shot is about rarely does). Knows no motion: nothing that stands gives itself away by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.masks import opened
from openvoid.vision.neighbours import nearest

Mask = NDArray[np.bool_]

BORDER = 0.09  # of the short side: the band with the background's colours (as reason's figures)
SAMPLES = 2500  # of its colours
NOVEL = 9.0  # CIE L*a*b*: a colour farther from all of the border's
HEIGHT_UNIT = 80.0  # L*a*b* that the picture's height is
DARKEST, FAINT, HUE = 0.25, 0.03, 0.12  # factors of a shadow, as in `layers.cutout`
LEAST, MOST = 0.0006, 0.08  # of the picture: specks, and walls. Chosen
STRANGE = 0.35  # of the picture: with more colours of their own nothing is told
SOLID = 0.3  # of what is novel: with less left it was a shadow, unless it is
OWN = 0.85  # of its columns are the thing's: a dark stripe of it
TALL = 0.6  # times as high as wide


@dataclass(frozen=True)
class Standing:
    """A thing in the picture [h, w]."""

    thing: Mask
    shadow: Mask


def standing(picture: NDArray[np.uint8], taken: Mask) -> Iterator[Standing]:
    """Every thing, the largest first.

    Args:
        picture: [h, w, 3].
        taken: [h, w], where the object and the things that go elsewhere are.
    """
    rim = _rim(taken)
    if rim.sum() < SAMPLES / 10:
        return
    calm = cv2.GaussianBlur(picture, (5, 5), 0).astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    off = _off(lab, rim, HEIGHT_UNIT)
    novel = opened((off > NOVEL) & ~taken)
    if novel.mean() > STRANGE:
        return
    shade = novel & _shadowlike(calm, rim)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(novel.astype(np.uint8))
    for number in 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable"):
        part = parts == number
        if part.sum() < LEAST * part.size:
            return
        yield from _told(part, shade)


def _told(part: Mask, shade: Mask) -> Iterator[Standing]:
    """The things of a part: shadows join what stands close together."""
    solid = _striped(part, opened(part & ~shade))
    if solid.sum() < SOLID * part.sum():
        rows, columns = np.nonzero(part)
        if np.ptp(rows) < TALL * np.ptp(columns):
            return
        solid = part
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    for number in range(1, count):
        thing = pieces == number
        if LEAST * part.size < stats[number, cv2.CC_STAT_AREA] < MOST * part.size:
            yield Standing(thing, part & ~solid)


def _striped(part: Mask, solid: Mask) -> Mask:
    """With dark stripes of its own: between others of it in a column, or not beside it. A cast
    shadow reaches beyond the thing's columns."""
    above = np.asarray(np.cumsum(solid, axis=0))
    solid = solid | (part & (above > 0) & (above < above.max(axis=0)))
    columns = np.asarray(solid.any(axis=0))
    count, pieces = cv2.connectedComponents((part & ~solid).astype(np.uint8))
    for number in range(1, count):
        piece = pieces == number
        if columns[np.asarray(piece.any(axis=0))].mean() > OWN:
            solid = solid | piece
    return np.asarray(solid)


def _rim(taken: Mask) -> Mask:
    wide = max(2, round(BORDER * min(taken.shape)))
    rim = np.ones_like(taken)
    rim[wide:-wide, wide:-wide] = False
    return np.asarray(rim & ~taken)


def _off(colours: NDArray[np.float32], rim: Mask, unit: float) -> NDArray[np.float32]:
    """How far each colour is from the nearest of the border's at about its height."""
    spots, samples = _rows(colours, rim, unit)
    return nearest(spots, samples)[0].reshape(rim.shape)


def _rows(
    colours: NDArray[np.float32], rim: Mask, unit: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = rim.shape
    down = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    rows = np.dstack([colours, down * np.float32(unit / height)]).astype(np.float32)
    samples = rows[rim]
    return rows.reshape(-1, 4), samples[:: max(1, len(samples) // SAMPLES)]


def _shadowlike(calm: NDArray[np.float32], rim: Mask) -> Mask:
    """Darker than the border's colour of the same hue, all channels alike."""
    sums = calm.sum(axis=-1, keepdims=True) + np.float32(0.03)
    hues = (calm + np.float32(0.01)) / sums * np.float32(300)
    spots, samples = _rows(hues, rim, HEIGHT_UNIT / 4)
    at = nearest(spots, samples)[1]
    own = calm[rim]
    like = own[:: max(1, len(own) // SAMPLES)][at].reshape(calm.shape)
    ratio = (calm + np.float32(0.01)) / (like + np.float32(0.01))
    low, high = ratio.min(axis=-1), ratio.max(axis=-1)
    return np.asarray((low > DARKEST) & (high < 1 - FAINT) & (high - low < HUE))
