"""Panels: what a screen shows of a frame, outlines, and how tiles are laid out."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Region, label
from openvoid.show import panels
from openvoid.vision.display import Display
from openvoid.vision.transfer import Transfer

RED, BLUE = panels.OUTLINE[Region.PRIMARY], panels.OUTLINE[Region.AFFECTED]


def test_linear_footage_gets_a_display_curve() -> None:
    gray, linear = np.full((2, 2, 3), 0.18, np.float32), Display(1.0, Transfer.LINEAR)
    assert panels.shown(gray, linear, 2, 2)[0, 0, 0] == 118  # 0.4614: IEC 61966-2-1
    assert panels.shown(gray, Display(), 2, 2)[0, 0, 0] == 46
    assert panels.shown(gray + 9, linear, 2, 2).max() == 255
    assert not panels.shown(gray * np.float32(np.nan), linear, 2, 2).any()


def test_a_frame_of_a_clip_is_shown_at_its_white_and_shape() -> None:
    frames = np.zeros((1, 20, 30, 3), np.uint16)
    frames[..., 0] = 65535
    panel = panels.panel_of(clip_of(frames), frames[0], 60)
    assert panel.shape == (40, 60, 3)
    assert (panel == (255, 0, 0)).all()


def test_what_overlaps_belongs_to_both_outlines() -> None:
    removed, affected = np.zeros((2, 40, 60), bool)
    removed[10:30, 10:30] = True
    affected[15:25, 20:50] = True
    drawn = panels.outlined(np.zeros((40, 60, 3), np.uint8), label(removed, affected))
    red, blue = ((drawn == colour).all(axis=2) for colour in (RED, BLUE))
    assert red[10, 10:30].all()
    assert red[10:30, 29].all(), "the object's outline lies on top"
    assert blue[15, 30:50].all()
    assert blue[15, 20:29].all(), "the other goes on behind the object"
    assert blue[15:25, 20].all()
    assert not (red | blue)[18:22, 40:48].any()
    assert not (red | blue)[12, 12:28].any()


def test_a_mask_without_anything_leaves_the_panel_as_it_is() -> None:
    panel = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    nothing = np.full((24, 32), Region.KEEP, np.uint8)
    assert np.array_equal(panels.outlined(panel, nothing), panel)


@pytest.mark.parametrize(
    ("among", "count", "chosen"),
    [
        (range(10), 2, [2, 7]),
        (range(3), 9, [0, 1, 2]),
        ([4, 5, 6, 7], 4, [4, 5, 6, 7]),
        ([], 3, []),
    ],
)
def test_frames_are_spread_evenly(among: list[int], count: int, chosen: list[int]) -> None:
    assert panels.spread(among, count) == chosen


def test_a_grid_is_filled_up_with_black() -> None:
    tiles = [np.full((8, 10, 3), 50 * number, np.uint8) for number in range(1, 6)]
    gap, caption = panels.GAP_PX, panels.CAPTION_PX
    picture = panels.grid(tiles, list("abcde"), 3)
    assert picture.shape == (2 * (8 + caption + gap) + gap, 3 * (10 + gap) + gap, 3)
    last = picture[-8 - gap : -gap]
    assert (last[:, gap : gap + 10] == 200).all()
    assert (last[:, -10 - gap : -gap] == 0).all()
    assert panels.grid(tiles[:2], ["a", "b"], 3).shape[1] == 2 * (10 + gap) + gap
