"""What the object bears or holds, and what is put into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from openvoid.reason.motion.support import find_contents
from tests.reason.motion.rooms import FLOOR, PILLAR, PLANK, explained, room, table
from tests.reason.motion.shots import HEIGHT, LENGTH, box, evidence_of, ground, pattern


def test_what_is_borne_is_affected_and_so_is_the_room_below_it(tmp_path: Path) -> None:
    effects = explained([table()] * LENGTH, [PILLAR] * LENGTH, tmp_path)
    (found,) = (each for each in effects.affected if each.kind is EffectKind.PHYSICAL)
    assert found.cause is Relation.SUPPORTS
    assert found.goes
    labels = compose(Track.of("pillar", [PILLAR] * LENGTH), effects)
    assert (labels[10][PLANK] < 255).mean() > 0.9
    assert (labels[10][box(82, 90, 110, 140)] < 255).mean() > 0.8


def test_what_stays_when_the_object_sways_is_not_borne_by_it(tmp_path: Path) -> None:
    pictures, masks = [], []
    for index in range(LENGTH):
        down = round(4 * np.sin(index / 2))
        pillar = np.roll(PILLAR, down, axis=0)
        picture = room()
        picture[PLANK] = 0.5 * pattern()[PLANK] + (0.2, -0.1, -0.1)
        picture[pillar] = np.roll(pattern(5), down, axis=0)[pillar] * (0.4, 1.1, 0.6)
        pictures.append(np.asarray(picture, np.float32))
        masks.append(pillar)
    (rests,) = _borne(explained([pictures[0]] * LENGTH, [masks[0]] * LENGTH, tmp_path))
    (stays,) = _borne(explained(pictures, masks, tmp_path))
    assert stays.confidence < 0.5 < rests.confidence


def _borne(effects: Effects) -> list[Effect]:
    return [each for each in effects.affected if each.cause is Relation.SUPPORTS]


def test_what_a_hand_moves_to_and_fro_is_held_wherever_it_is(tmp_path: Path) -> None:
    body = box(50, 100, FLOOR, 120)
    pictures, masks, balls = [], [], []
    for index in range(LENGTH):
        aside = 124 + abs(index % 8 - 4) * 6
        mask, ball = body | box(80, 120, 84, aside), box(72, aside, 90, aside + 16)
        picture = room()
        picture[mask], picture[ball] = (0.2, 0.6, 0.3), (0.9, 0.1, 0.1)
        pictures.append(picture)
        masks.append(mask)
        balls.append(ball)
    effects = explained(pictures, masks, tmp_path)
    assert Relation.SUPPORTS in {each.cause for each in effects.affected}
    labels = compose(Track.of("pillar", masks), effects)
    assert (labels[9][balls[9]] < 255).mean() > 0.8


def test_a_plank_nearly_of_the_colour_of_the_ground_is_a_thing(tmp_path: Path) -> None:
    cask, plank, roll = box(60, 40, 92, 66), box(92, 36, 104, 190), box(104, 104, FLOOR, 120)
    picture = room()
    picture[40:] = room()[120, 0]  # ground all over
    picture[plank] = picture[plank] * (1.02, 0.97, 0.86)
    picture[cask], picture[roll] = (0.3, 0.2, 0.1), (0.1, 0.6, 0.3)
    effects = explained([picture] * LENGTH, [cask] * LENGTH, tmp_path)
    labels = compose(Track.of("pillar", [cask] * LENGTH), effects)
    assert (labels[12][plank] < 255).mean() > 0.8
    assert (labels[12][135:] == 255).mean() > 0.8


def test_what_is_put_into_a_glass_falls_without_it(tmp_path: Path) -> None:
    pictures, glass = [], box(60, 100, 130, 140)
    for index in range(LENGTH):
        picture = ground()
        picture[glass] = 0.4, 0.25, 0.15
        if index >= 4:
            picture[box(66, 110, 80, 122)] = 0.8, 0.8, 0.2
        pictures.append(picture)
    (effect,) = find_contents(evidence_of(pictures, [glass] * LENGTH, tmp_path))
    assert "frame 4" in effect.why
    assert min(place.frame for place in effect.now) == 4
    assert max(y for place in effect.goes for _, y in place.corners) > 125 / HEIGHT
    still = evidence_of([pictures[0]] * LENGTH, [glass] * LENGTH, tmp_path)
    assert not list(find_contents(still))
