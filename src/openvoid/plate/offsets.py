"""Offsets worth copying along: how a picture repeats, and what continues the rim of a hole.

Enters: features of a picture and where they are known, a hole, where exemplars may lie. Leaves: a
list of (rows, columns) offsets, the most promising first. Knows nothing of labels or seams.

Two sources of candidates: the statistics of similar patches (He and Sun 2012, section 3), which
finds the periods of walls and the directions of edges; and the best continuations of the patches
that lie half in the hole. Both compare all patches exactly, as matrix products.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]

_SIDE = 7  # of a patch in the statistics, at half size
_RIM_SIDE = 11  # of a patch at the rim
_KEPT = 24  # principal components of a patch
_TURNS = 8  # of orthogonal iteration towards them
_COMPARED = 120_000_000  # patch pairs at most
_QUERIES, _RIM_QUERIES = 2500, 80
_CONTINUATIONS = 3  # of each rim patch
_CHUNK = 8192


def repeating(
    features: Plane, known: Mask, hole: Mask, usable: Mask, rng: np.random.Generator, count: int
) -> Offsets:
    """The offsets at which patches around the hole find their likes most often."""
    height, width = hole.shape
    rows, columns = np.nonzero(hole)
    reach = max(np.ptp(rows), np.ptp(columns)) + 1
    around = np.zeros_like(hole)
    top, left = max(0, rows.min() - reach), max(0, columns.min() - reach)
    around[top : rows.max() + reach + 1, left : columns.max() + reach + 1] = True
    patches = _patches(features, _SIDE)
    sources = _centres(usable, _SIDE)
    queries = _sample(_centres(known, _SIDE, around), _QUERIES, rng)
    if not len(sources) or not len(queries):
        return np.zeros((0, 2), np.int64)
    queries = _sample(queries, max(64, _COMPARED // len(sources)), rng)
    mean, basis = _principal(_flat(patches, _sample(sources, 2000, rng), _SIDE))
    described = np.concatenate(
        [
            (_flat(patches, sources[i : i + _CHUNK], _SIDE) - mean) @ basis
            for i in range(0, len(sources), _CHUNK)
        ]
    )
    asked = np.asarray((_flat(patches, queries, _SIDE) - mean) @ basis, np.float32)
    least = int(np.clip(reach / 4, 6, 20))  # nearer likes are just smoothness
    found = _likes(asked, queries, described, sources, (height, width), least) - queries
    votes = np.zeros((2 * height + 1, 2 * width + 1), np.float32)
    np.add.at(votes, (found[:, 0] + height, found[:, 1] + width), 1)
    np.add.at(votes, (height - found[:, 0], width - found[:, 1]), 0.5)
    votes = cv2.GaussianBlur(votes, (0, 0), 1.0)
    share = coverage(hole, usable)
    peaks = (votes == cv2.dilate(votes, np.ones((3, 3)))) & (votes > 0) & (share > 0.02)
    offsets = np.argwhere(peaks)
    score = votes[peaks] * np.sqrt(share[peaks])
    best = np.argsort(-score, kind="stable")[:count]
    return offsets[best] - (height, width)


def continuing(
    features: Plane, known: Mask, hole: Mask, usable: Mask, rng: np.random.Generator, count: int
) -> Offsets:
    """The offsets to patches that look like the known part of patches at the hole's rim."""
    side = _RIM_SIDE
    height, width = hole.shape
    if min(height, width) < side:
        return np.zeros((0, 2), np.int64)
    lattice = np.arange(0, side, 2)
    sparse = (Ellipsis, lattice[:, None], lattice)
    patches = _patches(features, side)[sparse]
    seen = np.lib.stride_tricks.sliding_window_view(known, (side, side))[sparse]
    sources = _centres(usable, side)
    queries = _sample(_rim(hole, side), _RIM_QUERIES, rng)
    corner = side // 2
    weight = seen[queries[:, 0] - corner, queries[:, 1] - corner].astype(np.float32)
    enough = weight.mean((1, 2)) > 0.2
    queries, weight = queries[enough], weight[enough]
    if not len(sources) or not len(queries):
        return np.zeros((0, 2), np.int64)
    asked = patches[queries[:, 0] - corner, queries[:, 1] - corner]
    weights = np.broadcast_to(weight[:, None], asked.shape)
    # sum w (a - b)^2 = sum w a^2 + (-2 w a) . b + w . b^2, a matrix product over all sources
    left = np.concatenate([(-2 * weights * asked), weights], axis=1).reshape(len(queries), -1)
    error = np.full((len(queries), height * width), np.inf, np.float32)
    for i in range(0, len(sources), _CHUNK):
        chunk = sources[i : i + _CHUNK]
        right = _flat(patches, chunk, side)
        place = chunk[:, 0] * width + chunk[:, 1]
        error[:, place] = left @ np.concatenate([right, right * right], axis=1).T
    error += (weights * asked * asked).sum((1, 2, 3))[:, None]
    error /= weight.sum((1, 2))[:, None]
    votes = _rim_votes(error.reshape(-1, height, width), queries)
    peaks = np.argwhere((votes == cv2.dilate(votes, np.ones((3, 3)))) & (votes > 0))
    best = np.argsort(-votes[peaks[:, 0], peaks[:, 1]], kind="stable")[:count]
    return peaks[best] - (height, width)


