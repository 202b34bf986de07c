"""The camera is found from the kept region, and the simplest model that explains it is chosen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.vision.camera import Registration, register
from openvoid.vision.fitting import Camera, fit, normal, scaled, transform
from tests.plate.worlds import crossing, filmed, handheld, texture


def registered(frames: list[np.ndarray], kept: list[np.ndarray] | None = None) -> Registration:
    masks = [np.ones(frame.shape[:2], bool) for frame in frames] if kept is None else kept
    return register(zip((gray(frame) for frame in frames), masks, strict=True))


def gray(frame: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


GRID = np.array([[x, y] for x in (20, 120, 220) for y in (20, 80, 140)], float)


@pytest.mark.parametrize("size", [(90, 160), (160, 240), (270, 480), (360, 640)])
@pytest.mark.parametrize("noise", [0.0, 2.0, 6.0])
def test_a_locked_camera_is_exactly_the_identity(size: tuple[int, int], noise: float) -> None:
    rng = np.random.default_rng(0)
    still = texture(*size).astype(int)
    frames = [
        np.clip(still + rng.normal(0, noise, still.shape), 0, 255).astype(np.uint8)
        for _ in range(6)
    ]
    found = registered(frames)
    assert found.locked
    assert all(np.array_equal(matrix, np.eye(3)) for matrix in found.matrices)


def test_a_camera_that_stands_is_locked_though_the_object_moves() -> None:
    frames, mask = crossing([texture(120, 160)] * 8, lambda index: (20 + 9 * index, 60), radius=26)
    assert registered(frames, [labels == 255 for labels in mask]).locked


def test_a_wandering_camera_is_followed_past_a_moving_object() -> None:
    cameras = [handheld(index) for index in range(24)]
    frames = filmed(texture(260, 340), cameras, (160, 240))
    shown, mask = crossing(frames, lambda index: (20 + 9 * index, 80), radius=24)
    found = registered(shown, [labels == 255 for labels in mask])
    assert found.camera in (Camera.AFFINE, Camera.HOMOGRAPHY)
    assert not found.lost
    for source, target in ((0, 12), (3, 20), (23, 1)):
        truth = cameras[target] @ np.linalg.inv(cameras[source])
        error = transform(found.between(source, target), GRID) - transform(truth, GRID)
        assert np.abs(error).max() < 0.15


def test_a_tilting_camera_needs_a_homography() -> None:
    def tilted(index: int) -> np.ndarray:
        lean = 4e-4 * np.sin(index / 3)
        return np.array([[1, 0, -40], [0, 1, -30], [lean, 0.5 * lean, 1.0]])

    cameras = [tilted(index) for index in range(12)]
    found = registered(filmed(texture(260, 340), cameras, (160, 240)))
    assert found.camera is Camera.HOMOGRAPHY


def test_two_depths_are_parallax() -> None:
    near, far = texture(160, 400, seed=5), texture(160, 400, seed=6)
    frames = []
    for index in range(10):
        frame = far[:, 20 + index : 260 + index].copy()
        for top in range(0, 160, 40):
            frame[top : top + 20] = near[top : top + 20, 20 + 5 * index : 260 + 5 * index]
        frames.append(frame)
    assert registered(frames).camera is Camera.PARALLAX


def test_a_panning_camera_is_followed_past_the_frame_it_began_with() -> None:
    world = texture(160, 420)
    frames = [world[20:140, 8 * index : 8 * index + 160] for index in range(30)]
    found = registered(frames)
    assert not found.locked
    back = transform(np.linalg.inv(found.matrices[-1]), np.array([[80.0, 60.0]]))[0]
    assert np.allclose(back, [80 + 8 * 29, 60], atol=2.0)


def test_a_model_that_holds_few_features_ends_its_keyframe() -> None:
    """Most of the scene shifts once, each tile its own way; then only the camera moves."""
    world = texture(160, 320)
    rng = np.random.default_rng(1)
    other = world.copy()
    for top in range(0, 120, 20):
        for left in range(20, 300, 20):
            x, y = rng.integers(2, 5, 2) * rng.choice([-1, 1], 2)
            tile = world[top + 4 + y : top + 24 + y, left + x : left + 20 + x]
            other[top + 4 : top + 24, left : left + 20] = tile
    frames = [
        (world if index < 3 else other)[:, 3 * index : 3 * index + 240] for index in range(16)
    ]
    found = registered(frames)
    assert found.spread_px < 0.3
    way = transform(found.between(4, 15), GRID) - GRID
    assert np.abs(way - (-33, 0)).max() < 0.3


def any_camera(rng: np.random.Generator) -> np.ndarray:
    """World -> frame: corners go wherever they like within a few pixels."""
    corners = np.array([[0, 0], [239, 0], [0, 159], [239, 159]], np.float32)
    there = corners + rng.uniform(-6, 6, corners.shape).astype(np.float32)
    offset = np.array([[1, 0, -50], [0, 1, -50], [0, 0, 1.0]])
    return np.asarray(cv2.getPerspectiveTransform(corners, there) @ offset, float)


@pytest.mark.parametrize("seed", range(6))
def test_any_homography_is_found_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cameras = [any_camera(rng) for _ in range(3)]
    found = registered(filmed(texture(280, 360, seed), cameras, (160, 240)))
    for source, target in ((0, 1), (0, 2), (2, 1)):
        truth = cameras[target] @ np.linalg.inv(cameras[source])
        error = transform(found.between(source, target), GRID) - transform(truth, GRID)
        assert np.abs(error).max() < 0.3


def test_steps_between_frames_compose() -> None:
    cameras = [handheld(index) for index in range(12)]
    frames = filmed(texture(260, 340), cameras, (160, 240))
    whole, later = registered(frames), registered(frames[4:])
    for first, second, third in ((0, 5, 11), (7, 2, 9)):
        joined = whole.between(second, third) @ whole.between(first, second)
        assert np.allclose(whole.between(first, third), normal(joined), atol=1e-9)
        assert np.allclose(whole.between(first, first), np.eye(3), atol=1e-9)
    error = transform(whole.between(4, 11), GRID) - transform(later.between(0, 7), GRID)
    assert np.abs(error).max() < 0.15  # wherever the shot begins


@pytest.mark.parametrize("speed", [0.0, 0.03, 1.0])
def test_half_the_size_is_half_the_way(speed: float) -> None:
    middle = np.array([[1, 0, -40], [0, 1, -30], [0, 0, 1.0]])
    steps = [handheld(index) @ np.linalg.inv(handheld(0)) for index in range(12)]
    cameras = [(np.eye(3) + speed * (step - np.eye(3))) @ middle for step in steps]
    frames = filmed(texture(420, 560), cameras, (320, 480))
    half = [cv2.resize(frame, (240, 160), interpolation=cv2.INTER_AREA) for frame in frames]
    large, small = registered(frames), registered(half)
    assert small.camera is large.camera
    grid = 2 * GRID
    for mine, its in zip(small.matrices, large.matrices, strict=True):
        assert np.abs(transform(scaled(mine, 2.0), grid) - transform(its, grid)).max() < 0.3


def test_lost_frames_keep_the_last_pose_and_are_told() -> None:
    plain = np.full((120, 160, 3), 128, np.uint8)
    frames = filmed(texture(220, 260), [handheld(index) for index in range(12)], (120, 160))
    frames[4] = frames[8] = frames[9] = plain
    found = registered(frames)
    assert found.lost == (4, 8, 9)
    assert np.array_equal(found.matrices[4], found.matrices[3])
    assert found.warning is not None
    assert "in 3 frames (4, 8 to 9)" in found.warning
    whole = registered(frames[:4])
    assert not whole.lost
    assert whole.warning is None


@pytest.mark.parametrize("camera", [Camera.AFFINE, Camera.HOMOGRAPHY])
def test_moving_water_does_not_bend_the_fit(camera: Camera) -> None:
    rng = np.random.default_rng(2)
    start = rng.random((200, 2)) * (240, 160)
    truth = handheld(4)
    end = transform(truth, start) + rng.normal(0, 0.05, start.shape)
    end[start[:, 1] > 110] += (1.5, 0.4)  # about a third drifts along
    matrix, agree = fit(start.astype(np.float32), end.astype(np.float32), camera)
    assert matrix is not None
    assert np.abs(transform(matrix, GRID) - transform(truth, GRID)).max() < 0.15
    assert agree[start[:, 1] > 112].mean() < 0.1


def test_scaling_keeps_pixel_centres() -> None:
    shift = np.array([[1, 0, 2.0], [0, 1, -1.0], [0, 0, 1]])
    assert np.allclose(scaled(shift, 3.0), [[1, 0, 6], [0, 1, -3], [0, 0, 1]])
    assert np.allclose(normal(2 * shift), shift)
