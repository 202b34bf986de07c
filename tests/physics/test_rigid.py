"""The mover `rigid`: what stands in the way is knocked about, what is let go falls."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.fates import End, FateKind
from openvoid.core.track import Track
from openvoid.physics.plain import PlainMover
from openvoid.physics.rigid import RigidMover
from openvoid.reason.contours import mask_of, places_of
from tests.physics.rolling import HEIGHT, LENGTH, WIDTH, Shot, ball_x, disc_at, stopped

MOVER = RigidMover(RigidMover.Options())
POST = slice(54, 86), slice(146, 156)


def with_post(shot: Shot) -> Shot:
    """A slim green post where the ball would come by."""
    frames = [frame.copy() for frame in shot.clip.frames()]
    for frame in frames:
        frame[POST] = (40, 170, 60)
    return replace(shot, clip=clip_of(frames, Fraction(24)))


def test_the_post_is_knocked_about_and_stays_until_then(tmp_path: Path) -> None:
    shot = with_post(stopped())
    ball, post = MOVER.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path)).things
    assert (ball.kind, post.kind) == (FateKind.GO_ON, FateKind.KNOCKED)
    assert post.effect == ball.effect
    true = np.zeros((HEIGHT, WIDTH), bool)
    true[POST] = True
    seen = mask_of(post.shape, HEIGHT, WIDTH)
    assert (seen & true).sum() / (seen | true).sum() > 0.7
    first, last = post.poses[0], post.poses[-1]
    assert (first.x, first.y) == pytest.approx((post.start.x, post.start.y), abs=0.02)
    assert last.frame == LENGTH - 1
    assert (last.x - first.x) * WIDTH > 2 or abs(last.angle_deg) > 10
    assert last.spread > 0
    assert {place.frame for place in post.seen} == set(range(LENGTH))
    for pose in ball.poses[:3]:
        assert pose.x * WIDTH == pytest.approx(ball_x(pose.frame), abs=0.7)


def test_with_nothing_in_the_way_it_goes_on_as_plain_says(tmp_path: Path) -> None:
    shot = stopped()
    run = shot.run(tmp_path)
    told = [
        mover.foretell(shot.clip, shot.track, shot.effects, run).things
        for mover in (MOVER, PlainMover(PlainMover.Options()))
    ]
    assert [each.poses for each in told[0]] == [each.poses for each in told[1]]


def held(hides: bool) -> tuple[Shot, Effects, Track]:
    """A disc high above the row on which its bearer stands, perhaps behind its arm."""
    bearer = np.zeros((HEIGHT, WIDTH), bool)
    bearer[30:110, 84:100] = True
    if hides:
        bearer[24:32, 66:100] = True
    disc = disc_at(70, 28)
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    picture[disc], picture[bearer] = (230, 200, 40), (60, 60, 160)
    now = [place for t in range(LENGTH) for place in places_of(disc & ~bearer, t)]
    effect = Effect("disc", EffectKind.PHYSICAL, Relation.HOLDS, now=tuple(now), confidence=0.7)
    clip = clip_of([picture] * LENGTH, Fraction(12))
    track = Track.of("bearer", [bearer] * LENGTH)
    return replace(stopped(), clip=clip), Effects((effect,)), track


@pytest.mark.parametrize("hides", [False, True])
def test_what_is_let_go_falls_whole_and_rests(tmp_path: Path, hides: bool) -> None:
    shot, effects, track = held(hides)
    run = shot.run(tmp_path)
    (fate,) = MOVER.foretell(shot.clip, track, effects, run).things
    assert fate.kind is FateKind.FALL
    assert fate.end is not End.LEAVES
    rows = [pose.y * HEIGHT for pose in fate.poses]
    assert rows[-1] == pytest.approx(110 - 11, abs=4)
    assert rows[2] > rows[1] > rows[0]
    shape, disc = mask_of(fate.shape, HEIGHT, WIDTH), disc_at(70, 28)
    assert (shape & disc).sum() / (shape | disc).sum() > 0.9
    assert any("--camera-m" in warning for warning in run.warnings)


def test_what_a_person_says_stands(tmp_path: Path) -> None:
    shot, effects, track = held(False)
    mover = RigidMover(RigidMover.Options(fate="1=hold"))
    (fate,) = mover.foretell(shot.clip, track, effects, shot.run(tmp_path)).things
    assert (fate.kind, fate.source) == (FateKind.HOLD, "person")