def covering(hole: Mask, usable: Mask, offsets: Offsets, most: int) -> Offsets:
    """Up to `most` more offsets, so that every hole pixel has one that leads into `usable`."""
    left = hole.copy()
    for offset in offsets:
        left &= ~shifted(usable, offset)
    added: list[NDArray[np.int64]] = []
    height, width = hole.shape
    while left.any() and len(added) < most:
        share = coverage(left, usable)
        best = share > 0.999 * share.max()  # of those that cover most, the shortest
        if share.max() < 1e-3:
            break
        choice = np.argwhere(best) - (height, width)
        offset = choice[np.argmin((choice**2).sum(1))]
        reached = left & shifted(usable, offset)
        if not reached.any():
            break
        added.append(offset)
        left &= ~reached
    return np.array(added, np.int64).reshape(-1, 2)


def coverage(hole: Mask, usable: Mask) -> NDArray[np.float64]:
    """[2H+1, 2W+1]: the share of the hole that each offset (centre: none) leads into `usable`."""
    height, width = hole.shape
    size = (cv2.getOptimalDFTSize(2 * height + 1), cv2.getOptimalDFTSize(2 * width + 1))
    spectrum = np.fft.rfft2(usable, size) * np.conj(np.fft.rfft2(hole, size))
    landed = np.fft.irfft2(spectrum, size)
    rows, columns = np.arange(-height, height + 1), np.arange(-width, width + 1)
    share: NDArray[np.float64] = landed[np.ix_(rows % size[0], columns % size[1])]
    return np.maximum(share, 0) / max(1, np.count_nonzero(hole))


def shifted(mask: Mask, offset: NDArray[np.int64]) -> Mask:
    """`mask` as seen from each pixel along the offset; False beyond the picture."""
    height, width = mask.shape
    result = np.zeros_like(mask)
    down, across = int(offset[0]), int(offset[1])
    if abs(down) < height and abs(across) < width:
        to = _span(-down, height), _span(-across, width)
        result[to] = mask[_span(down, height), _span(across, width)]
    return result


def _span(start: int, size: int) -> slice:
    return slice(max(0, start), size + min(0, start))


def _rim_votes(error: Plane, queries: NDArray[np.int64]) -> Plane:
    """Each rim patch votes for its few best local minima, the clearest most."""
    _, height, width = error.shape
    votes = np.zeros((2 * height + 1, 2 * width + 1), np.float32)
    for surface, query in zip(error, queries, strict=True):
        minima = (surface <= cv2.erode(surface, np.ones((5, 5)))) & np.isfinite(surface)
        places = np.argwhere(minima)
        values = surface[minima]
        best = np.argsort(values, kind="stable")[:_CONTINUATIONS]
        at = places[best] - query + (height, width)
        np.add.at(votes, (at[:, 0], at[:, 1]), 1 / (values[best] + values[best[0]] + 1e-4))
    return cv2.GaussianBlur(votes, (0, 0), 1.0)  # type: ignore[return-value]


def _likes(
    asked: Plane,
    queries: NDArray[np.int64],
    described: Plane,
    sources: NDArray[np.int64],
    shape: tuple[int, int],
    least: int,
) -> NDArray[np.int64]:
    """For each query the source patch most like it that is at least `least` pixels away."""
    index = np.full(shape, -1)
    index[sources[:, 0], sources[:, 1]] = np.arange(len(sources))
    padded = np.pad(index, least, constant_values=-1)
    disc = np.argwhere(np.hypot(*np.mgrid[-least : least + 1, -least : least + 1]) < least)
    norms = (described**2).sum(1)
    best = []
    for i in range(0, len(queries), 256):
        distance = norms - 2 * (asked[i : i + 256] @ described.T)
        near = queries[i : i + 256, None] + disc
        barred = padded[near[..., 0], near[..., 1]]
        row, place = np.nonzero(barred >= 0)
        distance[row, barred[row, place]] = np.inf
        best.append(distance.argmin(1))
    return sources[np.concatenate(best)]


def _patches(features: Plane, side: int) -> NDArray[np.float32]:
    """A view [H - side + 1, W - side + 1, C, side, side]; empty where the picture is smaller."""
    if min(features.shape[:2]) < side:
        return np.zeros((0, 0, features.shape[2], side, side), np.float32)
    return np.lib.stride_tricks.sliding_window_view(features, (side, side), axis=(0, 1))


def _flat(patches: NDArray[np.float32], centres: NDArray[np.int64], side: int) -> Plane:
    corner = side // 2
    return patches[centres[:, 0] - corner, centres[:, 1] - corner].reshape(len(centres), -1)


def _centres(mask: Mask, side: int, among: Mask | None = None) -> NDArray[np.int64]:
    """Where a whole patch lies within the mask."""
    kernel = np.ones((side, side), np.uint8)
    border = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    whole = cv2.erode(mask.astype(np.uint8), kernel, **border) > 0  # type: ignore[call-overload]
    return np.argwhere(whole if among is None else whole & among)


def _rim(hole: Mask, side: int) -> NDArray[np.int64]:
    """The pixels on both sides of the hole's outline whose patch lies in the picture."""
    small, cross = hole.astype(np.uint8), np.ones((3, 3), np.uint8)
    edge = cv2.dilate(small, cross) != cv2.erode(small, cross)
    inside = np.zeros_like(hole)
    margin = side // 2
    inside[margin : hole.shape[0] - margin, margin : hole.shape[1] - margin] = True
    return np.argwhere(edge & inside)


def _sample(points: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if len(points) <= most:
        return points
    return points[np.sort(rng.choice(len(points), most, replace=False))]


def _principal(sample: Plane) -> tuple[Plane, Plane]:
    """The mean of patches and their first principal directions."""
    mean: Plane = sample.mean(0)
    spread = (sample - mean).T @ (sample - mean)
    basis = np.eye(len(spread), _KEPT, dtype=spread.dtype)
    for _ in range(_TURNS):  # orthogonal iteration: the exact directions do not matter
        basis = np.linalg.qr(spread @ basis)[0]
    return mean, np.ascontiguousarray(basis, np.float32)
