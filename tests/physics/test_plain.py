"""The mover `plain`: what is stopped goes on, what is held falls, what is pushed stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.fates import End, FateKind
from openvoid.core.track import Track
from openvoid.physics.plain import PlainMover
from openvoid.reason.contours import mask_of, places_of
from tests.physics.rolling import (
    HEIGHT,
    LENGTH,
    MEETS,
    WIDTH,
    Shot,
    ball_x,
    disc_at,
    shot_of,
    stopped,
)

MOVER = PlainMover(PlainMover.Options())


def test_a_ball_that_is_stopped_goes_on_at_its_own_pace(tmp_path: Path) -> None:
    shot = stopped()
    (fate,) = MOVER.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path)).things
    assert fate.kind is FateKind.GO_ON
    assert fate.from_frame == MEETS
    assert 0 < fate.confidence <= 0.8
    for pose in fate.poses:
        assert pose.x * WIDTH == pytest.approx(ball_x(pose.frame), abs=0.7)
        assert pose.y * HEIGHT == pytest.approx(72, abs=0.7)
    drawn = [place for place in fate.places(HEIGHT, WIDTH) if place.frame == MEETS + 2]
    true = disc_at(ball_x(MEETS + 2))
    both = mask_of(drawn, HEIGHT, WIDTH)
    assert (both & true).sum() / (both | true).sum() > 0.85


def test_what_leaves_the_picture_is_drawn_no_more(tmp_path: Path) -> None:
    shot = stopped()
    long = Track.of("box", [shot.track[0]] * LENGTH)
    faster = replace(shot.effects.affected[0])
    fates = MOVER.foretell(shot.clip, long, Effects((faster,)), shot.run(tmp_path))
    last = fates.things[0].poses[-1]
    assert last.frame == LENGTH - 1
    assert fates.things[0].end is End.OPEN


def held(cause: Relation) -> tuple[Effects, Track]:
    """A disc high above the row on which its bearer stands."""
    bearer = np.zeros((HEIGHT, WIDTH), bool)
    bearer[40:110, 60:80] = True
    now = [place for t in range(LENGTH) for place in places_of(disc_at(70, 28), t)]
    effect = Effect("disc", EffectKind.PHYSICAL, cause, now=tuple(now), confidence=0.7)
    return Effects((effect,)), Track.of("bearer", [bearer] * LENGTH)


@pytest.mark.parametrize("cause", [Relation.SUPPORTS, Relation.HOLDS])
def test_what_is_borne_falls_to_where_its_bearer_stands(tmp_path: Path, cause: Relation) -> None:
    effects, track = held(cause)
    shot = stopped()
    run = shot.run(tmp_path)
    (fate,) = MOVER.foretell(shot.clip, track, effects, run).things
    rows = [pose.y * HEIGHT for pose in fate.poses]
    assert fate.kind is FateKind.FALL
    assert fate.end is End.RESTS
    assert rows == sorted(rows)
    assert np.diff(rows)[:4] == pytest.approx(sorted(np.diff(rows)[:4]))  # faster and faster
    assert rows[-1] == pytest.approx(110 - 11, abs=1)
    assert any("guess" in warning for warning in run.warnings)


def called(shot: Shot, cause: Relation) -> Effects:
    """As a reasoner says it that saw the thing only since it was touched."""
    return Effects((replace(shot.effects.affected[0], cause=cause, before=()),))


def test_what_stood_and_is_pushed_stays(tmp_path: Path) -> None:
    shot = shot_of(lambda frame: ball_x(MEETS) - 2.0 * max(0, frame - MEETS))
    effects = called(shot, Relation.PUSHES)
    fates = MOVER.foretell(shot.clip, shot.track, effects, shot.run(tmp_path))
    assert [(fate.kind, fate.effect) for fate in fates.things] == [(FateKind.HOLD, 0)]
    assert not fates.moving


def test_what_came_by_itself_goes_on_whatever_it_is_called(tmp_path: Path) -> None:
    shot = stopped()
    effects = called(shot, Relation.PUSHES)
    (fate,) = MOVER.foretell(shot.clip, shot.track, effects, shot.run(tmp_path)).things
    assert fate.kind is FateKind.GO_ON
    assert fate.poses[-1].x * WIDTH == pytest.approx(ball_x(fate.poses[-1].frame), abs=1.5)
    places = [place for place in fate.seen if place.frame == MEETS]
    assert mask_of(places, HEIGHT, WIDTH)[disc_at(ball_x(MEETS), larger=0.8)].mean() > 0.4


def test_what_is_asked_about_is_left_alone(tmp_path: Path) -> None:
    shot = stopped()
    asked = replace(shot.effects.affected[0], applied=False)
    run = shot.run(tmp_path)
    assert MOVER.foretell(shot.clip, shot.track, Effects((asked,)), run).things == ()


def test_a_course_of_one_look_is_not_made_up(tmp_path: Path) -> None:
    shot = shot_of(lambda frame: ball_x(min(frame, MEETS)) if frame >= MEETS - 1 else -60.0)
    effects = Effects((replace(shot.effects.affected[0]),))
    fates = MOVER.foretell(shot.clip, shot.track, effects, shot.run(tmp_path))
    assert not fates.moving
