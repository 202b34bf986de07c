"""Covariation: what keeps its place beside a moving object, whatever lies behind it.

Enters: a scene, and for each frame a signed picture of how it differs from the clip's own
background, with weights. Leaves: where, seen from the object, that difference is always there, and
by how much it stands out from chance; and what of it each frame shows.

Every frame is laid over the others with the object in the middle, each spot weighted by how calm it
is. What goes with the object adds up there; waves, leaves, other people and what the camera model
leaves over pass by and average out. How much adds up all the same is measured, not assumed: the
same is done with the object's path moved in time and aside (the null), and only a connected region
that weighs more than any that the null makes is claimed (cluster mass, Nichols and Holmes 2002,
Maris and Oostenveld 2007). Knows no causes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion import background, parallax
from openvoid.reason.motion.background import Undisturbed
from openvoid.reason.motion.change import ChangeLimits, exposure
from openvoid.reason.motion.confidence import times
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, largest, opened, smallest, touching

POLE = "a pole in a pan (kite-walk) took all the sea for its shadow; no other value was tried"
Values = NDArray[np.float32]
Trail = dict[int, tuple[float, float]]


@dataclass(frozen=True)
class Difference:
    """How a frame differs from the background, each [h, w] on the canvas."""

    value: Values  # signed
    weight: Values  # how much a spot counts: one over its variance; 0 where nothing is known
    like: Values  # 0 or 1: light could do it
    there: Values  # 0 or 1: it is plainly not the background


Signal = Callable[[int], Difference]


@dataclass(frozen=True)
class CovariationLimits(Limits):
    """What goes with the object, and what only seems to."""

    reach: float = limit(1.7, "of the object's longer side: so far from it is looked", SCENES)
    cells: int = limit(160, "a side of the window, at most", COST)
    frames: int = limit(160, "that are added up, at most", COST)
    fewest: int = limit(5, "frames must show a spot", SCENES)
    steady: float = limit(0.9, "times its own deviation: what is always there", SCENES)
    least: float = limit(0.03, "of the difference: less is not seen", SCENES)
    often: float = limit(0.6, "of the frames: what is there so often is always there", SCENES)
    noises: float = limit(3.0, "times a spot's own deviation: plainly not the background", SCENES)
    shifts: int = limit(8, "by so many parts of the clip the path is moved in time", COST)
    margin: float = limit(1.5, "times the heaviest of the null: what is claimed", SCENES)
    light: float = limit(0.5, "of a region: if light could do so much of it, it may be", SCENES)
    scrap: float = limit(0.02, "of the object: a smaller region is nothing", SCENES)
    broad: float = limit(2.0, "times as broad as the object: more is no shadow or image", POLE)
    # where it is in a frame
    core: float = limit(
        0.5, "of a region's strength: it is there though the frame hides it", SCENES
    )
    told: float = limit(2.0, "times a spot's own deviation: else it cannot be told there", SCENES)
    faint: float = limit(0.03, "of the difference: a frame shows no less", SCENES)
    sure: float = limit(0.25, "of a region's strength: where it is, seen from the object", SCENES)
    edge: float = limit(0.12, "of a region's strength: as far it goes in a frame", SCENES)
    swings: float = limit(0.08, "of the object's size: so far it moves by itself", SCENES)


@dataclass(frozen=True)
class Window:
    """A square around the object, [cells, cells], in the scene's coordinates."""

    cells: int
    cell_px: float

    def at(self, x: float, y: float) -> NDArray[np.float32]:
        """Canvas -> window, [2, 3], with (x, y) in its middle."""
        scale, middle = 1 / self.cell_px, self.cells / 2
        rows = [[scale, 0, middle - x * scale], [0, scale, middle - y * scale]]
        return np.array(rows, np.float32)

    def taken(self, picture: Values, x: float, y: float) -> Values:
        """What a picture shows in the window."""
        return np.asarray(cv2.warpAffine(picture, self.at(x, y), (self.cells, self.cells)))

    def laid(self, window: Values, x: float, y: float, size: tuple[int, int]) -> Values:
        """A window's values on the canvas."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(window, self.at(x, y), size[::-1], flags=flags))


@dataclass
class Sums:
    """What adds up in a window; each [cells, cells]."""

    cells: int
    count: Values = field(init=False)
    weight: Values = field(init=False)
    once: Values = field(init=False)
    twice: Values = field(init=False)
    like: Values = field(init=False)
    there: Values = field(init=False)

    def __post_init__(self) -> None:
        for name in ("count", "weight", "once", "twice", "like", "there"):
            setattr(self, name, np.zeros((self.cells, self.cells), np.float32))

    def add(self, window: Window, seen: Difference, x: float, y: float) -> None:
        """One frame, with the object at (x, y)."""
        weight = window.taken(seen.weight, x, y)
        once = window.taken(seen.value * seen.weight, x, y)
        self.count += weight > 0
        self.weight += weight
        self.once += once
        self.twice += once * once / np.maximum(weight, 1e-6)
        self.like += window.taken(seen.like * seen.weight, x, y)
        self.there += window.taken(seen.there, x, y)

    def told(self) -> tuple[Values, Values]:
        """Mean and deviation."""
        weight = np.maximum(self.weight, np.float32(1e-6))
        mean = np.asarray(self.once / weight, np.float32)
        spread = np.sqrt(np.maximum(self.twice / weight - mean * mean, 0))
        return mean, np.asarray(spread, np.float32)


@dataclass(frozen=True)
class Region:
    """A connected region that keeps its place beside the object."""

    size: Values  # [cells, cells]: of the difference; 0 outside it
    sign: int  # -1 or 1; 0 where it is now this, now that
    mass: float
    like: float  # 0..1: how much of it light could do
    null: float = 0.0  # the heaviest that chance made

    @property
    def strength(self) -> float:
        """Of most of it."""
        return float(np.percentile(self.size[self.size > 0], 75))

    @property
    def contrast(self) -> float:
        """How far it stands out from chance."""
        return times(self.mass, self.null)


@dataclass(frozen=True)
class Following:
    """What follows the object."""

    window: Window
    regions: tuple[Region, ...]
    path: Trail

    def mask(self, scene: Scene, seen: Difference, index: int, limits: CovariationLimits) -> Mask:
        """What of one frame the regions explain: as far as the frame itself shows it there."""
        whole = np.zeros(scene.size, bool)
        if index not in self.path:
            return whole
        margin = 2 + round(limits.swings * extent_px(scene))
        known = seen.weight > 0
        for each in self.regions:
            usual = each.strength
            strength = self.window.laid(each.size, *self.path[index], scene.size)
            region = strength > limits.sure * usual
            value = each.sign * seen.value if each.sign else np.abs(seen.value)
            shown = value > max(limits.faint, limits.edge * usual)
            core = (strength > limits.core * usual) & (seen.weight * usual**2 < limits.told**2)
            whole |= touching(((shown & grown(region, margin)) | core) & known, region)
        rim = grown(scene.object[index], 2)  # where nothing is known
        return whole | (grown(whole, 3) & rim)


@once
def along(evidence: Evidence) -> Following:
    """What is darker or brighter beside an object that moves; nothing beside one that stays."""
    scene, limits = evidence.scene, evidence.limits(CovariationLimits)
    if parallax.stays(evidence):
        return Following(window_of(scene, limits), (), {})
    with evidence.run.timed("covariation"):
        found = following(scene, functools.partial(ratio, evidence), limits)
    for each in found.regions:
        for index in found.path:
            evidence.record("covariation.mass", index, each.mass)
            evidence.record("covariation.null", index, each.null)
    return found


def ratio(evidence: Evidence, index: int) -> Difference:
    """The log of how much brighter a frame is than the background, in its strongest channel.

    A display's curve is a power, so this is the log of the ratio of light by a constant factor. It
    is like light where all channels change by about as much.
    """
    scene, usual, limits = evidence.scene, background.usual(evidence), evidence.limits(ChangeLimits)
    picture, free = scene.picture(index), _free(scene, usual, index)
    picture = picture / exposure(picture, usual.picture, free)
    now, before = _calm(picture, free), _calm(usual.picture, free)
    gain = (now + 0.02) / (before + 0.02)
    low, high = smallest(gain), largest(gain)
    lawful = (low > limits.darkest) & (high < limits.brightest) & (high < limits.tint * low)
    value = np.log(np.where(high * low > 1, high, low))
    restless = cv2.blur(usual.noise, (5, 5)) / (smallest(usual.picture) + 0.02)
    restless = np.maximum(restless, 0.01)
    own = evidence.limits(CovariationLimits)
    there = free & (np.abs(value) > np.maximum(own.least, own.noises * restless))
    return Difference(
        np.clip(value, -1, 1).astype(np.float32),
        np.asarray(free / restless**2, np.float32),
        lawful.astype(np.float32),
        there.astype(np.float32),
    )


def _free(scene: Scene, usual: Undisturbed, index: int) -> Mask:
    return np.asarray(scene.seen(index) & usual.known & ~grown(scene.object[index], 2))


def _calm(picture: Picture, free: Mask) -> Picture:
    """Blurred as little as compression asks for; what is not free does not count."""
    weights = free.astype(np.float32)
    norm = np.maximum(cv2.blur(weights, (3, 3)), 1e-3)[..., None]
    return np.asarray(cv2.blur(picture * weights[..., None], (3, 3)) / norm, np.float32)


def following(scene: Scene, signal: Signal, limits: CovariationLimits) -> Following:
    """What keeps its place beside the object, and stands out from chance."""
    path, window = foot_path(scene), window_of(scene, limits)
    picked = np.unique(np.linspace(0, len(path) - 1, limits.frames).round().astype(int))
    frames = [list(path)[number] for number in picked]
    true = Sums(window.cells)
    for index in frames:
        true.add(window, signal(index), *path[index])
    area = float(np.median([scene.object[t].sum() for t in frames]))
    least = max(4.0, limits.scrap * area / window.cell_px**2)
    candidates = tuple(_clusters(true, least, limits))
    if not candidates:
        return Following(window, (), path)
    own = np.any([each.size > 0 for each in candidates], axis=0).astype(np.float32)
    null = _null(scene, signal, frames, path, window, own, limits)
    chance = max((each.mass for sums in null for each in _clusters(sums, least, limits)), default=0)
    most = limits.broad * _median_breadth(scene, frames) / window.cell_px
    claimed = (
        each
        for each in candidates
        if each.mass > limits.margin * chance and breadth_px(each.size > 0) <= most
    )
    found = tuple(replace(each, null=chance) for each in claimed)
    return Following(window, found, path)


def breadth_px(mask: Mask) -> float:
    """The radius of the largest disc: a shadow is about as broad as what casts it, though it may be
    drawn out in length; what goes with the lens or the view is broader."""
    return float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())


def _median_breadth(scene: Scene, frames: Sequence[int]) -> float:
    return float(np.median([breadth_px(scene.object[t]) for t in frames[:: 1 + len(frames) // 8]]))


def foot_path(scene: Scene) -> Trail:
    """The object's column and foot (x, y) on the canvas, frame by frame, without jitter."""
    frames = scene.object.seen
    rows = []
    for index in frames:
        columns = np.nonzero(scene.object[index])[1]
        rows.append((float(columns.mean()), float(scene.object.box(index).bottom)))
    times, spots = np.array(frames), np.array(rows)
    smooth = {}
    for t in frames:
        near = np.abs(times - t) <= 2
        line = np.polyfit(times[near] - t, spots[near], min(1, int(near.sum()) - 1))
        smooth[t] = (float(line[-1, 0]), float(line[-1, 1]))
    return smooth


