"""A scene with exact truth: real footage, and an object that was never there.

Enters: a case. Leaves: a `Scene`: the clip with the object, the untouched clip, the
quadmask, and where the truth may be measured. There are three kinds of backdrop. A window that
wanders over larger locked footage, and a rendered world with depth: there the camera is known
exactly, and what some frame saw is computed. And footage whose own camera moves: there nothing is
known but the frames, and the object's path is such that all it hides is shown at another time.
Knows no engine and no metric.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import cv2
import numpy as np
from depth_world import Sheet, Travel, film
from footage import Frames, footage, matte, still_footage
from impostor import Impostor, Pose
from motions import Camera, Matrix, Path
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.core.quadmask import Quadmask

Masks = NDArray[np.bool_]
"""[T, H, W]."""

FINE = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
NEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
OBJECT_FROM = 0.15  # alpha from which a pixel is the object's in the quadmask
SHADOW_FROM = 0.035  # share of light lost from which a pixel is affected; less is penumbra


@dataclass(frozen=True)
class Scene:
    """One case, built. All arrays have the clip's frames and size."""

    name: str
    moving: bool
    shown: Frames  # what the engine is given
    truth: Frames
    quadmask: Quadmask
    hole: Masks  # not KEEP
    still: Masks  # the truth stands still in the world there
    seen: Masks  # some frame saw this place of the world undisturbed
    donors: Callable[[], Frames] | None  # in the hole the truth of the nearest frame that saw it
    least_db: float | None = None  # what the case must reach, where it is not the usual
    things: bool = False  # what is not still is a thing that moves, which must be whole


@dataclass(frozen=True)
class Case:
    """How a scene is made. Times run from 0 to 1 over the clip; places are world pixels."""

    name: str
    what: str
    thing: Impostor
    path: Path
    source: str = "moving_ball"
    width: int = 960
    crop: tuple[int, int, int, int] | None = None  # of the source: left, top, width, height
    camera: Camera | None = None  # None: locked
    window: tuple[int, int] = (540, 960)  # height, width of a moving camera's picture
    shutter: float = 0.0  # share of a frame's time that the shutter is open
    camera_shutter: float = 0.0  # the same of the wandering camera, which blurs what is behind
    focus: Callable[[float], float] | None = None  # sigma in pixels, of what is behind
    gain: Callable[[float], float] = field(default=lambda time: 1.0)
    grain_levels: float = 0.0
    matte_error_px: float = 0.0
    length: int = 999
    first: int = 0
    world: tuple[Sheet, ...] = ()  # rendered, filmed by `travel`; the path is in the picture
    travel: Travel | None = None
    readout: float = 0.0  # a rolling shutter's, in frames
    moves: str | None = None  # the source's camera moves, and so does what this matte of it shows
    follow: bool = False  # the path is told from the middle of what moves
    least_db: float | None = None


@dataclass(frozen=True)
class Backdrop:
    """What the object is put before."""

    clean: list[NDArray[np.uint8]]
    cameras: list[Matrix]  # picture -> where paths are told
    still: Masks
    moving: bool
    seen: Callable[[Masks, Masks], Masks]  # of what is visible, and of the hole
    donors: (
        Callable[[Frames, Masks, Masks, list[float]], Frames] | None
    )  # truth, visible, hole, gains


def build(case: Case) -> Scene:
    """The scene of a case, the same every time."""
    back = (_rendered if case.world else _filmed if case.moves else _windowed)(case)
    if case.follow:
        case = replace(case, path=_followed(case, back.still))
    length, size = len(back.clean), back.clean[0].shape[:2]
    rng = np.random.default_rng(7)
    shown, truth, removed, affected = [], [], [], []
    for index, picture in enumerate(back.clean):
        color, alpha, shadow = _exposed(case, back.cameras[index], index, length, size)
        over = picture * (1.0 - shadow[..., None]) * (1.0 - alpha[..., None]) + color
        gain = case.gain(index / (length - 1))
        grain = rng.normal(0.0, case.grain_levels, picture.shape) if case.grain_levels else 0.0
        shown.append(_bytes(over * gain + grain))
        truth.append(_bytes(picture * gain + grain))
        removed.append(_matte(alpha, case.matte_error_px, rng))
        affected.append(shadow > SHADOW_FROM)
    quadmask = Quadmask.from_removed(removed, affected)
    hole = np.stack(removed) | np.stack(affected)
    both = np.stack(shown), np.stack(truth)
    changes = (cv2.absdiff(one, other) for one, other in zip(*both, strict=True))
    visible = ~hole & np.stack(
        [cv2.inRange(change, (0, 0, 0), (1, 1, 1)) > 0 for change in changes]
    )
    donors = None
    if back.donors is not None:
        gains = [case.gain(index / (length - 1)) for index in range(length)]
        donors = partial(back.donors, both[1], visible, hole, gains)
    return Scene(
        case.name,
        back.moving,
        *both,
        quadmask,
        hole,
        back.still,
        back.seen(visible, hole),
        donors,
        case.least_db,
        case.follow,
    )


