"""Carry: from the silhouette in one frame to that in the next (or the one before).

Enters: the silhouette in frame a, and both pictures; those of a few frames farther away. Leaves:
the silhouette in frame b and how sure it is. Knows no marks.

Four kinds of evidence are added as log-odds and cut: the shape that the flow carries over, where
forward and backward flow agree; local colours, as far as they told the object apart in frame a
(Bai et al., "Video SnapCut", 2009, section 3); motion; and the boundary's price in frame b.
What was hidden for a while and is seen again was seen by a frame farther away: where that matches
closely, its silhouette counts more. It also keeps small errors from adding up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import EMPTY, Box, bounding_box
from openvoid.select.classical.appearance import Appearance, Colours, Palette
from openvoid.select.classical.continuous_cut import boundary_price, cut
from openvoid.select.classical.initial_silhouette import PRICE, overlap
from openvoid.select.classical.motion import follows, lasting, summed, together
from openvoid.select.seeds import Mask
from openvoid.vision.flow import Dis, Displacement, fetched, pixel_grid, sample
from openvoid.vision.masks import without_holes
from openvoid.vision.working import Working

Map = NDArray[Any]  # [h, w] float32
FAR_PX = 30.0  # signed distances are held up to here
SHAPE_LIMIT = 3.5  # log-odds
MOTION_WEIGHT = 0.8
BAND_PX = 12.0  # around the boundary, where colours are judged
NEAR = (2,)  # how many frames away motion is judged
LASTING = (2, 5)  # and where a person marked: things that only touch it part from it in time
GONE_SHARE = 0.03  # of its usual area: less is not seen
HIDDEN_SHARE = 0.7  # of its usual area: less, away from the frame's edge, is partly hidden
HOLE_SHARE = 0.1  # of the object: larger holes stay open
ALIKE, ALIKE_FAR = 60.0, 20.0  # colour difference (sum over Lab) that still is a match
FAR_WEIGHT = 0.9
AROUND = 0.25  # of the short side: how far around the object flow is sought
KEPT_FRAMES = 12  # pictures that are held
AGEING = 0.9995  # confidence that each step costs


@dataclass(frozen=True)
class Memory:
    """What the object looked like where it was last sure."""

    colours: Colours  # of the object against the whole frame
    area_px: float  # its usual area
    solid: bool  # it has no holes: what appears within its outline is in it or on it
    absent: Mask | None = None  # what looked like it when it was gone: not it

    def renewed(self, area: int) -> Memory:
        return replace(self, area_px=0.95 * self.area_px + 0.05 * area)


@dataclass(frozen=True)
class Step:
    """The silhouette in one frame."""

    mask: Mask
    confidence: float


def remember(lab: NDArray[Any], mask: Mask) -> Memory:
    """The look of the object in a frame against everything else there."""
    inside = mask.astype(np.float32)
    colours = Colours.of(Palette.of(lab), lab, inside, 1 - inside)
    area = np.count_nonzero(mask)
    holes = np.count_nonzero(without_holes(mask, 1.0)) - area
    return Memory(colours, float(area), bool(holes <= 0.01 * area))


def signed_distance(mask: Mask) -> Map:
    """Distance to the boundary [h, w]: positive inside. The frame's edge is no boundary."""
    if not mask.any():
        return np.full(mask.shape, -FAR_PX, np.float32)
    if mask.all():
        return np.full(mask.shape, FAR_PX, np.float32)
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(np.where(mask, inner - 0.5, 0.5 - outer), -FAR_PX, FAR_PX).astype(np.float32)


