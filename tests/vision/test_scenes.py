"""Cuts, dissolves and fades are found; flashes, lights, quick cameras and things are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.scenes import Scenes
from openvoid.media.open import open_clip
from openvoid.vision import scenes
from openvoid.vision.scenes import find, scenes_of
from openvoid.vision.working import EXPLAIN, PLATE
from tests.conftest import write_video

Frames = NDArray[np.float32]
HEIGHT, WIDTH, LENGTH = 90, 160, 32


def view(seed: int, width: int = WIDTH) -> Frames:
    """A picture with things of many sizes in it."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, width, 3), rng.uniform(40, 200, 3), np.float32)
    for _ in range(width // 4):
        x, y, radius = rng.integers(0, width), rng.integers(0, HEIGHT), rng.integers(3, 20)
        shade = rng.uniform(0, 255, 3).tolist()
        cv2.circle(picture, (int(x), int(y)), int(radius), shade, -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def panned(seed: int, step_px: float = 2) -> Frames:
    wide = view(seed, WIDTH * 3)
    return np.stack([wide[:, round(t * step_px) :][:, :WIDTH] for t in range(LENGTH)])


def told(frames: Sequence[Frames] | Frames) -> list[str]:
    shown = [np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in frames]
    return list(find(shown.__getitem__, len(shown)).told())


def mixed(one: Frames, other: Frames, start: int, count: int) -> Frames:
    """`one`, over `count` mixed frames from `start` on, `other`."""
    way = np.clip((np.arange(LENGTH) - start + 1) / (count + 1), 0, 1).astype(np.float32)
    return one + way[:, None, None, None] * (other - one)


def test_one_shot_has_no_cut() -> None:
    assert told(panned(1)) == []


def test_a_cut_is_found_at_its_frame() -> None:
    assert told([*panned(1)[:13], *panned(2)[:9]]) == ["cut at frame 13"]


def test_cuts_near_each_other_are_all_found() -> None:
    cuts = [*panned(1)[:8], *panned(2)[:3], *panned(3)[:8]]
    assert told(cuts) == ["cut at frame 8", "cut at frame 11"]


@pytest.mark.parametrize("count", [1, 3, 9, 16])
def test_a_dissolve_is_found(count: int) -> None:
    found = told(mixed(panned(1, 0.3), panned(2, 0.3), 8, count))
    last = 7 + count
    assert found == [f"dissolve in frames 8 to {last}" if count > 1 else "dissolve in frame 8"]


@pytest.mark.parametrize("plain", [0.0, 250.0])
def test_fades_to_a_colour_and_back_are_found(plain: float) -> None:
    way = np.clip(np.abs(np.arange(LENGTH) - 15) / 6, 0, 1)[:, None, None, None]
    frames = plain + way * (np.concatenate([panned(1)[:16], panned(2)[:16]]) - plain)
    assert told(frames) == ["fade out in frames 10 to 15", "fade in in frames 16 to 20"]


def test_a_fade_in_at_the_start_is_no_cut() -> None:
    way = np.clip(np.arange(LENGTH) / 6, 0, 1)[:, None, None, None]
    assert told(way * panned(1)) == ["fade in in frames 0 to 5"]


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_flash_is_no_cut(frames: int) -> None:
    shot = panned(1)
    shot[10 : 10 + frames] = np.clip(shot[10 : 10 + frames] * 2.5 + 60, 0, 255)
    assert told(shot) == []


def test_light_that_goes_out_is_no_cut() -> None:
    shot = panned(1)
    shot[12:] *= 0.35
    assert told(shot) == []


@pytest.mark.parametrize("step_px", [8, 30])
def test_a_quick_camera_is_no_cut(step_px: int) -> None:
    wide = view(1, WIDTH * 3)
    ways = [0] * 8 + list(range(0, 2 * WIDTH, step_px)) + [2 * WIDTH] * 8
    assert told([wide[:, way : way + WIDTH] for way in ways]) == []


def test_a_thing_that_bursts_in_is_no_cut() -> None:
    shot = np.repeat(view(1)[None], LENGTH, axis=0)
    shot[14:, 20:70, 30:110] = 255
    assert told(shot) == []


def test_frames_that_have_nothing_in_common_are_no_scenes() -> None:
    rng = np.random.default_rng(0)
    assert told(rng.uniform(0, 255, (12, 40, 64, 3))) == []


def test_a_cut_is_seen_under_a_caption_that_stays() -> None:
    caption = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.putText(caption, "OPENVOID 10:11", (4, 84), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255)
    frames = [*panned(1)[:13], *panned(2)[:9]]
    for frame in frames:
        frame[caption > 0] = 255
    assert told(frames) == ["cut at frame 13"]


def test_what_lies_at_the_border_of_a_block_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "BLOCK", 10)
    monkeypatch.setattr(scenes, "AROUND", 12)
    assert told([*panned(1)[:10], *panned(2)[:12]]) == ["cut at frame 10"]
    assert told(mixed(panned(1, 0.3), panned(2, 0.3), 8, 5)) == ["dissolve in frames 8 to 12"]


def test_they_are_found_once_a_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", frames=6)
    monkeypatch.setattr(scenes, "find", lambda *_: Scenes.of(6, [2, 4]))
    run = Run(tmp_path)
    clip = open_clip(path)
    assert scenes_of(clip, EXPLAIN, run) == Scenes.of(6, [2, 4])
    monkeypatch.setattr(scenes, "find", lambda *_: pytest.fail("found twice"))
    assert scenes_of(clip, PLATE, run) == Scenes.of(6, [2, 4])
    assert scenes_of(clip.trimmed(1, 5), PLATE, run) == Scenes.of(4, [1, 3])


def test_deep_clips_are_looked_at_as_a_screen_shows_them(tmp_path: Path) -> None:
    frames = np.concatenate([panned(1)[:8], panned(2)[:8]])
    for scale in (0.002, 1.0, 8.0):
        light = ((np.clip(frames, 0, 255) / 255) ** 2.2 * scale).astype(np.float32)
        found = scenes_of(clip_of(list(light)), PLATE, Run(tmp_path))
        assert list(found.told()) == ["cut at frame 8"], scale


def test_no_real_shot_has_a_cut_however_quick(shared: Path) -> None:
    wrong = {}
    for path in sorted(shared.glob("clips*/*/input_video.mp4")):
        size = 480, 270
        decoded = open_clip(path).frames()
        frames = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in decoded]
        for step in (1, 3):
            fewer = frames[::step]
            if changes := list(find(fewer.__getitem__, len(fewer)).told()):
                wrong[path.parent.name, step] = changes
    assert wrong == {}
