"""The survey tells what each frame needs and shows, and is not fooled by what passes through."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import Frame, clip_of
from openvoid.core.quadmask import Quadmask, dilate
from openvoid.core.removal import Run
from openvoid.plate.survey import CELL_PX, Proxy, World, survey
from openvoid.vision.fitting import Camera, transform
from openvoid.vision.working import PLATE, Picture, reduced
from tests.plate.worlds import crossing, texture


def test_proxy_and_clip_pixels_agree() -> None:
    clip = clip_of([np.zeros((1080, 1920, 3), np.uint8)])
    proxy = Proxy.of(clip)
    assert (proxy.height, proxy.width) == (360, 640)
    assert np.array_equal(proxy.to_clip @ [0, 0, 1], [1, 1, 1])  # the middle of a 3 x 3 block
    frame = np.repeat(np.repeat(texture(360, 640), 3, axis=0), 3, axis=1)
    assert np.array_equal(look_at(frame), texture(360, 640))
    deep = look_at(frame.astype(np.uint16) * 257)
    assert deep.dtype == np.float16
    assert np.abs(deep.astype(float) - texture(360, 640) / 255).max() < 1e-3


def look_at(frame: Frame) -> Picture:
    """A frame as the survey sees it."""
    clip = clip_of([frame])
    proxy = Proxy.of(clip)
    return reduced(frame, clip, (proxy.height, proxy.width), PLATE.look)


def test_a_small_clip_is_not_enlarged() -> None:
    proxy = Proxy.of(clip_of([np.zeros((90, 160, 3), np.uint8)]))
    assert (proxy.height, proxy.width, proxy.scale) == (90, 160, 1.0)


def test_needs_and_shows(tmp_path: Path) -> None:
    frames, mask = crossing([texture(96, 160)] * 6, lambda index: (20 + 24 * index, 48), radius=10)
    look = survey(clip_of(frames), mask, 2, Run(tmp_path))
    assert look.registration.camera is Camera.LOCKED
    for index in range(6):
        needed = look.needed[index].reshape(look.world.rows, look.world.columns)
        cell = needed[48 // CELL_PX, (20 + 24 * index) // CELL_PX]
        assert cell
        assert not (look.needed[index] & look.shown[index]).any()
        hole, labels = look.hole(index), mask[index]
        assert hole[labels != 255].all()
        assert not (hole & ~dilate(labels != 255, 2)).any()
    assert look.shown.any(axis=0).all()


def test_the_same_folder_is_not_surveyed_twice(tmp_path: Path) -> None:
    frames, mask = crossing([texture(96, 160)] * 4, lambda index: (20 + 24 * index, 48))
    first = survey(clip_of(frames), mask, 2, Run(tmp_path))
    again = Run(tmp_path)
    second = survey(clip_of(frames), mask, 2, again)
    assert "register" not in again.timings_s
    assert np.array_equal(first.needed, second.needed)
    assert np.array_equal(first.frame(2), second.frame(2))


def test_something_passing_through_is_not_shown(tmp_path: Path) -> None:
    frames = [texture(96, 160).copy() for _ in range(12)]
    cv2.rectangle(frames[0], (64, 40), (96, 64), (250, 250, 250), -1)  # there in one frame only
    removed = [np.zeros((96, 160), bool) for _ in frames]
    for silhouette in removed[6:]:
        silhouette[36:68, 60:100] = True
    look = survey(clip_of(frames), Quadmask.from_removed(removed), 0, Run(tmp_path))
    cell = (52 // CELL_PX) * look.world.columns + 80 // CELL_PX
    assert look.needed[8, cell]
    assert not look.shown[0, cell]
    assert look.shown[3, cell]


def test_a_place_seen_only_beside_something_passing_is_not_shown(tmp_path: Path) -> None:
    frames = [texture(96, 160).copy() for _ in range(20)]
    removed = [np.zeros((96, 160), bool) for _ in frames]
    for silhouette in removed:
        silhouette[40:80, 60:100] = True
    for index in (3, 4):  # a hand reaches in front of the object: seen, but not the background
        cv2.rectangle(frames[index], (64, 20), (90, 64), (250, 220, 200), -1)
        removed[index][40:65, 64:91] = False
    look = survey(clip_of(frames), Quadmask.from_removed(removed), 0, Run(tmp_path))
    cell = (52 // CELL_PX) * look.world.columns + 76 // CELL_PX
    assert look.needed[10, cell]
    assert not look.shown[3, cell]
    assert look.blocked(3)[52, 76]
    assert not look.blocked(10)[10, 10]


def test_a_change_of_exposure_is_not_something_passing(tmp_path: Path) -> None:
    frames = [(texture(96, 160) * gain).astype(np.uint8) for gain in np.linspace(0.7, 1.0, 12)]
    shown, mask = crossing(frames, lambda index: (20 + 10 * index, 48), radius=10)
    look = survey(clip_of(shown), mask, 2, Run(tmp_path))
    clear = look.shown | look.needed
    assert clear[:, look.needed.any(axis=0)].mean() > 0.9


def test_the_world_holds_every_frame() -> None:
    proxy = Proxy(90, 160, 1.0, 1.0)
    matrices = tuple(np.array([[1, 0, -30.0 * i], [0, 1, 5.0 * i], [0, 0, 1]]) for i in range(4))
    world = World.around(matrices, proxy)
    for matrix in matrices:
        corners = transform(np.linalg.inv(matrix), np.array([[0, 0], [159, 89.0]]))
        cells = (corners - world.origin) / CELL_PX
        assert (cells > -0.6).all()
        assert (cells < (world.columns - 0.4, world.rows - 0.4)).all()
