"""Scenes with exact truth: what is behind the object, and what some frame saw, on made footage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import footage
import numpy as np
import pytest
import truth_scene
from baselines import BASELINES
from impostor import Impostor
from motions import line, swing, wander
from numpy.typing import NDArray
from plate_truth import Row, Yardsticks, fill, measure, request_of
from truth_cases import CASES
from truth_metrics import Score, psnr
from truth_scene import Case, Scene, build, scaled

from openvoid.core.quadmask import Region

LENGTH = 16
BALL = Impostor(radius_px=14, penumbra_px=8)
SHAKY = wander((110, 75), (50, 4), 2.0, 1.0, window=(100, 140))


@pytest.fixture(autouse=True)
def made_footage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smooth picture that stands still, but for a corner."""
    rng = np.random.default_rng(2)
    coarse = rng.uniform(30, 220, (12, 16, 3)).astype(np.float32)
    still = cv2.resize(coarse, (220, 150), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    frames = np.repeat(still.astype(np.uint8)[None], LENGTH, axis=0)
    frames[::2, :20, :20] = 255

    def give(*_: object) -> NDArray[np.uint8]:
        return frames

    monkeypatch.setattr(truth_scene, "footage", give)
    monkeypatch.setattr(
        truth_scene, "still_footage", lambda *_: footage.still_map(truth_scene.footage())
    )


def locked(path: Callable[[float], tuple[float, float]] | None = None) -> Case:
    return Case("locked", "", BALL, path or line((-30, 80), (250, 80)))


def moving(path: Callable[[float], tuple[float, float]] | None = None) -> Case:
    return Case(
        "moving", "", BALL, path or line((60, 75), (170, 75)), camera=SHAKY, window=(100, 140)
    )


@pytest.mark.parametrize("case", [locked(), moving()], ids=["locked", "moving"])
def test_only_the_object_and_its_penumbra_differ_from_the_truth(case: Case) -> None:
    made = build(case)
    change = np.abs(made.shown.astype(int) - made.truth).max(axis=-1)
    assert change[made.hole].mean() > 20
    for index in range(LENGTH):
        near = cv2.dilate(made.hole[index].astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        assert not change[index][~near].any()
    labels = np.concatenate([frame.ravel() for frame in made.quadmask])
    assert set(np.unique(labels)) == set(Region)


def test_what_moves_is_not_measured() -> None:
    made = build(locked())
    assert not made.still[:, :20, :20].any()
    assert made.still[:, 40:, 40:].all()


@pytest.mark.parametrize("case", [locked(), moving()], ids=["locked", "moving"])
def test_a_crossing_object_is_seen_past_and_the_oracle_is_right(case: Case) -> None:
    made = build(case)
    behind = made.hole & made.still
    assert made.seen[behind].mean() > 0.99
    assert made.donors is not None
    found = psnr(made.donors(), made.truth, behind & made.seen)
    assert found is not None
    assert found > 42  # resampling and rounding alone
    outside = ~made.hole
    assert np.array_equal(made.donors()[outside], made.truth[outside])


@pytest.mark.parametrize("case", [locked, moving], ids=["locked", "moving"])
def test_what_an_object_always_hides_is_never_seen(case: Callable[..., Case]) -> None:
    made = build(case(swing((115, 75), (3, 0), 1.0)))
    labels = made.quadmask[LENGTH // 2]
    rows, columns = np.nonzero(labels == Region.PRIMARY)
    middle = round(rows.mean()), round(columns.mean())
    assert not made.seen[LENGTH // 2][middle]
    assert 0.2 < (~made.seen)[made.hole].mean() < 0.95


def test_a_locked_still_background_is_found_by_copying_in_time() -> None:
    made = build(locked())
    for name in ("nearest", "median"):
        result = fill(request_of(made), name, {}, None)  # type: ignore[arg-type]
        found = psnr(result, made.truth, made.hole & made.still)
        assert found is not None
        assert found > 38
        assert np.array_equal(result[~made.hole], made.shown[~made.hole])
    telea = fill(request_of(made), "telea", {}, None)  # type: ignore[arg-type]
    assert np.array_equal(telea[~made.hole], made.shown[~made.hole])
    assert set(BASELINES) == {"telea", "median", "nearest"}


def test_a_row_names_the_targets_that_are_missed() -> None:
    made = build(moving())
    row, _ = measure(made, "oracle", {})
    assert row.targets()["seen>=28"]
    assert row.targets()["median+7"]
    bad, _ = measure(made, "median", {})
    assert not bad.targets()["median+7"]
    assert "median+7" in bad.line()


def test_flicker_is_missed_by_more_than_a_tenth_and_faint_under_a_tenth_of_a_level() -> None:
    def row(flicker: float, step: float) -> Row:
        score = Score(45.0, 44.0, None, None, flicker, 1.0, step, 40.0, 0)
        return Row("x", False, 0.1, score, Yardsticks(score, score, score, score), 0.1, {}, ())

    assert row(1.09, 1.0).targets()["flicker±10%"]
    assert not row(1.2, 1.0).targets()["flicker±10%"]
    assert not row(1.2, 1.0).flickers_faintly()
    assert not row(1.2, 0.2).targets()["flicker±10%"]
    assert row(1.2, 0.2).flickers_faintly()
    assert "(faint)" in row(1.2, 0.2).line()


def test_building_twice_gives_the_same_scene() -> None:
    case = Case(
        "noisy", "", BALL, swing((110, 75), (50, 0), 1.0),
        grain_levels=2.0, matte_error_px=2.0, shutter=0.5, gain=lambda time: 1.0 + 0.1 * time,
    )  # fmt: skip
    one, other = build(case), build(case)
    assert np.array_equal(one.shown, other.shown)
    assert one.quadmask == other.quadmask
    assert one.truth[-1].mean() > 1.05 * one.truth[0].mean()


@pytest.mark.parametrize("case", [locked(), moving()], ids=["locked", "moving"])
def test_a_scaled_case_is_the_same_picture_larger(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = build(case)
    frames = [cv2.resize(frame, (440, 300)) for frame in truth_scene.footage()]  # type: ignore[call-arg]
    monkeypatch.setattr(truth_scene, "footage", lambda *_: np.stack(frames))
    large = build(scaled(replace(case, width=220), 2.0))
    assert large.truth.shape[1:3] == (2 * small.truth.shape[1], 2 * small.truth.shape[2])
    for index in range(4, LENGTH, 4):
        shrunk = cv2.resize(large.hole[index].astype(np.uint8), small.hole.shape[:0:-1])
        union = (shrunk > 0) | small.hole[index]
        assert ((shrunk > 0) & small.hole[index]).sum() >= 0.8 * union.sum()


def test_cases_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.usefixtures("shared")
def test_a_case_on_real_footage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made: Scene = build(next(case for case in CASES if case.name == "bigben"))
    row, _ = measure(made, "nearest", {})
    assert row.yardsticks.oracle is not None
    assert row.yardsticks.oracle.seen_db is not None
    assert row.yardsticks.oracle.seen_db > 45
    assert row.engine.seen_db is not None
    assert row.engine.seen_db > 40 > (row.yardsticks.telea.seen_db or 99.0)
