"""Appearance: how much a colour, at a place, looks like the object rather than like the rest.

Enters: Lab pixels of a labelled frame. Leaves: log-odds for pixels of another. Knows no time.

A histogram of colours for each neighbourhood (the localized classifiers of Bai et al., "Video
SnapCut", 2009, held as one grid over place and colour, as in Maerki et al., "Bilateral space video
segmentation", 2016), which falls back on the histogram of the whole where it has seen little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # [h, w, 3] Lab
Map = NDArray[Any]  # [h, w] float32
COLOUR_BINS = 16  # a channel, over the range that the frame uses
PLACE_PX = 28.0  # side of a neighbourhood
BACK_OFF = 6.0  # pixels that the whole counts for in a neighbourhood
LEAST = 0.35  # pixels of either, everywhere: unseen colours stay undecided
LIMIT = 5.0  # log-odds


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


@dataclass(frozen=True)
class Appearance:
    """Counts of colours by neighbourhood, of one labelled frame."""

    colours: Colours
    rows: int
    columns: int
    inside: Map  # [rows * columns * bins^3]
    outside: Map
    place_px: float

    @classmethod
    def of(
        cls,
        colours: Colours,
        lab: NDArray[Any],
        inside: Map,
        outside: Map,
        place_px: float = PLACE_PX,
    ) -> Appearance:
        """Learn from weights [h, w] of being inside and outside."""
        height, width = inside.shape
        rows, columns = int(height / place_px) + 2, int(width / place_px) + 2
        y, x = np.mgrid[:height, :width].astype(np.float32)
        where = _cells(y, x, rows, columns, place_px) * COLOUR_BINS**3
        index = (where + colours.palette.bins(lab)).ravel()
        shape = (rows, columns, COLOUR_BINS, COLOUR_BINS, COLOUR_BINS)
        grids = []
        for weight in (inside, outside):
            count = np.bincount(index, weight.ravel(), int(np.prod(shape))).astype(np.float32)
            grids.append(_blurred(count.reshape(shape), (0, 1, 2, 3, 4)).ravel())
        return cls(colours, rows, columns, grids[0], grids[1], place_px)

    def odds(self, lab: NDArray[Any], y: Map, x: Map) -> Map:
        """Log-odds [h, w] of pixels that would have been at (y, x) in the frame learnt from."""
        bins = self.colours.palette.bins(lab)
        index = _cells(y, x, self.rows, self.columns, self.place_px) * COLOUR_BINS**3 + bins
        share = self.colours.share[bins]
        inside = self.inside[index] + BACK_OFF * share + LEAST
        outside = self.outside[index] + BACK_OFF * (1 - share) + LEAST
        return np.clip(np.log(inside / outside), -LIMIT, LIMIT)


def _cells(y: Map, x: Map, rows: int, columns: int, place_px: float) -> NDArray[np.int64]:
    row = np.clip((y / place_px + 0.5).astype(np.int64), 0, rows - 1)
    column = np.clip((x / place_px + 0.5).astype(np.int64), 0, columns - 1)
    return row * columns + column


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
