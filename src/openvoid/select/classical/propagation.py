"""Carry: the silhouette of one frame to the next (or the one before), and on from there.

Enters: a silhouette, and the frames of a clip in order. Leaves: the silhouette in each, and what
was measured on the way, by which `doubt` tells how sure it is. Knows no marks.

Evidence is added as log-odds and cut (`continuous_cut`): the shape that the flow carries over,
where forward and backward flow agree; local colours along the contour (`appearance`; Bai et al.,
"Video SnapCut", 2009, section 3), as far as they tell the object apart; how unlike the background
it is, and how much better its own motion explains it than the camera's, as far as both told it
apart in the frames before (`evidence`). What was hidden for a while was seen by a frame farther
away: where that matches closely, its silhouette counts more; so small errors do not add up either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.select.classical.appearance import BAND_PX, Appearance, Colours, Palette, told_apart
from openvoid.select.classical.background import Known, Scene
from openvoid.select.classical.continuous_cut import boundary_price, cut
from openvoid.select.classical.evidence import Evidence
from openvoid.select.classical.initial_silhouette import PRICE
from openvoid.select.classical.motion import ALIKE_FAR, differs, object_flow, summed, trusted
from openvoid.select.classical.outline import (
    agreement,
    at_edge,
    closed,
    held,
    middle,
    signed_distance,
)
from openvoid.select.classical.reappearance import Memory, appeared, emerged, looks_like, the_object
from openvoid.select.classical.search import gone
from openvoid.select.classical.window import Window
from openvoid.select.seeds import Mask
from openvoid.vision.flow import Dis, Displacement, fetched

Map = NDArray[Any]  # [h, w] float32
SHAPE_LIMIT = 3.5  # log-odds
COLOUR_WEIGHT, GROUND_WEIGHT, MOTION_WEIGHT = 1.2, 0.6, 0.6
BESIDE_PX = 5.0  # beyond the carried shape: so far out what stands out still is the object
FOREIGN_PX, FOREIGN_WEIGHT = 2.0, 2.0
RIVAL_PX, RIVAL_FADING = 8.0, 0.9  # how near it must be; what is left of it a frame later
FOUND_AGAIN, LEFT, HIDDEN = 0.6, 0.8, 0.5  # how likely that is right
LASTING = 0.85  # of its course, a frame
GONE_SHARE = 0.03  # of its usual area: less is not seen
HIDDEN_SHARE = 0.7  # of its usual area: less, away from the frame's edge, is partly hidden
FAR_WEIGHT = 0.9
MARGIN = 0.2  # of the object's longer side: how far around it is looked
LEAST_MARGIN_PX = 14
PLACE = 0.3  # of the object's size (root of its area): a neighbourhood of colours
LEAST_PLACE_PX, MOST_PLACE_PX = 10.0, 48.0
ROUNDS = 50  # of the cut


@dataclass(frozen=True)
class Step:
    """The silhouette in one frame, and what was measured when it was found (0..1 each)."""

    mask: Mask
    kept: float  # agreement with the shape that the flow carried over
    clear: float  # how decided the evidence is along the boundary
    worth: float  # how well colours tell it apart along the boundary
    apart: float  # how well it stands out from the background
    usual: float  # its area against the usual one, the smaller over the larger
    rival: float  # how much beside it looks like it, now or shortly before
    seen: float = 1.0  # where nothing was carried: how likely it is what is told


class Carrier:
    """Carries one silhouette through a clip."""

    def __init__(self, scene: Scene, frame: int, mask: Mask, known: Known) -> None:
        """`known`: where the object is in frames that were done already."""
        self._scene, self._known, self._dis = scene, known, Dis()
        self._gone: Mask | None = None
        self._left = False  # over the frame's edge, when it was lost
        self.anchor(frame, mask)

    def anchor(self, frame: int, mask: Mask) -> None:
        """Begin anew from a silhouette that is right."""
        self.frame, self.mask = frame, mask
        self._speed, self._course = np.zeros(2), np.zeros(2)  # (x, y) px a frame; of late
        self._ground, self._motion = Evidence(0, 300.0), Evidence(-120.0, 120.0)
        self._rival = 0.0
        # the window of the newest frame; there how well colours tell it apart, 0..1, and what
        # stands out beside it, and is another thing, 0..1
        self._told: tuple[Window, Map, Map] | None = None
        if not mask.any():
            return
        lab = self._scene.lab(frame)
        self.memory = Memory.of(lab, mask)
        box = bounding_box(mask)
        window = Window.around(box, _margin(box), self._scene.working.size)
        inside = window.mask_of(mask).astype(np.float32)
        seen, _ = self._scene.seen(frame, window)
        colours = Colours.of(Palette.of(seen), seen, inside, 1 - inside)
        place = float(np.clip(PLACE * self.memory.area_px**0.5, LEAST_PLACE_PX, MOST_PLACE_PX))
        self._looks = Appearance(colours, place, 0.5 * max(box.height, box.width) + _margin(box))
        self._learn(frame, window, mask, self._scene.unlike(frame, window, self._known), None)

    def step(self, target: int, farther: Mapping[int, Mask] | None = None) -> Step:
        """Go on to a neighbouring frame; `farther`: silhouettes of others that are known."""
        if not self.mask.any():
            return self._search(target)
        source, old_window, window = self._windows(target)
        (old, _), (new, _) = self._scene.seen(source, old_window), self._scene.seen(target, window)
        back, ahead = self._flows(source, target, old_window, window)
        inside = old_window.mask_of(self.mask)
        shape, trust = fetched(signed_distance(inside), back), trusted(back, ahead, old, new)
        carried = shape > 0
        if not (shape > -2).any():
            return self._lost(target)
        places = _from_middle(window, window.whole(carried.astype(np.float32)))
        by_colour = self._looks.odds(new, *places)
        worth, foreign = np.full(window.size, 0.5, np.float32), np.zeros(window.size, np.float32)
        if self._told is not None:
            before, worth, foreign = self._told
            worth = fetched(old_window.again(worth, before), back)
            foreign = fetched(old_window.again(foreign, before), back)
        unlike = self._scene.unlike(target, window, self._known)
        better = self._better(source, target, window, (old, new, back, shape))
        if not self._motion.learnt:
            self._motion.learn(better, carried, ~carried & (shape > -20))
        by_shape = np.clip(shape / (1.0 + 2.5 * worth), -SHAPE_LIMIT, SHAPE_LIMIT)
        odds = (0.35 + 0.65 * trust) * by_shape + (0.3 + COLOUR_WEIGHT * worth) * by_colour
        stands_out = GROUND_WEIGHT * self._ground.odds(unlike)
        stands_out += MOTION_WEIGHT * self._motion.odds(better)
        # beyond the carried shape, what stands out or moves is another thing
        odds += np.where(stands_out > 0, np.clip(1 + shape / BESIDE_PX, 0, 1), 1) * stands_out
        odds -= FOREIGN_WEIGHT * foreign * (shape < FOREIGN_PX)
        for other, mask in (farther or {}).items():
            odds = self._recalled(target, other, mask, window, odds)
        odds = odds.astype(np.float32)
        price = boundary_price(new, PRICE * window.scale)
        u = cut(odds, price, rounds=ROUNDS, guess=carried.astype(np.float32))
        found = held(u > 0.5, shape)
        if self.memory.solid:
            found = closed(found, unlike)
        mask = self._completed(target, window.whole(found.astype(np.float32)))
        found = window.mask_of(mask)
        step = self._measured(found, mask, shape, odds, by_colour, worth, unlike)
        self._settle(target, window, mask, by_colour, unlike, better)
        return step

    # --- where to look ----------------------------------------------------------------------

    def _windows(self, target: int) -> tuple[int, Window, Window]:
        """The source frame, the window around the object there, and where it is to be looked for.

        It stands still, goes with the camera, goes on as it did, or went elsewhere: what matches.
        """
        scene, source = self._scene, self.frame
        box = bounding_box(self.mask)
        window = Window.around(box, _margin(box), scene.working.size)
        centre = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2, 1.0])
        moved = scene.between(source, target) @ centre
        camera = moved[:2] / moved[2] - centre[:2]
        guesses = (0, 0), _whole(camera), _whole(camera + self._speed)
        pictures = scene.lab(source), scene.lab(target)
        across, down = gone(*pictures, self.mask, guesses, self.memory.colours.odds)
        window = window.reaching(self.mask, down, across)
        return source, window, window.moved(down, across)

    def _flows(
        self, source: int, target: int, old: Window, new: Window
    ) -> tuple[Displacement, Displacement]:
        """Displacement from the target's window to the source's, and back."""
        (_, before), (_, now) = self._scene.seen(source, old), self._scene.seen(target, new)
        back = self._dis.between_gray(now, before, or_rests=True)
        return back, self._dis.between_gray(before, now, or_rests=True)

    # --- what speaks for it -----------------------------------------------------------------

    def _better(
        self,
        source: int,
        target: int,
        window: Window,
        carried: tuple[NDArray[Any], NDArray[Any], Displacement, Map],
    ) -> Map:
        """How much better the object's own motion explains a pixel than the camera's does."""
        old, new, back, shape = carried
        shown, seen = self._scene.brought(source, target, window)
        by_camera = cv2.blur(summed(cv2.absdiff(new, shown)), (5, 5))
        core = (np.clip(shape / 3, 0, 1) * (shape > 0)).astype(np.float32)
        if not core.any():
            return np.full(window.size, np.nan, np.float32)
        by_object = differs(new, old, object_flow(back, core))
        return np.where(seen, by_camera - by_object, np.nan).astype(np.float32)

    def _recalled(self, target: int, other: int, mask: Mask, window: Window, odds: Map) -> Map:
        """Evidence where a frame farther away shows the same thing, closely matched."""
        if not mask.any():
            return odds
        here, there = bounding_box(self.mask), bounding_box(mask)
        down = (there.top + there.bottom - here.top - here.bottom) // 2
        across = (there.left + there.right - here.left - here.right) // 2
        far = window.moved(down, across)
        back, ahead = self._flows(other, target, far, window)
        (then, _), (now, _) = self._scene.seen(other, far), self._scene.seen(target, window)
        trust = trusted(back, ahead, then, now, ALIKE_FAR)
        shape = fetched(signed_distance(far.mask_of(mask)), back)
        told = FAR_WEIGHT * np.clip(shape / 1.5, -SHAPE_LIMIT, SHAPE_LIMIT)
        return (1 - 0.6 * trust) * odds + trust * told

    # --- what is kept of it -----------------------------------------------------------------

    def _completed(self, target: int, mask: Mask) -> Mask:
        """None left of what is hardly seen; parts that come out elsewhere added."""
        mask = the_object(self._scene.lab(target), mask, self.memory, self._course)
        area = np.count_nonzero(mask)
        if not area or at_edge(mask):
            return mask
        if area < GONE_SHARE * self.memory.area_px:
            return np.zeros_like(mask)
        if area < HIDDEN_SHARE * self.memory.area_px:
            scene = self._scene
            mask = mask | emerged(scene.lab(self.frame), scene.lab(target), mask, self.memory)
        return mask

    def _measured(
        self,
        found: Mask,
        mask: Mask,
        shape: Map,
        odds: Map,
        by_colour: Map,
        worth: Map,
        unlike: Map,
    ) -> Step:
        near = np.abs(signed_distance(found)) < 6
        rim = np.abs(odds[near])
        area = float(np.count_nonzero(mask))
        usual = self.memory.area_px
        ground = self._ground.odds(unlike)
        apart = 0.5
        around = ~found & (shape > -BAND_PX)
        if found.any() and around.any():
            apart = float(np.clip(0.5 + (ground[found].mean() - ground[around].mean()) / 4, 0, 1))
        beside = ~found & (shape > -RIVAL_PX) & (signed_distance(found) > -RIVAL_PX)
        rival = float((by_colour[beside] > 0.5).mean()) if beside.any() else 0.0
        self._rival = max(RIVAL_FADING * self._rival, rival)
        return Step(
            mask,
            agreement(found, shape),
            float(np.tanh(rim).mean()) if rim.size else 0.0,
            float(worth[near].mean()) if rim.size else 0.0,
            apart,
            1.0 if at_edge(mask) else min(area, usual) / max(area, usual, 1.0),
            self._rival,
        )

    def _settle(
        self, target: int, window: Window, mask: Mask, by_colour: Map, unlike: Map, better: Map
    ) -> None:
        """Go on from here; learn what it looks like."""
        if not mask.any():
            self._left = at_edge(self.mask)
            self.frame, self.mask = target, mask
            self._gone = looks_like(self._scene.lab(target), self.memory)
            return
        before, now = middle(self.mask), middle(mask)
        moved = self._scene.between(self.frame, target) @ np.array([*before, 1.0])
        if not at_edge(mask):
            self._speed = np.array(now) - moved[:2] / moved[2]
            self._course = LASTING * self._course + (1 - LASTING) * self._speed
        found = window.mask_of(mask)
        foreign = (self._ground.odds(unlike) > 0.3) & (signed_distance(found) < -FOREIGN_PX)
        soft = cv2.GaussianBlur(foreign.astype(np.float32), (0, 0), 1.0)
        self._told = window, told_apart(by_colour, found), soft
        self._learn(target, window, mask, unlike, better)
        self.frame, self.mask = target, mask
        self.memory = self.memory.renewed(int(np.count_nonzero(mask)))

    def _learn(
        self, frame: int, window: Window, mask: Mask, unlike: Map, better: Map | None
    ) -> None:
        found, real = window.mask_of(mask), window.real
        shape = signed_distance(found)
        inside = np.clip(shape / 2, 0, 1) * real
        outside = np.clip(-shape / 2, 0, 1) * real
        places = _from_middle(window, mask)
        self._looks.learn(self._scene.seen(frame, window)[0], inside, outside, *places)
        near = ~found & real
        self._ground.learn(unlike, found & real, near)
        if better is not None:
            self._motion.learn(better, found & real, near)

    def _lost(self, target: int) -> Step:
        self._left = at_edge(self.mask)
        self.frame, self.mask = target, np.zeros_like(self.mask)
        self._gone = looks_like(self._scene.lab(target), self.memory)
        return self._unseen()

    def _search(self, target: int) -> Step:
        """Look for the object in a frame after it was gone."""
        lab = self._scene.lab(target)
        mask = appeared(lab, self.memory, self._gone)
        self.frame, self.mask = target, mask
        self._told, self._speed = None, np.zeros(2)
        return self._unseen()

    def _unseen(self) -> Step:
        """A frame to which nothing was carried."""
        likely = FOUND_AGAIN if self.mask.any() else LEFT if self._left else HIDDEN
        return Step(self.mask, 1.0, 1.0, 1.0, 0.5, 1.0, 0.0, likely)


def _margin(box: Box) -> int:
    return max(LEAST_MARGIN_PX, round(MARGIN * max(box.height, box.width)))


def _from_middle(window: Window, mask: Mask) -> tuple[Map, Map]:
    """y and x of a window's pixels from the middle of a silhouette, working px."""
    (y, x), (across, down) = window.places, middle(mask)
    return y - np.float32(down), x - np.float32(across)


def _whole(vector: NDArray[Any]) -> tuple[int, int]:
    return round(float(vector[0])), round(float(vector[1]))
