"""The shot made small and held still, whatever it was stored like; lost frames are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.scene import Scene, watch
from openvoid.vision.camera import transform
from tests.plate.worlds import crossing, filmed, handheld, texture
from tests.select.moving_shapes import world

LENGTH = 12
CAMERAS = [handheld(index) for index in range(LENGTH)]


@pytest.mark.parametrize("pan_px", [0.0, 4.0])
def test_how_bright_a_linear_shot_was_stored_makes_no_difference(
    tmp_path: Path, pan_px: float
) -> None:
    made = world(lambda index: (60 + 3 * index, 60), length=6, pan_px=pan_px)
    track = Track.of("object", made.truth)

    def at(times: float) -> tuple[np.ndarray, np.ndarray, bool]:
        frames = [((frame / 255.0) ** 2.2 * times).astype(np.float32) for frame in made.frames]
        folder = tmp_path / f"{times}"
        folder.mkdir()
        scene = watch(clip_of(frames), track, Run(folder))
        return np.array(scene.pictures), np.stack(scene.to_canvas), scene.locked

    pictures, matrices, locked = at(1.0)
    assert locked == (pan_px == 0)
    for power in (-9, 3):
        again = at(2.0**power)
        assert np.array_equal(again[0], pictures)
        assert np.array_equal(again[1], matrices)
    dark = at(0.002)
    assert dark[2] == locked
    assert np.abs(dark[1] - matrices).max() < 0.1


def watched(frames: list[np.ndarray], run: Run) -> Scene:
    shown, mask = crossing(frames, lambda index: (30 + 8 * index, 70), radius=12)
    track = Track.of("ball", (split(labels)[0] for labels in mask))
    return watch(clip_of(shown), track, run)


def test_a_place_of_the_world_stays_where_it_is_on_the_canvas(tmp_path: Path) -> None:
    run = Run(tmp_path)
    scene = watched(filmed(texture(220, 280), CAMERAS, (130, 180)), run)
    assert not scene.locked
    assert not run.warnings
    places = np.array([[90.0, 60.0], [130.0, 110.0]])
    spots = [
        transform(to_canvas, transform(camera, places))
        for camera, to_canvas in zip(CAMERAS, scene.to_canvas, strict=True)
    ]
    assert np.abs(np.array(spots) - spots[0]).max() < 0.5


def test_frames_whose_camera_is_lost_are_told(tmp_path: Path) -> None:
    frames = filmed(texture(220, 280), CAMERAS, (130, 180))
    frames[5] = frames[6] = np.full_like(frames[0], 90)
    run = Run(tmp_path)
    scene = watched(frames, run)
    assert np.array_equal(scene.to_canvas[6], scene.to_canvas[4])
    assert any("could not be followed in 2 frames (5 to 6)" in text for text in run.warnings)


def test_a_camera_that_stands_is_never_lost(tmp_path: Path) -> None:
    frames = [texture(130, 180)] * LENGTH
    frames[5] = np.full_like(frames[0], 90)
    run = Run(tmp_path)
    assert watched(frames, run).locked
    assert not run.warnings
