"""Blobs, followed from frame to frame."""

from __future__ import annotations

import numpy as np

from openvoid.reason.motion.blobs import BlobLimits, Course, Follower, Spots, blobs_of


def test_a_blob_is_followed_and_expected_to_go_on() -> None:
    follower = Follower(BlobLimits())
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


def test_spots_are_where_courses_are_a_little_widened_and_nowhere_else() -> None:
    picture, nothing = np.zeros((60, 120, 3), np.float32), np.zeros((60, 120), bool)
    mask = nothing.copy()
    mask[20:30, 40:50] = True
    spots = Spots((60, 120), [Course(blobs_of(mask, 4, picture, 10, nothing))])
    assert spots(4)[18:32, 40:50].all()
    assert spots(4).sum() < 3 * mask.sum()
    assert not spots(5).any()
