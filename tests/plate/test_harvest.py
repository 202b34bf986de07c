"""Every donor's crop covers what its targets may ask of it, in the clip's own pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.box import Box, bounding_box
from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.plate.harvest import clip_box, harvest
from openvoid.plate.plan import plan
from openvoid.plate.survey import Proxy, survey
from openvoid.vision.fitting import transform
from tests.plate.worlds import crossing, filmed, handheld, texture


def test_crops_cover_what_targets_ask(tmp_path: Path) -> None:
    truth = filmed(texture(260, 340), [handheld(index) for index in range(10)], (160, 240))
    shown, mask = crossing(truth, lambda index: (30 + 20 * index, 80))
    clip, run = clip_of(shown), Run(tmp_path)
    look = survey(clip, mask, 2, run)
    donors = plan(look.needed, look.shown, np.zeros((10, 2)))
    wanted = [bounding_box(look.hole(index)).grown(6, 160, 240) for index in range(10)]
    lent = harvest(clip, look, wanted, donors, run)
    asked = 0
    for index, box in enumerate(wanted):
        corners = np.array([[box.left, box.top], [box.right - 1, box.bottom - 1]], float)
        for donor in donors[index][donors[index] >= 0]:
            place, crop = lent.crop(int(donor))
            assert np.array_equal(crop, shown[donor][place.slices])
            (left, top), (right, bottom) = transform(
                look.registration.between(index, int(donor)), corners
            )
            assert place.left <= max(0, left)
            assert place.top <= max(0, top)
            assert place.right >= min(240, right)
            assert place.bottom >= min(160, bottom)
            asked += 1
    assert asked >= 10
    again = Run(tmp_path)
    harvest(clip, look, wanted, donors, again)
    assert "harvest" not in again.timings_s  # read back, not cut again


def test_frames_that_lend_nothing_keep_nothing(tmp_path: Path) -> None:
    shown, mask = crossing([texture(96, 160)] * 4, lambda index: (30 + 30 * index, 48))
    clip, run = clip_of(shown), Run(tmp_path)
    look = survey(clip, mask, 2, run)
    donors = np.full((4, 1), -1, np.int32)
    donors[0] = 3
    wanted = [Box(30, 20, 60, 50)] * 4
    lent = harvest(clip, look, wanted, donors, run)
    assert [lent.crop(index)[1].size > 0 for index in range(4)] == [False, False, False, True]


def test_proxy_boxes_become_clip_boxes() -> None:
    proxy = Proxy(90, 160, 3.0, 3.0)
    assert clip_box(Box(1, 2, 10, 20), proxy, 270, 480) == Box(3, 6, 30, 60)
    assert clip_box(Box(80, 150, 90, 160), proxy, 269, 479) == Box(240, 450, 269, 479)
