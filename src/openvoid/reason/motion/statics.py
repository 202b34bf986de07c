"""Statics: what the object bears, how it gives way without it, and where it comes to rest.

Enters: the mask of all that hangs together with an object that stands still, the object's mask, the
row of the ground. Leaves: losses. A loss is a part with the posts that go on bearing it, and the
way it moves: straight down where nothing else bears it, or about the edge of the posts that are
left; with regions by time in seconds. What stands on its own feet is no loss.

Statics of a picture: a column of the mask that goes on down to the ground bears; a column that ends
above the object is borne by it; all others hang over. What is borne on one side only tips to the
other. An object that lies on an overhang balances it, so that without it the other end goes down.
Near and far are not known, so where things come to rest is a region. Times are those of things of
a person's size and smaller on earth, in a shot that plays as fast as it was taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.scene import Mask
from openvoid.vision.masks import grown, touching

GIVES_S = 0.3  # after which what is small and low may be on the ground already
RESTS_S = 1.2  # after which what fell from a man's height has bounced, slid, rolled, and rests
GROUND = 0.2  # of the height of it all: feet that are so much farther up stand farther back
POST = 0.25  # of a part's height: a lower column is a shadow, or lies on the ground
GAP_PX = 2  # in a column: as much may be missing
TOUCH_PX = 6
BORNE = 0.3  # of the object's columns: so many must lie right above or below what they touch
ARM = 0.5  # of the other arm's length: so long is the arm of a seesaw
LEG = 0.3  # of the way down to the ground: what reaches farther down is a post's side
SMALL = np.ones((3, 3), np.uint8)
UNDERSIDE = 70  # percentile of the rows at which columns end
BRIDGED = 0.025  # of the short side: gaps between the pieces of one part
ROOM = 0.06  # of the object's height: what is no higher above the ground lies on it
HELD = 0.35  # of the object's height: what touches it lower stands beside it
SLIM = 1.5  # times as high as wide
LEAN = 0.05  # of a part's height: its upper third is so far from above the lower one
PART_SHARE = 0.0004  # of the picture: smaller parts are stains
SCRAP = 0.08  # of a part's largest piece: smaller pieces are none of it
STEP_DEG = 4.0
MOST_DEG = 100.0  # what tips over its foot lies flat then
HEAP = 0.2  # of a part's length: so far from its low end its load may lie
CRUMBLES = 0.12  # of a part's height: so much farther
ASIDE = 0.15  # of the drop and of a part's length: so far to the sides it may bounce and roll
SPREAD = 0.08  # of the drop or a part's length: where it lies is known no better
NEARER = 0.16  # of the drop: nearer or farther on the ground
SHADE = 0.3  # of the way up from the ground
SLENDER = 1.2  # times as high as wide: such a post may be pulled over
WIDENING = 0.06  # of the way


@dataclass(frozen=True, eq=False)
class Loss:
    """A part that loses its hold."""

    part: Mask
    posts: Mask  # what goes on bearing it; nothing: it drops
    pivot: tuple[float, float] | None  # x, y: it tips about that
    side: int  # -1: to the left, 1: to the right, 0: it drops
    ground: float  # the row it comes to rest on

    def at(self, since_s: float) -> Mask:
        """Where it may be so long after its hold has gone, its old place left out."""
        if since_s >= RESTS_S:
            return self.rest()
        share = min(1.0, since_s / GIVES_S) ** 2  # falls begin slowly
        region = self.way(share)
        return region | self.rest() if share >= 1 else region

    def changes(self) -> Mask:
        """What is not as it is now: the part, and posts so slender that it may pull them over."""
        box = bounding_box(self.posts)
        return self.part | (self.posts & (box.height > SLENDER * box.width))

    def way(self, share: float) -> Mask:
        """All places between its old one and so much of the way down."""
        return _turned(self, share)[0] if self.pivot else _dropped(self, share)

    def rest(self) -> Mask:
        return _rest(self)


def losses(things: Mask, object_: Mask, ground: float, shade: Mask) -> list[Loss]:
    """The parts of `things` that would fall without the object; feet may be in `shade`."""
    bridges = object_ & grown(things, round(BRIDGED * min(things.shape)))
    joined = grown(things, 1) | bridges  # a hand before a bottle does not cut it in two
    count, labels = cv2.connectedComponents(joined.astype(np.uint8))
    found = []
    for number in range(1, count):
        part = (labels == number) & things
        if part.sum() > PART_SHARE * part.size and (part & grown(object_, TOUCH_PX)).any():
            loss = _loss(part, object_, ground, shade)
            if loss is not None:
                found.append(loss)
    return found


def _loss(part: Mask, object_: Mask, ground: float, shade: Mask) -> Loss | None:
    ground = max(ground, float(bounding_box(part).bottom))
    posts = _posts(part, object_, ground, shade)
    if not posts.any():
        return Loss(part, posts, None, 0, ground) if _hangs(part, object_, ground) else None
    left, right = _reach(posts)
    side = _side(part, object_, left, right)
    if side == 0:
        return _leaning(part, object_, ground)
    x = right if side > 0 else left
    y, above = _joint(part, x, side), _upper(part)
    if _meets(part, object_) > BORNE * object_.any(axis=0).sum():  # it bears all storeys above it
        y = max(y, _ends(object_)[0])
        above = part & (np.arange(part.shape[0])[:, None] <= y + TOUCH_PX)
    bearing = _below(part, posts, y, ground)
    loose = cv2.morphologyEx((above & ~bearing).astype(np.uint8), cv2.MORPH_OPEN, SMALL) > 0
    loose = _main(loose)
    foot = _ends(bearing)[1] if bearing.any() else ground
    middle = float(np.nonzero(object_)[1].mean())
    if (middle - x) * side < 0:  # it comes down beside its posts, not where the object is
        ground = min(ground, foot)
    return Loss(loose, bearing, (x, y), side, ground) if loose.any() else None


def _main(mask: Mask) -> Mask:
    """A mask without scraps: a rim of a shadow left on the ground would stop a fall at once."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas > SCRAP * areas.max(initial=0))
    return np.isin(labels, kept)


