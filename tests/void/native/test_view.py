"""The window holds what changes, stays in the frame and moves smoothly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region
from openvoid.void.native.view import BUDGET_PX, choose_view, smooth_path


def clip_like(height: int, width: int, length: int) -> object:
    frame = np.zeros((height, width, 3), np.uint8)
    return clip_of([frame] * length)


def mask_of(boxes: list[Box | None], height: int, width: int) -> Quadmask:
    frames = []
    for box in boxes:
        labels = np.full((height, width), Region.KEEP, np.uint8)
        if box is not None:
            labels[box.slices] = Region.PRIMARY
        frames.append(labels)
    return Quadmask.from_labels(frames)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**20), mode=st.sampled_from(["whole", "crop", "auto"]))
def test_windows_hold_the_region_and_stay_inside(seed: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    height, width, length = (int(v) for v in rng.integers((60, 60, 1), (300, 400, 14)))
    boxes: list[Box | None] = []
    for _ in range(length):
        top, left = int(rng.integers(0, height - 4)), int(rng.integers(0, width - 4))
        down, across = int(rng.integers(1, 60)), int(rng.integers(1, 60))
        box = Box(top, left, min(height, top + down), min(width, left + across))
        boxes.append(box if rng.random() > 0.2 else None)
    mask = mask_of(boxes, height, width)
    view = choose_view(clip_like(height, width, length), mask, mode, (32, 48))  # type: ignore[arg-type]
    assert len(view.windows) == length
    assert len({(window.height, window.width) for window in view.windows}) == 1
    for window, box in zip(view.windows, boxes, strict=True):
        assert window.intersect(Box(0, 0, height, width)) == window
        assert box is None or window.intersect(box) == box
    if mode == "crop" and view.windows[0].height < height:
        assert view.windows[0].height >= 32
        assert view.windows[0].width >= 48


def test_a_small_region_of_a_large_frame_is_cropped_with_context() -> None:
    boxes: list[Box | None] = [Box(900, 1500, 1000, 1700)] * 3
    mask, clip = mask_of(boxes, 2160, 3840), clip_like(2160, 3840, 3)
    view = choose_view(clip, mask)  # type: ignore[arg-type]
    window = view.windows[0]
    assert view.scale == 1.0, "never finer than the clip"
    assert abs(view.height * view.width / BUDGET_PX - 1) < 0.1
    assert min(900 - window.top, window.bottom - 1000, 1500 - window.left) >= 75
    assert choose_view(clip, mask, "whole").windows[0] == Box(0, 0, 2160, 3840)  # type: ignore[arg-type]


def test_auto_shows_the_whole_frame_where_cropping_gains_little() -> None:
    boxes: list[Box | None] = [Box(100, 100, 600, 1100)] * 2
    mask, clip = mask_of(boxes, 720, 1280), clip_like(720, 1280, 2)
    view = choose_view(clip, mask, "auto")  # type: ignore[arg-type]
    assert view.windows[0] == Box(0, 0, 720, 1280)
    assert (view.height, view.width) == (384, 672), "the size the weights were trained at"


def test_a_mask_that_is_empty_throughout_shows_the_whole_frame() -> None:
    view = choose_view(clip_like(90, 160, 2), mask_of([None, None], 90, 160), "crop", (32, 48))  # type: ignore[arg-type]
    assert view.windows == (Box(0, 0, 90, 160),) * 2


def test_a_window_that_can_stand_still_does() -> None:
    swing = [Box(500, 800 + 60 * (i % 2), 700, 1000 + 60 * (i % 2)) for i in range(8)]
    view = choose_view(clip_like(1080, 1920, 8), mask_of(list(swing), 1080, 1920), "crop")  # type: ignore[arg-type]
    assert len(set(view.windows)) == 1


def test_a_window_that_follows_moves_smoothly() -> None:
    rng = np.random.default_rng(4)
    lefts = np.linspace(100, 3300, 40) + rng.normal(0, 12, 40)
    boxes: list[Box | None] = [Box(900, int(x), 1100, int(x) + 200) for x in lefts]
    boxes[7] = None
    view = choose_view(clip_like(2160, 3840, 40), mask_of(boxes, 2160, 3840), "crop")  # type: ignore[arg-type]
    path = np.array([window.left for window in view.windows])
    assert np.ptp(path) > 2000
    assert np.abs(np.diff(path, 2)).max() < 12 < np.abs(np.diff(lefts, 2)).mean()


def test_a_path_with_room_for_a_straight_line_is_nearly_one() -> None:
    middle = 10.0 * np.arange(60) + 5 * np.sin(np.arange(60))
    path = smooth_path(middle - 8, middle + 8)
    assert (path >= middle - 8).all()
    assert (path <= middle + 8).all()
    assert np.abs(np.diff(path, 2)).max() < 0.3


def test_frames_are_area_means_of_the_window() -> None:
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    mask = mask_of([Box(20, 30, 28, 40)] * 2, 64, 96)
    view = choose_view(clip_of(list(frames)), mask, "whole", (32, 48))
    seen = list(view.frames(clip_of(list(frames)), 1))
    assert len(seen) == 1
    means = frames[1].reshape(32, 2, 48, 2, 3).mean(axis=(1, 3)) / 255
    assert np.allclose(seen[0], means, atol=1e-5)
    crop = choose_view(clip_of(list(frames)), mask, "crop", (32, 48))
    box = crop.windows[0]
    assert (box.height, box.width) == (32, 48)
    assert np.allclose(next(crop.frames(clip_of(list(frames)))), frames[0][box.slices] / 255)


def test_labels_are_never_mixed() -> None:
    rng = np.random.default_rng(2)
    labels = rng.choice(np.array(sorted(Region), np.uint8), (60, 90))
    mask = Quadmask.from_labels([labels])
    view = choose_view(clip_like(60, 90, 1), mask, "whole", (32, 48))  # type: ignore[arg-type]
    assert view.labels(mask) == mask.resized(32, 48)


def test_linear_floats_are_shown_within_range() -> None:
    frames = [np.linspace(-0.1, 30, 64 * 96 * 3, dtype=np.float32).reshape(64, 96, 3)] * 2
    view = choose_view(clip_of(frames), mask_of([Box(2, 2, 9, 9)] * 2, 64, 96), "whole", (32, 48))
    seen = next(view.frames(clip_of(frames)))
    assert seen.dtype == np.float32
    assert 0 <= seen.min() < 0.2
    assert 0.9 < seen.max() <= 1


@pytest.mark.parametrize(("mode", "size"), [("half", None), ("whole", (30, 48)), ("crop", (0, 16))])
def test_a_wrong_wish_is_one_clear_line(mode: str, size: tuple[int, int] | None) -> None:
    mask = mask_of([Box(2, 2, 9, 9)], 60, 90)
    with pytest.raises(OpenVoidError):
        choose_view(clip_like(60, 90, 1), mask, mode, size)  # type: ignore[arg-type]
