"""Bones of a recording -> limbs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from openvoid.synth.sources.rig import SKELETON, joints, limbs


def test_at_rest_the_figure_stands_with_its_arms_out() -> None:
    still = np.tile([1.0, 0, 0, 0, 0, 0, 0], (1, 1))
    heads = joints({"mixamorig:Hips": still}, SKELETON)
    assert heads["HeadTop_End"][0] == pytest.approx([0, 0, 1.76])
    assert heads["LeftToeBase"][0] == pytest.approx([0.09, -0.13, 0.01])
    assert heads["LeftHand"][0, 2] == heads["RightHand"][0, 2] == pytest.approx(1.44)


def test_a_bone_that_turns_takes_what_hangs_on_it_along() -> None:
    quarter = [math.cos(math.pi / 4), 0, -math.sin(math.pi / 4), 0]  # about the bone's own y: up
    poses = {"LeftArm": np.array([[*quarter, 0, 0, 0]])}
    heads = joints(poses, SKELETON)
    away = heads["LeftHand"][0] - heads["LeftArm"][0]
    assert np.abs(away[[0, 2]]).max() < 1e-9
    assert abs(away[1]) == pytest.approx(0.545)
    assert limbs(poses, SKELETON)["LeftArm"].size[1] == pytest.approx(0.1375)
