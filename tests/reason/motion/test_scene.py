"""The shot made small and held still, whatever it was stored like; lost frames are told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.scene import Scene, watch
from openvoid.vision.fitting import transform
from tests.plate.worlds import crossing, filmed, handheld, texture
from tests.select.moving_shapes import world

HIGH, WIDE, LENGTH = 120, 200, 12
CAMERAS = [handheld(index) for index in range(LENGTH)]


def panned(folder: Path, step: int) -> Scene:
    """A camera that goes right over a wall; a box stays where it is on the wall."""
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 255, (HIGH // 6, (WIDE + 160) // 6, 3), np.uint8)
    wall = cv2.resize(coarse, (WIDE + 160, HIGH), interpolation=cv2.INTER_CUBIC)
    frames, masks = [], []
    for index in range(LENGTH):
        mask = np.zeros((HIGH, WIDE), bool)
        mask[50:80, 120 - step * index : 140 - step * index] = True
        frame = wall[:, step * index : step * index + WIDE].copy()
        frame[mask] = 255
        frames.append(frame)
        masks.append(mask)
    return watch(clip_of(frames), Track.of("box", masks), Run(folder))


def test_a_camera_that_stands_leaves_frames_as_they_are(tmp_path: Path) -> None:
    scene = panned(tmp_path, 0)
    assert scene.locked
    assert scene.size == scene.small == (HIGH, WIDE)
    assert scene.seen(3).all()
    assert scene.scale_px == HIGH


def test_a_camera_that_pans_is_held_still(tmp_path: Path) -> None:
    scene = panned(tmp_path, 5)
    assert not scene.locked
    assert scene.size[1] >= WIDE + 5 * (LENGTH - 1) - 2
    first, last = scene.object.box(0), scene.object.box(LENGTH - 1)
    assert abs(first.left - last.left) <= 2
    both = scene.seen(0) & scene.seen(LENGTH - 1)
    off = np.abs(scene.picture(0) - scene.picture(LENGTH - 1)).max(axis=-1)
    assert np.median(off[both]) < 0.05
    assert not scene.seen(LENGTH - 1)[:, :20].any()


def test_a_mask_on_the_canvas_comes_back_to_its_frame(tmp_path: Path) -> None:
    scene = panned(tmp_path, 5)
    (place,) = scene.places(scene.object[6], 6)
    assert place.frame == 6
    left, right = (pick(x for x, _ in place.corners) for pick in (min, max))
    assert left == pytest.approx((120 - 30) / WIDE, abs=0.02)
    assert right == pytest.approx((140 - 30) / WIDE, abs=0.02)
    both = scene.placed([(5, scene.object[5]), (6, scene.object[6])])
    assert [each.frame for each in both] == [5, 6]
    assert both[1] == place


def test_what_the_object_stands_on_is_told_by_the_nearest_frame_that_shows_it(
    tmp_path: Path,
) -> None:
    frames = [np.full((HIGH, WIDE, 3), 90, np.uint8)] * 4
    masks = [np.zeros((HIGH, WIDE), bool) for _ in frames]
    masks[0][20:60, 20:40], masks[2][20:90, 20:40] = True, True
    scene = watch(clip_of(frames), Track.of("box", masks), Run(tmp_path))
    assert [scene.base_px(index) for index in range(4)] == [60, 60, 90, 90]


def test_clip_and_track_must_fit(tmp_path: Path) -> None:
    clip = clip_of([np.zeros((HIGH, WIDE, 3), np.uint8)] * 2)
    with pytest.raises(OpenVoidError, match="differ"):
        watch(clip, Track.of("box", [np.ones((HIGH, WIDE), bool)]), Run(tmp_path))
    with pytest.raises(OpenVoidError, match="empty"):
        watch(clip, Track.of("box", [np.zeros((HIGH, WIDE), bool)] * 2), Run(tmp_path))


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
