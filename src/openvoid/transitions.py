"""Transitions: the frames of a dissolve or a fade, made new from the clean pictures on both sides.

Enters: a removal, a span of frames in which one picture goes over into another, and the last clean
picture before it, the first behind it, or a plain colour in the place of one. Leaves: fills that
are (1 - k) a + k b, where k is told by what the mask keeps; or word that the kept pixels are no
such mixture, because the camera or things move. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip, Frame
from openvoid.core.quadmask import Region
from openvoid.core.removal import Fill, Origin, RemovalRequest
from openvoid.core.scenes import Kind, Span

HOLDS = 0.0178  # of white, root mean square beside the mask: 35 dB
BESIDE_PX = 24  # of a picture 640 wide: how far from the mask the mixture must hold
SAMPLES = 1 << 16  # pixels, at most, by which k is told
TRUSTED = 0.8  # of the kept pixels: those that fit best tell k; the rest may be what moves

Values = NDArray[np.float32]  # [H, W, 3], in the clip's own values


@dataclass(frozen=True)
class Side:
    """A clean picture, and where it comes from."""

    picture: Values
    origin: NDArray[np.uint8]  # [H, W]

    @classmethod
    def of(cls, clip: Clip, fill: Fill) -> Side:
        """A frame of the clip with its fill in place."""
        picture = values_of(next(iter(clip.frames(fill.frame, fill.frame + 1))))
        origin = np.full(clip.size, Origin.SEEN, np.uint8)
        if not fill.box.empty:
            fill.laid_over(picture)
            made = np.where(fill.alpha > 0, fill.origin, Origin.SEEN)
            origin[fill.box.slices] = np.maximum(made, Origin.SEEN)
        return cls(picture, origin)

    @classmethod
    def plain(cls, frame: Frame, kept: NDArray[np.bool_]) -> Side:
        """The one colour that a frame's kept pixels have."""
        colour = np.median(values_of(frame)[kept], axis=0).astype(np.float32)
        picture = np.broadcast_to(colour, frame.shape).copy()
        return cls(picture, np.full(frame.shape[:2], Origin.SEEN, np.uint8))


@dataclass(frozen=True)
class Crossing:
    """A span of a removal between two clean pictures."""

    request: RemovalRequest
    span: Span
    before: Side
    after: Side

    @classmethod
    def of(
        cls,
        request: RemovalRequest,
        span: Span,
        before: Side | None,
        after: Side | None,
        plain: int,
    ) -> Crossing | None:
        """From what is known of both sides; of a fade one is the colour of the frame `plain`."""
        if span.kind is Kind.FADE_OUT and before is not None:
            after = _colour(request, plain)
        elif span.kind is Kind.FADE_IN and after is not None:
            before = _colour(request, plain)
        return cls(request, span, before, after) if before and after else None

    @property
    def holds(self) -> bool:
        """Whether the kept pixels beside the mask are the mixture, in every frame that has one."""
        frames = self.request.clip.frames(self.span.start, self.span.stop)
        return all(
            self._off(index, values_of(frame)) <= HOLDS * self.request.clip.white
            for index, frame in enumerate(frames, self.span.start)
            if not self.request.quadmask.box(index).empty
        )

    def fills(self, start: int) -> Iterator[Fill]:
        """One a frame, from `start` on."""
        mask, clip = self.request.quadmask, self.request.clip
        frames = clip.frames(start, self.span.stop)
        for index, frame in enumerate(frames, start):
            if mask.box(index).empty:
                yield Fill.nothing(index, clip.dtype)
                continue
            box = mask.box(index).grown(self.request.soft_edge_px, *clip.size)
            alpha = _soft(mask.labels_in(index, box) != Region.KEEP, self.request.soft_edge_px)
            way = self._way(index, values_of(frame))
            mixed = self._mixed(way, box)
            if clip.dtype.kind != "f":
                mixed = np.clip(np.rint(mixed), 0, clip.white)
            origin = np.maximum(self.before.origin[box.slices], self.after.origin[box.slices])
            origin[alpha == 0] = Origin.KEPT
            yield Fill(index, box, mixed.astype(clip.dtype), alpha, origin)

    def _mixed(self, way: float, box: Box) -> Values:
        one, other = self.before.picture[box.slices], self.after.picture[box.slices]
        return np.asarray((1 - way) * one + way * other, np.float32)

    def _way(self, index: int, frame: Values) -> float:
        """How far a frame is from the one picture to the other, by what it keeps."""
        step = max(1, round((frame[..., 0].size / SAMPLES) ** 0.5))
        grid = slice(step // 2, None, step), slice(step // 2, None, step)
        kept = self._kept(index)[grid]
        one, other = self.before.picture[grid][kept], self.after.picture[grid][kept]
        return way_between(one, other, frame[grid][kept])[0]

    def _off(self, index: int, frame: Values) -> float:
        """Root mean square error of the mixture beside the mask; infinite where nothing is kept."""
        mask, clip = self.request.quadmask, self.request.clip
        beside = max(8, round(BESIDE_PX * max(clip.size) / 640))
        box = mask.box(index).grown(self.request.soft_edge_px + beside, *clip.size)
        away = _away(mask.labels_in(index, box) != Region.KEEP)
        ring = (away > self.request.soft_edge_px) & (away <= self.request.soft_edge_px + beside)
        for side in (self.before, self.after):
            ring &= side.origin[box.slices] != Origin.SYNTHESISED
        if not ring.any():
            return float("inf")
        error = (self._mixed(self._way(index, frame), box) - frame[box.slices])[ring]
        return float(np.sqrt(np.square(error, dtype=np.float64).mean()))

    def _kept(self, index: int) -> NDArray[np.bool_]:
        return np.asarray(self.request.quadmask[index] == Region.KEEP)


def _colour(request: RemovalRequest, index: int) -> Side | None:
    frame = next(iter(request.clip.frames(index, index + 1)))
    kept = np.asarray(request.quadmask[index] == Region.KEEP)
    return Side.plain(frame, kept) if kept.any() else None


def way_between(one: Values, other: Values, frame: Values) -> tuple[float, float]:
    """How far pixels [n, 3] are from one picture to another, and what they are off by.

    Both by those that fit best; the second is a root mean square.
    """
    whole, part = other - one, frame - one
    counts = np.ones(len(whole), bool)
    way, off = 0.0, np.square(part).sum(axis=-1)
    for _ in range(3):
        length = float(np.square(whole[counts], dtype=np.float64).sum())
        if length <= 0:
            return 0.0, float(np.sqrt(off.mean() / 3))
        way = float((whole[counts].astype(np.float64) * part[counts]).sum()) / length
        off = np.square(part - way * whole).sum(axis=-1)
        counts = off <= np.quantile(off, TRUSTED)
    return way, float(np.sqrt(off[counts].mean(dtype=np.float64) / 3))


def values_of(frame: Frame) -> Values:
    """As float32; what is not finite is nobody's colour."""
    values: Any = frame.astype(np.float32)
    return np.asarray(np.nan_to_num(values) if frame.dtype.kind == "f" else values)


def _away(change: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far each pixel [h, w] is from what changes."""
    if not change.any():
        return np.full(change.shape, np.inf, np.float32)
    away = cv2.distanceTransform((~change).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)


def _soft(change: NDArray[np.bool_], reach_px: int) -> NDArray[np.float32]:
    """1 on what changes, 0 farther than the reach from it."""
    away = _away(change)
    alpha = np.clip(1 - away / (reach_px + 1), 0, 1)
    alpha[away > reach_px] = 0
    return np.asarray(alpha, np.float32)
