"""The camera is found from the kept region, and the simplest model that explains it is chosen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.vision.camera import Camera, Registrar, Registration, fit, normal, scaled, transform
from tests.plate.worlds import crossing, filmed, handheld, texture


def registered(frames: list[np.ndarray], kept: list[np.ndarray] | None = None) -> Registration:
    registrar = Registrar()
    for index, frame in enumerate(frames):
        mask = np.ones(frame.shape[:2], bool) if kept is None else kept[index]
        registrar.add(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8), mask)
    return registrar.result()


GRID = np.array([[x, y] for x in (20, 120, 220) for y in (20, 80, 140)], float)


def test_a_locked_camera_is_exactly_the_identity() -> None:
    rng = np.random.default_rng(0)
    still = texture(160, 240).astype(int)
    frames = [np.clip(still + rng.normal(0, 2, still.shape), 0, 255).astype(np.uint8)] * 3
    frames += [np.clip(still + rng.normal(0, 2, still.shape), 0, 255).astype(np.uint8)] * 3
    found = registered(frames)
    assert found.camera is Camera.LOCKED
    assert all(np.array_equal(matrix, np.eye(3)) for matrix in found.matrices)


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


def test_frames_without_features_are_told() -> None:
    frames = [texture(120, 160), np.full((120, 160, 3), 128, np.uint8), texture(120, 160)]
    registrar = Registrar()
    for frame in frames:
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
        registrar.add(gray, np.ones(gray.shape, bool))
    found = registrar.result(Camera.AFFINE)
    assert 1 in found.lost
    assert len(found.matrices) == 3


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
