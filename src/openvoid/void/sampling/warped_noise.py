"""Warped noise: white Gaussian noise that moves with the picture, for pass 2's first latent.

Enters: the motion between consecutive frames, at the clip's true size, and a random generator.
Leaves: the noise [C, h, w] of every fourth frame, at latent size, one after the other; memory does
not grow with the clip. Knows no pictures, no masks and no model. The task is that of Burgert et
al. 2025 ("Go-with-the-Flow", arXiv 2501.08331) and `numerics.md`, "Pass 2"; the method is ours.

White noise is carried by tokens instead of a fine grid. A token is a place in the picture, an area
and, a channel, one number z ~ N(0, 1): the integral of white noise over its area, divided by the
root of it. Tokens move with the flow and keep their fractions of a pixel, so that slow motion adds
up and nothing is rounded from frame to frame. A latent cell's noise is that of the tokens in it:

    n(cell) = sum_j sqrt(area_j) z_j / sqrt(sum_j area_j)                                       (1)

What a frame does to the tokens, in this order:
- *moved*: along the forward flow;
- *hidden*: dropped where the backward flow leads elsewhere and others have taken the place;
- *joined*, where the picture shrinks: two become one of both areas,
  z = (sqrt(a) z_a + sqrt(b) z_b) / sqrt(a + b)                                                (2)
- *split*, where it grows: halves of the area, z+- = (z +- e) / sqrt(2), e ~ N(0, 1) fresh     (3)
- *fresh* ones in every place that none has reached: disoccluded, or entered at the border.

Why every latent frame is exactly white, whatever the flow: places and areas depend on the flow and
on random numbers that no z has seen. Given them, the z of all tokens are independent N(0, 1): fresh
ones are; (3) is a rotation of the independent pair (z, e); (2) keeps one coordinate of a rotation
of (z_a, z_b) and drops the other; moving changes no z. (1) combines disjoint sets of tokens with
coefficients of norm 1, and no cell is empty. So the cells are independent N(0, 1); the channels
too. Of the picture's motion (2), (3) and (1) lose nothing: the parts still add up to the whole.

One implementation, numpy on the CPU, also beside a GPU: 384x672 frames with 16 channels take about
0.02 s each on one core (`benchmarks/warp.py`), 4 s for 197 frames, once, before the fifty steps of
pass 2. So the same seed gives the same noise whatever the GPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.vision.flow import Motion, agree, sample

Noise = NDArray[np.float32]
"""[C, h, w], white, unit variance."""

PLACES = 2  # a latent cell has PLACES x PLACES places (half a cell: 4 pixels)
SIDE = 3  # a place is given SIDE x SIDE fresh tokens, which makes 36 a cell
FULL = SIDE * SIDE
CROWDED = 2 * FULL  # more tokens than this in a place are joined in pairs
LONELY = 1  # a place with no more tokens than this splits them
TAKEN = FULL // 2  # trusted tokens in a place that hide the others
LEVELLED = 0.1  # how far areas are brought to those in the picture, a frame
NOWHERE = np.float32(-10_000)  # x of a dropped token, until its slot is used again
MARGIN_CELLS = 2.0  # tokens live on so far outside the picture: what shakes out comes back


def warp_noise(
    motions: Iterable[Motion],
    size: tuple[int, int],
    latent: tuple[int, int],
    channels: int,
    rng: np.random.Generator,
    *,
    keep_every: int = 4,
    degrade: float = 0.0,
) -> Iterator[Noise]:
    """Noise of frames 0, `keep_every`, 2 `keep_every`, ...; frames are one more than motions.

    Args:
        size: height and width of the frames that the motions lead between.
        latent: height and width of the noise.
        degrade: share of fresh noise mixed in, as `degraded`.
    """
    tokens = Tokens(size, latent, channels, rng)
    yield degraded(tokens.noise(), degrade, rng)
    for number, motion in enumerate(motions, start=1):
        tokens.follow(motion)
        if number % keep_every == 0:
            yield degraded(tokens.noise(), degrade, rng)


def degraded(noise: Noise, gamma: float, rng: np.random.Generator) -> Noise:
    """((1 - g) n + g z) / sqrt((1 - g)^2 + g^2) with fresh z: mixed, the variance as it was."""
    if not 0.0 <= gamma <= 1.0:
        raise OpenVoidError(f"noise degradation is {gamma}", mend="from 0 to 1")
    if gamma == 0.0:
        return noise
    fresh = rng.standard_normal(noise.shape, np.float32)
    mixed = (1 - gamma) * noise + gamma * fresh
    return np.asarray(mixed / np.hypot(1 - gamma, gamma), np.float32)


class Tokens:
    """The noise between frames: N tokens, of which `z` has C numbers each."""

    def __init__(
        self,
        size: tuple[int, int],
        latent: tuple[int, int],
        channels: int,
        rng: np.random.Generator,
    ) -> None:
        if min(*size, *latent, channels) < 1:
            raise OpenVoidError(f"noise of {channels} x {latent} for frames of {size}")
        self.size, self.latent, self._rng = size, latent, rng
        self._rows, self._columns = latent[0] * PLACES, latent[1] * PLACES  # of places
        self.x = np.zeros(0, np.float32)  # [N] in cells: 0 is the picture's left edge, w its right
        self.y = np.zeros(0, np.float32)
        self.area = np.zeros(0, np.float32)  # [N], in cells
        self.z = np.zeros((0, channels), np.float32)
        self._fill(np.arange(self._rows * self._columns))

    def noise(self) -> Noise:
        """Equation (1): [C, h, w]."""
        height, width = self.latent
        cell = self._cells()
        inside = np.flatnonzero(cell >= 0)
        order = inside[np.argsort(cell[inside], kind="stable")]
        starts = np.searchsorted(cell[order], np.arange(height * width))
        root = np.sqrt(self.area[order])
        total = np.add.reduceat(self.area[order], starts)
        summed = np.add.reduceat(self.z[order] * root[:, None], starts, axis=0)
        white = summed / np.sqrt(total)[:, None]  # [h * w, C]
        return np.ascontiguousarray(white.T.reshape(-1, height, width), np.float32)

    def follow(self, motion: Motion) -> None:
        """One frame on."""
        if motion.forward.shape != (*self.size, 2) or motion.backward.shape != (*self.size, 2):
            raise OpenVoidError(f"a motion is {motion.forward.shape}, frames are {self.size}")
        trusted = self._move(motion)
        self._drop(trusted)
        self._join()
        self._split()
        self._fill(np.flatnonzero(self._counts() == 0))
        self._level()

    # --- the parts of a step ------------------------------------------------------------------

    def _move(self, motion: Motion) -> NDArray[np.bool_]:
        """All tokens along the flow; which of them both directions agree on."""
        height, width = self.latent
        across, down = width / self.size[1], height / self.size[0]  # cells a pixel
        there = sample(motion.forward, self.x / across - 0.5, self.y / down - 0.5)
        self.x += there[:, 0] * np.float32(across)
        self.y += there[:, 1] * np.float32(down)
        back = sample(motion.backward, self.x / across - 0.5, self.y / down - 0.5)
        return agree(there, back)

    def _drop(self, trusted: NDArray[np.bool_]) -> None:
        """What is far outside; and what is not trusted where enough of the trusted has arrived."""
        height, width = self.latent
        kept = np.abs(self.x - width / 2) < width / 2 + MARGIN_CELLS
        kept &= np.abs(self.y - height / 2) < height / 2 + MARGIN_CELLS
        place = self._places()
        inside = place >= 0
        arrived = np.bincount(place[inside & trusted], minlength=self._rows * self._columns)
        self._remove(~kept | (~trusted & self._of_place(arrived >= TAKEN, place)))

    def _join(self) -> None:
        """Equation (2), on pairs in crowded places."""
        place = self._places()
        crowded = np.flatnonzero(self._of_place(self._counts() > CROWDED, place))
        order = crowded[np.argsort(place[crowded], kind="stable")]
        ordered = place[order]
        rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)  # within the place
        first = np.flatnonzero((rank[:-1] % 2 == 0) & (ordered[:-1] == ordered[1:]))
        one, other = order[first], order[first + 1]
        area = self.area[one] + self.area[other]
        share = self.area[one] / area
        self.x[one] += (1 - share) * (self.x[other] - self.x[one])
        self.y[one] += (1 - share) * (self.y[other] - self.y[one])
        root, rest = np.sqrt(share)[:, None], np.sqrt(1 - share)[:, None]
        self.z[one] = root * self.z[one] + rest * self.z[other]
        self.area[one] = area
        gone = np.zeros(len(self.x), bool)
        gone[other] = True
        self._remove(gone)

    def _split(self) -> None:
        """Equation (3), on the tokens of lonely places; the halves go a little apart."""
        counts = self._counts()
        lonely = np.flatnonzero(self._of_place((counts > 0) & (counts <= LONELY), self._places()))
        angle = self._rng.uniform(0, 2 * np.pi, len(lonely))
        apart_x, apart_y = (turn(angle) / (4 * PLACES * SIDE) for turn in (np.cos, np.sin))
        fresh = self._rng.standard_normal((len(lonely), self.z.shape[1]), np.float32)
        self.area[lonely] /= 2
        whole, x, y = self.z[lonely], self.x[lonely], self.y[lonely]
        self.z[lonely] = (whole + fresh) * np.float32(0.5**0.5)
        self.x[lonely], self.y[lonely] = x + apart_x, y + apart_y
        halves = (whole - fresh) * np.float32(0.5**0.5)
        self._add(x - apart_x, y - apart_y, self.area[lonely], halves)

    def _fill(self, empty: NDArray[np.intp]) -> None:
        """Fresh tokens in those places, evenly but not on a lattice."""
        row, column = np.divmod(np.repeat(empty, FULL), self._columns)
        part_y, part_x = np.divmod(np.tile(np.arange(FULL), len(empty)), SIDE)
        jitter_x, jitter_y = self._rng.random((2, len(row)))
        x = (column + (part_x + jitter_x) / SIDE) / PLACES
        y = (row + (part_y + jitter_y) / SIDE) / PLACES
        area = np.full(len(row), 1 / (FULL * PLACES**2))
        self._add(x, y, area, self._rng.standard_normal((len(row), self.z.shape[1]), np.float32))

    def _level(self) -> None:
        """Let areas become those in the picture as it is: a cell's add up to 1 before long.

        A zoom would make them ever larger or smaller than those of fresh tokens. It is done in
        small steps because tokens of different cells, scaled differently, will share a cell later.
        """
        cell = self._cells()
        inside = np.flatnonzero(cell >= 0)
        total = np.bincount(cell[inside], self.area[inside], self.latent[0] * self.latent[1])
        self.area[inside] *= (total**-LEVELLED).astype(np.float32)[cell[inside]]

    # --- tokens -------------------------------------------------------------------------------

    def _add(self, x: Any, y: Any, area: Any, z: NDArray[np.float32]) -> None:
        """New tokens; into the slots of dropped ones first, so that `z` need not be copied."""
        free = np.flatnonzero(self.x == NOWHERE)
        reused = min(len(free), len(x))
        mine = ((self.x, x), (self.y, y), (self.area, area), (self.z, z))
        for held, new in mine:
            held[free[:reused]] = new[:reused]
        if reused < len(x):
            more = (np.concatenate([held, new[reused:]], dtype=np.float32) for held, new in mine)
            self.x, self.y, self.area, self.z = more

    def _remove(self, gone: NDArray[np.bool_]) -> None:
        self.x[gone] = NOWHERE

    def _places(self) -> NDArray[np.intp]:
        """[N] the place of each token; -1 outside the picture."""
        return self._index(PLACES, self._rows, self._columns)

    def _cells(self) -> NDArray[np.intp]:
        """[N] the latent cell of each token; -1 outside the picture."""
        return self._index(1, *self.latent)

    def _index(self, a_cell: int, rows: int, columns: int) -> NDArray[np.intp]:
        column = np.floor(self.x * np.float32(a_cell)).astype(np.int32)
        row = np.floor(self.y * np.float32(a_cell)).astype(np.int32)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        return np.where(inside, row * columns + column, -1)

    def _counts(self) -> NDArray[np.intp]:
        place = self._places()
        return np.bincount(place[place >= 0], minlength=self._rows * self._columns)

    def _of_place(self, wanted: NDArray[np.bool_], place: NDArray[np.intp]) -> NDArray[np.bool_]:
        """[N] whether a token's place is wanted; none outside is."""
        return np.where(place >= 0, wanted[place], False)
