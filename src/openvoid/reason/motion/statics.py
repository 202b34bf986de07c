"""Statics: what the object bears, how it gives way without it, and where it comes to rest.

Enters: the mask of all that hangs together with an object that stands still, the object's mask, the
row of the ground. Leaves: losses. A loss is a part with the posts that go on bearing it, and the
way it moves (`falling`): straight down where nothing else bears it, or about the edge of the posts
that are left. What stands on its own feet is no loss.

Statics of a picture: a column of the mask that goes on down to the ground bears; a column that ends
above the object is borne by it; all others hang over. What is borne on one side only tips to the
other. An object that lies on an overhang balances it, so that without it the other end goes down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from openvoid.core.box import bounding_box
from openvoid.reason.motion.falling import Loss, ends_of
from openvoid.reason.motion.limits import STACK, SUPPORT, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask
from openvoid.vision.masks import grown, opened, touching


@dataclass(frozen=True)
class StaticsLimits(Limits):
    """What bears, what is borne, and what only stands beside."""

    ground: float = limit(0.2, "of the height of it all: feet farther up stand farther back", STACK)
    post: float = limit(0.25, "of a part's height: a lower column is a shadow, or lies", STACK)
    gap_px: int = limit(2, "in a column: as much may be missing", WORKING)
    touch_px: int = limit(6, "apart: what touches", WORKING)
    borne: float = limit(0.3, "of the object's columns lie right above or below it", STACK)
    arm: float = limit(0.5, "of the other arm's length: so long is the arm of a seesaw", STACK)
    leg: float = limit(0.3, "of the way to the ground: what reaches lower is a post's side", STACK)
    underside: int = limit(70, "percentile of the rows at which columns end", STACK)
    bridged: float = limit(0.025, "of the short side: gaps between pieces of one part", STACK)
    room: float = limit(0.06, "of the object's height: no higher, it lies on the ground", SUPPORT)
    held: float = limit(0.35, "of its height: what touches it lower stands beside it", SUPPORT)
    slim: float = limit(1.5, "times as high as wide: what leans", SUPPORT)
    lean: float = limit(0.05, "of a part's height: its upper third is so far aside", SUPPORT)
    part_share: float = limit(0.0004, "of the picture: smaller parts are stains", STACK)
    scrap: float = limit(0.08, "of a part's largest piece: smaller ones are none of it", STACK)


def losses(
    things: Mask, object_: Mask, ground: float, shade: Mask, limits: StaticsLimits
) -> list[Loss]:
    """The parts of `things` that would fall without the object; feet may be in `shade`."""
    bridges = object_ & grown(things, round(limits.bridged * min(things.shape)))
    joined = grown(things, 1) | bridges  # a hand before a bottle does not cut it in two
    count, labels = cv2.connectedComponents(joined.astype(np.uint8))
    found = []
    for number in range(1, count):
        part = (labels == number) & things
        touches = (part & grown(object_, limits.touch_px)).any()
        if touches and part.sum() > limits.part_share * part.size:
            loss = _loss(part, object_, ground, shade, limits)
            if loss is not None:
                found.append(loss)
    return found


def _loss(
    part: Mask, object_: Mask, ground: float, shade: Mask, limits: StaticsLimits
) -> Loss | None:
    ground = max(ground, float(bounding_box(part).bottom))
    posts = _posts(part, object_, ground, shade, limits)
    if not posts.any():
        return Loss(part, posts, None, 0, ground) if _hangs(part, object_, ground, limits) else None
    left, right = _reach(posts)
    side = _side(part, object_, left, right, limits)
    if side == 0:
        return _leaning(part, object_, ground, limits)
    x = right if side > 0 else left
    y, above = _joint(part, x, side, limits), _upper(part, limits)
    borne = limits.borne * object_.any(axis=0).sum()
    if _meets(part, object_, limits) > borne:  # it bears all storeys above it
        y = max(y, ends_of(object_)[0])
        above = part & (np.arange(part.shape[0])[:, None] <= y + limits.touch_px)
    bearing = _below(part, posts, y, ground, limits)
    loose = opened(above & ~bearing)
    loose = _main(loose, limits)
    foot = ends_of(bearing)[1] if bearing.any() else ground
    middle = float(np.nonzero(object_)[1].mean())
    if (middle - x) * side < 0:  # it comes down beside its posts, not where the object is
        ground = min(ground, foot)
    return Loss(loose, bearing, (x, y), side, ground) if loose.any() else None


def _main(mask: Mask, limits: StaticsLimits) -> Mask:
    """A mask without scraps: a rim of a shadow left on the ground would stop a fall at once."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas > limits.scrap * areas.max(initial=0))
    return np.isin(labels, kept)


def _hangs(part: Mask, object_: Mask, ground: float, limits: StaticsLimits) -> bool:
    """Whether a part lies on the object, or is held by it with room to fall below."""
    if _meets(part, object_, limits) > limits.borne * part.any(axis=0).sum():
        return True
    top, foot = ends_of(object_)
    rows = np.nonzero(grown(object_, limits.touch_px) & part)[0]
    room = ground - ends_of(part)[1] > limits.room * (foot - top)
    return room and float(np.median(rows)) < foot - limits.held * (foot - top)


