"""Cases for the truth benchmark: real footage, an object that was never there, exact truth.

Enters: the name of a case. Leaves: a `Scene`: the clip with the object, the untouched clip, the
quadmask, and where the truth may be measured. A moving camera is a window that wanders over larger
locked footage, so the camera is known exactly and what some frame saw can be computed. Knows no
engine and no metric.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from footage import Frames, footage, still_footage
from impostor import Impostor, Pose
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask

Matrix = NDArray[np.float64]
"""[3, 3]: window pixels => world pixels."""
Masks = NDArray[np.bool_]
"""[T, H, W]."""

OBJECT_FROM = 0.25  # alpha from which a pixel is the object's in the quadmask
SHADOW_FROM = 0.045  # share of light lost from which a pixel is affected; less is penumbra


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
    donors: Frames | None  # locked: the truth of the nearest frame that saw it; the noise ceiling


@dataclass(frozen=True)
class Case:
    """How a scene is made. Times run from 0 to 1 over the clip; places are world pixels."""

    name: str
    what: str
    thing: Impostor
    path: Callable[[float], tuple[float, float]]
    source: str = "moving_ball"
    width: int = 960
    crop: tuple[int, int, int, int] | None = None  # of the source: left, top, width, height
    camera: Callable[[float], Matrix] | None = None  # None: locked
    window: tuple[int, int] = (540, 960)  # height, width of a moving camera's picture
    shutter: float = 0.0  # share of a frame's time that the shutter is open
    gain: Callable[[float], float] = field(default=lambda time: 1.0)
    grain_levels: float = 0.0
    matte_error_px: float = 0.0
    length: int = 999


def build(case: Case) -> Scene:
    """The scene of a case, the same every time."""
    taken = case.source, case.width, case.crop, case.length
    world, still_world = footage(*taken), still_footage(*taken)
    length = len(world)
    cameras = [_camera(case, time) for time in np.linspace(0.0, 1.0, length)]
    size = case.window if case.camera else (world.shape[1], world.shape[2])
    clean = [_look(picture, camera, size) for picture, camera in zip(world, cameras, strict=True)]
    still = _look_at_mask(still_world, cameras, size)
    rng = np.random.default_rng(7)
    shown, truth, removed, affected = [], [], [], []
    for index, picture in enumerate(clean):
        color, alpha, shadow = _exposed(case, cameras[index], index, length, size)
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
    visible = ~hole & (np.abs(both[0].astype(np.int16) - both[1]).max(axis=-1) <= 1)
    seen = _seen(visible, cameras, (world.shape[1], world.shape[2]))
    gains = [case.gain(index / (length - 1)) for index in range(length)]
    donors = None if case.camera else _donors(both[1], visible, hole, gains)
    return Scene(case.name, case.camera is not None, *both, quadmask, hole, still, seen, donors)


def find(name: str) -> Case:
    """The case of that name."""
    known = {case.name: case for case in CASES}
    if name not in known:
        raise OpenVoidError(f"unknown case {name!r}", mend=f"known: {', '.join(known)}")
    return known[name]


# --- the camera -------------------------------------------------------------------------------


def wander(
    centre: tuple[float, float],
    sweep_px: tuple[float, float],
    shake_px: float,
    degrees: float,
    zoom: tuple[float, float] = (1.0, 1.0),
    tilt: float = 0.0,
    window: tuple[int, int] = (540, 960),
) -> Callable[[float], Matrix]:
    """A handheld camera: a sweep, shake, a slight roll, zoom and, with `tilt`, perspective."""

    def camera(time: float) -> Matrix:
        turns = 6.2832 * time
        ease = time * time * (3.0 - 2.0 * time) - 0.5
        shake_x = np.sin(2.3 * turns + 0.4) + 0.5 * np.sin(5.1 * turns + 1.0)
        shake_y = np.sin(1.9 * turns + 2.0) + 0.5 * np.sin(4.3 * turns)
        x = centre[0] + sweep_px[0] * ease + shake_px * shake_x + 0.37
        y = centre[1] + sweep_px[1] * ease + shake_px * 0.7 * shake_y + 0.21
        angle = np.radians(degrees) * (np.sin(1.3 * turns) + 0.4 * np.sin(3.7 * turns + 0.7))
        scale = zoom[0] + (zoom[1] - zoom[0]) * time
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        lean = tilt * np.sin(1.1 * turns) / window[1]
        home = np.array([[1, 0, -window[1] / 2], [0, 1, -window[0] / 2], [0, 0, 1]])
        lens = np.array([[1, 0, 0], [0, 1, 0], [lean, 0.6 * lean, 1]])
        place = np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])
        return np.asarray(place @ lens @ home, np.float64)

    return camera


def _camera(case: Case, time: float) -> Matrix:
    return case.camera(float(time)) if case.camera else np.eye(3)


def _look(picture: NDArray[np.uint8], camera: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The world through the camera, sampled with Lanczos."""
    if np.array_equal(camera, np.eye(3)):
        return picture
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    view = cv2.warpPerspective(picture, camera, size[::-1], flags=flags, borderValue=(255, 0, 255))
    return np.asarray(view, np.uint8)


