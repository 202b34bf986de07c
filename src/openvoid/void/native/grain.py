"""Grain: what a source's noise is like, and more of it for pixels that no camera took.

Enters: pairs of neighbouring frames, where they are kept, and what the model made of them. Leaves:
seeded noise with the power spectrum that the made pictures lack, its level by brightness, and as
much of it frozen in place as in the source (codecs freeze grain; film does not). Knows nothing of
holes and plates.

Measured in blocks that are flat: of those of like brightness the calmest tenth, where texture is
least. In an opponent colour basis, because chroma is stored coarser than luma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box

Picture = NDArray[np.float32]
"""[h, w, 3], shown values (`look`)."""

BINS = 8  # of brightness
BRIGHT = range(BINS)
CALM = 0.1  # share of a bin's blocks that is taken for flat
LEAST_BLOCKS = 4  # a bin with fewer flat blocks is taken from its neighbours
LEAST_LEVEL = 0.0002  # a deviation below this is none
STEEP = 2.0  # grain grows with brightness by no more than this; what is louder is texture
MOST_BLOCKS = 250  # a frame; more are thinned out evenly
CLIPPED = 0.01  # of the samples of a block at the ends of the scale: it does not show its noise
MOST_FROZEN = 0.98
TILE_PX = 512  # the frozen part repeats after so much
BASIS = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
BASIS /= np.linalg.norm(BASIS, axis=1, keepdims=True)  # orthonormal: the transpose leads back


class Look(NamedTuple):
    """A part of one frame: as shot, as made, and where it may be measured."""

    shot: Picture
    made: Callable[[Box], Picture]  # the made picture over a box of `shot`
    kept: NDArray[np.bool_]  # [h, w]


@dataclass(frozen=True)
class Grain:
    """Noise to be added to made pictures."""

    spectrum: NDArray[np.float32]  # [3, n, n] power by frequency, mean 1, in the opponent basis
    levels: NDArray[np.float32]  # [BINS, 3] standard deviation by brightness
    frozen: float  # share of the power that does not change from frame to frame

    def over(self, picture: Picture, box: Box, index: int, seed: int) -> Picture:
        """Grain [h, w, 3] for a made picture that fills `box` of frame `index`."""
        if not self.levels.any():
            return np.zeros_like(picture)
        shape = box.height, box.width
        noise = np.float32((1 - self.frozen) ** 0.5) * self._fresh(shape, (seed, index + 1))
        if self.frozen > 0:
            tile = self._fresh((TILE_PX, TILE_PX), (seed, 0), wrap=True)
            rows = np.arange(box.top, box.bottom) % TILE_PX
            columns = np.arange(box.left, box.right) % TILE_PX
            noise += np.float32(self.frozen**0.5) * tile[rows[:, None], columns[None, :]]
        bright = np.clip(picture.mean(axis=-1) * BINS - 0.5, 0, BINS - 1)
        for channel in range(3):
            noise[..., channel] *= np.interp(bright, np.arange(BINS), self.levels[:, channel])
        return np.asarray(noise @ BASIS, np.float32)

    def _fresh(
        self, shape: tuple[int, int], seed: tuple[int, int], wrap: bool = False
    ) -> NDArray[np.float32]:
        """Coloured noise [h, w, 3] of unit power in the opponent basis."""
        rng = np.random.default_rng(seed)
        pad = self.spectrum.shape[-1] // 2
        if wrap:
            white = rng.standard_normal((*shape, 3), np.float32)
            white = np.pad(white, ((pad, pad), (pad, pad), (0, 0)), mode="wrap")
        else:
            white = rng.standard_normal((shape[0] + 2 * pad, shape[1] + 2 * pad, 3), np.float32)
        planes = [
            np.asarray(cv2.filter2D(np.ascontiguousarray(white[..., channel]), -1, kernel))
            for channel, kernel in enumerate(self._kernels)
        ]
        noise = np.stack(planes, axis=-1)[pad : pad + shape[0], pad : pad + shape[1]]
        return noise.astype(np.float32, copy=False)

    @cached_property
    def _kernels(self) -> list[NDArray[np.float32]]:
        """Zero-phase filters that give white noise the spectrum."""
        kernels = np.fft.ifft2(np.sqrt(self.spectrum)).real
        return list(np.fft.fftshift(kernels, axes=(1, 2)).astype(np.float32))

    def facts(self) -> dict[str, Any]:
        """What the report says of it."""
        return {
            "grain_levels_of_255": [round(float(level) * 255, 3) for level in self.levels[:, 0]],
            "grain_frozen": round(self.frozen, 3),
        }


NONE = Grain(np.ones((3, 16, 16), np.float32), np.zeros((BINS, 3), np.float32), 0.0)


def measure(pairs: Iterable[tuple[Look, Look | None]], block_px: int) -> Grain:
    """The grain that made pictures lack, from frames each with the one after it (if there is)."""
    blocks = [block for pair in pairs for block in _blocks(*pair, block_px)]
    if not blocks:
        return NONE
    calm = {number: _calm([block for block in blocks if block.bin == number]) for number in BRIGHT}
    chosen = [block for among in calm.values() for block in among]
    if not chosen:
        return NONE
    unlike = _unlike(chosen)
    lacks = {number: _lack(among, unlike) for number, among in calm.items() if among}
    spectrum = sum(len(calm[number]) * lack for number, lack in lacks.items())
    spectrum = np.maximum(np.asarray(spectrum), 0)
    short = spectrum > 0  # at other frequencies the made pictures are lively enough
    powers = {number: np.mean(lack * short, axis=(1, 2)) for number, lack in lacks.items()}
    levels = _levels({number: np.sqrt(np.maximum(power, 0)) for number, power in powers.items()})
    mean = spectrum.mean(axis=(1, 2), keepdims=True)
    spectrum = np.where(mean > 0, spectrum / np.where(mean > 0, mean, 1), 1)
    lacking = np.mean([power[0] for number, power in powers.items() for _ in calm[number]])
    fresh = [block.fresh for block in chosen if block.fresh is not None]
    frozen = 0.0
    if fresh and lacking > 0:
        frozen = float(np.clip(1 - np.median(fresh) / lacking, 0, MOST_FROZEN))
    return Grain(spectrum.astype(np.float32), levels.astype(np.float32), frozen)


def _unlike(blocks: list[_Block]) -> NDArray[np.float64]:
    """[3, n, n] share of the shot's power that follows nothing in the made picture.

    One less the coherence: what the model merely made softer or flatter is no grain.
    """
    shot, made, cross = map(_calmed, np.mean([block.spectra for block in blocks], axis=0))
    return np.asarray(1 - np.clip(cross**2 / np.maximum(shot * made, 1e-30), 0, 1), np.float64)


def _lack(blocks: list[_Block], unlike: NDArray[np.float64]) -> NDArray[np.float64]:
    """[3, n, n] power that made pictures of one brightness lack."""
    shot, made, _ = map(_mirrored, np.mean([block.spectra for block in blocks], axis=0))
    return np.asarray(np.minimum(shot * unlike, shot - made), np.float64)


def _calm(blocks: list[_Block]) -> list[_Block]:
    """The calmest of some blocks of like brightness; none where there are too few to choose."""
    blocks = sorted(blocks, key=lambda block: float(block.spectra[0, 0].sum()))
    calm = blocks[: max(LEAST_BLOCKS, round(CALM * len(blocks)))]
    return calm if len(calm) >= LEAST_BLOCKS else []


def _levels(known: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """[BINS, 3] deviations from those of some bins; what is louder than grain can be is cut."""
    bins, found = sorted(known), np.array([known[number] for number in sorted(known)])
    quiet = np.where(found > LEAST_LEVEL, found, np.inf).min(axis=0)
    found = np.minimum(found, STEEP * quiet)
    levels = np.stack([np.interp(BRIGHT, bins, plane) for plane in found.T], axis=-1)
    ends = np.pad(levels, ((1, 1), (0, 0)), mode="edge")
    return 0.25 * ends[:-2] + 0.5 * levels + 0.25 * ends[2:]  # brightness is no staircase


class _Block(NamedTuple):
    bin: int
    spectra: NDArray[np.float32]  # [3, 3, n, n] of the shot, the made picture, both in common
    fresh: float | None  # power of the shot's noise that is new in the next frame


def _blocks(here: Look, after: Look | None, side: int) -> Iterator[_Block]:
    """Every block that is kept and not clipped, thinned to `MOST_BLOCKS`."""
    height, width = here.kept.shape
    boxes = [
        Box(top, left, top + side, left + side)
        for top in range(0, height - side + 1, side)
        for left in range(0, width - side + 1, side)
    ]
    kept = here.kept if after is None else here.kept & after.kept
    fits = [box for box in boxes if kept[box.slices].all()]
    step = max(1, len(fits) // MOST_BLOCKS)
    for box in fits[::step]:
        shot = here.shot[box.slices]
        if (np.mean(shot <= 0.002) > CLIPPED) or (np.mean(shot >= 0.998) > CLIPPED):
            continue
        flat, made = _flattened(shot), _flattened(here.made(box))
        number = int(np.clip(shot.mean() * BINS, 0, BINS - 1))
        fresh = None
        if after is not None:
            change = _flattened(after.shot[box.slices])[..., 0] - flat[..., 0]
            fresh = float(np.mean(change**2)) / 2
        waves = _waves(flat), _waves(made)
        pairs = (waves[0], waves[0]), (waves[1], waves[1]), waves
        yield _Block(number, np.stack([_common(*pair) for pair in pairs]), fresh)


def _flattened(block: Picture) -> NDArray[np.float64]:
    """The block in the opponent basis, less its best plane, channel by channel."""
    side = block.shape[0]
    ramp = np.arange(side) - (side - 1) / 2
    values = block.astype(np.float64) @ BASIS.T.astype(np.float64)
    values -= values.mean(axis=(0, 1))
    square = float((ramp**2).sum()) * side
    down = np.einsum("y,yxc->c", ramp, values) / square
    across = np.einsum("x,yxc->c", ramp, values) / square
    return values - ramp[:, None, None] * down - ramp[None, :, None] * across


def _waves(flat: NDArray[np.float64]) -> NDArray[np.complex128]:
    """[3, n, n] spectrum of a block [n, n, 3], windowed (Hann): its edges are not detail."""
    side = flat.shape[0]
    window = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    window /= np.sqrt(np.mean(window**2))
    waves = np.fft.fft2(flat * (window[:, None] * window)[..., None], axes=(0, 1))
    return np.moveaxis(waves, -1, 0) / side


def _common(one: NDArray[np.complex128], other: NDArray[np.complex128]) -> NDArray[np.float32]:
    """[3, n, n] common power by frequency; its mean is the covariance of each channel."""
    return (one * other.conj()).real.astype(np.float32)


def _mirrored(spectrum: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same in all four quadrants, which calms it; rows and columns need not be alike."""
    mirrored = [np.roll(np.flip(spectrum, axis), 1, axis) for axis in (1, 2)]
    both = np.roll(np.flip(mirrored[0], 2), 1, 2)
    return np.asarray((spectrum + mirrored[0] + mirrored[1] + both) / 4, np.float64)


def _calmed(spectrum: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mirrored, and a mean over neighbouring frequencies."""
    mean = _mirrored(spectrum)
    for axis in (1, 2):
        mean = (np.roll(mean, 1, axis) + mean + np.roll(mean, -1, axis)) / 3
    return mean
