"""What every mover promises, for every one that is installed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.effects import Effects
from openvoid.core.fates import Fates
from openvoid.core.plugins import Mover
from tests.physics.rolling import LENGTH, Shot, stopped


@pytest.fixture(params=plugins.names("mover"))
def mover(request: pytest.FixtureRequest) -> Mover:
    made: Mover = plugins.construct("mover", request.param)
    return made


@pytest.fixture(scope="module")
def shot() -> Shot:
    return stopped()


def test_the_same_shot_gives_the_same_fates(mover: Mover, shot: Shot, tmp_path: Path) -> None:
    told = [
        mover.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path / str(number)))
        for number in range(2)
    ]
    assert told[0] == told[1]
    assert Fates.from_json(json.loads(json.dumps(told[0].to_json()))) == told[0]


def test_every_fate_belongs_to_an_effect_and_lies_in_the_clip(
    mover: Mover, shot: Shot, tmp_path: Path
) -> None:
    fates = mover.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path))
    assert fates.moving
    for fate in fates.things:
        assert 0 <= fate.effect < len(shot.effects.affected)
        assert fate.source == mover.name
        assert fate.why
        assert all(fate.from_frame <= pose.frame < LENGTH for pose in fate.poses)
        values = [(pose.x, pose.y, pose.angle_deg, pose.scale) for pose in fate.poses]
        assert np.isfinite(values).all()


def test_without_effects_nothing_moves(mover: Mover, shot: Shot, tmp_path: Path) -> None:
    assert not mover.foretell(shot.clip, shot.track, Effects(), shot.run(tmp_path)).things
