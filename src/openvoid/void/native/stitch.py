"""Stitch: what the model made at its working size -> fills at the clip's own size.

Enters: the request, the view, the made frames, the plate engine's fills. Leaves: one `Fill` a
frame. Knows no model.

The made frame says what is there. Its colours are brought to the source's (`match`), it is
enlarged (`enlarge`) and given the source's grain (`grain`). Where the background was seen in
another frame and shows what the model shows (`lend`), the plate's own pixels are used. Sharpness
that no frame saw is not invented.

What is smoothed over time looks at a few frames before and after, whatever frame is asked for
first: the same request gives the same fills, whatever its start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Frame
from openvoid.core.quadmask import Region
from openvoid.core.removal import Fill, Origin, RemovalRequest, Run
from openvoid.vision.masks import disc
from openvoid.void.native.colour import Sample, matched, sample, steadied
from openvoid.void.native.grain import NONE, Grain, Look, measure
from openvoid.void.native.plate_loan import Loan, loan, usual_difference
from openvoid.void.native.resampling import crisp, enlarge
from openvoid.void.native.soft_edge import changed, soft_alpha
from openvoid.void.native.view import View, numbers_only, reduced

Picture = NDArray[np.float32]
Made = Callable[[int], NDArray[np.float32]]
"""Frame index -> [height, width, 3] in 0..1, at random access."""
Plates = Callable[[int], Iterator[Fill]]
"""Start -> the plate engine's fills of the same request from that frame on."""
T = TypeVar("T")

COLOUR_FRAMES = 3  # colours are compared over so many frames before and after
LOAN_FRAMES = 2
LOOK_BACK = COLOUR_FRAMES + LOAN_FRAMES
CLEAR_PX = 2  # around the hole nothing is compared, beyond the soft edge, working pixels
GRAIN_PAIRS = 4  # pairs of frames that grain is measured in
GRAIN_AROUND_PX = 128  # at least so far around the hole


def stitch(
    request: RemovalRequest,
    view: View,
    made: Made,
    plate: Plates | None,
    run: Run,
    *,
    colour: bool = True,
    grain: bool = True,
) -> Iterator[Fill]:
    """One fill a frame from `request.start` on; see `core.plugins.Engine`.

    Args:
        made: what the model made of the whole window, kept parts included.
        plate: what the plate engine makes of the request; None: nothing is lent.
        colour: match colours to the source around.
        grain: give made pixels the source's grain.
    """
    clip = request.clip
    noise = _measured_grain(request, view, made) if grain else NONE
    run.note("native", {**view.facts(), **noise.facts()})
    shot = _Shot(request, view, made, plate, noise, colour)
    fills = (shot.fill(index) for index in range(request.start, clip.length))
    yield from run.track("stitch", fills, clip.length, request.start)
    shot.finish()


class _Sight(NamedTuple):
    """One frame: its native pixels around the hole, the rest at the working size."""

    box: Box  # hole and soft edge, clip pixels
    shot: Frame  # [h, w, 3] of the box, as stored
    small: Picture  # [height, width, 3] the source through the window, shown values
    made: Picture
    hole: NDArray[np.bool_]  # [height, width] any part of the pixel is not KEEP
    kept: NDArray[np.bool_]  # [height, width] not near the hole
    sample: Sample | None
    plate: Frame | None  # [h, w, 3] of the box: the plate, and the source around it
    plate_alpha: Picture | None  # [h, w]
    plate_small: Picture  # [height, width, 3]
    seen: Picture  # [height, width] share that the plate was seen in