def _look_at_mask(mask: NDArray[np.bool_], cameras: list[Matrix], size: tuple[int, int]) -> Masks:
    """[T, H, W]: where a [H, W] map of the world is wholly true."""
    world, flags = mask.astype(np.uint8) * 255, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    views = [cv2.warpPerspective(world, camera, size[::-1], flags=flags) for camera in cameras]
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


def _donors(truth: Frames, visible: Masks, hole: Masks, gains: list[float]) -> Frames:
    """[T, H, W, 3]: in the hole, the truth of the frame nearest in time that saw the pixel.

    What the best copy could be: it differs from the truth by the footage's own noise alone.
    """
    donors, length = truth.copy(), len(truth)
    for index in range(length):
        missing = hole[index].copy()
        for other in sorted(range(length), key=lambda other: abs(other - index)):
            take = missing & visible[other]
            if other != index and take.any():
                donors[index][take] = _bytes(truth[other][take] * (gains[index] / gains[other]))
                missing &= ~take
            if not missing.any():
                break
    return donors


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.clip(values + 0.5, 0.0, 255.0).astype(np.uint8)


# --- paths ------------------------------------------------------------------------------------


def line(
    start: tuple[float, float], end: tuple[float, float], times: tuple[float, float] = (0.0, 1.0)
) -> Callable[[float], tuple[float, float]]:
    """Straight on, at constant speed between two times; it goes on at that speed outside them."""

    def path(time: float) -> tuple[float, float]:
        share = (time - times[0]) / (times[1] - times[0])
        return (
            start[0] + (end[0] - start[0]) * share,
            start[1] + (end[1] - start[1]) * share,
        )

    return path


def swing(
    centre: tuple[float, float], by_px: tuple[float, float], rounds: float
) -> Callable[[float], tuple[float, float]]:
    """To and fro."""

    def path(time: float) -> tuple[float, float]:
        angle = 6.2832 * rounds * time
        return centre[0] - by_px[0] * np.cos(angle), centre[1] + by_px[1] * np.sin(2.0 * angle)

    return path


def stop_half_way(
    start: tuple[float, float], rest: tuple[float, float], end: tuple[float, float]
) -> Callable[[float], tuple[float, float]]:
    """Comes, stands still from a quarter to three quarters of the time, goes."""

    def path(time: float) -> tuple[float, float]:
        if time < 0.25:
            return line(start, rest, (0.0, 0.25))(time)
        return rest if time < 0.75 else line(rest, end, (0.75, 1.0))(time)

    return path


# --- the cases --------------------------------------------------------------------------------

NATIVE_4K = (60, 100, 1700, 1100)  # a part of the 4K picture, at its own density

