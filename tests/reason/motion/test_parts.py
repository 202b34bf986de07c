"""The parts of the reasoner `motion`, one by one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.reason.motion.blobs import Follower, blobs_of
from openvoid.reason.motion.camera import follow, moved
from openvoid.reason.motion.collision import swept
from openvoid.reason.motion.naming import colour_name, frames_name, where_name
from openvoid.vision.masks import filled, grown


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0.9, 0.1, 0.1), "red"),
        ((0.1, 0.2, 0.9), "blue"),
        ((0.4, 0.25, 0.1), "brown"),
        ((0.5, 0.5, 0.5), "gray"),
        ((0.02, 0.02, 0.02), "black"),
        ((1.0, 1.0, 1.0), "white"),
        ((0.9, 0.85, 0.1), "yellow"),
    ],
)
def test_colours_have_plain_names(colour: tuple[float, float, float], name: str) -> None:
    assert colour_name(colour) == name


def test_places_and_frames_have_plain_names() -> None:
    assert where_name(0.5, 0.5) == "middle"
    assert where_name(0.9, 0.1) == "top right"
    assert frames_name([4]) == "frame 4"
    assert frames_name([7, 3, 5]) == "frames 3 to 7"


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


def test_a_blob_is_followed_and_expected_to_go_on() -> None:
    follower = Follower()
    picture, edge = np.zeros((60, 120, 3), np.float32), np.zeros((60, 120), bool)
    for index in range(6):
        mask = np.zeros((60, 120), bool)
        mask[20:30, 10 + 8 * index : 20 + 8 * index] = True
        mask[45:50, 90:100] = True
        follower.add(index, blobs_of(mask, index, picture, 10, edge))
    assert sorted(len(course.blobs) for course in follower.courses) == [6, 6]
    quick = next(course for course in follower.courses if course.last.centre[1] < 40)
    assert np.allclose(quick.expected(7), [14.5 + 8 * 7, 24.5])
    assert quick.last.mask((60, 120)).sum() == 100


def test_what_is_swept_lies_between_slow_and_fast() -> None:
    mask = np.zeros((80, 160), bool)
    mask[30:40, 10:20] = True
    region = swept(mask, np.array([20.0, 0.0]), np.array([60.0, 0.0]))
    assert region[30:40, 30:80].all()
    assert not region[:, :18].any()
    assert not region[:, 95:].any()
    assert not swept(mask, np.array([400.0, 0.0]), np.array([500.0, 0.0])).any()


def test_what_falls_ends_on_the_ground() -> None:
    mask = np.zeros((80, 160), bool)
    mask[10:20, 10:20] = True
    region = swept(mask, np.array([0.0, 10.0]), np.array([0.0, 60.0]), floor=50)
    assert region[40:48, 12:18].all()
    assert not region[60:].any()


def test_gaps_and_holes_are_filled_but_not_what_the_edge_bounds() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:40, 10:40] = True
    mask[15:35, 15:35] = False
    mask[20, 10:15] = False
    whole = filled(mask, 4)
    assert whole[10:40, 10:40].all()
    assert not filled(np.zeros((9, 9), bool), 3).any()
    assert not whole[45:].any()


def test_growing_far_and_near_agree() -> None:
    mask = np.zeros((61, 61), bool)
    mask[30, 30] = True
    for reach in (3, 8, 9, 20):
        rows, columns = np.nonzero(grown(mask, reach))
        assert rows.max() - 30 == reach
        assert columns.max() - 30 == reach
