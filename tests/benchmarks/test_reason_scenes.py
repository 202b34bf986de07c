"""An elementary scene, one plain ball and one plain box, is not answered with "nothing else"."""

from __future__ import annotations

import pytest
from reason import explained
from reason_scenes import case

from openvoid.core.quadmask import split
from openvoid.reason.compose import compose


@pytest.mark.parametrize("name", ["struck", "stopped", "returned"])
def test_what_the_ball_does_to_the_box_and_the_box_to_the_ball_is_found(name: str) -> None:
    scene = case(name)
    effects, _ = explained("motion", scene.clip, scene.track)
    mask = compose(scene.track, effects)
    pairs = [(split(said)[1], truth) for said, truth in zip(mask, scene.affected, strict=True)]
    found = sum(int((said & truth).sum()) for said, truth in pairs)
    assert found > 0.5 * sum(int(truth.sum()) for _, truth in pairs)
