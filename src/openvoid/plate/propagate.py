"""Propagate: what was hidden comes from frames that saw it.

Enters: a target frame's number, the survey, its donors. Leaves, at proxy size, the rebuilt picture
around the hole as a stack of layers: which donor shows which pixels, from where, and the smooth
correction that makes it fit. `engine` repeats the layers at the clip's own size. Knows no files.

Layers are laid one after another, each corrected to what is there already: the difference to the
kept ring (and to earlier layers) is carried through the hole as a membrane, which is Poisson
blending (Perez 2003) solved for the correction. So exposure is matched and no seam is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.plate.align import landed, look_up, refine, spread_over, warp
from openvoid.plate.blur import Blur, blur_of
from openvoid.plate.depth import Depth
from openvoid.plate.gradient import membrane
from openvoid.plate.survey import Survey
from openvoid.plate.tone import Tone, tone_of
from openvoid.vision.fitting import Camera, Image, Matrix
from openvoid.vision.masks import disc, largest

RING_PX = 24  # kept pixels around the hole that are looked at, in proxy pixels
SMOOTH_PX = 5.0  # corrections are matched over this far, so that grain does not steer them
TIGHT_PX = 2  # what a donor shows this near to its hole is better than nothing: the last resort
MIN_LAYER = 4  # proxy pixels that a donor must add
LEAST_SHARE = 0.01  # and with depth, where a donor costs much, this share of what is rebuilt
OUTLIER = 0.03  # differences this far (0..1) beyond the usual ones are things, not light
QUIET = 0.005  # corrections up to this (0..1) are grain, not light: they would only flicker


@dataclass(frozen=True)
class Layer:
    """One donor's share in a target frame, inside `Rebuilt.box`."""

    donor: int
    matrix: Matrix  # from target to donor pixels, proxy size
    share: NDArray[np.bool_]  # [h, w] the pixels it gives
    visible: NDArray[np.bool_]  # [h, w] the pixels it could give
    correction: Image  # [h, w, 3] added to them
    flow: Image | None  # [h, w, 2] parallax, proxy pixels
    tone: Tone | None = None  # before the correction, where the donor is exposed otherwise
    blur: Blur | None = None  # after the tone, where the donor is sharper


@dataclass
class Rebuilt:
    """A target frame at proxy size around its hole: what is known and what was laid."""

    box: Box
    target: Image  # [h, w, 3] as shot
    picture: Image  # [h, w, 3] rebuilt where `known`
    known: NDArray[np.bool_]  # [h, w]
    hole: NDArray[np.bool_]  # [h, w] what must be new
    want: NDArray[np.bool_]  # [h, w] the hole and its soft band: what is rebuilt
    layers: list[Layer]
    noise: float = 0.01  # how much two frames differ where nothing changed (0..1)
    again: Image | None = None  # [h, w, 3] the box as the first donors show it, if remembered
    shown: NDArray[np.bool_] | None = None  # [h, w] where they do

    def remember(self) -> None:
        """From now on, what donors show of all the box."""
        self.again, self.shown = self.target.copy(), np.zeros_like(self.known)

    def afresh(self) -> Rebuilt:
        """The same with nothing laid."""
        whole = self.target.copy()
        return Rebuilt(
            self.box, self.target, whole, ~self.want, self.hole, self.want, [], self.noise
        )

    def close(self) -> None:
        """What nothing reached becomes a smooth continuation of what is known."""
        if not self.known.all():
            self.picture = membrane(self.picture, self.known)

    def lay(
        self,
        seen: Image,
        share: NDArray[np.bool_],
        visible: NDArray[np.bool_],
        quiet: float = QUIET,
    ) -> Image:
        """Lay a picture [h, w, 3] over `share`, fitted to what it overlaps.

        Gives the correction [h, w, 3] that was added to it.
        """
        correction = fitted(self.picture - seen, self.known & visible, quiet)
        if self.again is not None and self.shown is not None:
            new = visible & ~self.shown
            self.again[new] = (seen + correction)[new]
            self.shown |= new
        self.picture[share] = (seen + correction)[share]
        self.known |= share
        return correction


def around(look: Survey, index: int, soft_px: int) -> Rebuilt | None:
    """The frame around its hole, nothing laid yet; None where the frame has no hole."""
    hole = look.hole(index)
    if not hole.any():
        return None
    frame = look.frame(index)
    size = look.proxy.height, look.proxy.width
    box = bounding_box(hole).grown(soft_px + RING_PX, *size)
    hole = hole[box.slices]
    want = cv2.dilate(hole.astype(np.uint8), disc(soft_px)).astype(bool)
    target = frame[box.slices]
    return Rebuilt(box, target, target.copy(), ~want, hole, want, [])


def propagate(
    look: Survey,
    index: int,
    donors: NDArray[np.int32],
    soft_px: int,
    depth: Depth | None = None,
) -> Rebuilt | None:
    """A frame rebuilt from its donors; None where it has no hole."""
    rebuilt = around(look, index, soft_px)
    if rebuilt is not None:
        lay_donors(look, rebuilt, index, donors, soft_px, depth)
    return rebuilt