@dataclass
class _Shot:
    request: RemovalRequest
    view: View
    made: Made
    plates: Plates | None
    grain: Grain
    colour: bool

    def __post_init__(self) -> None:
        start = max(0, self.request.start - LOOK_BACK)
        self._looks = self._look(start)
        self._sights = _Rolling(self._looks, start, 2 * LOOK_BACK + 1)
        first, count = max(0, self.request.start - LOAN_FRAMES), 2 * LOAN_FRAMES + 1
        later = range(first, self.request.clip.length)
        self._matched = _Rolling(map(self._match, later), first, count)
        self._loans = _Rolling(map(self._lend, later), first, count)

    def fill(self, index: int) -> Fill:
        clip = self.request.clip
        lent = self._steady(index)  # of empty frames too: what looks ahead must not fall behind
        sight = self._sights.at(index)
        if sight.box.empty:
            return Fill.nothing(index, clip.dtype)
        window, picture = self.view.windows[index], self._matched.at(index)
        hole = self.request.quadmask.labels_in(index, sight.box) != Region.KEEP
        alpha = self._alpha(sight, picture, lent, window, hole)
        own = enlarge(crisp(picture, window), window, sight.box)
        total, share = own, np.zeros(own.shape[:2], np.float32)
        exact = np.zeros(own.shape[:2], bool)
        if sight.plate is not None and lent.share.any():
            share = np.clip(enlarge(lent.share, window, sight.box, smooth=True), 0, 1)
            light = enlarge(lent.light, window, sight.box, smooth=True)
            exact = (share > 0.999) & (np.abs(light).max(axis=-1) < 1e-6)
            plate = self.view.look.shown(sight.plate) + light
            total = own + share[..., None] * (plate - own)
        noise = self.grain.over(own, sight.box, index, self.request.seed)
        total = total + noise * np.sqrt(1 - share**2)[..., None]
        rgb = self.view.look.stored(total, clip.dtype)
        if sight.plate is not None:
            rgb[exact] = sight.plate[exact]
        origin = np.where(share > 0.5, Origin.SEEN, Origin.SYNTHESISED).astype(np.uint8)
        origin[alpha == 0] = Origin.KEPT
        return Fill(index, sight.box, rgb, alpha, origin)

    def finish(self) -> None:
        """Run to the end what was asked for its last item only: so the plate tells it is done."""
        for _ in self._looks:
            pass

    # --- what is needed of a frame, in order ----------------------------------------------------

    def _look(self, start: int) -> Iterator[_Sight]:
        plates = self.plates(start) if self.plates is not None else None
        frames = map(numbers_only, self.request.clip.frames(start))
        for index, frame in enumerate(frames, start):
            yield self._sight(index, frame, next(plates) if plates is not None else None)
        for _ in plates or ():
            raise AssertionError("more fills than frames")

    def _sight(self, index: int, frame: Frame, lent: Fill | None) -> _Sight:
        view, mask, soft_px = self.view, self.request.quadmask, self.request.soft_edge_px
        window, size = view.windows[index], (view.height, view.width)
        box = mask.box(index).grown(soft_px, *self.request.clip.size)
        small, made = view.seen(frame, index), np.asarray(self.made(index), np.float32)
        assert made.shape == small.shape, f"frame {index} was made at {made.shape}"
        hole = _covered(mask.labels_in(index, window) != Region.KEEP, *size)
        reach = CLEAR_PX + int(np.ceil(soft_px / view.scale))
        kept = cv2.dilate(hole.astype(np.uint8), disc(reach)) == 0
        compared = sample(small, made, kept) if self.colour else None
        plate_small, seen = small, np.zeros(size, np.float32)
        plate, plate_alpha = None, None
        if lent is not None and not lent.box.empty and not box.empty:
            assert lent.frame == index, f"a plate for frame {lent.frame} came for {index}"
            plate_frame, alpha, known = _laid(frame, lent)
            plate = plate_frame[box.slices].copy()
            plate_alpha = alpha[box.slices].copy()
            plate_small = view.seen(plate_frame, index)
            seen = np.clip(reduced(known[window.slices], *size), 0, 1)
        shot = frame[box.slices].copy()
        return _Sight(
            box, shot, small, made, hole, kept, compared, plate, plate_alpha, plate_small, seen
        )

    def _match(self, index: int) -> Picture:
        """The made frame in the source's colours, calm where nothing moves."""
        sight = self._sights.at(index)
        if not self.colour:
            return sight.made
        near = self._around(index, COLOUR_FRAMES)
        shares = np.array([1 - abs(other - index) / (COLOUR_FRAMES + 1) for other in near])
        samples = [self._sights.at(other).sample for other in near]
        known = [found for found in samples if found is not None]
        window = self.view.windows[index]
        still = [other for other in near if other != index and self.view.windows[other] == window]
        calm = steadied(
            sight.made,
            [self._sights.at(other).made for other in still],
            [float(shares[other - near[0]]) for other in still],
        )
        return matched(calm, known, list(shares / shares.sum()))

    def _lend(self, index: int) -> Loan:
        sight, picture = self._sights.at(index), self._matched.at(index)
        if sight.plate is None:
            return Loan(np.zeros(sight.seen.shape, np.float32), np.zeros_like(sight.small))
        usual = usual_difference(picture, sight.small, sight.kept)
        return loan(picture, sight.plate_small, sight.seen, usual)

    def _steady(self, index: int) -> Loan:
        """The loan, never larger than in this frame alone, calmed by its neighbours."""
        here, near = self._loans.at(index), self._around(index, LOAN_FRAMES)
        moved = [
            [_shifted(part, self.view, other, index) for part in self._loans.at(other)]
            for other in near
            if not self._sights.at(other).box.empty
        ]
        if not moved:
            return here
        share = np.minimum(here.share, np.mean([part[0] for part in moved], axis=0))
        weight = np.maximum(np.sum([part[0] for part in moved], axis=0), 1e-3)[..., None]
        light = np.sum([part[0][..., None] * part[1] for part in moved], axis=0) / weight
        return Loan(share.astype(np.float32), light.astype(np.float32))

    def _alpha(
        self, sight: _Sight, picture: Picture, lent: Loan, window: Box, hole: NDArray[np.bool_]
    ) -> Picture:
        """[h, w] 1 in the hole, and its soft edge; where a plate lends, its own edge counts."""
        soft_px, scale = self.request.soft_edge_px, self.view.scale
        if soft_px == 0:
            return hole.astype(np.float32)
        reach = int(np.ceil(soft_px / scale)) + 1
        band = changed(sight.small, picture, sight.hole, sight.kept, reach)
        band = enlarge(band, window, sight.box, smooth=True)
        if sight.plate_alpha is not None:
            share = enlarge(lent.share, window, sight.box, smooth=True)
            band = band + share * (sight.plate_alpha - band)
        return soft_alpha(hole, band, soft_px, scale)

    def _around(self, index: int, reach: int) -> range:
        return range(max(0, index - reach), min(self.request.clip.length, index + reach + 1))