def _leaning(part: Mask, object_: Mask, ground: float, limits: StaticsLimits) -> Loss | None:
    """A tall part that leans on the object falls that way, over its foot."""
    upper = _upper(part | object_, limits) & part  # a hand before a board does not end it
    body = upper & (upper.sum(axis=0) > limits.post * bounding_box(part).height)
    if not body.any():
        return None
    top, foot = ends_of(body)
    left, right = _reach(body)
    tall = foot - top + 1
    rows, columns = np.nonzero(body)
    high, low = columns[rows < top + tall / 3].mean(), columns[rows > foot - tall / 3].mean()
    side = int(np.sign(np.nonzero(object_)[1].mean() - low))
    contact = np.nonzero(grown(object_, limits.touch_px) & body)[0]
    touches = contact.size > 0 and contact.min() < top + tall / 2
    slim = tall > limits.slim * (right - left + 1)
    if not (touches and slim and side * (high - low) > limits.lean * tall):
        return None
    feet = np.flatnonzero(body[int(foot - 0.15 * tall) :].any(axis=0))
    pivot = float(feet[-1] if side > 0 else feet[0]), foot
    return Loss(body, np.zeros_like(part), pivot, side, ground)


def _below(part: Mask, posts: Mask, y: float, ground: float, limits: StaticsLimits) -> Mask:
    """The posts up to the row at which the rest begins, with their sides, which end higher up."""
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(_upper(part, limits), rows, -1).max(axis=0)
    sides = np.asarray(lowest > y + limits.leg * (ground - y))
    held = np.asarray(posts.any(axis=0))
    return part & (rows > y) & (touching(sides[None], held[None])[0] | held)


def _reach(mask: Mask) -> tuple[float, float]:
    columns = np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(columns[-1])


def _posts(part: Mask, object_: Mask, ground: float, shade: Mask, limits: StaticsLimits) -> Mask:
    """The columns of a part that go on down to the ground, none of the object below them."""
    box, own = bounding_box(part), bounding_box(object_)
    whole = max(box.bottom, own.bottom, ground) - min(box.top, own.top)
    whole_part = part | shade
    closed = cv2.morphologyEx(
        whole_part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * limits.gap_px + 1, 1), np.uint8)
    )
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(whole_part, rows, -1).max(axis=0)
    run = np.cumprod((closed > 0)[::-1] | (rows[::-1] > lowest), axis=0)[::-1] > 0
    run &= part
    below = (object_ & (rows > lowest)).any(axis=0)
    good = (
        (lowest > ground - limits.ground * whole)
        & ~below
        & (run.sum(axis=0) > limits.post * box.height)
    )
    wide = cv2.morphologyEx(good[None].astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, 3), np.uint8))
    return run & (wide > 0)


def _side(part: Mask, object_: Mask, left: float, right: float, limits: StaticsLimits) -> int:
    """To which side a part tips that posts bear from `left` to `right`; 0: it stands."""
    middle = float(np.nonzero(object_)[1].mean())
    where = 1 if middle > right else -1 if middle < left else 0
    touched = limits.borne * object_.any(axis=0).sum()
    over, under = _meets(part, object_, limits), _meets(part[::-1], object_[::-1], limits)
    if max(over, under) > touched:
        return where if over > under else -where * _balances(part, left, right, where, limits)
    weight = float(np.nonzero(_upper(part, limits))[1].mean())
    leans = weight > right if where > 0 else weight < left
    return where if leans else 0


def _balances(part: Mask, left: float, right: float, where: int, limits: StaticsLimits) -> bool:
    """Whether a part on posts reaches out on the other side than `where` nearly as far."""
    first, last = _reach(part)
    ends = (left - first, last - right)
    this, other = ends if where < 0 else ends[::-1]
    return other > limits.arm * this


def _meets(part: Mask, object_: Mask, limits: StaticsLimits) -> int:
    """In how many columns a part lies right above the object."""
    rows = np.arange(part.shape[0])[:, None]
    top = np.where(object_, rows, part.shape[0]).min(axis=0)
    touching = part & (rows >= top - limits.touch_px) & (rows < top)
    return int((touching.any(axis=0) & object_.any(axis=0)).sum())


def _upper(part: Mask, limits: StaticsLimits) -> Mask:
    """Each column of a part down to the first gap: below is its shadow."""
    closed = cv2.morphologyEx(
        part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * limits.gap_px + 1, 1), np.uint8)
    )
    begun = np.maximum.accumulate(part, axis=0)
    return part & (np.cumprod((closed > 0) | ~begun, axis=0) > 0)


def _joint(part: Mask, x: float, side: int, limits: StaticsLimits) -> float:
    """The row of the underside of what hangs over beside the posts."""
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(_upper(part, limits), rows, -1).max(axis=0)
    columns = np.flatnonzero(lowest >= 0)
    for way in (side, -side):
        over = columns[(columns - x) * way > 0]
        if over.size:
            order = np.argsort(np.abs(over - x), kind="stable")
            near = over[order[: max(4, over.size // 2)]]
            return float(np.percentile(lowest[near], limits.underside))
    return float(lowest.max())
