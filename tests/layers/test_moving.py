"""Things are taken out of one frame and drawn where they would be, by any engine's fills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.fates import Fates
from openvoid.core.quadmask import Region
from openvoid.core.removal import Origin, RemovalRequest, Run
from openvoid.layers import moving
from openvoid.physics.plain import PlainMover
from openvoid.plate.engine import PlateEngine
from openvoid.reason.compose import compose
from tests.physics.rolling import HEIGHT, LENGTH, MEETS, WIDTH, Shot, ball_x, disc_at, stopped

SOFT_PX = 3
BOX_AND_SEAM = slice(36, 88), slice(102, 144)


def asked(shot: Shot, fates: Fates) -> RemovalRequest:
    mask = compose(shot.track, shot.effects, fates)
    return RemovalRequest(shot.clip, mask, effects=shot.effects, fates=fates, soft_edge_px=SOFT_PX)


def filled(shot: Shot, request: RemovalRequest, folder: Path) -> list[np.ndarray]:
    """The finished frames from `request.start` on."""
    engine, run = PlateEngine(PlateEngine.Options()), shot.run(folder)
    frames = list(shot.clip.frames())
    out = []
    for fill in moving.fills(request, lambda each: engine.fill(each, run)):
        frame = frames[fill.frame].astype(np.float32)
        alpha = fill.alpha[..., None]
        part = frame[fill.box.slices]
        frame[fill.box.slices] = part * (1 - alpha) + fill.rgb * alpha
        assert ((fill.alpha > 0) == (fill.origin != Origin.KEPT)).all()
        labels = request.quadmask.labels_in(fill.frame, fill.box)
        assert (fill.alpha[labels != Region.KEEP] == 1).all()
        out.append(frame)
    return out


@pytest.fixture(scope="module")
def shot() -> Shot:
    return stopped()


@pytest.fixture(scope="module")
def fates(shot: Shot, tmp_path_factory: pytest.TempPathFactory) -> Fates:
    run: Run = shot.run(tmp_path_factory.mktemp("fates"))
    return PlainMover(PlainMover.Options()).foretell(shot.clip, shot.track, shot.effects, run)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-3, np.square(a - b).mean())))


def test_the_ball_rolls_on_where_the_box_was(shot: Shot, fates: Fates, tmp_path: Path) -> None:
    done = filled(shot, asked(shot, fates), tmp_path)
    assert len(done) == LENGTH
    for index in range(MEETS, LENGTH):
        truth = shot.truth[index].astype(np.float32)
        ball = disc_at(ball_x(index), larger=0.9)
        assert psnr(done[index][ball], truth[ball]) > 34, index
        known = np.ones((HEIGHT, WIDTH), bool)
        known[BOX_AND_SEAM] = False  # no frame shows what the box hid
        near = known & disc_at(ball_x(index), larger=1.8)
        assert psnr(done[index][near], truth[near]) > 27, index
        assert psnr(done[index][known & ~near], truth[known & ~near]) > 38, index


def test_nothing_is_changed_but_the_mask(shot: Shot, fates: Fates, tmp_path: Path) -> None:
    """The place from which the ball was taken is given back as it was."""
    done = filled(shot, asked(shot, fates), tmp_path)
    (fate,) = fates.moving
    taken = fate.start.frame
    near = disc_at(ball_x(taken))
    source = list(shot.clip.frames())[taken]
    assert np.array_equal(done[taken][near], source[near].astype(np.float32))


def test_the_same_fills_whatever_the_start(shot: Shot, fates: Fates, tmp_path: Path) -> None:
    request = asked(shot, fates)
    whole = filled(shot, request, tmp_path / "whole")
    late = filled(shot, replace(request, start=12), tmp_path / "late")
    assert len(late) == LENGTH - 12
    for one, other in zip(whole[12:], late, strict=True):
        assert np.array_equal(one, other)


def test_without_fates_the_engine_is_asked_as_ever(shot: Shot) -> None:
    request = asked(shot, Fates())
    seen = []

    def engine(each: RemovalRequest) -> list[object]:
        seen.append(each)
        return []

    assert list(moving.fills(request, engine)) == []  # type: ignore[arg-type]
    assert seen == [request]


def test_what_stands_farther_is_drawn_behind(shot: Shot, fates: Fates, tmp_path: Path) -> None:
    """By its foot, not by its middle: a small thing whose middle is lower may stand farther."""
    (ball,) = fates.moving
    small = replace(ball, poses=tuple(replace(p, y=p.y + 0.03, scale=0.5) for p in ball.poses))
    alone = filled(shot, asked(shot, Fates((ball,))), tmp_path / "alone")
    both = filled(shot, asked(shot, Fates((ball, small))), tmp_path / "both")
    inside = disc_at(ball_x(LENGTH - 1), larger=0.7)
    assert psnr(both[-1][inside], alone[-1][inside]) > 40
