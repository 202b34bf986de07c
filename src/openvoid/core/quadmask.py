"""Region, Quadmask: the only place that knows 0 / 63 / 127 / 255.

A quadmask says of every pixel of every frame what it is to the removal (VOID, arXiv 2604.02296,
section 3): the removed object (PRIMARY), where the scene would have gone differently (AFFECTED),
both at once (OVERLAP), or neither (KEEP). Enters: masks as arrays, one frame at a time. Leaves:
labels, exactly on the four levels. Knows no files (`media.masks` reads them) and no polarity but
this one (the diffusion model's own is flipped in `void.model.condition` alone).

Masks are held compressed, cropped to what is not KEEP: about 10 kB a frame at 4K, so a whole shot
is at hand at random access.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import GRID_CELLS, GROW_PX, check_count, check_picture

Labels = NDArray[np.uint8]
"""[H, W] uint8, every value a `Region`."""


class Region(IntEnum):
    """What a pixel is to the removal. The values are the ones stored in a quadmask."""

    PRIMARY = 0  # the removed object
    OVERLAP = 63  # the removed object, in front of where the scene changes too
    AFFECTED = 127  # where the scene would have gone differently
    KEEP = 255  # untouched


LEVELS = np.array(sorted(Region), np.uint8)
SNAP_REACH = 24  # a sample farther than this from every level is unclear (levels lie >= 63 apart)
UNCLEAR_SHARE = 0.02  # more unclear samples than this in a frame: not a quadmask

_BOX = struct.Struct("<4i")
_OFF = np.abs(np.arange(256)[:, None] - LEVELS.astype(int))
_NEAREST = LEVELS[_OFF.argmin(axis=1)].tobytes()
_CLEAR = bytes(np.flatnonzero(_OFF.min(axis=1) <= SNAP_REACH).tolist())


def snap(values: NDArray[np.uint8]) -> tuple[Labels, float]:
    """Nearest level of every sample, and the share of samples that were unclear (0..1).

    Lossy masks ring around edges; a few unclear samples are normal, many mean that the picture
    is something else.
    """
    samples = bytearray(np.ascontiguousarray(values))  # byte tables are faster than indexing
    unclear = len(samples.translate(None, _CLEAR)) / max(1, values.size)
    labels = np.frombuffer(samples.translate(_NEAREST), np.uint8)
    return labels.reshape(values.shape), unclear


@dataclass(frozen=True)
class Quadmask:
    """A quadmask for a whole shot: labels [T, H, W] uint8, every value a `Region`.

    Made only by constructors that quantise (`from_values`) or verify (`from_labels`,
    `from_removed`). Immutable; every operation gives a new one.
    """

    height: int
    width: int
    _frames: tuple[bytes, ...]  # the box of what is not KEEP, then its labels, compressed

    # --- construction -------------------------------------------------------------------------

    @classmethod
    def from_labels(cls, frames: Iterable[Labels]) -> Quadmask:
        """From labels that are exact already; anything else raises `OpenVoidError`."""
        return cls._pack(frames, _verified)

    @classmethod
    def from_values(cls, frames: Iterable[NDArray[np.uint8]], *, where: str = "") -> Quadmask:
        """From samples as decoded, full range, perhaps lossy: each is snapped to the nearest level.

        Raises:
            OpenVoidError: more than 2 % of a frame's samples are far from all four levels.
        """

        def quantised(index: int, values: NDArray[np.uint8]) -> Labels:
            labels, unclear = snap(values)
            if unclear > UNCLEAR_SHARE:
                raise OpenVoidError(
                    f"not a quadmask: {unclear:.1%} of frame {index} lies far from 0, 63, 127, 255",
                    where=where,
                    mend="for a black and white matte: openvoid mask convert --from-matte",
                )
            return labels

        return cls._pack(frames, quantised)

    @classmethod
    def from_removed(
        cls,
        removed: Iterable[NDArray[np.bool_]],
        affected: Iterable[NDArray[np.bool_]] | None = None,
    ) -> Quadmask:
        """From the object's silhouette [H, W] a frame, and where the scene changes, if known."""

        def labelled() -> Iterator[Labels]:
            changes = iter(affected) if affected is not None else None
            for silhouette in removed:
                change = next(changes) if changes is not None else np.zeros_like(silhouette)
                yield label(silhouette, change)

        return cls._pack(labelled(), _verified)

    @classmethod
    def _pack(
        cls,
        frames: Iterable[NDArray[np.uint8]],
        check: Callable[[int, NDArray[np.uint8]], Labels],
    ) -> Quadmask:
        packed: list[bytes] = []
        size: tuple[int, int] | None = None
        for index, values in enumerate(frames):
            labels = check(index, values)
            size = size or (labels.shape[0], labels.shape[1])
            if labels.shape != size:
                raise OpenVoidError(f"mask frame {index} is {labels.shape}, the first is {size}")
            box = bounding_box(labels != Region.KEEP)
            crop = np.ascontiguousarray(labels[box.slices])
            packed.append(_BOX.pack(*box) + zlib.compress(crop.tobytes(), 1))
        if size is None:
            raise OpenVoidError("the mask has no frames")
        return cls(size[0], size[1], tuple(packed))

    # --- reading ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._frames)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quadmask):
            return NotImplemented
        mine, theirs = (self.height, self.width, len(self)), (other.height, other.width, len(other))
        return mine == theirs and all(
            np.array_equal(self[index], other[index]) for index in range(len(self))
        )

    def __hash__(self) -> int:
        return hash((self.height, self.width, self._frames))

    def __getitem__(self, index: int) -> Labels:
        """Labels [H, W] of one frame, a fresh array."""
        labels = np.full((self.height, self.width), Region.KEEP, np.uint8)
        box = self.box(index)
        if not box.empty:
            labels[box.slices] = self._crop(index)
        return labels

    def __iter__(self) -> Iterator[Labels]:
        return (self[index] for index in range(len(self)))

    def box(self, index: int) -> Box:
        """The smallest box around what is not KEEP in a frame; empty where all is kept."""
        return Box(*_BOX.unpack_from(self._frames[index]))

    def labels_in(self, index: int, box: Box) -> Labels:
        """Labels of one frame inside a box that lies in the picture, without unpacking the rest."""
        labels = np.full((box.height, box.width), Region.KEEP, np.uint8)
        inner = self.box(index).intersect(box)
        if not inner.empty:
            crop = self._crop(index)[inner.within(self.box(index)).slices]
            labels[inner.within(box).slices] = crop
        return labels

    def _crop(self, index: int) -> Labels:
        box, data = self.box(index), memoryview(self._frames[index])[_BOX.size :]
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(box.height, box.width)

    def shares(self) -> dict[Region, float]:
        """Share of all pixels of the shot that each region has; the four add up to 1."""
        counts = dict.fromkeys(Region, 0)
        for index in range(len(self)):
            found = np.bincount(self._crop(index).ravel(), minlength=256)
            for region in (Region.PRIMARY, Region.OVERLAP, Region.AFFECTED):
                counts[region] += int(found[region])
        total = self.height * self.width * len(self)
        counts[Region.KEEP] = total - sum(counts.values())
        return {region: count / total for region, count in counts.items()}

    # --- new quadmasks from this one ----------------------------------------------------------

    def mapped(self, change: Callable[[int, Labels], Labels]) -> Quadmask:
        """Every frame changed by a function of its index and labels."""
        return self.from_labels(change(index, self[index]) for index in range(len(self)))

    def trimmed(self, start: int, stop: int) -> Quadmask:
        return Quadmask(self.height, self.width, self._frames[start:stop])

    def resized(self, height: int, width: int) -> Quadmask:
        """Label-wise: each output pixel takes the label that covers most of it, never a mixture.

        Where nothing wins clearly the stronger label does (PRIMARY, OVERLAP, AFFECTED, KEEP), so
        thin parts of the object survive.
        """
        check_picture(height, width)
        down, across = _cover(self.height, height), _cover(self.width, width).T

        def resize(index: int) -> Labels:
            labels = np.full((height, width), Region.KEEP, np.uint8)
            box = self.box(index)
            if box.empty:
                return labels
            rows = slice(box.top * height // self.height, -(-box.bottom * height // self.height))
            columns = slice(box.left * width // self.width, -(-box.right * width // self.width))
            left, right = down[rows, box.slices[0]], across[box.slices[1], columns]
            best, crop = labels[rows, columns], self._crop(index)
            most = np.zeros(best.shape, np.float32)
            keep = np.ones(best.shape, np.float32)
            for region in (Region.PRIMARY, Region.OVERLAP, Region.AFFECTED):
                area = left @ (crop == region).astype(np.float32) @ right
                keep -= area
                wins = area > most + 1e-4
                best[wins], most[wins] = region, area[wins]
            best[keep > most + 1e-4] = Region.KEEP
            return labels

        return self.from_labels(resize(index) for index in range(len(self)))

    def grown(self, by_px: int) -> Quadmask:
        """The object, and what it affected, larger by `by_px` all around (negative: smaller)."""

        check_count("grow", by_px, -GROW_PX, GROW_PX)

        def grow(index: int, labels: Labels) -> Labels:
            reach = self.box(index).grown(abs(by_px) + 1, self.height, self.width)
            removed, affected = split(labels[reach.slices])
            labels[reach.slices] = label(dilate(removed, by_px), dilate(affected, by_px))
            return labels

        return self if by_px == 0 else self.mapped(grow)

    def grid_snapped(self, cells: int = 8) -> Quadmask:
        """Affected cells of a grid with `cells` on the short side are filled whole.

        The released weights saw affected regions so in training: any hit makes the cell AFFECTED.
        Cells are as square as a whole number of them on the long side allows (as in the released
        masks: 8 x 14 of them in 16:9).
        """
        check_count("grid", cells, 1, GRID_CELLS)
        side = min(self.height, self.width) / cells
        down, across = (max(1, round(length / side)) for length in (self.height, self.width))
        rows, columns = _cells(self.height, down), _cells(self.width, across)

        def snap_cells(_: int, labels: Labels) -> Labels:
            removed, affected = split(labels)
            hit = np.zeros((rows[-1] + 1, columns[-1] + 1), bool)
            y, x = np.nonzero(affected)
            hit[rows[y], columns[x]] = True
            return label(removed, hit[rows[:, None], columns[None, :]])

        return self.mapped(snap_cells)

    def union(self, other: Quadmask) -> Quadmask:
        """What either removes is removed, what either affects is affected."""
        mine, theirs = (len(self), self.height, self.width), (len(other), other.height, other.width)
        if mine != theirs:
            raise OpenVoidError(f"masks differ in (frames, height, width): {mine} and {theirs}")

        def unite(index: int, labels: Labels) -> Labels:
            (removed, affected), (removed2, affected2) = split(labels), split(other[index])
            return label(removed | removed2, affected | affected2)

        return self.mapped(unite)


def _cells(length: int, count: int) -> NDArray[np.intp]:
    """Which of `count` cells each of `length` samples lies in; cell k begins at k length / count,
    rounded down, as in the released masks."""
    begins = np.arange(count) * length // count
    return np.searchsorted(begins, np.arange(length), side="right") - 1


def split(labels: Labels) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the object is removed, and where the scene is affected (they may overlap)."""
    overlap = labels == Region.OVERLAP
    return (labels == Region.PRIMARY) | overlap, (labels == Region.AFFECTED) | overlap


def label(removed: NDArray[np.bool_], affected: NDArray[np.bool_]) -> Labels:
    """The inverse of `split`."""
    both = np.where(affected, np.uint8(Region.OVERLAP), np.uint8(Region.PRIMARY))
    single = np.where(affected, np.uint8(Region.AFFECTED), np.uint8(Region.KEEP))
    return np.where(removed, both, single)


def dilate(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    """A [H, W] mask grown by a disc of radius `by_px`; shrunk where that is negative.

    Beyond the picture lies nothing for growing and everything for shrinking, so a mask that
    touches the picture's edge keeps touching it.
    """
    if by_px < 0:
        return ~dilate(~mask, -by_px)
    height = mask.shape[0]
    result = np.zeros_like(mask)
    away = _away_in_row(mask)
    for dy in range(-min(by_px, height - 1), min(by_px, height - 1) + 1):
        reach = int((by_px * by_px - dy * dy) ** 0.5 + 0.5)
        to, source = slice(max(0, dy), height + min(0, dy)), slice(max(0, -dy), height - max(0, dy))
        result[to] |= away[source] <= min(reach, _NEVER - 1)
    return result


_NEVER = 65535  # farther than any picture is wide


def _away_in_row(mask: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """How far the next pixel of the mask in its row is [H, W]; `_NEVER` where there is none."""
    columns = np.arange(mask.shape[1], dtype=np.int32)
    before = np.maximum.accumulate(np.where(mask, columns, np.int32(-_NEVER)), axis=1)
    after = np.where(mask, columns, np.int32(2 * _NEVER))[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1]
    away = np.minimum(columns - before, after - columns)
    return np.minimum(away, _NEVER).astype(np.uint16)


def _cover(source: int, target: int) -> NDArray[np.float32]:
    """[target, source] share of each target pixel that each source pixel covers (rows add to 1)."""
    edges = np.arange(target + 1) * (source / target)
    pixels = np.arange(source)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.maximum(overlap, 0.0)
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _verified(index: int, labels: NDArray[np.uint8]) -> Labels:
    if labels.dtype != np.uint8 or bytes(np.ascontiguousarray(labels)).translate(
        None, LEVELS.tobytes()
    ):
        raise OpenVoidError(f"mask frame {index} holds values other than 0, 63, 127, 255")
    return labels