def lay_donors(
    look: Survey,
    rebuilt: Rebuilt,
    index: int,
    donors: NDArray[np.int32],
    soft_px: int,
    depth: Depth | None = None,
) -> None:
    """Lay the donors of a frame, best first; each is aligned locally where there is `depth`."""
    for guard_px in (soft_px + 1, TIGHT_PX):
        for donor in donors[donors >= 0]:
            if not rebuilt.known.all():
                _lay_donor(look, rebuilt, index, int(donor), guard_px, depth)


def _lay_donor(
    look: Survey, rebuilt: Rebuilt, index: int, donor: int, guard_px: int, depth: Depth | None
) -> None:
    frame, box = look.frame(donor), rebuilt.box
    matrix, flow = look.registration.between(index, donor), None
    visible = landed(clear_of(look, donor, guard_px, index), matrix, box)
    least = MIN_LAYER if depth is None else LEAST_SHARE * np.count_nonzero(rebuilt.want)
    if (visible & ~rebuilt.known).sum() < max(MIN_LAYER, least):
        return
    local = None
    if depth is not None:
        local = depth.local(index, donor, box, guard_px, any_fit=guard_px == TIGHT_PX)
    if local is not None:
        flow, visible = local.flow, local.visible
    elif look.registration.camera is not Camera.LOCKED:
        ring = visible & rebuilt.known
        pictures = (look.seen(picture) for picture in (rebuilt.picture, frame))
        gray, whole = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in pictures)
        matrix = refine(gray, whole, ring, matrix, box)
    share = visible & ~rebuilt.known
    if share.sum() < MIN_LAYER:
        return
    seen = warp(frame, matrix, box)
    if flow is not None:
        seen = displaced(seen, flow)
    tone = tone_of(seen, rebuilt.picture, visible & rebuilt.known, look.most)
    if tone is not None:
        seen = tone.of(seen)
    blur = _blur(look, seen, rebuilt, visible)
    if blur is not None:
        seen = blur.of(seen, visible.astype(np.float32))
    if not rebuilt.layers:
        rebuilt.noise = _noise(rebuilt.target - seen, visible & rebuilt.known)
    correction = rebuilt.lay(seen, share, visible)
    rebuilt.layers.append(Layer(donor, matrix, share, visible, correction, flow, tone, blur))


def _blur(look: Survey, seen: Image, rebuilt: Rebuilt, visible: NDArray[np.bool_]) -> Blur | None:
    """What makes a donor's picture as soft as the target's."""
    if look.registration.camera is Camera.LOCKED:
        return None
    pair = (look.seen(each) for each in (seen, rebuilt.picture))
    first, second = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in pair)
    return blur_of(first, second, visible & rebuilt.known)


def _noise(difference: Image, known: NDArray[np.bool_]) -> float:
    """Robust spread of a difference [h, w, 3] about its mean, in the loudest channel."""
    if known.sum() < MIN_LAYER:
        return 0.01
    inside = difference.reshape(-1, 3)[spread_over(known)]
    return float(1.4826 * np.median(np.abs(inside - np.median(inside, axis=0)), axis=0).max())


def clear_of(look: Survey, index: int, guard_px: int, target: int | None = None) -> Image:
    """1.0 where a reduced frame [H, W] lies farther than `guard_px` from its hole, else 0.

    What passes through counts as a hole, and what looks otherwise than it should in the target.
    """
    blocked = look.blocked(index, target).astype(np.uint8)
    return (cv2.dilate(blocked, disc(guard_px)) == 0).astype(np.float32)


def displaced(picture: Image, flow: Image) -> Image:
    """A picture [h, w, ...] looked up at every pixel plus `flow` [h, w, 2]."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return look_up(picture, np.stack([x, y], axis=-1) + flow)


def fitted(difference: Image, known: NDArray[np.bool_], quiet: float = QUIET) -> Image:
    """A smooth correction [h, w, 3] that meets `difference` where `known`.

    Differences are averaged over their surroundings, at half the size: what is so smooth needs no
    more. Where something stands in the way in one of the two pictures only, they do not count.
    What is no more than `quiet` is taken for grain and fades to zero.
    """
    inside = difference.reshape(-1, 3)[spread_over(known)]
    if not len(inside):
        return np.zeros_like(difference)
    middle = np.median(inside, axis=0)
    reach = 4 * 1.4826 * np.median(np.abs(inside - middle), axis=0) + OUTLIER
    agree = known & (largest(np.abs(difference - middle) / reach) < 1)
    height, width = known.shape
    half = (width + 1) // 2, (height + 1) // 2
    weight: Image = agree.astype(np.float32)
    total: Image = cv2.resize(difference * weight[..., None], half, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    met = weight >= 0.5
    total = cv2.GaussianBlur(total, (0, 0), SMOOTH_PX / 2)
    mean = total / np.maximum(cv2.GaussianBlur(weight, (0, 0), SMOOTH_PX / 2), 1e-4)[..., None]
    smooth = membrane(mean.astype(np.float32), met)
    smooth = np.asarray(cv2.resize(smooth, (width, height)), np.float32)
    loud = np.maximum(np.abs(smooth), 1e-9)
    return np.asarray(smooth * np.clip(1 - (quiet / loud) ** 2, 0, 1), np.float32)
