"""How much more a place stirs since it was touched than without contact."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.reason.motion import unrest
from openvoid.reason.motion.confidence import ConfidenceLimits, Cue
from openvoid.reason.motion.contact import find
from openvoid.reason.motion.disturbance import Thing
from openvoid.reason.motion.evidence import Evidence
from tests.reason.motion.shots import HEIGHT, LENGTH, NOTHING, WIDTH, box, locked, pattern

SEA = box(80, 0, HEIGHT, WIDTH)
CELL = 10  # pixels of a wave


def waves(index: int, seed: int = 1) -> np.ndarray:
    """Two layers of noise that travel against each other, [HEIGHT, WIDTH, 1] of white."""
    sum_ = np.zeros((HEIGHT, WIDTH), np.float32)
    for layer, pace in ((seed, 3), (seed + 1, -2)):
        size = HEIGHT // CELL, 3 * WIDTH // CELL
        noise = np.random.default_rng(layer).standard_normal(size).astype(np.float32)
        wide = cv2.resize(noise, (3 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        sum_ += wide[:, WIDTH + pace * index :][:, :WIDTH]
    return np.asarray(0.014 * sum_)[..., None]


def crossing(tmp_path: Path, *, sea: bool, struck: bool = False) -> Evidence:
    """A thing goes past before a sea or a ground; what is struck goes on before it."""
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = pattern()
        if sea:
            picture[SEA] = (np.array([0.2, 0.3, 0.5]) + waves(index))[SEA]
        if struck:
            picture[box(64, 100 + 10 * max(0, index - 6), 96, 116 + 10 * max(0, index - 6))] = 0.2
        mask = box(60, max(0, 12 * index - 10), 110, 20 + 12 * index)
        picture[mask] = 0.9, 0.1, 0.1
        pictures.append(np.asarray(picture, np.float32))
        masks.append(mask)
    return locked(pictures, masks, tmp_path)


def thing(began: int, mask: np.ndarray) -> Thing:
    made = Thing(1, began, 0)
    for frame in range(began, LENGTH):
        made.add(frame, mask)
    return made


def test_waves_are_nobody_s_doing_though_something_goes_past_before_them(tmp_path: Path) -> None:
    signs = [each.sign for each in find(crossing(tmp_path, sea=True))]
    assert signs, "the waves are told, or this test tells nothing"
    assert {each.cue for each in signs} == {Cue.PUSHED_RESTLESS}
    assert max(each.confidence(ConfidenceLimits()) for each in signs) < 0.5


def test_what_is_struck_stirs_more_than_before(tmp_path: Path) -> None:
    (found,) = find(crossing(tmp_path, sea=False, struck=True))
    assert found.sign.cue is Cue.PUSHED
    assert found.sign.contrast > 3


def test_a_place_that_waves_before_and_after_stirs_once_as_much(tmp_path: Path) -> None:
    evidence, place = crossing(tmp_path, sea=True), box(120, 40, 150, 200)
    assert 0.7 < unrest.rise(evidence, thing(7, place)) < 1.4


def test_what_is_touched_at_once_is_held_against_the_last_frames(tmp_path: Path) -> None:
    pictures = [pattern() for _ in range(24)]
    for index in range(6):
        pictures[index][box(100, 40, 120, 60)] = 0.1 + 0.1 * (index % 2)
    evidence = locked(pictures, [box(10, 10, 40, 40)] * 24, tmp_path)
    assert unrest.rise(evidence, thing(1, box(100, 40, 120, 60))) > 10
    assert unrest.rise(evidence, thing(1, box(100, 140, 120, 160))) < 1


def test_places_are_compared_with_each_other(tmp_path: Path) -> None:
    evidence = crossing(tmp_path, sea=True)
    land, when = box(0, 0, 50, WIDTH), range(3, 9)
    assert unrest.against(evidence, (box(120, 0, 160, WIDTH), when), (land, when)) > 5
    assert unrest.against(evidence, (NOTHING, when), (land, when)) == 1
