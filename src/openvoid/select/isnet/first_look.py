"""The first look: the marks of one frame -> the silhouette that they mean.

Enters: an eye, the seeds of one frame, how it moves. Leaves: a silhouette [h, w] and how sure it
is, or nothing where the network sees nothing there. Knows no other frame.

Clicks do not say how large the thing is: the crop begins in the middle and grows until the part
under the click is whole, or comes nearer to what is small. Each crop's part is one hypothesis; the
best is the one that holds all marks, is cut by no side of its crop, is surely foreground, and moves
as the marked places do.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.select.classical.continuous_cut import CERTAIN, boundary_price, cut
from openvoid.select.classical.initial_silhouette import PRICE, Guess
from openvoid.select.isnet.looks import WIDE, Eye, Look, parts
from openvoid.select.seeds import Mask, Seeds, distance_to
from openvoid.vision.masks import touching, without_holes

Map = NDArray[Any]  # [h, w] float32
Looked = tuple[Mask, float, Look]  # a silhouette, its score, the look that showed it
FIRST_SHARE = 0.65  # of the short side: the crop that is looked at first
WIDER = 1.6  # than the last, where the thing was cut or not seen
NEARER = 1.7  # a crop this much wider than it need be is looked at again
MOST_LOOKS = 4
CUT_SHARE = 0.02  # of the outline on the crop's sides: the thing goes on there
LEAST_SCORE = 0.35  # below: the network does not see what is meant
FITS = 0.6  # how well a silhouette's own box fits the marked one, from which no other crop is tried
HOLE_SHARE = 0.002  # of the thing: smaller holes are the network's


def hypotheses(
    eye: Eye, frame: int, seeds: Seeds, lab: NDArray[Any], motion: Map | None = None
) -> list[Guess]:
    """What the marks of a frame may mean, best first; each agrees with every mark.

    Empty where the network sees nothing there.

    Args:
        motion: log-odds [h, w] that a pixel moves as the marked ones do.
    """
    looked = _in_box(eye, frame, seeds) if seeds.box is not None else _at_spots(eye, frame, seeds)
    found = []
    for mask, score, look in looked:
        score *= _together(mask, motion)
        if score >= LEAST_SCORE:
            whole = agreeing(mask, look, seeds, lab)
            found.append(Guess(whole, score, {"foreground": look.certainty(mask)}))
    return sorted(found, key=lambda each: -each.score)


def agreeing(mask: Mask, look: Look, seeds: Seeds, lab: NDArray[Any]) -> Mask:
    """A silhouette that holds what is marked as the object and leaves out what is not.

    Where marks contradict it, the boundary between the two kinds of marks is cut along edges.
    """
    outside = np.zeros_like(mask) if seeds.box is None else ~seeds.box
    wrong = (seeds.never & mask) | (seeds.sure & ~mask)
    if not wrong.any():
        return without_holes(mask, HOLE_SHARE) & ~outside & ~seeds.never
    near = look.foreground[look.crop.slices]
    odds = 4 * (2 * near - 1) * np.where(mask[look.crop.slices], 1, 0.5)
    if seeds.never.any() and (mask & seeds.never).any():
        held = seeds.sure if seeds.sure.any() else _core(mask & ~seeds.never)
        away = [distance_to(_places(each), mask.shape) for each in (held, seeds.never)]
        nearer = np.log((away[1] + 2) / (away[0] + 2))[look.crop.slices]
        odds = odds + 12 * np.clip(nearer, -1, 0)
    here = look.crop.slices
    odds = np.where(seeds.sure[here], CERTAIN, np.where(seeds.never[here], -CERTAIN, odds))
    u = cut(odds.astype(np.float32), boundary_price(lab[here], PRICE))
    found = np.zeros_like(mask)
    found[here] = u > 0.5
    found = (found | seeds.sure) & ~seeds.never & ~outside
    return touching(found, seeds.sure) if seeds.sure.any() else found


def _at_spots(eye: Eye, frame: int, seeds: Seeds) -> list[Looked]:
    """One hypothesis for each crop that is tried."""
    short, found = min(seeds.size), list[Looked]()
    marked = bounding_box(seeds.sure)
    if marked.empty:
        return found
    middle = (marked.left + marked.right) / 2, (marked.top + marked.bottom) / 2
    side = max(FIRST_SHARE * short, 1.5 * max(marked.height, marked.width))
    for _ in range(MOST_LOOKS):
        look = eye.look(frame, eye.square(middle, side))
        mask = touching(look.seen, seeds.sure) if (look.seen & seeds.sure).any() else None
        whole = (look.crop.height, look.crop.width) == seeds.size
        if mask is None:
            if whole:
                break
            side *= WIDER
            continue
        found.append((mask, _score(mask, look, seeds), look))
        box = bounding_box(mask)
        wanted = WIDE * max(box.height, box.width)
        if look.cut_share(mask) > CUT_SHARE and not whole:
            side = max(WIDER * side, wanted)
        elif wanted < side / NEARER and len(found) < 2:
            side = wanted
        else:
            break
        middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return found


def _in_box(eye: Eye, frame: int, seeds: Seeds) -> list[Looked]:
    """One hypothesis for a crop close around the box, and one farther away if that fits badly."""
    assert seeds.box is not None
    box, found = bounding_box(seeds.box), list[Looked]()
    for wide in (WIDE, 1.4):
        look = eye.look(frame, eye.around(box, wide))
        labels, area = parts(look.seen)
        inside = np.bincount(labels[seeds.box], minlength=len(area))
        kept = (inside > 0.5 * area) & (inside > 0.02 * np.count_nonzero(seeds.box))
        kept |= np.bincount(labels[seeds.sure], minlength=len(area)) > 0
        kept[0] = False
        mask = kept[labels] & seeds.box
        if not mask.any():
            continue
        own = bounding_box(mask)
        both = own.intersect(box)
        fits = both.height * both.width / (box.height * box.width)
        found.append((mask, _score(mask, look, seeds) * min(1.0, fits / FITS), look))
        if fits >= FITS:
            break
    return found


def _score(mask: Mask, look: Look, seeds: Seeds) -> float:
    """How well a silhouette fits its marks, its crop and what the network is sure of, 0..1."""
    marked = np.count_nonzero(seeds.sure)
    holds = np.count_nonzero(mask & seeds.sure) / marked if marked else 1.0
    spoilt = 0.5 if (mask & seeds.never).any() else 1.0
    whole = max(0.0, 1 - 8 * look.cut_share(mask))
    return float(holds * spoilt * (0.2 + 0.8 * whole) * look.certainty(mask))


def _together(mask: Mask, motion: Map | None) -> float:
    """Less where much of a silhouette moves another way than the marked places."""
    if motion is None or not mask.any():
        return 1.0
    return float(1 - 0.5 * (motion[mask] < -1).mean())


def _core(mask: Mask) -> Mask:
    """The inner half of a mask: what it surely is about."""
    deep = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(deep > 0.5 * deep.max()) & mask


def _places(mask: Mask) -> tuple[tuple[float, float], ...]:
    """(x, y) of a mask's pixels, thinned."""
    rows, columns = np.nonzero(mask)
    step = max(1, len(rows) // 2000)
    return tuple((float(x), float(y)) for x, y in zip(columns[::step], rows[::step], strict=True))


def blurred(mask: Mask, sigma_px: float = 3) -> Map:
    """A mask as weights, for `Carrier.motion`."""
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma_px)
