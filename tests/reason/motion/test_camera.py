"""How the picture moves as a whole."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.reason.motion.camera import follow, moved


def texture(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (40, 60)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (360, 240), interpolation=cv2.INTER_CUBIC))


def test_a_panning_camera_is_followed_past_the_frame_it_began_with() -> None:
    world = texture()
    nothing = np.zeros((120, 160), bool)
    views = [np.ascontiguousarray(world[40:160, 6 * t : 6 * t + 160]) for t in range(30)]
    poses = follow((view, nothing) for view in views)
    assert not poses.locked
    back = moved(poses.matrices[-1], np.array([[80.0, 60.0]]))[0]
    assert np.allclose(back, [80 + 6 * 29, 60], atol=2.0)


def test_a_camera_that_stands_is_locked_though_the_object_moves() -> None:
    frames = []
    for index in range(8):
        view, mask = texture()[:120, :160].copy(), np.zeros((120, 160), bool)
        mask[30:80, 10 + 9 * index : 60 + 9 * index] = True
        view[mask] = 200
        frames.append((view, mask))
    assert follow(iter(frames)).locked
