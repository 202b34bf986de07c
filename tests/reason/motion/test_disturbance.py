"""What comes to differ from how it was, from the moment something touches it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion import background, contact
from openvoid.reason.motion.disturbance import DisturbanceLimits, Thing, arriving, disturbed
from tests.reason.motion.shots import LENGTH, NOTHING, box, locked, pattern

MEETS = 6


def pushed(folder: Path, *, free: bool = False, later: bool = False) -> dict[int, Thing]:
    """A red box pushes a blue one from frame 6 on, and that a green one, if it is there."""
    pictures, masks = [], []
    for index in range(LENGTH):
        picture, ahead = pattern(), max(0, index - MEETS)
        mask = box(60, 10 + 10 * index, 100, 40 + 10 * index)
        if later:
            picture[box(64, 132 + max(0, 10 * ahead - 32), 96, 152 + max(0, 10 * ahead - 32))] = (
                0.1,
                0.6,
                0.1,
            )
        picture[box(64, 100 + 10 * ahead, 96, 116 + 10 * ahead)] = 0.1, 0.2, 0.8
        picture[mask] = 0.9, 0.1, 0.1
        pictures.append(picture)
        masks.append(mask)
    evidence = locked(pictures, masks, folder)
    none = Track.of("light", [NOTHING] * LENGTH)
    let_go = ~NOTHING if free else NOTHING
    usual, run = background.usual(evidence), Run(folder)
    return disturbed(evidence.scene, usual, none, lambda _: let_go, run, DisturbanceLimits())


def test_what_is_pushed_is_disturbed_from_then_on(tmp_path: Path) -> None:
    found = list(pushed(tmp_path).values())
    assert MEETS < min(each.began for each in found) <= MEETS + 2
    assert found[0].cause == 0
    whole = [np.any([each.mask(t, (160, 240)) for each in found], axis=0) for t in (3, 12)]
    assert whole[1][box(68, 164, 92, 172)].mean() > 0.9
    assert not whole[0].any()


def test_what_moves_by_itself_is_not_disturbed(tmp_path: Path) -> None:
    assert not pushed(tmp_path, free=True)


def test_who_walks_up_to_the_object_is_not_disturbed(tmp_path: Path) -> None:
    pictures, masks = [], []
    for t in range(LENGTH):
        picture, mask = pattern(), box(60, 10 + 2 * t, 100, 40 + 2 * t)
        picture[box(64, 110 - 4 * t, 96, 130 - 4 * t)] = 0.1, 0.2, 0.8
        picture[mask] = 0.9, 0.1, 0.1
        pictures.append(picture)
        masks.append(mask)
    evidence = locked(pictures, masks, tmp_path)
    assert (masks[-1] & box(64, 110 - 4 * LENGTH, 96, 130)).any()  # they do meet
    usual, none = background.usual(evidence), Track.of("light", [NOTHING] * LENGTH)
    run, limits = Run(tmp_path), DisturbanceLimits()
    assert not disturbed(evidence.scene, usual, none, lambda _: NOTHING, run, limits)


def test_what_that_touches_is_disturbed_in_turn(tmp_path: Path) -> None:
    found = pushed(tmp_path, later=True)
    whole = np.any([each.mask(14, (160, 240)) for each in found.values()], axis=0)
    assert whole[box(68, 184, 92, 194)].mean() > 0.8


def test_a_contact_between_two_frames_is_seen(tmp_path: Path) -> None:
    halts = [box(60, 10 + 12 * min(t, 5), 100, 40 + 12 * min(t, 5)) for t in range(LENGTH)]
    track = Track.of("object", halts)
    assert (arriving(track, 6) == halts[5] | box(60, 82, 100, 112)).all()
    assert (arriving(track, 4) == halts[4]).all()
    assert (arriving(track, 0) == halts[0]).all()
    pictures = []
    for t, mask in enumerate(halts):
        picture, slid = pattern(), 8 * max(0, t - 5)
        picture[box(64, 110 + slid, 96, 140 + slid)] = 0.1, 0.2, 0.8  # ten columns off the object
        picture[mask] = 0.9, 0.1, 0.1
        pictures.append(picture)
    evidence = locked(pictures, halts, tmp_path)
    assert contact.things(evidence)


def test_a_thing_keeps_its_masks_and_its_largest(tmp_path: Path) -> None:
    thing = Thing(1, 3, 0)
    thing.add(3, box(0, 0, 10, 10))
    thing.add(5, box(0, 0, 4, 4))
    assert thing.frames == (3, 5)
    assert thing.largest_px == 100
    assert (thing.mask(5, (160, 240)) == box(0, 0, 4, 4)).all()
    assert not thing.mask(4, (160, 240)).any()
