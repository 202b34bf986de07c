"""What is at rest is background, what passes is not, and a hole asks for the look that is right."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import RemovalRequest, Run
from openvoid.plate.engine import PlateEngine
from openvoid.plate.rest import _before_effects, _right
from openvoid.plate.survey import CELL_PX, Survey, survey
from tests.plate.worlds import texture

HEIGHT, WIDTH, LENGTH = 96, 160, 24
Frames = list[NDArray[np.uint8]]


def world() -> Frames:
    return [texture(HEIGHT, WIDTH).copy() for _ in range(LENGTH)]


def masks() -> NDArray[np.bool_]:
    return np.zeros((LENGTH, HEIGHT, WIDTH), bool)


def look_at(frames: Frames, removed: object, affected: object, path: Path) -> Survey:
    mask = Quadmask.from_removed(list(removed), list(affected))  # type: ignore[call-overload]
    return survey(clip_of(frames), mask, 0, Run(path))


def filled(frames: Frames, mask: Quadmask, path: Path) -> NDArray[np.float32]:
    """[T, H, W, 3] the frames with their fills."""
    made = [frame.astype(np.float32) for frame in frames]
    request = RemovalRequest(clip_of(frames), mask, soft_edge_px=0)
    for fill in PlateEngine(PlateEngine.Options()).fill(request, Run(path)):
        if not fill.box.empty:
            part, alpha = made[fill.frame][fill.box.slices], fill.alpha[..., None]
            part[:] = part * (1 - alpha) + fill.rgb * alpha
    return np.stack(made)


def psnr(one: NDArray[np.float32], other: object, where: NDArray[np.bool_]) -> float:
    error = np.square(one - np.asarray(other, np.float32))[where].mean()
    return float(10 * np.log10(255**2 / max(error, 1e-4)))


def test_a_pillow_seen_for_three_frames_is_whole(tmp_path: Path) -> None:
    truth = world()
    rng = np.random.default_rng(5)
    pillow = cv2.GaussianBlur(rng.uniform(0, 80, (48, 80, 3)).astype(np.float32), (0, 0), 2)
    for frame in truth:
        frame[40:88, 40:120] = pillow + np.array((40, 60, 150))
    frames, removed, affected = [frame.copy() for frame in truth], masks(), masks()
    for index, frame in enumerate(frames):
        left = 16 + 9 * index if index < 3 else 64
        if index < 3:  # the weight's penumbra, which is not marked, comes up to the pillow
            shade = frame[30:90, left : left + 24].astype(np.float32)
            frame[30:90, left : left + 24] = 0.6 * shade
        else:  # it lies there: the pillow is another shape
            frame[56:88, 40:120] = frame[40:88, 40:120][:32]
            affected[index, 38:90, 38:122] = True
        frame[8:48, 64:96] = (200, 200, 60)
        removed[index, 6:50, 62:98] = True
    mask = Quadmask.from_removed(list(removed), list(affected))
    result = filled(frames, mask, tmp_path)
    where = affected.copy()
    where[:, :, :74] = where[:, :51] = False  # but for the penumbra and what was never seen
    assert psnr(result, truth, where) > 34


def test_what_lay_there_before_the_effect_is_background_for_ever_after(tmp_path: Path) -> None:
    frames, removed, affected = world(), masks(), masks()
    for index, frame in enumerate(frames):
        if index < 8:
            frame[40:64, 72:96] = (220, 40, 30)
        else:  # a ball comes and pushes the box out of sight; where it was the floor is kept
            removed[index, 32:72, 40:70] = True
            affected[index, 36:68, 68:100] = index < 16
    look = look_at(frames, removed, affected, tmp_path)
    cell = (52 // CELL_PX) * look.world.columns + 84 // CELL_PX
    assert look.needed[10, cell]
    for target in range(8, 16):
        assert look.lends(5, target)[cell]  # the box
        assert not look.lends(20, target)[cell]  # the floor
    assert look.blocked(20, 10)[52, 84]
    assert not look.blocked(20)[52, 84]


def test_what_was_put_down_before_the_object_came_by_stays(tmp_path: Path) -> None:
    frames, removed = world(), masks()
    for index, frame in enumerate(frames):
        if index >= 10:
            frame[40:64, 72:96] = (220, 40, 30)
    removed[14:18, 36:68, 68:100] = True  # the object crosses
    look = look_at(frames, removed, masks(), tmp_path)
    cell = (52 // CELL_PX) * look.world.columns + 84 // CELL_PX
    assert look.lends(12, 15)[cell]
    assert look.lends(20, 15)[cell]
    assert not look.lends(5, 15)[cell]


def test_a_slice_that_falls_before_the_glass_is_no_background(tmp_path: Path) -> None:
    frames, removed, affected = world(), masks(), masks()
    for index, frame in enumerate(frames):
        if 6 <= index < 14:
            cv2.ellipse(frame, (90, 8 * index - 42), (9, 14), 0, 0, 360, (240, 230, 90), -1)
        removed[index, 60:94, 60:100] = True
        affected[index, 30:94, 70:110] = index >= 14
    result = filled(frames, Quadmask.from_removed(list(removed), list(affected)), tmp_path)
    where = masks()
    where[14:, 30:54, 70:110] = True  # above what nobody saw
    assert psnr(result, world(), where) > 40


def test_the_last_time_before_an_effect_is_told() -> None:
    shown = np.array([[1, 1, 0, 0, 1, 0, 1]], bool).T
    affected = np.array([[0, 0, 0, 1, 0, 0, 0]], bool).T
    found = _before_effects(~shown, affected)
    assert found[:, 0].tolist() == [True, True, False, False, False, False, False]
    late = np.array([[0, 1, 0, 0, 1, 0, 1]], bool).T  # hidden at first: something before the object
    assert not _before_effects(~late, affected).any()


def test_the_nearest_look_that_rested_is_right() -> None:
    now = np.array([[3] * 6 + [1] + [-1] * 6 + [2] * 5], np.int8).T
    hidden = now < 0
    right = _right(now, hidden, np.zeros_like(hidden))[:, 0]
    assert right[7:13].tolist() == [3, 3, 3, 2, 2, 2]  # 1 was there for a moment
    assert (_right(now, hidden, hidden)[7:13, 0] == 3).all()  # an effect began


def test_what_left_unseen_is_no_background() -> None:
    now = np.array([[1] * 6 + [-1] * 6 + [0] * 5], np.int8).T
    hidden = now < 0
    assert (_right(now, hidden, np.zeros_like(hidden))[6:12, 0] == 0).all()
    assert (_right(now, hidden, hidden)[6:12, 0] == 1).all()