class Carrier:
    """Carries silhouettes between neighbouring frames of one clip."""

    def __init__(self, working: Working) -> None:
        self._working, self._dis = working, Dis()
        self._lab = lru_cache(maxsize=KEPT_FRAMES)(working.lab)
        self._gray = lru_cache(maxsize=KEPT_FRAMES)(working.gray)

    def motion(self, index: int, inside: Map, away: tuple[int, ...] = NEAR) -> Map:
        """Log-odds [h, w] that a pixel of a frame moves as what is inside does."""
        working = self._working
        lab, gray, sides = self._lab(index), self._gray(index), []
        for way in (-1, 1):
            found = []
            for other in (index + way * frames for frames in away):
                if 0 <= other < working.length:
                    flow = self._dis.between_gray(gray, self._gray(other), or_rests=True)
                    found.append(follows(lab, self._lab(other), flow, inside))
            sides += [lasting(found)] if found else []
        return together(sides) if sides else np.zeros(working.size, np.float32)

    def step(
        self,
        source: int,
        target: int,
        before: Step,
        memory: Memory,
        farther: Mapping[int, Mask] | None = None,
    ) -> Step:
        """From frame `source` to its neighbour `target`; `farther`: silhouettes of others."""
        if not before.mask.any():
            return self._search(target, memory)
        working = self._working
        back, ahead = self._flows(target, source, before.mask)
        old, new = self._lab(source), self._lab(target)
        trust = _trust(back, ahead, old, new)
        shape = fetched(signed_distance(before.mask), back)
        reach = 10 + 0.04 * min(working.size) + float(np.abs(back[before.mask]).max())
        box = bounding_box(shape > -FAR_PX + 1).union(bounding_box(before.mask))
        if not (shape > -2).any():
            return Step(np.zeros(working.size, bool), before.confidence * AGEING)
        box = (
            bounding_box(shape > 0)
            .union(bounding_box(before.mask))
            .grown(round(reach), *working.size)
        )
        odds = self._evidence(target, before.mask, (old, new), (back, shape, trust), box)
        for other, known in (farther or {}).items():
            odds = self._recalled(target, other, known, odds, box)
        here = box.slices
        u = cut(odds, boundary_price(new[here], PRICE), guess=(shape[here] > 0).astype(np.float32))
        mask = np.zeros(working.size, bool)
        mask[here] = _held(u > 0.5, shape[here])
        if memory.solid:
            mask = without_holes(mask, HOLE_SHARE)
        if np.count_nonzero(mask) < GONE_SHARE * memory.area_px and not _at_edge(mask):
            mask[:] = False
        if 0 < np.count_nonzero(mask) < HIDDEN_SHARE * memory.area_px and not _at_edge(mask):
            mask |= self._emerged(source, target, mask, memory)
        rim = np.abs(odds[np.abs(shape[here]) < 6])
        clear = float(np.tanh(rim).mean()) if rim.size else 0.5
        sure = 0.6 + 0.4 * overlap(mask, shape > 0) * clear
        return Step(mask, before.confidence * AGEING * (0.96 + 0.04 * sure))

    def _flows(
        self, target: int, source: int, mask: Mask, box: Box = EMPTY
    ) -> tuple[Displacement, Displacement]:
        """Displacement to the source and back, around the object; nothing moves elsewhere."""
        size = self._working.size
        around = bounding_box(mask).union(box).grown(round(AROUND * min(size)), *size)
        flows = []
        for first, second in ((target, source), (source, target)):
            flow = np.zeros((*size, 2), np.float32)
            here = around.slices
            flow[here] = self._dis.between_gray(
                self._gray(first)[here], self._gray(second)[here], or_rests=True
            )
            flows.append(flow)
        return flows[0], flows[1]

    def _evidence(
        self,
        target: int,
        mask: Mask,
        labs: tuple[NDArray[Any], NDArray[Any]],
        carried: tuple[Displacement, Map, Map],
        box: Box,
    ) -> Map:
        """Log-odds [h, w] within a box of the target frame."""
        here, (old, new), (back, shape, trust) = box.slices, labs, carried
        inside = mask[here].astype(np.float32)
        colours = Colours.of(Palette.of(old[here]), old[here], inside, 1 - inside)
        look = Appearance.of(colours, old[here], inside, 1 - inside)
        x, y = pixel_grid(box.height, box.width)
        worth = _worth(look.odds(old[here], y, x), mask[here])
        from_y, from_x = y + back[here][..., 1], x + back[here][..., 0]
        by_colour = look.odds(new[here], from_y, from_x)
        worth = sample(worth, from_x, from_y)
        softness = 1.2 + 2.5 * worth
        by_shape = np.clip(shape[here] / softness, -SHAPE_LIMIT, SHAPE_LIMIT)
        core = np.clip(shape / 3, 0, 1) * (shape > 0)
        by_motion = self.motion(target, core.astype(np.float32))[here] if core.any() else 0
        odds = (0.35 + 0.65 * trust[here]) * by_shape + (0.2 + 0.8 * worth) * by_colour
        return (odds + MOTION_WEIGHT * by_motion).astype(np.float32)

    def _recalled(self, target: int, other: int, known: Mask, odds: Map, box: Box) -> Map:
        """Evidence where a frame farther away shows the same thing, closely matched."""
        here = box.slices
        back, ahead = self._flows(target, other, known, box)
        trust = _trust(back, ahead, self._lab(other), self._lab(target), ALIKE_FAR)[here]
        shape = fetched(signed_distance(known), back)[here]
        told = FAR_WEIGHT * np.clip(shape / 1.5, -SHAPE_LIMIT, SHAPE_LIMIT)
        return ((1 - 0.6 * trust) * odds + trust * told).astype(np.float32)

    def _search(self, target: int, memory: Memory) -> Step:
        """Look for the object in a frame after it was gone."""
        lab = self._lab(target)
        odds = cv2.blur(memory.colours.odds(lab), (5, 5))
        count, parts, stats, _ = cv2.connectedComponentsWithStats((odds > 1.0).astype(np.uint8))
        best, most = 0, 0.0
        for part in range(1, count):
            area = int(stats[part, cv2.CC_STAT_AREA])
            if area < 0.05 * memory.area_px or area > 2.5 * memory.area_px:
                continue
            here = parts == part
            known = memory.absent is not None and (memory.absent & here).sum() > 0.4 * area
            strength = float(odds[here].mean())
            least = 1.5 if area > 0.3 * memory.area_px or _at_edge(here) else 99.0
            if not known and strength > least and strength * area > most:
                best, most = part, strength * area
        if not best:
            return Step(np.zeros(self._working.size, bool), 0.5)
        return Step(self._settled(lab, parts == best, odds), 0.5)

    def _emerged(self, source: int, target: int, mask: Mask, memory: Memory) -> Mask:
        """Parts that come out on another side of what hides the object, near what is seen of it."""
        reach = 2 * round(math.sqrt(memory.area_px)) + 1
        near = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
        odds = cv2.blur(memory.colours.odds(self._lab(target)), (3, 3))
        before = looks_like(self._lab(source), memory)
        found = np.zeros(self._working.size, bool)
        count, parts, stats, _ = cv2.connectedComponentsWithStats((odds > 1.0).astype(np.uint8))
        for part in range(1, count):
            here, area = parts == part, int(stats[part, cv2.CC_STAT_AREA])
            fits = 0.01 * memory.area_px < area < memory.area_px
            fresh = np.count_nonzero(before & here) < 0.4 * area
            if fits and fresh and (near & here).any() and float(odds[here].mean()) > 1.5:
                found |= here
        return found

    def _settled(self, lab: NDArray[Any], found: Mask, odds: Map) -> Mask:
        """What was found by colour alone, cut along edges."""
        box = bounding_box(found).grown(20, *self._working.size)
        here = box.slices
        shape = np.clip(signed_distance(found)[here] / 4, -2, 2)
        u = cut((odds[here] + shape).astype(np.float32), boundary_price(lab[here], PRICE))
        mask = np.zeros(self._working.size, bool)
        mask[here] = u > 0.5
        return mask


