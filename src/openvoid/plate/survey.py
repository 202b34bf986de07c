"""Survey: one pass over the shot at reduced size, from which everything else is planned.

Enters: clip and quadmask. Leaves: reduced frames ("proxies") and holes on disk, the registration,
and for every frame which cells of a coarse world grid it needs and which it shows undisturbed.
Knows nothing of how holes are filled.

What moves through the kept region without being marked (a passer-by, the ball before it is hit)
must not be copied into a hole, and of a place that has had several looks only the right one: `rest`
tells both.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.packed import bits_of, mask_of
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Run
from openvoid.media.seal import read_facts, write_facts
from openvoid.plate.rest import NOTHING, Looks, Sight, passing_and_looks
from openvoid.vision.camera import Registrar, Registration
from openvoid.vision.display import Display
from openvoid.vision.fitting import Camera, Matrix, transform
from openvoid.vision.masks import disc, largest
from openvoid.vision.store import ArrayStore
from openvoid.vision.working import PLATE, Working, prepare, working_size

CELL_PX = 8  # side of a cell of the world grid, in proxy pixels
_BACK = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
MAX_CELLS = 240  # along one side of the world grid; what lies farther out is not planned for


@dataclass(frozen=True)
class Proxy:
    """Sizes, and how pixels of the clip and of its reduced frames relate."""

    height: int
    width: int
    scale_y: float  # clip pixels in a proxy pixel
    scale_x: float

    @classmethod
    def of(cls, clip: Clip) -> Proxy:
        height, width = working_size(*clip.size, PLATE.side_px, PLATE.least_px)
        return cls(height, width, clip.height / height, clip.width / width)

    @property
    def scale(self) -> float:
        """Clip pixels in a proxy pixel, along the longer side."""
        return max(self.scale_x, self.scale_y)

    @property
    def to_clip(self) -> Matrix:
        """Proxy pixel -> clip pixel, pixel centres at whole numbers."""
        return np.array(
            [
                [self.scale_x, 0, (self.scale_x - 1) / 2],
                [0, self.scale_y, (self.scale_y - 1) / 2],
                [0, 0, 1.0],
            ]
        )


@dataclass(frozen=True)
class World:
    """The coarse world grid: cell (row, column) lies around `origin + CELL_PX * (column, row)`."""

    origin: tuple[float, float]  # x, y of the centre of cell (0, 0), in world proxy pixels
    rows: int
    columns: int

    @classmethod
    def around(cls, matrices: Iterable[Matrix], proxy: Proxy) -> World:
        """The grid that holds every frame's corners, limited to `MAX_CELLS` a side."""
        w, h = proxy.width - 1, proxy.height - 1
        corners = np.array([[0, 0], [w, 0], [0, h], [w, h]])
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for matrix in matrices:
            world = transform(np.linalg.inv(matrix), corners)
            low, high = np.minimum(low, world.min(axis=0)), np.maximum(high, world.max(axis=0))
        middle = np.array([w, h]) / 2
        reach = MAX_CELLS * CELL_PX / 2
        low, high = np.maximum(low, middle - reach), np.minimum(high, middle + reach)
        columns, rows = np.ceil((high - low + 1) / CELL_PX).astype(int)
        start = low + (CELL_PX - 1) / 2
        return cls((float(start[0]), float(start[1])), int(rows), int(columns))

    @property
    def _step(self) -> Matrix:
        """Cell (column, row) -> world proxy pixel."""
        return np.array([[CELL_PX, 0, self.origin[0]], [0, CELL_PX, self.origin[1]], [0, 0, 1.0]])

    def spread(self, cells: NDArray[np.bool_], matrix: Matrix, proxy: Proxy) -> NDArray[np.bool_]:
        """The proxy pixels [h, w] of a frame that lie in the given cells [cells]."""
        grid = cells.reshape(self.rows, self.columns).astype(np.uint8)
        size = proxy.width, proxy.height
        return cv2.warpPerspective(grid, matrix @ self._step, size, flags=cv2.INTER_NEAREST) > 0

    def sample(self, picture: NDArray[Any], matrix: Matrix, outside: float) -> NDArray[Any]:
        """A frame's picture at the cells' centres; `outside` where a cell is out of the frame."""
        return cv2.warpPerspective(
            picture,
            matrix @ self._step,
            (self.columns, self.rows),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(outside,) * 4,
        )


