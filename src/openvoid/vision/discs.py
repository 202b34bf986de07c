"""Discs: round things in a picture, told by how it differs from the empty scene.

Enters: how much each pixel differs from the scene without the thing, and where nothing can be seen.
Leaves: circles fitted to the arcs that show, with how much of each circle shows and is borne out.
What the picture's edge or another thing cuts is fitted by the rest of its outline; a shadow at the
foot, which is no part of the circle, is left over. Knows no time and no causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]
Picture = NDArray[np.float32]  # [h, w, 3], 0..1
Points = NDArray[np.float64]  # [N, 2] x, y

RAYS = 96  # directions in which the outline is looked for
SAMPLES, SIDES = 31, 8  # along a ray, and those of them that tell what is inside and outside
CONTRAST = 0.035  # of white: between inside and outside, or no outline is seen
ROUNDS = 4
OFF_PX, OFF = 0.7, 0.06  # so far from a circle, and of its radius, a point of it may lie
LEAST_OFF_PX = 0.3  # nearer is on it, however good the rest is
ARC = 0.35  # of a circle: less of an outline does not tell it. Chosen, not measured
TRIES = 120  # triples of points
NEAR = 0.35  # of the radius: so far in and out along a ray the outline is looked for
LEAST_PX = 4.0  # radius


@dataclass(frozen=True)
class Disc:
    """A circle, pixels, or a ball's ellipse; the middle of the first pixel is at 0.5."""

    x: float
    y: float
    radius: float
    arc: float  # of its outline: the share that was seen and lies on it
    longer: float = 1.0  # times as long, away from the picture's middle
    towards: float = 0.0  # the direction of that, radians
    plain: float = 0.0  # 0..1: how much inside and outside differ

    @property
    def area_px(self) -> float:
        return float(np.pi * self.radius**2 * self.longer)

    def mask(self, height: int, width: int, larger: float = 1.0) -> Mask:
        """Its pixels, those that it covers by half and more."""
        whole = np.zeros((height, width), bool)
        box, part = self.part(height, width, larger)
        whole[box] = part
        return whole

    def part(
        self, height: int, width: int, larger: float = 1.0
    ) -> tuple[tuple[slice, slice], Mask]:
        """Its pixels in the smallest box around it, and where that is."""
        reach = self.radius * self.longer * larger + 1
        rows = slice(max(0, int(self.y - reach)), min(height, max(0, int(self.y + reach) + 1)))
        columns = slice(max(0, int(self.x - reach)), min(width, max(0, int(self.x + reach) + 1)))
        down = np.arange(rows.start, rows.stop)[:, None] + 0.5 - self.y
        right = np.arange(columns.start, columns.stop)[None, :] + 0.5 - self.x
        cos, sin = np.cos(self.towards), np.sin(self.towards)
        along, across = (right * cos + down * sin) / self.longer, down * cos - right * sin
        return (rows, columns), np.hypot(along, across) < self.radius * larger

    def corners(self, count: int = 40) -> Points:
        """Points of its outline, [count, 2] x, y."""
        at = np.linspace(0, 2 * np.pi, count, endpoint=False)
        return self.along(at, np.full(count, self.radius))

    def along(self, at: Points, radius: Points) -> Points:
        """Points in directions `at`, so far away as if it were a circle; [..., 2]."""
        near = np.stack([np.cos(at) * radius, np.sin(at) * radius], axis=-1)
        return near @ self._stretched(self.longer) + (self.x, self.y)

    def carried(self, points: Points) -> Points:
        """Points, [N, 2], that stand around a circle of radius 1 at 0, around it."""
        return self.along(np.arctan2(points[:, 1], points[:, 0]), np.hypot(*points.T) * self.radius)

    def rounded(self, points: Points) -> Points:
        """Points, [N, 2], as if it were a circle."""
        near = points - (self.x, self.y)
        return near @ self._stretched(1 / self.longer) + (self.x, self.y)

    def _stretched(self, longer: float) -> Points:
        way = np.array([np.cos(self.towards), np.sin(self.towards)])
        return np.eye(2) + (longer - 1) * np.outer(way, way)


def ball(disc: Disc, focal_px: float, height: int, width: int) -> Disc:
    """The same, as long as a ball's picture is there: a ball off the axis of a lens is an ellipse
    that points to the picture's middle, 1 / cos of that angle as long as it is wide."""
    off = np.array([disc.x - width / 2, disc.y - height / 2])
    longer = float(np.sqrt(1 + (off @ off) / focal_px**2))
    towards = float(np.arctan2(off[1], off[0]))
    return replace(disc, longer=longer, towards=towards)


def discs(differs: Plane, threshold: float, hidden: Mask, most_px: float) -> Iterator[Disc]:
    """A rough circle for every connected part, on which most of its outline lies.

    Args:
        differs: [h, w] how far each pixel is from the empty scene.
        threshold: from which on that is a thing.
        hidden: [h, w] where nothing can be told.
        most_px: larger radii are none.
    """
    found = ((differs > threshold) & ~hidden).astype(np.uint8)
    tidy = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(tidy)
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] < np.pi * LEAST_PX**2 / 2:
            continue
        rough = _rough(parts == number, hidden, most_px)
        if rough is not None:
            yield rough