def _hangs(part: Mask, object_: Mask, ground: float) -> bool:
    """Whether a part lies on the object, or is held by it with room to fall below."""
    if _meets(part, object_) > BORNE * part.any(axis=0).sum():
        return True
    top, foot = _ends(object_)
    rows = np.nonzero(grown(object_, TOUCH_PX) & part)[0]
    room = ground - _ends(part)[1] > ROOM * (foot - top)
    return room and float(np.median(rows)) < foot - HELD * (foot - top)


def _leaning(part: Mask, object_: Mask, ground: float) -> Loss | None:
    """A tall part that leans on the object falls that way, over its foot."""
    upper = _upper(part | object_) & part  # a hand before a board does not end it
    body = upper & (upper.sum(axis=0) > POST * bounding_box(part).height)
    if not body.any():
        return None
    top, foot = _ends(body)
    left, right = _reach(body)
    tall = foot - top + 1
    rows, columns = np.nonzero(body)
    high, low = columns[rows < top + tall / 3].mean(), columns[rows > foot - tall / 3].mean()
    side = int(np.sign(np.nonzero(object_)[1].mean() - low))
    contact = np.nonzero(grown(object_, TOUCH_PX) & body)[0]
    touches = contact.size > 0 and contact.min() < top + tall / 2
    slim = tall > SLIM * (right - left + 1)
    if not (touches and slim and side * (high - low) > LEAN * tall):
        return None
    feet = np.flatnonzero(body[int(foot - 0.15 * tall) :].any(axis=0))
    pivot = float(feet[-1] if side > 0 else feet[0]), foot
    return Loss(body, np.zeros_like(part), pivot, side, ground)


