"""What an object stirs that goes into water."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.confidence import Cue
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.region_change import RegionLimits
from openvoid.reason.motion.scene import Scene, watch
from openvoid.reason.motion.water import WaterLimits, find, pool, stirred
from openvoid.reason.motion.water import wet as is_wet

HEIGHT, WIDTH, LENGTH, ENTERS = 160, 240, 18, 6
POOL = (70, 40, 130, 200)  # top, left, bottom, right


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


def filmed(folder: Path, *, sinks: bool, waves: float = 0.0) -> Scene:
    """A red block falls on something blue; if that is water it goes under by half, a float that
    was at rest moves, and a drop lies outside; or it only waves as it did before."""
    rng = np.random.default_rng(5)
    uneven = cv2.resize(rng.random((40, 60)).astype(np.float32), (WIDTH, HEIGHT))[..., None]
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = np.asarray(0.45 + 0.2 * uneven + np.zeros(3), np.float32)
        surface = np.random.default_rng(index).standard_normal((HEIGHT // 8, WIDTH // 8))
        rough = waves * cv2.resize(surface, (WIDTH, HEIGHT))[..., None]
        picture[box(*POOL)] = (np.array([0.1, 0.4, 0.6]) + rough)[box(*POOL)]
        in_it = index >= ENTERS and sinks
        goes = 4 * (in_it and not waves)
        picture[box(84, 150 + goes, 92, 160 + goes)] = 0.9, 0.9, 0.2
        if goes:
            picture[box(140, 100, 146, 107)] *= 0.6
        top = 10 + 14 * min(index, ENTERS)
        mask = box(top, 90, top + (12 if in_it else 24), 114)
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(np.asarray(np.clip(255 * picture, 0, 255), np.uint8))
        masks.append(mask)
    return watch(clip_of(pictures), Track.of("block", masks), Run(folder))


def test_water_swallows_what_falls_in(tmp_path: Path) -> None:
    wet = filmed(tmp_path, sinks=True)
    found = pool(wet, WaterLimits(), RegionLimits())
    assert found is not None
    assert ENTERS - 3 <= found.frame <= ENTERS  # it is seen before the water a little earlier
    assert is_wet(wet, found, WaterLimits())


def test_a_table_swallows_nothing(tmp_path: Path) -> None:
    dry = filmed(tmp_path, sinks=False)
    found = pool(dry, WaterLimits(), RegionLimits())
    assert found is None or not is_wet(dry, found, WaterLimits())


def test_floats_and_drops_are_stirred_and_still_water_is_not(tmp_path: Path) -> None:
    scene = filmed(tmp_path, sinks=True)
    found = pool(scene, WaterLimits(), RegionLimits())
    assert found is not None
    changed = dict(stirred(scene, found, WaterLimits()))
    last = changed[LENGTH - 1]
    assert last[84:92, 150:154].all()  # the place that it left
    assert last[84:92, 160:164].all()  # where it is
    assert last[141:145, 101:106].all()  # the drop
    assert not last[100:125, 130:190].any()
    assert min(changed) == found.frame


def test_water_that_waves_before_as_well_is_not_surely_stirred(tmp_path: Path) -> None:
    cues = {}
    for waves in (0.0, 0.03):
        (folder := tmp_path / str(waves)).mkdir()
        scene = filmed(folder, sinks=True, waves=waves)
        (found,) = find(Evidence(scene, Fraction(24), Run(folder)))
        cues[waves] = found.sign.cue
    assert cues == {0.0: Cue.STIRRED, 0.03: Cue.STIRRED_VAGUELY}
