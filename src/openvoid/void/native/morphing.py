"""Does the pass-1 result need pass 2? Finds things that morph, boil or flicker in it.

Enters: the frames that pass 1 made, the quadmask's labels at their size, a flow. Leaves: a score,
where 1 is the threshold, and why. Knows nothing of models, noise or files; holds a few frames.
Pass 2 exists to mend objects that change shape (VOID, arXiv 2604.02296: it is run where morphing
is detected); no detector was released, so this one is ours.

What keeps its shape moves, turns and scales as a whole. So in the changed region (not KEEP) a few
similarities are fitted to the flow between frames t and t +- REACH, and each pixel is asked whether
one of them leads to where it looks the same, in either frame: what is covered later was seen
before. Edges of moving things, where flow is never right, are explained so as well. Measured are
- *shape*: the unexplained change, after a blur of 2 pixels, against the contrast about it;
- *flicker*: the change of broad tones along the flow from frame to frame, as a share of full scale.

A frame's value is the mean of the worst tenth of the changed region's places, less the level of the
kept region: one and a half times the median of its places, which is what codec, grain and camera
alone do, and not what people do who move there. A clip's value is the mean of its worst third of
frames, so that a thing that morphs for a while is found. Each is divided by its limit; the score is
the larger.

The limits are calibrated on rigid and morphing things that we composited into real clips
(`benchmarks/morph.py`), not on results of the real weights, which nobody here has seen. Water,
smoke, cloth and people change shape by themselves: where only the changed region has them they are
taken for morphing, and pass 2 runs in vain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Labels, Region
from openvoid.vision.flow import Displacement, Flow, Picture, sample

REACH = 4  # frames between those that are compared
EVERY = 2  # frames between those that are looked at
POINT_PX = 4  # between the points that motions are fitted to
MOTIONS = 4  # similarities a region is explained by, at most
TRIES = 80  # pairs of points a similarity is sought from
NEAR_PX = 40.0  # between the points of a pair
FITS_PX = 1.0  # flow so near to a similarity follows it
LEAST_FIT = 30  # points that make a motion of their own
PLACE_PX = 16  # a place that is given a value
FEW = 12  # places below which a region says nothing
WORST_SHARE = 0.1  # of a region, that makes a frame's value
WORST_FRAMES = 3  # one in so many makes a clip's value
LEVEL = 1.5  # medians of the kept region that are its level
FLOOR = 0.03  # contrast that counts as much as all change in flat places

LIMITS = {"shape": 0.2, "flicker": 0.025}
WORDS = {"shape": "things change shape", "flicker": "tones flicker"}

Field = NDArray[np.float32]
Similarity = tuple[complex, complex]
"""Turn and shift: z goes to turn * z + shift, with z = x + iy in pixels."""


@dataclass(frozen=True)
class Morphing:
    """What was found. `score` 1 is the threshold; each measure is scaled to it in the same way."""

    score: float
    measures: dict[str, float]  # shape, flicker
    per_frame: dict[int, float]  # frame -> the larger measure; frames that say nothing are left out
    why: str

    @property
    def needed(self) -> bool:
        return self.score > 1.0


def detect(result: Iterable[Picture], labels: Iterable[Labels], flow: Flow) -> Morphing:
    """Look for morphing in the changed region of a result.

    Args:
        result: frames [H, W, 3] in 0..1 as pass 1 made them.
        labels: the quadmask's, of the same frames and size.
    """
    found = {frame: values for frame, values in levels(result, labels, flow) if values is not None}
    if not found:
        return Morphing(0.0, dict.fromkeys(LIMITS, 0.0), {}, "too little is changed to tell")
    table = np.array(list(found.values())) / list(LIMITS.values())
    worst = -(-len(table) // WORST_FRAMES)
    clip = np.sort(table, axis=0)[-worst:].mean(axis=0)
    measures = {name: float(value) for name, value in zip(LIMITS, clip, strict=True)}
    top = max(measures, key=lambda name: measures[name])
    why = f"{WORDS[top]}: {measures[top]:.2f} of what calls for pass 2"
    per_frame = {frame: float(row.max()) for frame, row in zip(found, table, strict=True)}
    return Morphing(measures[top], measures, per_frame, why)


@dataclass(frozen=True)
class _Look:
    """One frame as it is measured: nothing as fine as grain is left in it."""

    frame: Picture
    near: Field  # [H, W, 3] blurred by 2 pixels: edges smear no farther than a place
    tone: Field  # [H, W, 3] blurred by 4
    contrast: Field  # [H, W] about each pixel, between 2 and 8 pixels of blur
    changed: NDArray[np.bool_]  # [H, W]
    kept: NDArray[np.bool_]  # [H, W] well away from what is changed


def levels(
    result: Iterable[Picture], labels: Iterable[Labels], flow: Flow
) -> Iterator[tuple[int, tuple[float, float] | None]]:
    """Frame number, shape and flicker over the kept level, before limits; None: nothing to tell."""
    looks: deque[_Look] = deque(maxlen=2 * REACH + 1)
    for number, (frame, label) in enumerate(zip(result, labels, strict=True)):
        looks.append(_look(frame, label))
        middle = number - REACH
        if len(looks) == looks.maxlen and middle % EVERY == 0:
            yield middle, _excess(list(looks), flow)


def _look(frame: Picture, labels: Labels) -> _Look:
    if frame.shape[:2] != labels.shape:
        raise OpenVoidError(f"frames are {frame.shape[:2]}, their labels {labels.shape}")
    near, tone, far = (cv2.GaussianBlur(frame, (0, 0), sigma) for sigma in (2, 4, 8))
    changed = labels != Region.KEEP
    border = cv2.dilate(changed.astype(np.uint8), np.ones((PLACE_PX + 1, PLACE_PX + 1), np.uint8))
    contrast = np.sqrt(_blurred(((near - far) ** 2).sum(axis=2)))
    return _Look(frame, np.asarray(near), np.asarray(tone), contrast, changed, border == 0)


def _excess(looks: list[_Look], flow: Flow) -> tuple[float, float] | None:
    """Shape and flicker of the changed region in the middle frame, less those of the kept one."""
    here, after = looks[REACH], looks[REACH + 1]
    others = [(there, flow.between(here.frame, there.frame)) for there in (looks[0], looks[-1])]
    shift = _tone_shift(here, after, flow.between(here.frame, after.frame))
    found = []
    for region in (here.changed, here.kept):
        change = np.min([_unexplained(here, *other, region) for other in others], axis=0)
        change[~np.isfinite(change)] = 0.0  # out of the picture in both frames: nothing is known
        shape = np.asarray(_blurred(change) / (here.contrast + FLOOR), np.float32)
        found.append([_places(shape, region), _places(shift, region)])
    if len(found[0][0]) < FEW:
        return None
    over = [_worst(inside) - _level(outside) for inside, outside in zip(*found, strict=True)]
    return max(0.0, over[0]), max(0.0, over[1])


def _unexplained(here: _Look, there: _Look, flow: Displacement, region: NDArray[np.bool_]) -> Field:
    """[H, W] how much the look changes under the similarity that explains a pixel best."""
    height, width = region.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    best = np.full(region.shape, np.inf, np.float32)
    for turn, shift in _motions(flow, region):
        to = turn * (x + 1j * y) + shift
        moved = sample(there.near, to.real, to.imag)
        change = _lightly_blurred(((moved - here.near) ** 2).sum(axis=2))
        inside = (to.real >= 0) & (to.imag >= 0) & (to.real < width) & (to.imag < height)
        best = np.where(inside, np.minimum(best, np.sqrt(change)), best)
    return best


def _motions(flow: Displacement, region: NDArray[np.bool_]) -> list[Similarity]:
    """Similarities that most of the flow in a region follows, one after the other.

    Pairs of points not far apart propose (Fischler & Bolles 1981), least squares refines.
    """
    rows, columns = np.nonzero(region[::POINT_PX, ::POINT_PX])
    start = (columns + 1j * rows) * POINT_PX
    end = start + flow[::POINT_PX, ::POINT_PX][rows, columns] @ np.array([1, 1j])
    rng = np.random.default_rng(0)
    found: list[Similarity] = []
    left = np.ones(len(start), bool)
    while len(found) < MOTIONS and left.sum() >= max(LEAST_FIT, 2):
        fits = _best_fit(start[left], end[left], rng)
        if fits.sum() < LEAST_FIT:
            break
        chosen = np.flatnonzero(left)[fits]
        found.append(_similarity(start[chosen], end[chosen]))
        turn, shift = found[-1]
        left &= np.abs(turn * start + shift - end) > FITS_PX
        left[chosen] = False
    return found or [(1 + 0j, 0j)]  # no order at all: compared as if it stood still


def _best_fit(
    start: NDArray[np.complex128], end: NDArray[np.complex128], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """[N] the points that the best of TRIES similarities fits."""
    best = np.zeros(len(start), bool)
    for one in rng.integers(0, len(start), TRIES):
        near = np.flatnonzero(np.abs(np.abs(start - start[one]) - NEAR_PX / 2) < NEAR_PX / 2)
        near = near[near != one]
        if len(near) == 0:
            continue
        other = rng.choice(near)
        turn = (end[other] - end[one]) / (start[other] - start[one])
        fits = np.abs(end[one] + turn * (start - start[one]) - end) < FITS_PX
        if fits.sum() > best.sum():
            best = fits
    return best


def _similarity(start: NDArray[np.complex128], end: NDArray[np.complex128]) -> Similarity:
    """Least squares."""
    centred = start - start.mean()
    turn = complex((centred.conj() * (end - end.mean())).sum() / (np.abs(centred) ** 2).sum())
    return turn, complex(end.mean() - turn * start.mean())


def _tone_shift(here: _Look, after: _Look, flow: Displacement) -> Field:
    """[H, W] how much broad tones change from one frame to the next."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    change = sample(after.tone, x + flow[..., 0], y + flow[..., 1]) - here.tone
    return np.asarray(np.abs(_blurred(change)).max(axis=2))


def _blurred(field: Field) -> Field:
    return np.asarray(cv2.blur(field, (PLACE_PX, PLACE_PX)), np.float32)


def _lightly_blurred(field: Field) -> Field:
    return np.asarray(cv2.blur(field, (5, 5)), np.float32)


def _places(values: Field, region: NDArray[np.bool_]) -> Field:
    """[N] the values of a region's places, sorted."""
    half = PLACE_PX // 2
    chosen = region[half::half, half::half]
    return np.sort(values[half::half, half::half][chosen])


def _worst(values: Field) -> float:
    return float(values[-max(1, round(WORST_SHARE * len(values))) :].mean())


def _level(values: Field) -> float:
    """What happens where nothing was changed; nothing is known where almost all was."""
    return LEVEL * float(np.median(values)) if len(values) >= FEW else 0.0