@dataclass(frozen=True)
class Survey:
    """What one look over the shot tells. Frames are read from disk when asked for."""

    proxy: Proxy
    registration: Registration
    world: World
    frames: Working
    holes: ArrayStore
    needed: NDArray[np.bool_]  # [T, cells] cells that a frame's hole (with its soft edge) touches
    clear: NDArray[np.bool_]  # [T, cells] cells that a frame shows whole, outside its hole
    shown: NDArray[np.bool_]  # [T, cells] of those, cells that it shows undisturbed
    passing: NDArray[np.bool_]  # [T, cells] cells in which a frame shows something passing through
    looks: Looks  # of places that have had several
    display: Display

    @property
    def unit(self) -> float:
        """The stored value that is 1.0 in reduced frames: white, at the shot's own exposure."""
        return self.display.unit

    @property
    def most(self) -> float:
        """The largest value that the clip can hold, in units: 1.0; inf for floating point."""
        return 1.0 if self.display.white > 1 else np.inf

    def frame(self, index: int) -> NDArray[np.float32]:
        """A reduced frame [h, w, 3], 1.0 for `unit`; 0 where it is not finite."""
        stored = self.frames[index]
        if stored.dtype == np.uint8:
            return stored.astype(np.float32) / np.float32(255)
        return np.nan_to_num(stored.astype(np.float32))

    def unseen(self, index: int) -> NDArray[np.bool_]:
        """Where a reduced frame [h, w] holds values that are not finite: what nobody saw."""
        return _unseen(self.frames[index])

    def seen(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of reduced frames as a screen shows them: what pictures are aligned by."""
        return self.display.of_units.shown(picture)

    def hole(self, index: int) -> NDArray[np.bool_]:
        """Where a reduced frame [h, w] is not wholly KEEP."""
        return self._labels(index)[0]

    def affected(self, index: int) -> NDArray[np.bool_]:
        """Where a reduced frame [h, w] holds something affected, before the object or behind it."""
        return self._labels(index)[1]

    def _labels(self, index: int) -> NDArray[np.bool_]:
        height, width = self.proxy.height, self.proxy.width
        return mask_of(self.holes[index], 2 * height, width).reshape(2, height, width)

    def lends(self, donor: int, target: int) -> NDArray[np.bool_]:
        """[cells] that a frame shows as they should look in the target."""
        return self.shown[donor] & ~self.looks.differs(target, donor, self.shown.shape[1])

    def places(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """`needed` and `shown` with a column for each look of a place: what is planned with."""
        return self.looks.columns(self.needed, self.shown)

    def blocked(self, index: int, target: int | None = None) -> NDArray[np.bool_]:
        """Where a reduced frame [h, w] must not be copied from: its hole, and what passes, is not
        finite, or looks otherwise than it should in the target."""
        hole = self.hole(index) | self.unseen(index)
        cells = self.passing[index]
        if target is not None:
            cells = cells | self.looks.differs(target, index, len(cells))
        if cells.any():
            hole |= self.world.spread(cells, self.registration.matrices[index], self.proxy)
        return hole


def survey(
    clip: Clip, mask: Quadmask, soft_px: float, run: Run, camera: Camera | None = None
) -> Survey:
    """Look over the shot. `soft_px`: reach of soft edges in clip pixels.

    Everything is kept in `run.scratch`, so that a second call for the same removal reads it back.
    """
    proxy, display = Proxy.of(clip), Display.of(clip)
    frames = prepare(clip, PLATE, run)
    cut, poses = run.scratch / "holes.bin", run.scratch / "camera.json"
    known = read_facts(poses)
    if known is None or not ArrayStore.exists(cut):
        _look(frames, mask, proxy, display, run, camera, cut, poses)
        known = read_facts(poses)
    registration, holes = _registration_of(known), ArrayStore.reading(cut)
    world = World.around(registration.matrices, proxy)
    blank = np.zeros((0, 0), bool)
    plain = Survey(
        proxy, registration, world, frames, holes, blank, blank, blank, blank, NOTHING, display
    )
    needed, shown, affected = _cells(plain, soft_px / proxy.scale)
    sight = Sight(
        (world.rows, world.columns),
        lambda index: _cell_colors(plain, index),
        lambda one, other: _cell_changes(plain, one, other),
    )
    passing, looks = passing_and_looks(sight, shown, needed, affected)
    clear, shown = shown, shown & ~passing
    return replace(plain, needed=needed, clear=clear, shown=shown, passing=passing, looks=looks)


def _look(
    frames: Working,
    mask: Quadmask,
    proxy: Proxy,
    display: Display,
    run: Run,
    camera: Camera | None,
    cut: Path,
    poses: Path,
) -> None:
    registrar = Registrar()
    with ArrayStore.writing(cut) as holes:
        for index in run.track("register", range(len(frames)), len(frames)):
            small = frames[index]
            labels = _reduced_labels(mask, index, proxy)
            registrar.add(_gray(small, display), ~(labels[0] | _unseen(small)))
            holes.append(bits_of(labels))
    registration = registrar.result(camera)
    data = {
        "camera": registration.camera.value,
        "matrices": b64encode(registration.matrices.tobytes()).decode(),
        "residual_px": registration.residual_px,
        "spread_px": registration.spread_px,
        "lost": list(registration.lost),
    }
    write_facts(poses, data)


def _registration_of(data: Any) -> Registration:
    matrices = np.frombuffer(b64decode(data["matrices"])).reshape(-1, 3, 3)
    spread, lost = data["spread_px"], tuple(data["lost"])
    return Registration(Camera(data["camera"]), matrices, data["residual_px"], spread, lost)


def _unseen(small: NDArray[Any]) -> NDArray[np.bool_]:
    if small.dtype.kind != "f":
        return np.zeros(small.shape[:2], bool)
    return np.asarray(~np.isfinite(small).all(axis=-1))


def _reduced_labels(mask: Quadmask, index: int, proxy: Proxy) -> NDArray[np.bool_]:
    """[2, h, w]: where any clip pixel under a proxy pixel is not KEEP; where any is affected."""
    found = np.zeros((2, proxy.height, proxy.width), bool)
    if mask.box(index).empty:
        return found
    labels = mask[index]
    covers = labels != Region.KEEP, (labels == Region.AFFECTED) | (labels == Region.OVERLAP)
    for reduced, cover in zip(found, covers, strict=True):
        if cover.any():
            plane = cover.astype(np.uint8) * np.uint8(255)
            plane = cv2.dilate(plane, np.ones((3, 3), np.uint8))  # rounding must not lose an edge
            size = proxy.width, proxy.height
            reduced[:] = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) > 0
    return found


def _gray(small: NDArray[Any], display: Display) -> NDArray[np.uint8]:
    """What features are followed in: 8-bit gray of the displayed picture."""
    way = display if small.dtype == np.uint8 else display.of_units
    return np.asarray(cv2.cvtColor(way.seen(small), cv2.COLOR_RGB2GRAY), np.uint8)


def _cells(look: Survey, soft_px: float) -> NDArray[np.bool_]:
    """[3, T, cells]: which world cells a frame needs filled, shows whole, has affected."""
    count, cells = len(look.frames), look.world.rows * look.world.columns
    needed, shown, affected = found = np.zeros((3, count, cells), bool)
    half = CELL_PX // 2
    near, far = disc(half + round(soft_px)), disc(half + round(soft_px) + 1)
    whole = np.ones((look.proxy.height, look.proxy.width), np.uint8)
    if look.registration.camera is not Camera.LOCKED:
        whole[[*range(half), *range(-half, 0)]] = 0
        whole[:, [*range(half), *range(-half, 0)]] = 0
    for index in range(count):
        hole = look.hole(index).astype(np.uint8)
        matrix = look.registration.matrices[index]
        needed[index] = look.world.sample(cv2.dilate(hole, near), matrix, 0).ravel() > 0
        blind = hole | look.unseen(index).astype(np.uint8)
        clear = whole * (cv2.dilate(blind, far) == 0).astype(np.uint8)
        shown[index] = look.world.sample(clear, matrix, 0).ravel() > 0
        struck = cv2.dilate(look.affected(index).astype(np.uint8), near)
        affected[index] = look.world.sample(struck, matrix, 0).ravel() > 0
    return found


def _cell_colors(look: Survey, index: int) -> NDArray[np.float32]:
    """Mean colour [cells, 3] of a frame in each cell (NaN never; garbage where not shown)."""
    mean = cv2.blur(look.frame(index), (CELL_PX, CELL_PX))
    sampled = look.world.sample(mean, look.registration.matrices[index], 0)
    return np.asarray(sampled.reshape(-1, 3), np.float32)


def _cell_changes(look: Survey, one: int, other: int) -> NDArray[np.float32]:
    """The largest difference of two frames in each cell [cells], in their smoothed pictures.

    Where the camera moves, what is a pixel away in the other frame is no difference.
    """
    first, second = (cv2.blur(look.frame(index), (3, 3)) for index in (one, other))
    if look.registration.camera is Camera.LOCKED:
        change = largest(cv2.absdiff(first, second))
    else:
        matrix, size = look.registration.between(one, other), (look.proxy.width, look.proxy.height)
        second = cv2.warpPerspective(second, matrix, size, flags=_BACK)
        near = np.ones((3, 3), np.uint8)
        more, less = first - cv2.dilate(second, near), cv2.erode(second, near) - first
        change = np.maximum(largest(np.maximum(more, less)), 0)
    change = cv2.dilate(change, np.ones((CELL_PX, CELL_PX), np.uint8))
    return look.world.sample(change, look.registration.matrices[one], 0).ravel()
