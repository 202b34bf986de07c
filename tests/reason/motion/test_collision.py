"""Where a thing would have gone on to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.reason.motion.blobs import BlobLimits
from openvoid.reason.motion.collision import CollisionLimits, going_on, set_off, swept
from openvoid.reason.motion.disturbance import Thing
from openvoid.reason.motion.figure_ground import novel_in
from openvoid.reason.motion.meeting import MeetingLimits, meeting, moving
from openvoid.vision.masks import grown
from tests.reason.motion.shots import LENGTH, box, evidence_of, ground


def test_what_is_swept_lies_between_slow_and_fast() -> None:
    mask = np.zeros((80, 160), bool)
    mask[30:40, 10:20] = True
    region = swept(mask, np.array([20.0, 0.0]), np.array([60.0, 0.0]), CollisionLimits())
    assert region[30:40, 30:80].all()
    assert not region[:, :18].any()
    assert not region[:, 95:].any()
    assert not swept(mask, np.array([400.0, 0.0]), np.array([500.0, 0.0]), CollisionLimits()).any()


def test_what_falls_ends_on_the_ground() -> None:
    mask = np.zeros((80, 160), bool)
    mask[10:20, 10:20] = True
    region = swept(mask, np.array([0.0, 10.0]), np.array([0.0, 60.0]), CollisionLimits(), floor=50)
    assert region[40:48, 12:18].all()
    assert not region[60:].any()


def test_what_stands_on_the_way_is_struck_and_stays_so(tmp_path: Path) -> None:
    pictures, object_, pin = [], box(60, 100, 130, 130), box(90, 50, 120, 60)
    for index in range(LENGTH):
        picture = ground()
        left = max(131, 210 - 20 * index)
        picture[box(90, left, 120, left + 26)] = 0.1, 0.1, 0.15
        picture[object_], picture[pin] = (0.8, 0.3, 0.2), (0.2, 0.8, 0.3)
        pictures.append(picture)
    evidence = evidence_of(pictures, [object_] * LENGTH, tmp_path)
    scene = evidence.scene
    limits, own = MeetingLimits(), CollisionLimits()
    found = meeting(moving(scene, limits, BlobLimits())[0], scene, limits, fewest=2)
    assert found is not None
    regions = dict(going_on(found, scene, novel_in(evidence, found.before.frame), own))
    assert not regions[found.frame][pin].any()
    assert regions[LENGTH - 1][pin].all()
    thing = Thing(1, found.frame - 3, 0)
    thing.add(found.before.frame, grown(found.before.mask(scene.size), 2))
    assert set_off(found, [thing], scene, own)
    assert not set_off(found, [], scene, own)
