"""What of a frame is not as usual, and how much of that is mere light."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from openvoid.reason.motion import background
from openvoid.reason.motion.change import Change, ChangeLimits, change, changes, outside
from openvoid.reason.motion.evidence import Evidence
from tests.reason.motion.shots import LENGTH, box, ground, locked

BESIDE, APART = box(100, 90, 112, 130), box(20, 90, 40, 130)
CLEAR = box(104, 90, 112, 130)  # of the object
AT = 7  # the frame that is looked at


def compared(folder: Path, *, add: Any = 0.0, times: float = 1.0, where: np.ndarray) -> Change:
    """A box that passes; in one frame a spot is brighter, or so many times as bright."""
    evidence = passing(folder, add=add, times=times, where=where)
    return change(evidence.scene, background.usual(evidence), AT, ChangeLimits())


def passing(folder: Path, *, add: Any, times: float, where: np.ndarray) -> Evidence:
    world = ground()
    masks = [box(60, 10 + 13 * index, 100, 34 + 13 * index) for index in range(LENGTH)]
    pictures = []
    for index, mask in enumerate(masks):
        picture = world.copy()
        if index == AT:
            picture[where] = picture[where] * times + add
        picture[mask] = 0.9, 0.1, 0.1
        pictures.append(picture)
    return locked(pictures, masks, folder)


def test_a_shadow_is_light_with_the_ground_s_own_pattern(tmp_path: Path) -> None:
    found = compared(tmp_path, times=0.6, where=BESIDE)
    assert found.light[CLEAR].mean() > 0.9
    assert found.darker
    assert not found.differs[box(104, 94, 108, 126)].any()
    assert (found.light & ~BESIDE).sum() < 0.5 * BESIDE.sum()


def test_a_brighter_spot_is_light_that_is_no_shadow(tmp_path: Path) -> None:
    found = compared(tmp_path, times=1.3, where=BESIDE)
    assert found.light[CLEAR].mean() > 0.9
    assert not found.darker


def test_what_hides_the_pattern_is_a_thing(tmp_path: Path) -> None:
    found = compared(tmp_path, times=0.0, add=(0.1, 0.2, 0.7), where=BESIDE)
    assert found.differs[CLEAR].mean() > 0.9
    assert not found.light[box(103, 95, 109, 125)].any()


def test_a_darker_spot_away_from_the_object_is_apart(tmp_path: Path) -> None:
    found = compared(tmp_path, times=0.6, where=APART)
    assert found.apart[box(27, 97, 33, 123)].mean() > 0.9
    assert not found.light[APART].any()


def test_changes_are_those_of_every_frame(tmp_path: Path) -> None:
    found = changes(passing(tmp_path, add=0.0, times=0.6, where=BESIDE))
    assert found.light.seen == (AT,)
    assert len(found.darker) == LENGTH
    assert not found.shades


def test_an_edge_that_is_off_by_a_pixel_is_no_change(tmp_path: Path) -> None:
    scene = passing(tmp_path, add=0.0, times=1.0, where=BESIDE).scene
    edge = np.full((160, 240, 3), 0.4, np.float32)
    edge[:, 120:] = 0.9
    assert not outside(np.roll(edge, 1, axis=1)[:, 1:], edge[:, 1:], 0.1, scene).any()
    assert outside(np.roll(edge, 4, axis=1), edge, 0.1, scene)[:, 121:123].any()