def _below(part: Mask, posts: Mask, y: float, ground: float) -> Mask:
    """The posts up to the row at which the rest begins, with their sides, which end higher up."""
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(_upper(part), rows, -1).max(axis=0)
    sides = np.asarray(lowest > y + LEG * (ground - y))
    held = np.asarray(posts.any(axis=0))
    return part & (rows > y) & (touching(sides[None], held[None])[0] | held)


def _reach(mask: Mask) -> tuple[float, float]:
    columns = np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(columns[-1])


def _posts(part: Mask, object_: Mask, ground: float, shade: Mask) -> Mask:
    """The columns of a part that go on down to the ground, none of the object below them."""
    box, own = bounding_box(part), bounding_box(object_)
    whole = max(box.bottom, own.bottom, ground) - min(box.top, own.top)
    whole_part = part | shade
    closed = cv2.morphologyEx(
        whole_part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * GAP_PX + 1, 1), np.uint8)
    )
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(whole_part, rows, -1).max(axis=0)
    run = np.cumprod((closed > 0)[::-1] | (rows[::-1] > lowest), axis=0)[::-1] > 0
    run &= part
    below = (object_ & (rows > lowest)).any(axis=0)
    good = (lowest > ground - GROUND * whole) & ~below & (run.sum(axis=0) > POST * box.height)
    wide = cv2.morphologyEx(good[None].astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, 3), np.uint8))
    return run & (wide > 0)


def _side(part: Mask, object_: Mask, left: float, right: float) -> int:
    """To which side a part tips that posts bear from `left` to `right`; 0: it stands."""
    middle = float(np.nonzero(object_)[1].mean())
    where = 1 if middle > right else -1 if middle < left else 0
    touched = BORNE * object_.any(axis=0).sum()
    over, under = _meets(part, object_), _meets(part[::-1], object_[::-1])
    if max(over, under) > touched:
        return where if over > under else -where * _balances(part, left, right, where)
    weight = float(np.nonzero(_upper(part))[1].mean())
    leans = weight > right if where > 0 else weight < left
    return where if leans else 0


def _balances(part: Mask, left: float, right: float, where: int) -> bool:
    """Whether a part on posts reaches out on the other side than `where` nearly as far."""
    first, last = _reach(part)
    ends = (left - first, last - right)
    this, other = ends if where < 0 else ends[::-1]
    return other > ARM * this


def _meets(part: Mask, object_: Mask) -> int:
    """In how many columns a part lies right above the object."""
    rows = np.arange(part.shape[0])[:, None]
    top = np.where(object_, rows, part.shape[0]).min(axis=0)
    touching = part & (rows >= top - TOUCH_PX) & (rows < top)
    return int((touching.any(axis=0) & object_.any(axis=0)).sum())


def _ends(mask: Mask) -> tuple[float, float]:
    rows = np.flatnonzero(mask.any(axis=1))
    return float(rows[0]), float(rows[-1])


def _upper(part: Mask) -> Mask:
    """Each column of a part down to the first gap: below is its shadow."""
    closed = cv2.morphologyEx(
        part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * GAP_PX + 1, 1), np.uint8)
    )
    begun = np.maximum.accumulate(part, axis=0)
    return part & (np.cumprod((closed > 0) | ~begun, axis=0) > 0)


