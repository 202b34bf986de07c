"""Survey: one pass over the shot at reduced size, from which everything else is planned.

Enters: clip and quadmask. Leaves: reduced frames ("proxies") and holes on disk, the registration,
and for every frame which cells of a coarse world grid it needs and which it shows undisturbed.
Knows nothing of how holes are filled.

What moves through the kept region without being marked (a passer-by, the ball before it is hit)
must not be copied into a hole: a cell that differs from what the shot mostly shows there, beyond
its own restlessness, counts as not shown.
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
from openvoid.vision.camera import Registrar, Registration
from openvoid.vision.display import Display
from openvoid.vision.fitting import Camera, Matrix, transform
from openvoid.vision.masks import disc, largest, nanmedian, touching
from openvoid.vision.store import ArrayStore
from openvoid.vision.working import PLATE, Working, prepare, working_size

CELL_PX = 8  # side of a cell of the world grid, in proxy pixels
MAX_CELLS = 240  # along one side of the world grid; what lies farther out is not planned for
CONSENSUS_FRAMES = 64  # frames from which the usual look of a cell is taken
SELDOM = 0.12  # a cell shown in a smaller share of the frames has no usual look
AROUND = 4  # cells around the hole in which what passes is looked for
TRANSIENT = 0.06  # a cell this far (0..1) from its usual look is something passing through


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
    display: Display

    @property
    def unit(self) -> float:
        """The stored value that is 1.0 in reduced frames: white, at the shot's own exposure."""
        return self.display.unit

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
        return mask_of(self.holes[index], self.proxy.height, self.proxy.width)

    def blocked(self, index: int) -> NDArray[np.bool_]:
        """Where a reduced frame [h, w] must not be copied from: its hole, and what passes or is
        not finite."""
        hole = self.hole(index) | self.unseen(index)
        if self.passing[index].any():
            matrix = self.registration.matrices[index]
            hole |= self.world.spread(self.passing[index], matrix, self.proxy)
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
    plain = Survey(proxy, registration, world, frames, holes, blank, blank, blank, blank, display)
    needed, shown = _cells(plain, soft_px / proxy.scale)
    passing = _passing(plain, shown, np.asarray(needed.any(axis=0)))
    return replace(plain, needed=needed, clear=shown, shown=shown & ~passing, passing=passing)


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
            hole = _reduced_hole(mask, index, proxy)
            registrar.add(_gray(small, display), ~(hole | _unseen(small)))
            holes.append(bits_of(hole))
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


def _reduced_hole(mask: Quadmask, index: int, proxy: Proxy) -> NDArray[np.bool_]:
    """True where any clip pixel under a proxy pixel is not KEEP."""
    hole = np.zeros((proxy.height, proxy.width), bool)
    box = mask.box(index)
    if not box.empty:
        cover = (mask[index] != Region.KEEP).astype(np.uint8) * np.uint8(255)
        cover = cv2.dilate(cover, np.ones((3, 3), np.uint8))  # rounding must not lose a thin edge
        small = cv2.resize(cover, (proxy.width, proxy.height), interpolation=cv2.INTER_AREA)
        hole = np.asarray(small > 0, bool)
    return hole


def _gray(small: NDArray[Any], display: Display) -> NDArray[np.uint8]:
    """What features are followed in: 8-bit gray of the displayed picture."""
    way = display if small.dtype == np.uint8 else display.of_units
    return np.asarray(cv2.cvtColor(way.seen(small), cv2.COLOR_RGB2GRAY), np.uint8)


def _cells(look: Survey, soft_px: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Per frame: which world cells it needs filled, and which it shows whole, [T, cells]."""
    count, cells = len(look.frames), look.world.rows * look.world.columns
    needed, shown = np.zeros((count, cells), bool), np.zeros((count, cells), bool)
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
    return needed, shown


def _passing(
    look: Survey, shown: NDArray[np.bool_], wanted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Cells [T, cells] in which a frame shows something that only passes through.

    A cell's usual look is the median over frames that show it, each brought to the same exposure.
    A cell that is seldom shown has none: it belongs to what passes if it touches that.
    """
    count, grid = len(shown), (look.world.rows, look.world.columns)
    around = np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)
    wanted = cv2.dilate(wanted.reshape(grid).astype(np.uint8), around).ravel() > 0
    picked = np.unique(np.linspace(0, count - 1, min(count, CONSENSUS_FRAMES)).round().astype(int))
    looks = np.stack([_cell_colors(look, index) for index in picked])  # [K, cells, 3]
    looks[~shown[picked]] = np.nan
    usual = nanmedian(looks)
    gains = np.stack([_gain(colors, usual) for colors in looks])
    usual = nanmedian(looks * gains[:, None])
    restless = 3 * largest(nanmedian(np.abs(looks * gains[:, None] - usual)))
    seldom = np.isfinite(looks[..., 0]).sum(axis=0) < max(5, SELDOM * len(picked))
    passing = np.zeros_like(shown)
    for index in range(count):
        colors = np.where(shown[index][:, None], _cell_colors(look, index), np.nan)
        colors = colors * _gain(colors, usual)
        off = largest(np.abs(colors - usual))
        moved = (off > np.maximum(TRANSIENT, restless)) & ~seldom & wanted
        if moved.any():
            unsure = moved | (seldom & wanted)
            moved = touching(unsure.reshape(grid), moved.reshape(grid)).ravel()
        passing[index] = moved
    return passing


def _cell_colors(look: Survey, index: int) -> NDArray[np.float32]:
    """Mean colour [cells, 3] of a frame in each cell (NaN never; garbage where not shown)."""
    mean = cv2.blur(look.frame(index), (CELL_PX, CELL_PX))
    sampled = look.world.sample(mean, look.registration.matrices[index], 0)
    return np.asarray(sampled.reshape(-1, 3), np.float32)


def _gain(colors: NDArray[np.float32], usual: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a frame's colours [cells, 3] are multiplied with to look as usual, per channel."""
    ratio = (usual + 0.02) / (colors + 0.02)
    gain = nanmedian(ratio)
    return np.where(np.isfinite(gain), gain, 1.0).astype(np.float32)