def looks_like(lab: NDArray[Any], memory: Memory) -> Mask:
    """Where a frame without the object has its colours all the same."""
    return cv2.blur(memory.colours.odds(lab), (5, 5)) > 1.0


def _trust(
    back: Displacement,
    ahead: Displacement,
    old: NDArray[Any],
    new: NDArray[Any],
    alike: float = ALIKE,
) -> Map:
    """How far the flow may be believed [h, w], 0..1: it comes back to where it began, and fits."""
    round_trip = back + fetched(ahead, back)
    error = (round_trip**2).sum(2)
    allowed = 0.5 + 0.02 * ((back**2).sum(2))
    unlike = cv2.blur(summed(cv2.absdiff(new, fetched(old, back))), (5, 5))
    return np.exp(-error / (2 * allowed) - (unlike / alike) ** 2).astype(np.float32)


def _worth(odds: Map, mask: Mask) -> Map:
    """How well colours tell the object apart near each place of its boundary [h, w], 0..1."""
    band = (np.abs(signed_distance(mask)) < BAND_PX).astype(np.float32)
    right = ((odds > 0) == mask).astype(np.float32) * np.minimum(1, np.abs(odds) / 1.5)
    sigma = 1.3 * BAND_PX
    share = cv2.GaussianBlur(right * band, (0, 0), sigma) + 1e-4
    share /= cv2.GaussianBlur(band, (0, 0), sigma) + 2e-4
    return np.clip((share - 0.5) * 2, 0, 1).astype(np.float32)


def _held(mask: Mask, shape: Map) -> Mask:
    """The parts that the carried shape touches; specks that it does not are left out."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    carried = np.bincount(parts[shape > 0], minlength=count)
    kept = carried > 0.2 * stats[:, cv2.CC_STAT_AREA]
    kept |= (carried > 0) & (stats[:, cv2.CC_STAT_AREA] > 30)
    kept[0] = False
    return kept[parts]


def _at_edge(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
