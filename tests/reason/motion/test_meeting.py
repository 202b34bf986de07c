"""What moves by itself and comes to the object."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvoid.reason.motion.blobs import BlobLimits, Course, blobs_of
from openvoid.reason.motion.meeting import MeetingLimits, driven, meeting, moving
from tests.reason.motion.shots import LENGTH, NOTHING, box, ground, scene_of

LIMITS = MeetingLimits()


def test_what_runs_into_the_object_and_rests_there_is_followed(tmp_path: Path) -> None:
    pictures, object_ = [], box(60, 40, 130, 80)
    for index in range(LENGTH):
        picture = ground()
        left = max(81, 200 - 24 * index)
        picture[box(90, left, 120, left + 28)] = 0.1, 0.1, 0.15
        picture[object_] = 0.8, 0.3, 0.2
        pictures.append(picture)
    scene = scene_of(pictures, [object_] * LENGTH, tmp_path)
    (course,) = moving(scene, LIMITS, BlobLimits())
    found = meeting(course, scene, LIMITS, fewest=2)
    assert found is not None
    assert found.bends
    assert found.velocity_px[0] == pytest.approx(-24, abs=3)
    assert not driven(course, LIMITS, found.frame)


def test_what_stops_between_two_frames_has_met_the_object(tmp_path: Path) -> None:
    scene = scene_of([ground()] * 10, [box(60, 150, 130, 190)] * 10, tmp_path)
    stops, swells = Course(), Course()
    for t in range(10):
        for course, high in ((stops, 110), (swells, 110 + 12 * max(0, t - 6))):
            left = 20 + 15 * min(t, 6)  # ends twenty columns off the object
            blobs = blobs_of(box(90, left, high, left + 20), t, ground(), 10, NOTHING)
            course.blobs += blobs
    found = meeting(stops, scene, LIMITS)
    assert found is not None
    assert found.bends
    assert found.keeps_size(LIMITS)
    swollen = meeting(swells, scene, LIMITS)
    assert swollen is not None
    assert not swollen.keeps_size(LIMITS)


def test_what_is_covered_bit_by_bit_was_not_under_way(tmp_path: Path) -> None:
    pictures = [ground()] * 6
    scene = scene_of(pictures, [box(60, 100, 130, 130)] * 6, tmp_path)
    whole, cut = Course(), Course()
    for index in range(6):
        left = 10 + 15 * index
        for course, top in ((whole, 90), (cut, 90 + 4 * index)):
            mask = box(top, left, 115, left + 20)
            course.blobs += blobs_of(mask, index, ground(), 10, NOTHING)
    assert meeting(whole, scene, LIMITS) is not None
    assert meeting(cut, scene, LIMITS) is None