CASES = (
    Case(
        "small-fast",
        "a small ball crosses fast",
        Impostor(radius_px=30),
        line((-60, 330), (1020, 420), (0.1, 0.7)),
    ),
    Case(
        "large-slow",
        "a large walker crosses slowly",
        Impostor("figure", 150, hue=0.6, seed=1),
        line((-160, 300), (1120, 330)),
    ),
    Case(
        "back-and-forth",
        "a ball rolls to and fro twice",
        Impostor(radius_px=62, hue=0.3, seed=2),
        swing((420, 350), (290, 18), 2.0),
    ),
    Case(
        "stops",
        "a ball stops for half the clip",
        Impostor(radius_px=70, hue=0.8, seed=3),
        stop_half_way((-150, 390), (330, 360), (1110, 330)),
    ),
    Case(
        "never-uncovers",
        "a ball swings less than its width: its middle hides one place always",
        Impostor(radius_px=85, hue=0.1, seed=4),
        swing((300, 330), (48, 6), 1.5),
    ),
    Case(
        "motion-blur",
        "a fast ball under a half-open shutter",
        Impostor(radius_px=52, hue=0.45, seed=5),
        swing((430, 360), (400, 0), 1.25),
        shutter=0.5,
    ),
    Case(
        "exposure-drift",
        "the exposure rises by 10 % and falls again",
        Impostor("figure", 120, hue=0.0, seed=6),
        line((-80, 330), (1040, 350)),
        gain=lambda time: 1.0 + 0.05 * (1.0 - np.cos(6.2832 * time)),
    ),
    Case(
        "grain",
        "film grain of 1.5 levels a frame",
        Impostor(radius_px=75, hue=0.7, seed=7),
        line((-140, 400), (1100, 330)),
        grain_levels=1.5,
    ),
    Case(
        "rough-matte",
        "the matte's outline is wrong by up to 3 pixels",
        Impostor("figure", 130, hue=0.2, seed=8),
        line((-90, 310), (1050, 340)),
        matte_error_px=3.0,
    ),
    Case(
        "lime",
        "a ball before blurred depth and a wooden bar, the camera all but still",
        Impostor(radius_px=62, hue=0.5, seed=9),
        line((1050, 260), (-100, 450)),
        source="lime",
    ),
    Case(
        "ducky",
        "a ball falls before a pool and its far edge",
        Impostor(radius_px=55, hue=0.9, seed=10),
        line((850, -120), (840, 660)),
        source="ducky-float",
    ),
    Case(
        "bigben",
        "a ball flies along a facade full of detail",
        Impostor(radius_px=34, penumbra_px=14, hue=0.95, seed=11),
        line((-60, 165), (610, 150)),
        source="BigBen",
        width=544,
    ),
    Case(
        "handheld",
        "handheld, the object crosses",
        Impostor(radius_px=80, hue=0.3, seed=12),
        line((200, 720), (1750, 560)),
        width=1920,
        camera=wander((760, 520), (220, 60), 14, 1.2),
    ),
    Case(
        "pan-walker",
        "the camera pans after a walker, at the density of 4K",
        Impostor("figure", 170, hue=0.55, seed=13),
        line((420, 520), (1300, 560)),
        crop=NATIVE_4K,
        width=1700,
        camera=wander((860, 560), (560, 120), 10, 1.5, (0.95, 1.0)),
    ),
    Case(
        "roll-zoom-tilt",
        "roll, zoom and a little perspective",
        Impostor(radius_px=75, hue=0.75, seed=14),
        line((480, 640), (1300, 480)),
        width=1920,
        camera=wander((860, 520), (160, -60), 10, 2.5, (1.0, 0.86), tilt=0.05),
    ),
    Case(
        "handheld-never",
        "handheld, the object hardly moves: its middle hides one place always",
        Impostor(radius_px=95, hue=0.15, seed=15),
        swing((640, 620), (40, 8), 1.5),
        width=1920,
        camera=wander((700, 540), (120, 40), 12, 1.2),
    ),
    Case(
        "handheld-drift",
        "handheld, motion blur and a drift of the exposure",
        Impostor(radius_px=64, hue=0.4, seed=16),
        swing((760, 640), (420, 10), 1.0),
        width=1920,
        camera=wander((740, 560), (140, 50), 12, 1.2),
        shutter=0.5,
        gain=lambda time: 1.0 + 0.05 * (1.0 - np.cos(6.2832 * time)),
    ),
    Case(
        "handheld-bigben",
        "handheld before a facade full of detail, sky and water moving",
        Impostor(radius_px=34, penumbra_px=14, hue=0.95, seed=17),
        line((100, 165), (440, 150)),
        source="BigBen",
        width=544,
        camera=wander((270, 175), (70, 14), 4, 0.8, window=(270, 400)),
        window=(270, 400),
    ),
)