def refined(picture: Picture, hidden: Mask, rough: Disc, focal_px: float) -> Disc | None:
    """A ball's outline in a picture near a circle, to a fraction of a pixel; None where none shows.

    Along rays from its middle the outline is where the colour is half way between what it is
    inside and what it is outside: blur, which is alike on both sides, does not shift the middle,
    and a shadow outside, or a scene unknown, does no harm.
    """
    height, width = hidden.shape
    disc = rough
    for _ in range(ROUNDS):
        disc = ball(disc, focal_px, height, width)
        points, plain = _outline(picture, hidden, disc)
        fitted = _trimmed(disc.rounded(points))
        if fitted is None:
            return None
        x, y, radius, kept = fitted
        shift, ratio = np.hypot(x - rough.x, y - rough.y), radius / rough.radius
        if radius < LEAST_PX or shift > rough.radius or not 0.6 < ratio < 1.6:
            return None
        middle = disc.along(np.arctan2(y - disc.y, x - disc.x), np.hypot(x - disc.x, y - disc.y))
        x, y = float(middle[0]), float(middle[1])
        disc = replace(disc, x=x, y=y, radius=radius, arc=kept / RAYS, plain=plain)
    return disc if disc.arc > ARC else None


def _rough(part: Mask, hidden: Mask, most_px: float) -> Disc | None:
    """The circle on which most of a part's outline lies (random sample consensus)."""
    height, width = part.shape
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(outlines, key=len)[:, 0, :].astype(np.float64)
    near = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    inner = (points > 1).all(axis=1) & (points < np.array([width, height]) - 2).all(axis=1)
    points = points[inner & ~near[points[:, 1].astype(int), points[:, 0].astype(int)]] + 0.5
    if len(points) < 8:
        return None
    rng = np.random.default_rng(len(points))
    picked = points[np.array([rng.choice(len(points), 3, replace=False) for _ in range(TRIES)])]
    x, y, radius = _through(picked)
    off = np.abs(np.hypot(points[:, 0] - x[:, None], points[:, 1] - y[:, None]) - radius[:, None])
    close = off < np.minimum(OFF_PX + OFF * radius, 0.2 * radius)[:, None]
    lawful = (radius > LEAST_PX) & (radius < most_px)
    votes = np.where(lawful, close.sum(axis=1) - 0.01 * radius, -1)
    best = int(votes.argmax())
    if votes[best] < 8:
        return None
    arc = float(close[best].sum() / (2 * np.pi * radius[best]))
    return Disc(float(x[best]), float(y[best]), float(radius[best]), arc)


def _through(picked: NDArray[np.float64]) -> tuple[Points, Points, Points]:
    """The circles through triples of points, [N, 3, 2]; radius 0 where they lie on a line."""
    a, b, c = picked[:, 0], picked[:, 1], picked[:, 2]
    first, second = b - a, c - a
    twice = 2 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    safe = np.where(np.abs(twice) < 1e-6, np.inf, twice)
    p, q = np.square(first).sum(axis=1), np.square(second).sum(axis=1)
    x = (second[:, 1] * p - first[:, 1] * q) / safe
    y = (first[:, 0] * q - second[:, 0] * p) / safe
    return a[:, 0] + x, a[:, 1] + y, np.hypot(x, y)


def _outline(picture: Picture, hidden: Mask, disc: Disc) -> tuple[Points, float]:
    """Points of the outline along rays, where they show, and how plainly they do."""
    height, width = picture.shape[:2]
    at = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    steps = np.linspace(1 - NEAR, 1 + NEAR, SAMPLES) * disc.radius
    rays = disc.along(at[:, None] + 0 * steps, 0 * at[:, None] + steps)
    x, y = rays[..., 0], rays[..., 1]
    where = (x - 0.5).astype(np.float32), (y - 0.5).astype(np.float32)
    values = cv2.remap(picture, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    column = np.clip(np.floor(x).astype(int), 0, width - 1)
    row = np.clip(np.floor(y).astype(int), 0, height - 1)
    beyond = (x < 1) | (x > width - 1) | (y < 1) | (y > height - 1) | hidden[row, column]
    inside = values[:, :SIDES].mean(axis=1)
    way = values[:, -SIDES:].mean(axis=1) - inside
    length = np.square(way).sum(axis=-1)
    gone = ((values - inside[:, None]) * way[:, None]).sum(axis=-1) / np.maximum(length, 1e-9)[
        :, None
    ]
    gone = cv2.blur(gone, (3, 1))
    ups = (gone[:, :-1] < 0.5) & (gone[:, 1:] >= 0.5)
    first = ups.argmax(axis=1)
    index = np.arange(RAYS)
    low, high = gone[index, first], gone[index, first + 1]
    share = (0.5 - low) / np.maximum(high - low, 1e-6)
    radius = steps[first] + share * (steps[1] - steps[0])
    once = ups.sum(axis=1) == 1
    good = once & (np.sqrt(length) > CONTRAST) & ~beyond.any(axis=1)
    plain = float(np.median(np.sqrt(length[good]))) if good.any() else 0.0
    return disc.along(at, radius)[good], plain


def _trimmed(points: Points) -> tuple[float, float, float, int] | None:
    """A circle by least squares, what lies off it left out; and how many points lie on it."""
    if len(points) < 8:
        return None
    kept = np.ones(len(points), bool)
    x, y, radius = _fitted(points)
    for _ in range(8):
        off = np.abs(np.hypot(points[:, 0] - x, points[:, 1] - y) - radius)
        spread = 1.5 * float(np.median(off)) + 1e-6
        near = off < max(min(OFF_PX + OFF * radius, 2 * spread), LEAST_OFF_PX)
        if near.sum() < 8:
            return None
        if (near == kept).all():
            break
        kept = near
        x, y, radius = _fitted(points[kept])
    return x, y, radius, int(kept.sum())


def _fitted(points: Points) -> tuple[float, float, float]:
    """Least squares (Kasa 1976) on centred points."""
    middle = points.mean(axis=0)
    near = points - middle
    rows = np.c_[near, np.ones(len(near))]
    a, b, c = np.linalg.lstsq(rows, np.square(near).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(1e-9, c + a * a / 4 + b * b / 4)))
    return float(middle[0] + a / 2), float(middle[1] + b / 2), radius
