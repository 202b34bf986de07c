"""What single pictures tell: things at the object, where they topple, light, surfaces."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.effects import EffectKind, Effects
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from openvoid.reason.motion import figure_ground
from openvoid.reason.motion.reasoner import MotionReasoner
from openvoid.vision.masks import hanging

HEIGHT, WIDTH, LENGTH = 160, 240, 16
FLOOR = 130  # the row on which things stand


def room(seed: int = 4) -> np.ndarray:
    """A gray wall over a sandy floor, a little uneven."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), (0.55, 0.56, 0.6), np.float32)
    picture[90:] = 0.65, 0.58, 0.45
    uneven = cv2.resize(rng.random((HEIGHT // 8, WIDTH // 8)).astype(np.float32), (WIDTH, HEIGHT))
    return np.asarray(picture + 0.03 * uneven[..., None])


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


def explained(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Effects:
    clip = clip_of([np.clip(each * 255, 0, 255).astype(np.uint8) for each in pictures])
    return MotionReasoner().explain(clip, Track.of("pillar", masks), Run(folder))


PILLAR, PLANK = box(80, 60, FLOOR, 76), box(70, 50, 80, 150)
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


def table() -> np.ndarray:
    picture = room()
    picture[PILLAR], picture[PLANK] = (0.2, 0.6, 0.3), (0.5, 0.1, 0.1)
    return picture


def test_a_plank_hangs_together_with_the_pillar_that_bears_it() -> None:
    picture = table()
    picture[box(110, 200, FLOOR, 214)] = 0.1, 0.1, 0.7  # stands apart
    novel = figure_ground.novel(picture, PILLAR, EVERYWHERE)
    attached = hanging(novel, PILLAR)
    assert novel[box(112, 202, 128, 212)].mean() > 0.9
    assert attached[PLANK].mean() > 0.9
    assert not attached[:, 190:].any()


def test_what_is_out_of_focus_does_not_stand_beside_the_object() -> None:
    blurred = cv2.GaussianBlur(table(), (0, 0), 8)
    assert figure_ground.sharp(PLANK, table(), PILLAR)[PLANK].mean() > 0.9
    assert not figure_ground.sharp(PLANK, blurred, PILLAR).any()


def test_what_is_borne_is_affected_and_so_is_the_room_below_it(tmp_path: Path) -> None:
    effects = explained([table()] * LENGTH, [PILLAR] * LENGTH, tmp_path)
    (found,) = (each for each in effects.affected if each.kind is EffectKind.PHYSICAL)
    assert found.cause == "supports"
    assert found.goes
    labels = compose(Track.of("pillar", [PILLAR] * LENGTH), effects)
    assert (labels[10][PLANK] < 255).mean() > 0.9
    assert (labels[10][box(82, 90, 110, 140)] < 255).mean() > 0.8


def test_a_surface_that_stops_a_fall_is_affected_from_then_on(tmp_path: Path) -> None:
    cushion, cup = box(100, 60, 140, 190), box(104, 150, 112, 158)
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = room()
        picture[cushion], picture[cup] = (0.2, 0.3, 0.8), (0.9, 0.9, 0.2)
        mask = box(*(t := (10 + 13 * min(index, 7)), 100), t + 24, 124)
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    effects = explained(pictures, masks, tmp_path)
    (found,) = (each for each in effects.affected if each.cause == "presses")
    frames = {place.frame for place in found.now}
    assert min(frames) in (7, 8, 9)
    assert max(frames) == LENGTH - 1
    labels = compose(Track.of("pillar", masks), effects)[LENGTH - 1]
    assert (labels[cup] < 255).all()


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
    assert "supports" in {each.cause for each in effects.affected}
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
