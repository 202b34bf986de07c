"""Fates: silhouettes carried along their poses; cut to a range; odd files refused in a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fate, FateKind, Fates, Pose

SQUARE = Place(2, ((0.1, 0.2), (0.3, 0.2), (0.3, 0.6), (0.1, 0.6)))
FATE = Fate("box", FateKind.FALL, 0, 3, (SQUARE,), Pose(2, 0.2, 0.4))
HEIGHT, WIDTH = 100, 200


def area(place: Place) -> float:
    x, y = (np.array(place.corners) * [WIDTH, HEIGHT]).T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


@given(st.floats(-1, 2), st.floats(-1, 2), st.floats(-720, 720), st.floats(0.1, 9))
def test_a_pose_moves_turns_and_scales_and_nothing_else(
    x: float, y: float, angle: float, scale: float
) -> None:
    (place,) = replace(FATE, poses=(Pose(5, x, y, angle, scale),)).places(HEIGHT, WIDTH)
    assert place.frame == 5
    assert np.mean(place.corners, axis=0) == pytest.approx((x, y), abs=1e-9)
    assert area(place) == pytest.approx(area(SQUARE) * scale**2)


def test_the_start_is_where_it_was_cut_out() -> None:
    (place,) = replace(FATE, poses=(FATE.start,)).places(HEIGHT, WIDTH)
    assert np.array(place.corners) == pytest.approx(np.array(SQUARE.corners))


def test_a_quarter_turn_goes_clockwise_as_seen() -> None:
    (place,) = replace(FATE, poses=(Pose(3, 0.5, 0.5, 90),)).places(100, 100)
    first = np.array(SQUARE.corners[0]) - [0.2, 0.4]  # left and above
    assert np.array(place.corners[0]) == pytest.approx([0.5 - first[1], 0.5 + first[0]])


def test_a_range_keeps_what_can_still_be_drawn() -> None:
    poses = tuple(Pose(frame, 0.5, 0.5) for frame in range(3, 8))
    fates = Fates((replace(FATE, poses=poses),))
    (kept,) = fates.trimmed(2, 6).things
    assert [pose.frame for pose in kept.poses] == [1, 2, 3]
    assert (kept.from_frame, kept.start.frame, kept.shape[0].frame) == (1, 0, 0)
    assert not fates.trimmed(3, 6).things  # the frame that shows it is not there
    assert not fates.trimmed(0, 3).things  # it does not move yet


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "explode"}, "kind"),
        ({"poses": [{"frame": 3, "x": 0.5, "y": float("nan")}]}, "y"),
        ({"poses": [{"frame": 4, "x": 0, "y": 0}, {"frame": 3, "x": 0, "y": 0}]}, "in the order"),
        ({"poses": [{"frame": 4, "x": 0, "y": 0}, {"frame": 4, "x": 0, "y": 0}]}, "in the order"),
        ({"poses": [{"frame": 4, "x": 0, "y": 0, "scale": 0}]}, "scale"),
        ({"start": None}, "start"),
        ({"effect": -1}, "effect"),
    ],
)
def test_odd_files_are_refused_in_a_line(change: dict[str, Any], said: str) -> None:
    row = Fates((FATE,)).to_json()["things"][0] | change
    with pytest.raises(OpenVoidError, match=said):
        Fates.from_json({"schema": "openvoid.fates/1", "things": [row]})
    with pytest.raises(OpenVoidError, match="schema"):
        Fates.from_json({"schema": "openvoid.effects/1", "things": []})


EFFECT = Effect("box", EffectKind.PHYSICAL, Relation.HOLDS)
WHOLE = replace(FATE, poses=(Pose(3, 0.5, 0.5), Pose(4, 0.5, 0.6)))


def test_fates_that_fit_the_clip_are_followed() -> None:
    Fates((WHOLE,)).check(5, Effects((EFFECT,)))
    Fates((WHOLE,)).check(5, None)


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ((replace(WHOLE, effect=3),), "effect 4 is not there"),
        ((replace(WHOLE, poses=(*WHOLE.poses, Pose(5, 0.5, 0.7))),), "frame 5 is not in the clip"),
        ((WHOLE, replace(WHOLE, poses=WHOLE.poses[:1])), "things 1 and 2 are one"),
        ((replace(WHOLE, kind=FateKind.HOLD),), "it is held, and has a course"),
        ((replace(WHOLE, from_frame=4),), "in frame 3, before 4"),
        ((replace(WHOLE, start=Pose(1, 0.2, 0.4)),), "of another frame than its start"),
        ((replace(WHOLE, shape=()),), "a course and no shape"),
    ],
)
def test_fates_that_cannot_be_followed_are_one_line(things: tuple[Fate, ...], said: str) -> None:
    with pytest.raises(OpenVoidError, match=said) as told:
        Fates(things).check(5, Effects((EFFECT,)), "mine.json")
    assert told.value.line().startswith("mine.json: ")
    assert "\n" not in told.value.line()


def test_a_fate_of_what_is_only_asked_about_names_the_flag() -> None:
    with pytest.raises(OpenVoidError, match="--accept 1"):
        Fates((WHOLE,)).check(5, Effects((replace(EFFECT, applied=False),)))
