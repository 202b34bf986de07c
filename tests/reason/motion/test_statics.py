"""What falls without the object, and what would have been struck, step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion import contents, parallax
from openvoid.reason.motion.blobs import Course, blobs_of
from openvoid.reason.motion.collision import driven, going_on, meeting, set_off
from openvoid.reason.motion.contact import Thing
from openvoid.reason.motion.moving import moving
from openvoid.reason.motion.scene import Scene, watch
from openvoid.reason.motion.statics import RESTS_S, losses
from openvoid.vision.masks import grown

HEIGHT, WIDTH, LENGTH = 160, 240, 16
GROUND = 130.0
NOTHING = np.zeros((HEIGHT, WIDTH), bool)


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[top:bottom, left:right] = True
    return mask


PILLAR, OTHER = box(80, 60, 130, 76), box(80, 150, 130, 166)
PLANK, CUP = box(72, 50, 80, 176), box(58, 100, 72, 110)


def test_a_plank_tips_about_the_pillar_that_is_left() -> None:
    (loss,) = losses(PLANK | CUP | OTHER, PILLAR, GROUND, NOTHING)
    assert loss.side == -1
    assert loss.pivot is not None
    assert abs(loss.pivot[0] - 150) < 3
    assert loss.part[PLANK].all()
    assert loss.posts[OTHER][20:].any()
    rest = loss.rest()
    assert rest[120:130, 60:110].mean() > 0.5  # its low end and the cup are on the ground
    assert not rest[60:100, 20:60].any()
    assert not rest[100:, 180:].any()


def test_what_lies_on_the_object_alone_drops_and_comes_to_rest() -> None:
    crate, hand = box(50, 100, 70, 120), box(70, 100, 130, 120)
    (loss,) = losses(crate, hand, GROUND, NOTHING)
    assert loss.side == 0
    assert loss.at(0.0)[crate].all()
    assert loss.at(0.5)[75:105, 105:115].all()  # on its way
    late = loss.at(RESTS_S + 1)
    assert late[112:128, 102:118].all()
    assert not late[60:90].any()


def test_what_stands_on_its_own_feet_beside_the_object_stays() -> None:
    assert not losses(box(80, 78, 130, 100), PILLAR, GROUND, NOTHING)


def test_a_post_may_have_its_foot_in_the_shade() -> None:
    shade = box(115, 120, 130, 166)
    (loss,) = losses(PLANK | (OTHER & ~shade), PILLAR, GROUND, shade)
    assert loss.side == -1
    assert not losses(PLANK | (OTHER & ~shade), PILLAR, GROUND, NOTHING)[0].side


def test_without_the_weight_on_one_end_the_other_goes_down() -> None:
    slab, base = box(80, 50, 88, 190), box(88, 105, 130, 135)
    weight, load = box(60, 160, 80, 185), box(66, 55, 80, 75)
    (loss,) = losses(slab | base | load, weight, GROUND, NOTHING)
    assert loss.side == -1
    assert loss.rest()[100:128, 60:100].any()
    assert not losses(slab | base, box(60, 110, 80, 130), GROUND, NOTHING)  # right above its base


def test_a_board_that_leans_on_the_object_falls_that_way() -> None:
    board = NOTHING.copy()
    for row in range(60, 130):
        left = 60 + (130 - row) // 5
        board[row, left : left + 14] = True
    (loss,) = losses(board, box(50, 88, 130, 104), GROUND, NOTHING)
    assert loss.side == 1
    assert loss.rest()[120:129, 90:130].mean() > 0.5


def ground(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(0.5 + 0.02 * rng.random((HEIGHT, WIDTH, 3)), np.float32)


def scene_of(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Scene:
    clip = clip_of([np.clip(each * 255, 0, 255).astype(np.uint8) for each in pictures])
    return watch(clip, Track.of("glass", masks), Run(folder))


def test_what_runs_into_the_object_and_rests_there_is_followed(tmp_path: Path) -> None:
    pictures, object_ = [], box(60, 40, 130, 80)
    for index in range(LENGTH):
        picture = ground()
        left = max(81, 200 - 24 * index)
        picture[box(90, left, 120, left + 28)] = 0.1, 0.1, 0.15
        picture[object_] = 0.8, 0.3, 0.2
        pictures.append(picture)
    scene = scene_of(pictures, [object_] * LENGTH, tmp_path)
    (course,) = moving(scene)
    found = meeting(course, scene, fewest=2)
    assert found is not None
    assert found.bends
    assert found.velocity_px[0] == pytest.approx(-24, abs=3)
    assert not driven(course, found.frame)


def test_what_is_put_into_a_glass_falls_without_it(tmp_path: Path) -> None:
    pictures, glass = [], box(60, 100, 130, 140)
    for index in range(LENGTH):
        picture = ground()
        picture[glass] = 0.4, 0.25, 0.15
        if index >= 4:
            picture[box(66, 110, 80, 122)] = 0.8, 0.8, 0.2
        pictures.append(picture)
    scene = scene_of(pictures, [glass] * LENGTH, tmp_path)
    (effect,) = contents.put(scene, clip_of(pictures).rate)
    assert "frame 4" in effect.why
    assert min(place.frame for place in effect.now) == 4
    assert max(y for place in effect.goes for _, y in place.corners) > 125 / HEIGHT
    still = scene_of([pictures[0]] * LENGTH, [glass] * LENGTH, tmp_path)
    assert not list(contents.put(still, clip_of(pictures).rate))


def test_what_stands_only_leans_over_as_the_camera_travels(tmp_path: Path) -> None:
    tall = box(40, 100, 130, 120)
    lying = np.eye(3)
    track = Track.of("post", [tall, _leaning(tall, 0.2), _leaning(tall, 0.4), _leaning(tall, 0.5)])
    pictures = np.zeros((4, HEIGHT, WIDTH, 3), np.uint8)
    size = HEIGHT, WIDTH
    scene = Scene(4, size, size, (lying,) * 4, False, 0.1, pictures, track)
    assert parallax.stands(scene)
    again = parallax.upright(track[3], scene, 3)
    assert (again & tall).sum() > 0.85 * tall.sum()
    moved = Track.of("post", [np.roll(tall, 20 * index, axis=1) for index in range(4)])
    assert not parallax.stands(Scene(4, size, size, (lying,) * 4, False, 0.1, pictures, moved))


def _leaning(mask: np.ndarray, lean: float) -> np.ndarray:
    rows = [np.roll(row, round(lean * (129 - number))) for number, row in enumerate(mask)]
    return np.asarray(rows)


def test_what_stands_on_the_way_is_struck_and_stays_so(tmp_path: Path) -> None:
    pictures, object_, pin = [], box(60, 100, 130, 130), box(90, 50, 120, 60)
    for index in range(LENGTH):
        picture = ground()
        left = max(131, 210 - 20 * index)
        picture[box(90, left, 120, left + 26)] = 0.1, 0.1, 0.15
        picture[object_], picture[pin] = (0.8, 0.3, 0.2), (0.2, 0.8, 0.3)
        pictures.append(picture)
    scene = scene_of(pictures, [object_] * LENGTH, tmp_path)
    found = meeting(moving(scene)[0], scene, fewest=2)
    assert found is not None
    regions = dict(going_on(found, scene))
    assert not regions[found.frame][pin].any()
    assert regions[LENGTH - 1][pin].all()
    thing = Thing(1, found.frame - 3, 0)
    thing.add(found.before.frame, grown(found.before.mask(scene.size), 2))
    assert set_off(found, [thing], scene)
    assert not set_off(found, [], scene)


def test_what_is_covered_bit_by_bit_was_not_under_way(tmp_path: Path) -> None:
    pictures = [ground()] * 6
    scene = scene_of(pictures, [box(60, 100, 130, 130)] * 6, tmp_path)
    whole, cut = Course(), Course()
    for index in range(6):
        left = 10 + 15 * index
        for course, top in ((whole, 90), (cut, 90 + 4 * index)):
            mask = box(top, left, 115, left + 20)
            course.blobs += blobs_of(mask, index, ground(), 10, NOTHING)
    assert meeting(whole, scene) is not None
    assert meeting(cut, scene) is None