def _windowed(case: Case) -> Backdrop:
    """Locked footage, or a window that wanders over it."""
    taken = case.source, case.width, case.crop, case.length
    world, still_world = footage(*taken), still_footage(*taken)
    times = np.linspace(0.0, 1.0, len(world))
    cameras = [_camera(case, time) for time in times]
    size = case.window if case.camera else (world.shape[1], world.shape[2])
    clean = [_lens(case, picture, at, size) for picture, at in zip(world, times, strict=True)]
    still = _look_at_mask(still_world, cameras, size)

    def seen(visible: Masks, hole: Masks) -> Masks:
        return _seen(visible, cameras, (world.shape[1], world.shape[2]))

    def donors(truth: Frames, visible: Masks, hole: Masks, gains: list[float]) -> Frames:
        return _donors(truth, visible, hole, cameras, gains)

    return Backdrop(clean, cameras, still, case.camera is not None, seen, donors)


def _rendered(case: Case) -> Backdrop:
    """A made world with depth."""
    assert case.travel is not None
    made = film(case.world, case.travel, case.length, case.window, case.readout)

    def donors(truth: Frames, visible: Masks, hole: Masks, gains: list[float]) -> Frames:
        return replace(made, frames=truth).donors(visible, hole)

    cameras = [np.eye(3)] * case.length
    return Backdrop(list(made.frames), cameras, made.whole, True, made.seen, donors)


def _filmed(case: Case) -> Backdrop:
    """Footage whose own camera moves."""
    taken = case.source, case.width, case.crop, case.length, case.first
    frames = footage(*taken)
    still = ~matte(case.moves or "", *taken)

    def seen(visible: Masks, hole: Masks) -> Masks:
        return np.ones_like(hole)

    return Backdrop(list(frames), [np.eye(3)] * len(frames), still, True, seen, None)


def _followed(case: Case, still: Masks) -> Path:
    """The case's path, told from the middle of what moves, which is smoothed over time."""
    boxes = [bounding_box(~frame) for frame in still]
    middles = [[(box.left + box.right) / 2, (box.top + box.bottom) / 2] for box in boxes]
    smooth = cv2.GaussianBlur(np.array(middles, np.float32), (1, 0), sigmaX=1e-3, sigmaY=5)
    times, own = np.linspace(0.0, 1.0, len(still)), case.path

    def path(time: float) -> tuple[float, float]:
        x, y = (float(np.interp(time, times, smooth[:, axis])) for axis in (0, 1))
        return x + own(time)[0], y + own(time)[1]

    return path


def scaled(case: Case, share: float) -> Case:
    """The same case with all its pixels smaller (or larger); grain and matte errors stay."""
    if share == 1.0:
        return case
    camera, path, thing = case.camera, case.path, case.thing
    smaller = np.diag([share, share, 1.0])

    def shrunk_path(time: float) -> tuple[float, float]:
        x, y = path(time)
        return share * x, share * y

    def shrunk_camera(time: float) -> Matrix:
        assert camera is not None
        return np.asarray(smaller @ camera(time) @ np.linalg.inv(smaller), np.float64)

    return replace(
        case,
        thing=replace(
            thing, radius_px=share * thing.radius_px, penumbra_px=share * thing.penumbra_px
        ),
        path=shrunk_path,
        width=round(share * case.width),
        camera=shrunk_camera if camera else None,
        window=(round(share * case.window[0]), round(share * case.window[1])),
    )


# --- the camera -------------------------------------------------------------------------------


def _camera(case: Case, time: float) -> Matrix:
    return case.camera(float(time)) if case.camera else np.eye(3)


