"""A world with depth: textured sheets in space, filmed by a camera that travels, with exact truth.

Enters: sheets from far to near, and where the camera is at a time. Leaves: frames, which sheet each
pixel shows and where on it, what of the world some frame saw, and the nearest such copy. A rolling
shutter gives every row its own time. Knows no object that is removed, and no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from depth_paint import paint
from footage import Frames
from numpy.typing import NDArray

Masks = NDArray[np.bool_]
Vector = tuple[float, float, float]
Travel = Callable[[float], NDArray[np.float64]]
"""Time, 0 to 1 over the clip -> [3, 4]: world (right, down, ahead, in metres) to camera."""

FOCAL = 0.85  # in picture widths
FINER = 2  # a picture is rendered this many times as large
LENS_PX = 0.7  # the lens blurs by this
EDGE_PX = 2  # nearer to the border of a sheet a pixel shows two depths, which no copy can
TEXEL_M = 0.006
NEAR_M = 0.05
SAME = 0.75  # share of a pixel's surroundings that must be seen


@dataclass(frozen=True)
class Sheet:
    """A textured rectangle in space, metres."""

    kind: str  # of `depth_paint.paint`
    corner: Vector
    across: Vector
    down: Vector
    seed: int = 0

    def texture(self) -> NDArray[np.uint8]:
        """[h, w, 4] colour times cover, and cover."""
        size = [max(8, round(float(np.linalg.norm(side)) / TEXEL_M)) for side in self._sides]
        return paint(self.kind, size[1], size[0], TEXEL_M, self.seed)

    @property
    def _sides(self) -> tuple[Vector, Vector]:
        return self.across, self.down

    def plane(self) -> NDArray[np.float64]:
        """[4, 3]: (u, v, 1), metres along the sides, -> a homogeneous place."""
        sides = [np.asarray(side) / np.linalg.norm(side) for side in self._sides]
        rows = np.stack([*sides, np.asarray(self.corner)], axis=1)
        return np.vstack([rows, [0, 0, 1]])


@dataclass(frozen=True)
class Film:
    """A world as filmed. `place` is metres on the sheet that `owner` names."""

    frames: Frames
    owner: NDArray[np.int8]  # [T, H, W], -1 where no sheet is
    place: NDArray[np.float32]  # [T, H, W, 2]
    matrices: NDArray[np.float64]  # [T, H, S, 3, 3]: place on a sheet -> picture, for each row
    whole: Masks  # where a pixel shows one sheet alone

    def found_in(
        self, other: int, owner: NDArray[np.int8], place: NDArray[np.float32], visible: Masks
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Where places [N] of the world are in another frame [N, 2], and if it shows them."""
        height, width = self.owner.shape[1:]
        point = np.c_[place, np.ones(len(place))]
        row = np.full(len(place), height // 2)
        for _ in range(4):  # which row sees it depends on where it is
            seen = np.einsum("nij,nj->ni", self.matrices[other, row, owner], point)
            where = seen[:, :2] / np.where(np.abs(seen[:, 2:]) < 1e-9, 1e-9, seen[:, 2:])
            row = np.clip(np.rint(where[:, 1]), 0, height - 1).astype(int)
        inside = (seen[:, 2] > NEAR_M) & (where >= 0).all(axis=1)
        inside &= (where <= (width - 1, height - 1)).all(axis=1)
        where = np.where(inside[:, None], where, 0).astype(np.float32)
        x, y = np.rint(where).astype(int).T
        clear = cv2.blur(visible[other].astype(np.float32), (3, 3))[y, x] > SAME
        return where, inside & clear & self.whole[other, y, x] & (self.owner[other, y, x] == owner)

    def seen(self, visible: Masks, hole: Masks) -> Masks:
        """[T, H, W]: what of the hole some frame shows; true outside it."""
        answer = np.ones_like(hole)
        for index, inside in enumerate(hole):
            answer[index][inside] = self._from_nearest(index, inside, visible)[1]
        return answer

    def donors(self, visible: Masks, hole: Masks) -> Frames:
        """In the hole, what the nearest frame in time that saw the place shows of it."""
        frames = self.frames.copy()
        for index, inside in enumerate(hole):
            colours, known = self._from_nearest(index, inside, visible)
            frames[index][inside] = np.where(known[:, None], colours, frames[index][inside])
        return frames

    def _from_nearest(
        self, index: int, inside: NDArray[np.bool_], visible: Masks
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        owner, place = self.owner[index][inside], self.place[index][inside]
        colours = np.zeros((len(owner), 3), np.uint8)
        missing = owner >= 0
        for other in sorted(range(len(self.frames)), key=lambda other: abs(other - index))[1:]:
            left = np.nonzero(missing)[0]
            if not len(left):
                break
            where, shown = self.found_in(other, owner[left], place[left], visible)
            take = left[shown]
            if len(take):
                colours[take] = _looked_up(self.frames[other], where[shown])
            missing[take] = False
        return colours, ~missing & (owner >= 0)


def film(
    sheets: tuple[Sheet, ...], travel: Travel, length: int, size: tuple[int, int], readout: float
) -> Film:
    """Film the sheets, painted from the first to the last.

    Args:
        size: height, width.
        readout: the time from the first row to the last, in frames: 0 is a global shutter.
    """
    textures, planes = [sheet.texture() for sheet in sheets], [sheet.plane() for sheet in sheets]
    height, width = size
    matrices = np.empty((length, height, len(sheets), 3, 3))
    lens = np.array([[FOCAL * width, 0, (width - 1) / 2], [0, FOCAL * width, (height - 1) / 2]])
    lens = np.vstack([lens, [0, 0, 1]])
    for index in range(length):
        for row in range(height):
            late = readout * (row / (height - 1) - 0.5)
            view = lens @ travel((index + late) / (length - 1))
            matrices[index, row] = [view @ plane for plane in planes]
    shots = [_shot(textures, each, size) for each in matrices]
    frames, owners, places = (np.stack(part) for part in zip(*shots, strict=True))
    return Film(frames, owners, places, matrices, _whole(owners))


def _whole(owners: NDArray[np.int8]) -> Masks:
    """[T, H, W]: where everything near shows the same sheet."""
    around = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    numbers = (owners + 1).astype(np.uint8)
    same = [cv2.erode(each, around) == cv2.dilate(each, around) for each in numbers]
    return np.stack(same) & (owners >= 0)


def _shot(
    textures: list[NDArray[np.uint8]], matrices: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.int8], NDArray[np.float32]]:
    height, width = size
    x = ((np.arange(width * FINER) + 0.5) / FINER - 0.5).astype(np.float32)
    y = (np.arange(height * FINER) + 0.5) / FINER - 0.5
    rows = np.clip(np.rint(y), 0, height - 1).astype(int)
    picture: NDArray[Any] = np.zeros((len(y), len(x), 3), np.float32)
    owner = np.full(picture.shape[:2], -1, np.int8)
    place = np.zeros((*owner.shape, 2), np.float32)
    for number, texture in enumerate(textures):
        on = _on_sheet(np.linalg.inv(matrices[rows, number]), x, y)
        texel = on / np.float32(TEXEL_M) - np.float32(0.5)
        u, v = (np.ascontiguousarray(texel[..., axis]) for axis in (0, 1))
        seen = cv2.remap(texture, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
        if not seen[..., 3].any():
            continue
        cover = seen[..., 3:].astype(np.float32) * np.float32(1 / 255)
        picture *= 1 - cover
        picture += np.minimum(seen[..., :3], seen[..., 3:])
        mine = seen[..., 3] > 127
        owner[mine], place[mine] = number, on[mine]
    picture = cv2.GaussianBlur(picture, (0, 0), LENS_PX * FINER)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    middle = owner[::FINER, ::FINER]
    return np.clip(small + 0.5, 0, 255).astype(np.uint8), middle, _centred(place, owner)


def _on_sheet(
    back: NDArray[np.float64], x: NDArray[np.float32], y: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Where on a sheet, metres, the pixels x [w], y [h] lie; `back` [h, 3, 3] leads there."""
    across = back[:, :, 0].astype(np.float32)
    rest = (back[:, :, 1] * y[:, None] + back[:, :, 2]).astype(np.float32)
    u, v, near = (across[:, axis, None] * x + rest[:, axis, None] for axis in range(3))
    ahead = (near > 0) & (near < 1 / NEAR_M)
    near = np.where(ahead, near, 1)
    return np.stack([np.where(ahead, each / near, -99) for each in (u, v)], axis=-1)


def _centred(place: NDArray[np.float32], owner: NDArray[np.int8]) -> NDArray[np.float32]:
    """The places of the middles of pixels, of those of their parts that show the same sheet."""
    parts = [
        (place[dy::FINER, dx::FINER], owner[dy::FINER, dx::FINER]) for dy in (0, 1) for dx in (0, 1)
    ]
    mine = np.stack([each == parts[0][1] for _, each in parts])[..., None]
    total = sum(np.where(same, each, 0) for same, (each, _) in zip(mine, parts, strict=True))
    return np.asarray(total / mine.sum(axis=0), np.float32)


def _looked_up(frame: NDArray[np.uint8], where: NDArray[np.float32]) -> NDArray[np.uint8]:
    x, y = (np.ascontiguousarray(where[None, :, axis], np.float32) for axis in (0, 1))
    found = cv2.remap(frame, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found[0], np.uint8)


def walking(along: Vector, shake_m: float, degrees: float, turn_degrees: float = 0.0) -> Travel:
    """A camera carried from -along/2 to +along/2, metres, shaken, turned about the vertical."""

    def travel(time: float) -> NDArray[np.float64]:
        turns = 6.2832 * time
        shake = np.array([
            np.sin(2.3 * turns + 0.4) + 0.5 * np.sin(5.1 * turns + 1.0),
            0.7 * np.sin(1.9 * turns + 2.0) + 0.4 * np.sin(4.3 * turns),
            0.5 * np.sin(1.4 * turns),
        ])  # fmt: skip
        place = np.asarray(along) * (time - 0.5) + shake_m * shake
        roll = degrees * (np.sin(1.3 * turns) + 0.4 * np.sin(3.7 * turns + 0.7))
        yaw = turn_degrees * (time - 0.5) + 0.5 * degrees * np.sin(2.9 * turns)
        pitch = 0.4 * degrees * np.sin(2.1 * turns + 0.5)
        turned = cv2.Rodrigues(np.radians([pitch, yaw, roll]))[0]
        return np.c_[turned, -turned @ place]

    return travel
