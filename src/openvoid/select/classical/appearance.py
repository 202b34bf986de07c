"""Appearance: how much a colour, at a place, looks like the object rather than like the rest.

Enters: Lab pixels of a labelled frame. Leaves: log-odds for pixels of another. Knows no time.

A histogram of colours for each neighbourhood (the localized classifiers of Bai et al., "Video
SnapCut", 2009, held as one grid over place and colour, as in Maerki et al., "Bilateral space video
segmentation", 2016), which falls back on the histogram of the whole where it has seen little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.select.classical.outline import signed_distance

Pixels = NDArray[np.uint8]  # [h, w, 3] Lab
Map = NDArray[Any]  # [h, w] float32
COLOUR_BINS = 12  # a channel, over the range that the frame uses
COLOURS = COLOUR_BINS**3
BAND_PX = 12.0  # around the boundary, where colours are judged
BACK_OFF = 6.0  # pixels that the whole counts for in a neighbourhood
LEAST = 0.35  # pixels of either, everywhere: unseen colours stay undecided
LIMIT = 5.0  # log-odds
INNER_FADING, OUTER_FADING = 0.85, 0.6  # of what was learnt, for each frame that is learnt
ANCHOR, OUTER_ANCHOR = 0.3, 0.1  # what the marked frame weighs beside all others


@dataclass(frozen=True)
class Palette:
    """Which bin a colour falls in: the range in use, cut into equal parts."""

    low: NDArray[np.float32]  # [3]
    step: NDArray[np.float32]  # [3]

    @classmethod
    def of(cls, lab: NDArray[Any]) -> Palette:
        flat = lab.reshape(-1, 3)[:: max(1, lab.size // 120000)].astype(np.float32)
        low, high = np.percentile(flat, (0.5, 99.5), axis=0)
        step = np.maximum((high - low) / (COLOUR_BINS - 2), (6.0, 2.5, 2.5))
        return cls((low - step).astype(np.float32), step.astype(np.float32))

    def bins(self, lab: NDArray[Any]) -> NDArray[np.int64]:
        """[h, w] number of the colour's bin."""
        split = ((lab.astype(np.float32) - self.low) / self.step).astype(np.int64)
        np.clip(split, 0, COLOUR_BINS - 1, out=split)
        return (split[..., 0] * COLOUR_BINS + split[..., 1]) * COLOUR_BINS + split[..., 2]

    def shares(self, lab: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """[bins^3] share of each colour within a mask, neighbours in colour counted a little."""
        count = np.bincount(self.bins(lab[mask]), minlength=COLOURS).astype(np.float32)
        cube = _blurred(count.reshape((COLOUR_BINS,) * 3), (0, 1, 2)).ravel()
        return np.asarray(cube / max(1.0, float(cube.sum())), np.float32)


@dataclass(frozen=True)
class Colours:
    """Share of each colour in the object against the rest, over everything seen; no place."""

    palette: Palette
    share: Map  # [bins^3] 0..1: of the object among both, each weighing the same

    @classmethod
    def of(cls, palette: Palette, lab: NDArray[Any], inside: Map, outside: Map) -> Colours:
        """From weights [h, w] of being inside and outside."""
        bins = palette.bins(lab).ravel()
        both = []
        for weight in (inside, outside):
            count = np.bincount(bins, weight.ravel(), COLOUR_BINS**3)
            cube = _blurred(count.reshape((COLOUR_BINS,) * 3), (0, 1, 2))
            both.append(cube / max(1.0, cube.sum()))
        floor = 2e-5
        return cls(
            palette, ((both[0] + floor) / (both[0] + both[1] + 2 * floor)).ravel().astype("f4")
        )

    def odds(self, lab: NDArray[Any]) -> Map:
        """Log-odds [h, w] of a colour, wherever it is."""
        share = self.share[self.palette.bins(lab)]
        return np.clip(np.log(share / (1 - share)), -LIMIT, LIMIT)


class Appearance:
    """Counts of colours by neighbourhood, of the labelled frames that it has learnt.

    Places are told as seen from the object's middle, so that the model goes along with it; what is
    around it changes sooner than it does itself, and is forgotten sooner. The frame that a person
    marked is never forgotten.
    """

    def __init__(self, colours: Colours, place_px: float, reach_px: float) -> None:
        """Neighbourhoods of `place_px`, out to `reach_px` from the object's middle."""
        self.colours, self._place_px = colours, place_px
        self._half = max(1, math.ceil(reach_px / place_px))
        self._rows = 2 * self._half + 1
        self._anchor: tuple[Map, Map] | None = None
        self._recent: tuple[Map, Map] | None = None

    def learn(self, lab: NDArray[Any], inside: Map, outside: Map, y: Map, x: Map) -> None:
        """Weights [h, w] of being inside and outside, and places from the object's middle."""
        fresh = self._counted(lab, inside, outside, y, x)
        if self._anchor is None:
            self._anchor = fresh
        elif self._recent is None:
            self._recent = fresh
        else:
            inner = INNER_FADING * self._recent[0] + (1 - INNER_FADING) * fresh[0]
            outer = OUTER_FADING * self._recent[1] + (1 - OUTER_FADING) * fresh[1]
            self._recent = inner, outer

    def odds(self, lab: NDArray[Any], y: Map, x: Map) -> Map:
        """Log-odds [h, w] of pixels at places (y, x) from the object's middle."""
        assert self._anchor is not None
        inner, outer = self._anchor
        if self._recent is not None:
            inner = ANCHOR * inner + (1 - ANCHOR) * self._recent[0]
            outer = OUTER_ANCHOR * outer + (1 - OUTER_ANCHOR) * self._recent[1]
        bins = self.colours.palette.bins(lab)
        index = self._cells(y, x) * COLOURS + bins
        share = self.colours.share[bins]
        inside = inner.ravel()[index] + BACK_OFF * share + LEAST
        outside = outer.ravel()[index] + BACK_OFF * (1 - share) + LEAST
        return np.clip(np.log(inside / outside), -LIMIT, LIMIT)

    def _counted(
        self, lab: NDArray[Any], inside: Map, outside: Map, y: Map, x: Map
    ) -> tuple[Map, Map]:
        index = (self._cells(y, x) * COLOURS + self.colours.palette.bins(lab)).ravel()
        shape = (self._rows, self._rows, *(COLOUR_BINS,) * 3)
        grids = []
        for weight in (inside, outside):
            count = np.bincount(index, weight.ravel(), self._rows**2 * COLOURS)
            grids.append(_blurred(count.astype(np.float32).reshape(shape), (0, 1, 2, 3, 4)))
        return grids[0], grids[1]

    def _cells(self, y: Map, x: Map) -> NDArray[np.int64]:
        last = self._rows - 1
        row = np.clip((y / self._place_px + self._half + 0.5).astype(np.int64), 0, last)
        column = np.clip((x / self._place_px + self._half + 0.5).astype(np.int64), 0, last)
        return np.asarray(row * self._rows + column)


def told_apart(odds: Map, mask: NDArray[np.bool_]) -> Map:
    """How well colours tell the object apart near each place of its boundary [h, w], 0..1."""
    band = (np.abs(signed_distance(mask)) < BAND_PX).astype(np.float32)
    right = ((odds > 0) == mask).astype(np.float32) * np.minimum(1, np.abs(odds) / 1.5)
    sigma = 1.3 * BAND_PX
    share = cv2.GaussianBlur(right * band, (0, 0), sigma) + 1e-4
    share /= cv2.GaussianBlur(band, (0, 0), sigma) + 2e-4
    return np.clip((share - 0.5) * 2, 0, 1).astype(np.float32)


def _blurred(grid: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
    """Every count shared with its neighbours: (1 2 1) / 4 along each axis."""
    for axis in axes:
        if grid.shape[axis] < 2:
            continue
        moved = np.moveaxis(grid, axis, 0)
        fresh = 0.5 * moved
        fresh[1:] += 0.25 * moved[:-1]
        fresh[:-1] += 0.25 * moved[1:]
        grid = np.moveaxis(fresh, 0, axis)
    return np.ascontiguousarray(grid)