def _lens(
    case: Case, picture: NDArray[np.uint8], time: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The world through the camera while its shutter is open, and its focus as it is."""
    moments = 16 if case.camera_shutter else 1
    length = case.length - 1
    open_for = case.camera_shutter / length * (np.arange(moments) / max(1, moments - 1) - 0.5)
    views = [_look(picture, _camera(case, time + each), size) for each in open_for * (moments > 1)]
    mean = np.asarray(np.mean(views, axis=0), np.float32)
    sigma = case.focus(time) if case.focus else 0.0
    if sigma > 0.2:
        mean = np.asarray(cv2.GaussianBlur(mean, (0, 0), sigma), np.float32)
    return _bytes(mean)


def _look(picture: NDArray[np.uint8], camera: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The world through the camera, sampled with Lanczos."""
    if np.array_equal(camera, np.eye(3)) and picture.shape[:2] == size:
        return picture
    view = cv2.warpPerspective(picture, camera, size[::-1], flags=FINE)
    return np.asarray(view, np.uint8)


def _look_at_mask(mask: NDArray[np.bool_], cameras: list[Matrix], size: tuple[int, int]) -> Masks:
    """[T, H, W]: where a [H, W] map of the world is wholly true."""
    world = mask.astype(np.uint8) * 255
    views = [cv2.warpPerspective(world, camera, size[::-1], flags=NEAR) for camera in cameras]
    return np.stack(views) > 250


def _seen(visible: Masks, cameras: list[Matrix], world: tuple[int, int]) -> Masks:
    """Where a place of the world is visible, undisturbed, in some frame; exact from the camera."""
    anywhere = np.zeros(world, bool)
    for frame, camera in zip(visible, cameras, strict=True):
        spread = cv2.warpPerspective(frame.astype(np.uint8) * 255, camera, world[::-1])
        anywhere |= spread > 250
    return _look_at_mask(anywhere, cameras, (visible.shape[1], visible.shape[2]))


# --- the object -------------------------------------------------------------------------------


def _exposed(
    case: Case, camera: Matrix, index: int, length: int, size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Colour times alpha, alpha and shadow of one frame, gathered while the shutter was open."""
    color, alpha, shadow = (np.zeros((*size, depth), np.float32) for depth in (3, 1, 1))
    moments = 12 if case.shutter else 1
    for moment in range(moments):
        open_for = case.shutter * (moment / max(1, moments - 1) - 0.5)
        pose = _pose(case, index + open_for, length)
        rows, columns = _window_of(camera, pose, case.thing.reach_px, size)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        y, x = np.mgrid[rows, columns].astype(np.float64)
        place = np.stack([x, y, np.ones_like(x)], axis=-1) @ camera.T
        across, down = np.moveaxis((place[..., :2] / place[..., 2:]).astype(np.float32), -1, 0)
        parts = case.thing.render(across, down, pose)
        color[rows, columns] += parts[0] / moments
        alpha[rows, columns, 0] += parts[1] / moments
        shadow[rows, columns, 0] += parts[2] / moments
    return color, alpha[..., 0], shadow[..., 0]


def _pose(case: Case, frame: float, length: int) -> Pose:
    time = frame / (length - 1)
    x, y = case.path(time)
    back, _ = case.path(time - 1e-3)
    if case.thing.shape == "figure":
        return Pose(x, y, 9.0 * 6.2832 * time if abs(x - back) > 1e-6 else 0.5)
    return Pose(x, y, x / case.thing.radius_px)


def _window_of(
    camera: Matrix, pose: Pose, reach_px: float, size: tuple[int, int]
) -> tuple[slice, slice]:
    """Rows and columns of the picture that the object can touch."""
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * reach_px + (pose.x, pose.y)
    corners = np.c_[square, np.ones(4)] @ np.linalg.inv(camera).T
    corners = corners[:, :2] / corners[:, 2:]
    low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
    return (
        slice(max(0, int(low[1])), min(size[0], int(high[1]) + 1)),
        slice(max(0, int(low[0])), min(size[1], int(high[0]) + 1)),
    )


def _matte(
    alpha: NDArray[np.float32], error_px: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The object's silhouette as a segmenter gives it; with an error, its outline wobbles."""
    mask = alpha > OBJECT_FROM
    if not error_px or not mask.any():
        return mask
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    coarse = rng.normal(size=(mask.shape[0] // 24, mask.shape[1] // 24)).astype(np.float32)
    wobble = cv2.resize(coarse, mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(inside - outside > error_px * np.clip(wobble, -1.0, 1.0))


def _donors(
    truth: Frames, visible: Masks, hole: Masks, cameras: list[Matrix], gains: list[float]
) -> Frames:
    """[T, H, W, 3]: in the hole, the truth of the frame nearest in time that saw the place.

    What the best copy could be, with the camera known exactly: it differs from the truth by the
    footage's own noise and, where the camera moves, by sampling it twice.
    """
    donors, length = truth.copy(), len(truth)
    for index in range(length):
        box = bounding_box(hole[index])
        missing, filled = hole[index][box.slices].copy(), donors[index][box.slices]
        corner = np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1]], np.float64)
        for other in sorted(range(length), key=lambda other: abs(other - index))[1:]:
            if not missing.any():
                break
            there = np.linalg.inv(cameras[other]) @ cameras[index] @ corner
            there /= there[2, 2]
            size = missing.shape
            saw = visible[other].astype(np.uint8) * 255
            take = missing & (cv2.warpPerspective(saw, there, size[::-1], flags=NEAR) > 250)
            if take.any():
                view = _look(truth[other], there, size)
                filled[take] = _bytes(view[take] * (gains[index] / gains[other]))
                missing &= ~take
    return donors


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.clip(values + 0.5, 0.0, 255.0).astype(np.uint8)
