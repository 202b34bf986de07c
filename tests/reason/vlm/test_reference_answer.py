"""Answers of the older shape: a real one, and what else may come."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.effects import Effects
from openvoid.core.quadmask import Region
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from openvoid.reason.vlm.effects import effects_of
from openvoid.reason.vlm.reasoner import VlmOptions, VlmReasoner
from openvoid.reason.vlm.reference_answer import is_legacy, read_legacy
from openvoid.reason.vlm.schema import WrongAnswer

HEIGHT, WIDTH, LENGTH = 128, 224, 20

OLD: dict[str, Any] = {
    "primary_subject": {"noun": "person", "aliases": [], "position": [[2, 2]], "reasoning": ""},
    "integral_belongings": [{"noun": "bag", "why": "worn", "position": [[3, 3]]}],
    "affected_subjects": [
        {
            "noun": "ball",
            "why": "held up by the hand",
            "current_position": [[2, 5]],
            "contact_position": [[2, 4]],
            "will_move": True,
            "movement_path": [[3, 5], [4, 5]],
            "final_position": [[5, 5]],
        },
    ],
    "scene_description": "An empty hall.",
    "camera_motion_note": "static",
    "confidence": 0.5,
    "grid_rows": 8,
    "grid_cols": 14,
}


def jumper() -> Track:
    """Moves to the right and up and down; unseen in the first two frames."""
    masks = []
    for index in range(LENGTH):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if index > 1:
            centre = (58 + 4 * index, 52 - int(20 * abs(np.sin(index / 3))))
            cv2.ellipse(mask, centre, (12, 30), 0, 0, 360, 1, -1)
        masks.append(mask > 0)
    return Track.of("gymnast", masks)


def test_a_real_answer_becomes_a_quadmask_over_time(shared: Path, tmp_path: Path) -> None:
    track = jumper()
    clip = clip_of([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * LENGTH)
    path = shared / "vlm" / "gymnast.json"
    effects = VlmReasoner(VlmOptions(vlm_answer=str(path))).explain(clip, track, Run(tmp_path))
    shadow, bed = effects.affected
    assert (shadow.kind, shadow.cause, shadow.goes) == ("artefact", "casts", ())
    assert (bed.kind, bed.cause, bed.goes) == ("physical", "deforms", ())  # it stays in its place
    assert effects.background.startswith("A gymnasium scene")
    assert Effects.from_json(json.loads(json.dumps(effects.to_json()))) == effects
    mask = compose(track, effects)
    cell = HEIGHT / 8
    for frame in range(2, LENGTH):
        labels = mask[frame]
        assert labels[int(7 * cell), int(8 * WIDTH / 14)] == Region.AFFECTED  # the bed
        assert labels[int(1.5 * cell), int(12 * WIDTH / 14)] == Region.KEEP
        feet = track.box(frame)
        under = labels[int(5.5 * cell), (feet.left + feet.right) // 2]
        assert under != Region.KEEP  # the shadow goes along, and stays on the floor
    assert (mask[0] == Region.KEEP).all()


def test_what_will_move_marks_its_way_and_its_end() -> None:
    track = jumper()
    effects = effects_of(read_legacy(OLD, 2), track, "vlm")
    (ball,) = effects.affected
    assert (ball.cause, ball.confidence, ball.source) == ("holds", 0.5, "vlm")
    goes = np.array([corner for place in ball.goes for corner in place.corners])
    assert goes[:, 1].min() == pytest.approx(3 / 8, abs=0.02)
    assert goes[:, 1].max() == pytest.approx(6 / 8, abs=0.02)
    assert [belonging.noun for belonging in effects.belongings] == ["bag"]
    assert effects.belongings[0].places[0].frame == 2


def test_the_older_shape_is_known_by_its_field() -> None:
    assert is_legacy(OLD)
    assert not is_legacy({"affected": []})
    assert not is_legacy([])


@pytest.mark.parametrize(
    "change",
    [
        {"grid_rows": 0},
        {"grid_cols": "many"},
        {"grid_rows": 10**6},
        {"primary_subject": None},
        {"integral_belongings": None},
        {"affected_subjects": [{"noun": "x", "current_position": [[9, 0]]}]},
        {"affected_subjects": [{"noun": "x", "current_position": [[1, 2, 3]]}]},
        {"affected_subjects": [{"noun": "x", "current_position": 7}]},
        {"affected_subjects": [{"noun": "x", "current_position": [["a", "b"]]}]},
        {"affected_subjects": [{"current_position": [[1, 2]]}]},
        {"affected_subjects": ["x"]},
    ],
)
def test_what_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswer):
        read_legacy({**copy.deepcopy(OLD), **change}, 0)


def test_a_thing_without_a_place_is_left_out() -> None:
    told = read_legacy({**OLD, "affected_subjects": [{"noun": "ghost"}]}, 0)
    assert told.affected == ()
