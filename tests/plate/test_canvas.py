"""What no donor shows is painted once, in the world, from what the shot mostly shows around it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.box import Box
from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.plate.canvas import mapped, paint_canvas, unseen_cells
from openvoid.plate.plan import plan
from openvoid.plate.survey import survey
from tests.plate.worlds import crossing, filmed, handheld, texture


def test_nothing_unseen_needs_no_canvas(tmp_path: Path) -> None:
    shown, mask = crossing([texture(96, 160)] * 8, lambda index: (10 + 20 * index, 48), radius=8)
    run = Run(tmp_path)
    look = survey(clip_of(shown), mask, 2, run)
    donors = plan(look.needed, look.shown, np.zeros((8, 2)))
    unseen = unseen_cells(look, donors)
    assert not unseen.any()
    assert paint_canvas(look, unseen, 2, np.random.default_rng(0), run) is None


def test_the_canvas_is_the_same_world_in_every_frame(tmp_path: Path) -> None:
    cameras = [handheld(index) for index in range(8)]
    truth = filmed(texture(260, 340), cameras, (160, 240))
    middles = [cv2.perspectiveTransform(np.array([[[170.0, 120.0]]]), c)[0, 0] for c in cameras]
    shown, mask = crossing(truth, lambda i: (round(middles[i][0]), round(middles[i][1])), radius=26)
    run = Run(tmp_path)
    look = survey(clip_of(shown), mask, 2, run)
    donors = plan(look.needed, look.shown, np.zeros((8, 2)))
    canvas = paint_canvas(look, unseen_cells(look, donors), 2, np.random.default_rng(0), run)
    assert canvas is not None
    world = look.registration.matrices
    point = mapped(np.linalg.inv(world[0]), np.array([[middles[0]]], np.float32))
    for index in (2, 7):
        x, y = np.round(mapped(world[index], point)[0, 0]).astype(int)
        image, place = canvas.seen_from(world[index], Box(y - 4, x - 4, y + 5, x + 5))
        first, _ = canvas.seen_from(world[0], Box(0, 0, 160, 240))
        x0, y0 = np.round(middles[0]).astype(int)
        assert (
            np.abs(image.mean((0, 1)) - first[y0 - 4 : y0 + 5, x0 - 4 : x0 + 5].mean((0, 1))).max()
            < 0.03
        )
        height, width = look.proxy.height, look.proxy.width
        assert (place > (-30, -30)).all()
        assert (place < (width + 30, height + 30)).all()


def test_what_passes_is_not_painted(tmp_path: Path) -> None:
    frames = [texture(96, 160).copy() for _ in range(15)]
    for frame in frames[:3]:
        cv2.rectangle(frame, (20, 30), (40, 60), (255, 0, 255), -1)
    shown, mask = crossing(frames, lambda index: (80, 48), radius=16)
    run = Run(tmp_path)
    look = survey(clip_of(shown), mask, 2, run)
    donors = plan(look.needed, look.shown, np.zeros((15, 2)))
    canvas = paint_canvas(look, unseen_cells(look, donors), 2, np.random.default_rng(0), run)
    assert canvas is not None
    top, left = 30 - round(canvas.top), 20 - round(canvas.left)
    there = canvas.plate[top : top + 30, left : left + 20]
    assert there.size
    assert np.abs(there - texture(96, 160)[30:60, 20:40] / 255).mean() < 0.01