def extent_px(scene: Scene) -> float:
    """The object's longer side."""
    boxes = [scene.object.box(t) for t in scene.object.seen]
    return float(np.median([max(box.height, box.width) for box in boxes]))


def window_of(scene: Scene, limits: CovariationLimits) -> Window:
    """The window for an object of that size."""
    radius = min(limits.reach * extent_px(scene), float(max(scene.size)))
    cell = max(1.0, 2 * radius / limits.cells)
    return Window(round(2 * radius / cell), cell)


def _null(
    scene: Scene,
    signal: Signal,
    frames: Sequence[int],
    path: Trail,
    window: Window,
    own: Values,
    limits: CovariationLimits,
) -> list[Sums]:
    """The same with other paths; what is beside the object itself does not count."""
    moved = list(_moved(frames, path, limits.reach * extent_px(scene), limits))
    null = [Sums(window.cells) for _ in moved]
    for index in frames:
        seen = signal(index)
        free = ~grown(window.laid(own, *path[index], scene.size) > 0, round(2 * window.cell_px))
        seen = replace(seen, weight=seen.weight * free, there=seen.there * free)
        for sums, where in zip(null, moved, strict=True):
            sums.add(window, seen, *where[index])
    return null


def _moved(
    frames: Sequence[int], path: Trail, reach: float, limits: CovariationLimits
) -> Iterator[Trail]:
    """The path at other times, and aside."""
    for k in range(1, limits.shifts):
        by = round(k * len(frames) / limits.shifts)
        yield {t: path[frames[(n + by) % len(frames)]] for n, t in enumerate(frames)}
    for aside in (-reach, reach):
        yield {t: (path[t][0] + aside, path[t][1]) for t in frames}


def _clusters(sums: Sums, least_cells: float, limits: CovariationLimits) -> Iterator[Region]:
    """Connected regions that are always there: darker, brighter, or now this and now that."""
    mean, spread = sums.told()
    known = sums.count >= min(limits.fewest, 0.5 * max(1.0, float(sums.count.max())))
    steady = known & (np.abs(mean) > limits.least) & (np.abs(mean) > limits.steady * spread)
    there = known & (sums.there > limits.often * sums.count) & ~steady
    for sign, here in ((-1, steady & (mean < 0)), (1, steady & (mean > 0)), (0, opened(there))):
        size = np.abs(mean) if sign else np.hypot(mean, spread)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(here.astype(np.uint8))
        for number in range(1, count):
            if stats[number, cv2.CC_STAT_AREA] >= least_cells:
                part = labels == number
                mass = float((size * np.sqrt(sums.weight))[part].sum())
                like = float(sums.like[part].sum() / sums.weight[part].sum())
                yield Region(np.where(part, size, 0).astype(np.float32), sign, mass, like)
