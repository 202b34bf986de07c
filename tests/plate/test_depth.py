"""A donor shows what the hole hides, near things before far ones, though no frame is one plane."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Run
from openvoid.plate.depth import Depth, depth_of, turned
from openvoid.plate.plan import plan
from openvoid.plate.propagate import around, propagate
from openvoid.plate.survey import Survey, survey
from openvoid.vision.fitting import Camera
from tests.plate.worlds import crossing, filmed, handheld, texture

LENGTH, SIZE = 12, (150, 220)


def two_depths(index: int) -> NDArray[np.uint8]:
    """A wall, and a pillar before it that moves three times as far."""
    wall, pillar = texture(*SIZE, seed=3) // 2 + 80, texture(*SIZE, seed=8) // 2
    picture = cv2.warpAffine(wall, np.array([[1, 0, 0.7 * index], [0, 1, 0]]), SIZE[::-1],
                             flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    cover = np.zeros(SIZE, np.float32)
    cover[:, 90:120] = 1
    shift = np.array([[1, 0, 2.1 * index], [0, 1, 0.0]])
    cover = cv2.warpAffine(cover, shift, SIZE[::-1])[..., None]
    near = cv2.warpAffine(pillar, shift, SIZE[::-1], flags=cv2.INTER_CUBIC,
                          borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    return np.asarray(picture * (1 - cover) + near * cover, np.uint8)


def shot(folder: Path, truth: list[NDArray[np.uint8]]) -> tuple[Survey, Quadmask]:
    shown, mask = crossing(truth, lambda index: (40 + 12 * index, 75), radius=17)
    look = survey(clip_of(shown), mask, 2, Run(folder), Camera.AFFINE)
    return look, mask


def test_what_is_behind_is_rebuilt_at_both_depths(tmp_path: Path) -> None:
    truth = [two_depths(index) for index in range(LENGTH)]
    look, _ = shot(tmp_path, truth)
    donors = plan(look.needed, look.clear, np.zeros((LENGTH, 2)), 0.06)
    depth = depth_of(look, donors)
    assert depth is not None
    off = []
    for index in (4, 6, 8):
        real = truth[index] / 255
        for each in (depth, None):
            rebuilt = propagate(look, index, donors[index], 2, each)
            assert rebuilt is not None
            where = rebuilt.hole & rebuilt.known
            off.append(float(((rebuilt.picture - real[rebuilt.box.slices])[where] ** 2).mean()))
    assert sum(off[0::2]) < 0.5 * sum(off[1::2])


@pytest.mark.parametrize("camera", [Camera.AFFINE, Camera.LOCKED])
def test_one_plane_has_no_depth(tmp_path: Path, camera: Camera) -> None:
    moving = camera is Camera.AFFINE
    cameras = [handheld(index if moving else 0) for index in range(LENGTH)]
    truth = filmed(texture(260, 340), cameras, SIZE)
    look, _ = shot(tmp_path, truth)
    donors = plan(look.needed, look.shown, np.zeros((LENGTH, 2)))
    assert depth_of(look, donors) is None


def test_what_nothing_tells_has_no_local_motion(tmp_path: Path) -> None:
    gray = [np.full((*SIZE, 3), 90, np.uint8)] * LENGTH
    look, _ = shot(tmp_path, gray)
    made = around(look, 5, 2)
    assert made is not None
    local = Depth(look).local(5, 1, made.box, 2, any_fit=False)
    assert local is None or np.abs(local.flow).max() < 1


def test_the_nearer_hides_the_farther_and_leaves_what_it_uncovers() -> None:
    moved = np.zeros((20, 40, 2), np.float32)
    moved[:, 10:16, 0] = 6.0
    near = moved[..., 0].copy()
    clear = np.ones((20, 40), bool)
    flow, hit = turned(moved, clear, near)
    assert (flow[:, 16:22, 0] == -6).all()
    assert not hit[5:15, 11:15].any()
    assert hit[:, 24:].all()
    flow, _ = turned(moved, clear, -near)
    assert (flow[:, 16:22, 0] == 0).all()