def _joint(part: Mask, x: float, side: int) -> float:
    """The row of the underside of what hangs over beside the posts."""
    rows = np.arange(part.shape[0])[:, None]
    lowest = np.where(_upper(part), rows, -1).max(axis=0)
    columns = np.flatnonzero(lowest >= 0)
    for way in (side, -side):
        over = columns[(columns - x) * way > 0]
        if over.size:
            order = np.argsort(np.abs(over - x), kind="stable")
            near = over[order[: max(4, over.size // 2)]]
            return float(np.percentile(lowest[near], UNDERSIDE))
    return float(lowest.max())


def _dropped(loss: Loss, share: float) -> Mask:
    """A part drawn along straight down."""
    deep = max(0, round(share * (loss.ground - _ends(loss.part)[1])))
    under = np.zeros_like(loss.part)
    step = max(1, deep // 24)
    for down in range(0, deep + 1, step):
        under[down:] |= loss.part[: loss.part.shape[0] - down]
    return grown(under, 2 + round(WIDENING * deep))


def _turned(loss: Loss, share: float) -> tuple[Mask, Mask]:
    """What a part sweeps that turns so much of the way about its pivot, and where it is last."""
    swept = loss.part.copy()
    last = loss.part
    for here in _turns(loss, share):
        swept |= here
        last = here
    return grown(swept, 2), last


def _turns(loss: Loss, share: float) -> Iterator[Mask]:
    assert loss.pivot is not None
    size = loss.part.shape[::-1]
    y, x = np.nonzero(loss.part)
    end = _angle(loss, x, y)
    for angle in np.arange(STEP_DEG, share * end + STEP_DEG, STEP_DEG):
        matrix = cv2.getRotationMatrix2D(loss.pivot, -loss.side * min(angle, end), 1.0)
        yield cv2.warpAffine(loss.part.astype(np.uint8), matrix, size) > 0


def _angle(loss: Loss, x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """How far it turns until it meets the ground, in degrees."""
    assert loss.pivot is not None
    along, down = loss.side * (x - loss.pivot[0]), y - loss.pivot[1]
    ahead = along > 0
    if not ahead.any():
        return MOST_DEG
    along, down = along[ahead], down[ahead]
    for angle in np.arange(STEP_DEG, MOST_DEG, STEP_DEG):
        turn = np.radians(angle)
        low = float((along * np.sin(turn) + down * np.cos(turn)).max())
        if loss.pivot[1] + low > loss.ground:
            return float(angle)
    return MOST_DEG


def _rest(loss: Loss) -> Mask:
    """Where a part lies in the end, with what it carried: a region on the ground."""
    box = bounding_box(loss.part)
    long, short = float(max(box.width, box.height)), float(min(box.width, box.height))
    whole = np.zeros(loss.part.shape, np.uint8)
    if loss.pivot is None:
        deep = max(0, round(loss.ground - _ends(loss.part)[1]))
        middle, wide = (box.left + box.right) / 2, box.width / 2 + ASIDE * (deep + long)
        _ellipse(whole, middle, loss.ground - 0.2 * short, wide, NEARER * deep + 0.5 * short)
        fallen = np.zeros_like(loss.part)
        fallen[deep:] = loss.part[: loss.part.shape[0] - deep]
        return grown(fallen, 2 + round(SPREAD * deep)) | (whole > 0)
    last = _turned(loss, 1.0)[1]
    if not loss.posts.any():
        return grown(_shaded(last, loss), round(SPREAD * long))
    columns = np.flatnonzero(last.any(axis=0))
    if columns.size == 0:
        return last  # beyond the picture
    end = float(columns[-1] if loss.side > 0 else columns[0])
    wide = HEAP * box.width + CRUMBLES * box.height  # what is high falls farther out
    end += loss.side * (CRUMBLES * box.height - 0.05 * box.width)
    _ellipse(whole, end, loss.ground - 0.05 * long, wide, 0.6 * wide)
    return _shaded(last, loss) | (whole > 0)


def _shaded(last: Mask, loss: Loss) -> Mask:
    """A part that leans on its posts, with the ground below it, where its shadow lies."""
    under = np.maximum.accumulate(last, axis=0)
    assert loss.pivot is not None
    under[int(loss.ground) + 1 :] = False
    under[: int(loss.ground - SHADE * (loss.ground - loss.pivot[1]))] = False
    columns = np.arange(last.shape[1])
    under[:, (columns - loss.pivot[0]) * loss.side < 0] = False
    return grown(last | under, 3)


def _ellipse(whole: NDArray[np.uint8], x: float, y: float, wide: float, high: float) -> None:
    axes = max(2, round(wide)), max(2, round(high))
    cv2.ellipse(whole, (round(x), round(y)), axes, 0, 0, 360, 1, -1)
