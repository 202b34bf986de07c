"""What was hidden comes back from frames that saw it, at their exposure, without a seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.plate.plan import plan
from openvoid.plate.propagate import fitted, propagate
from openvoid.plate.survey import survey
from tests.plate.worlds import crossing, filmed, handheld, texture


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(((a - b) ** 2).mean() + 1e-12))


@pytest.mark.parametrize(("moving", "least_db"), [(False, 60.0), (True, 34.0)])
def test_the_hole_is_rebuilt(tmp_path: Path, moving: bool, least_db: float) -> None:
    cameras = [handheld(index if moving else 0) for index in range(14)]
    truth = filmed(texture(260, 340), cameras, (160, 240))
    shown, mask = crossing(truth, lambda index: (20 + 15 * index, 80))
    look = survey(clip_of(shown), mask, 2, Run(tmp_path))
    donors = plan(look.needed, look.shown, np.zeros((14, 2)))
    for index in (0, 6, 13):
        rebuilt = propagate(look, index, donors[index], 2)
        assert rebuilt is not None
        assert rebuilt.known.all()
        real = truth[index][rebuilt.box.slices] / 255
        assert psnr(rebuilt.picture[rebuilt.hole], real[rebuilt.hole]) > least_db


def test_a_donor_of_another_exposure_is_matched(tmp_path: Path) -> None:
    gains = np.linspace(0.75, 1.0, 14)
    truth = [(texture(160, 240) * gain).astype(np.uint8) for gain in gains]
    shown, mask = crossing(truth, lambda index: (20 + 15 * index, 80))
    look = survey(clip_of(shown), mask, 2, Run(tmp_path))
    donors = plan(look.needed, look.shown, np.zeros((14, 2)))
    rebuilt = propagate(look, 3, donors[3], 2)
    assert rebuilt is not None
    real = truth[3][rebuilt.box.slices] / 255
    assert psnr(rebuilt.picture[rebuilt.hole], real[rebuilt.hole]) > 34
    away = donors[3][0]
    untouched = truth[away][rebuilt.box.slices] / 255
    assert psnr(untouched[rebuilt.hole], real[rebuilt.hole]) < 32


def test_a_frame_without_a_hole_needs_nothing(tmp_path: Path) -> None:
    shown, mask = crossing([texture(160, 240)] * 3, lambda index: (-50 + 80 * index, 80))
    look = survey(clip_of(shown), mask, 2, Run(tmp_path))
    assert propagate(look, 0, np.array([2], np.int32), 2) is None


def test_corrections_carry_light_and_leave_grain_and_things() -> None:
    known = np.ones((60, 80), bool)
    known[20:40, 30:50] = False
    ramp = np.linspace(0.02, 0.06, 80, dtype=np.float32)[None, :, None] * np.ones((60, 1, 3))
    ramp = ramp.astype(np.float32)
    assert np.abs(fitted(ramp, known) - ramp)[20:40, 30:50].max() < 0.004
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 0.01, (60, 80, 3)).astype(np.float32)
    assert np.abs(fitted(grain, known)).max() < 0.002
    thing = np.zeros((60, 80, 3), np.float32)
    thing[10:19, 30:50] = 0.5
    assert np.abs(fitted(thing, known)).max() < 0.002
    assert not fitted(thing, np.zeros_like(known)).any()
