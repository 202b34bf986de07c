"""What the object pushes, told as things."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.effects import Relation
from openvoid.reason.motion.contact import ContactLimits, find, things, vanishes, worth
from openvoid.reason.motion.disturbance import Thing
from tests.reason.motion.shots import LENGTH, box, locked, pattern

SHARE = 0.0004


def thing(number: int, cause: int, masks: dict[int, np.ndarray]) -> Thing:
    made = Thing(number, min(masks), cause)
    for frame, mask in masks.items():
        made.add(frame, mask)
    return made


def test_small_things_go_and_what_they_caused_is_their_own_cause_s(tmp_path: Path) -> None:
    scene = locked([pattern()] * 6, [box(60, 10, 100, 40)] * 6, tmp_path).scene
    first = thing(1, 0, {t: box(60, 60, 90, 90) for t in range(6)})
    speck = thing(2, 1, {t: box(0, 0, 2, 2) for t in range(6)})
    last = thing(3, 2, {t: box(60, 160, 90, 190) for t in range(6)})
    found = worth({1: first, 2: speck, 3: last}, scene, SHARE, ContactLimits())
    assert [(each.number, each.cause) for each in found] == [(1, 0), (3, 1)]


def test_things_that_hang_together_are_one(tmp_path: Path) -> None:
    scene = locked([pattern()] * 6, [box(60, 10, 100, 40)] * 6, tmp_path).scene
    first = thing(1, 0, {t: box(60, 60, 90, 90) for t in range(6)})
    other = thing(2, 1, {t: box(60, 91, 90, 110) for t in range(6)})
    apart = thing(3, 2, {t: box(60, 160, 90, 190) for t in range(6)})
    found = worth({1: first, 2: other, 3: apart}, scene, SHARE, ContactLimits())
    assert [(each.number, each.cause) for each in found] == [(1, 0), (3, 1)]
    assert found[0].mask(3, scene.size)[box(60, 91, 90, 110)].all()


def test_what_vanishes_as_it_has_begun_is_no_thing_that_was_struck(tmp_path: Path) -> None:
    scene = locked([pattern()] * 8, [box(60, 10, 100, 40)] * 8, tmp_path).scene
    flash = thing(1, 0, {1: box(60, 60, 90, 90), 2: box(60, 60, 64, 64), 3: box(60, 10, 90, 40)})
    stays = thing(1, 0, {t: box(60, 60 + 4 * t, 90, 90 + 4 * t) for t in range(1, 8)})
    assert vanishes(flash, scene, ContactLimits())
    assert not vanishes(stays, scene, ContactLimits())


def test_what_is_pushed_is_told_with_its_colour_and_counted(tmp_path: Path) -> None:
    pictures, masks = [], []
    for index in range(LENGTH):
        picture, ahead = pattern(), max(0, index - 6)
        masks.append(box(60, 10 + 10 * index, 100, 40 + 10 * index))
        picture[box(64, 100 + 10 * ahead, 96, 116 + 10 * ahead)] = 0.1, 0.2, 0.8
        picture[masks[-1]] = 0.9, 0.1, 0.1
        pictures.append(picture)
    evidence = locked(pictures, masks, tmp_path)
    (found,) = find(evidence)
    assert found.relation is Relation.PUSHES
    assert found.noun == "blue thing"
    assert min(place.frame for place in found.now) == things(evidence)[0].began
    counted = evidence.statistics()["contact.things"]
    assert counted[2] == 0
    assert counted[12] == 1