class _Rolling(Generic[T]):
    """Items of a sequence asked for in about rising order; old ones are forgotten."""

    def __init__(self, items: Iterator[T], first: int, keep: int) -> None:
        self._items, self._next, self._keep = items, first, keep
        self._held: dict[int, T] = {}

    def at(self, index: int) -> T:
        while self._next <= index:
            self._held[self._next] = next(self._items)
            self._held.pop(self._next - self._keep, None)
            self._next += 1
        return self._held[index]


def _laid(frame: Frame, lent: Fill) -> tuple[Frame, Picture, Picture]:
    """The frame with a plate's pixels in it, its alpha, and 1 where it shows what was seen."""
    laid, known = frame.copy(), np.ones(frame.shape[:2], np.float32)
    alpha = np.zeros(frame.shape[:2], np.float32)
    used = lent.alpha > 0
    laid[lent.box.slices][used] = lent.rgb[used]
    known[lent.box.slices] = lent.origin != Origin.SYNTHESISED
    alpha[lent.box.slices] = lent.alpha
    return laid, alpha, known


def _covered(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Working pixels of which any part is in the mask."""
    share = reduced(mask.astype(np.float32), height, width)
    return np.asarray(share > 1e-4, bool)


def _shifted(part: NDArray[np.float32], view: View, other: int, index: int) -> NDArray[np.float32]:
    """A plane of frame `other`'s window where it lies in the window of frame `index`."""
    there, here = view.windows[other], view.windows[index]
    if there == here:
        return part
    x = (here.left - there.left) * view.width / here.width
    y = (here.top - there.top) * view.height / here.height
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = view.width, view.height
    return np.asarray(
        cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )


# --- grain ------------------------------------------------------------------------------------


def _measured_grain(request: RemovalRequest, view: View, made: Made) -> Grain:
    """From a few pairs of frames over the whole clip, around the hole."""
    clip, mask = request.clip, request.quadmask
    used = [index for index in range(clip.length) if not mask.box(index).empty]
    if not used:
        return NONE
    picked = np.unique(np.linspace(0, len(used) - 1, GRAIN_PAIRS).round().astype(int))
    window = view.windows[0]
    block = 32 if min(window.height, window.width) >= 700 else 16

    def pairs() -> Iterator[tuple[Look, Look | None]]:
        for index in (used[place] for place in picked):
            box = _grain_box(request, view, index)
            stop = min(clip.length, index + 2)
            frames = [numbers_only(frame) for frame in clip.frames(index, stop)]
            looks = [
                _grain_look(request, view, made, index + step, frame, box)
                for step, frame in enumerate(frames)
            ]
            yield looks[0], looks[1] if len(looks) > 1 else None

    return measure(pairs(), block)


def _grain_box(request: RemovalRequest, view: View, index: int) -> Box:
    box = request.quadmask.box(index)
    around = max(GRAIN_AROUND_PX, max(box.height, box.width) // 2)
    inside = box.grown(around, *request.clip.size).intersect(view.windows[index])
    after = view.windows[min(index + 1, len(view.windows) - 1)]
    return inside.intersect(after)


def _grain_look(
    request: RemovalRequest, view: View, made: Made, index: int, frame: Frame, box: Box
) -> Look:
    hole = request.quadmask.labels_in(index, box) != Region.KEEP
    soft = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=1)
    distance = cv2.distanceTransform(1 - soft, cv2.DIST_L2, cv2.DIST_MASK_5)
    kept = distance > request.soft_edge_px + CLEAR_PX * view.scale
    window = view.windows[index]
    picture = crisp(np.asarray(made(index), np.float32), window)

    def made_in(part: Box) -> NDArray[Any]:
        moved = Box(
            part.top + box.top, part.left + box.left, part.bottom + box.top, part.right + box.left
        )
        return enlarge(picture, window, moved)

    return Look(view.look.shown(frame[box.slices]), made_in, kept)
