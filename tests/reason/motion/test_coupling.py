"""Whether what is beside the object goes along with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.reason.motion import coupling
from openvoid.reason.motion.confidence import Cue
from openvoid.reason.motion.evidence import Evidence
from tests.reason.motion.shots import LENGTH, box, locked, pattern

BESIDE = box(60, 110, 100, 140)
SWAY = [round(5 * np.sin(index / 2)) for index in range(LENGTH)]


def shot(tmp_path: Path, along: float, sway: list[int] = SWAY) -> Evidence:
    """An object that goes up and down, and a thing beside it that goes so much of its way."""
    pictures, masks = [], []
    spots, other = pattern(8), pattern(9)
    for down in sway:
        picture, own, its = pattern() * np.float32(0.5), down, round(along * down)
        picture[60 + its : 100 + its, 110:140] = other[60:100, 110:140]
        picture[50 + own : 110 + own, 60:110] = spots[50:110, 60:110] + 0.3
        pictures.append(np.asarray(picture, np.float32))
        masks.append(box(50 + own, 60, 110 + own, 110))
    return locked(pictures, masks, tmp_path)


@pytest.mark.parametrize("along", [0.0, 1.0, -1.0])
def test_how_much_of_the_object_s_way_it_goes_is_told(along: float, tmp_path: Path) -> None:
    assert coupling.along(shot(tmp_path, along), BESIDE) == pytest.approx(along, abs=0.15)


def test_what_mirrors_goes_the_other_way(tmp_path: Path) -> None:
    share = coupling.along(shot(tmp_path, -1.0), BESIDE, mirrored=True)
    assert share == pytest.approx(1.0, abs=0.15)


def test_of_an_object_that_rests_nothing_is_known(tmp_path: Path) -> None:
    evidence = shot(tmp_path, 0.0, [0] * LENGTH)
    assert coupling.along(evidence, BESIDE) is None
    assert coupling.cue(evidence, BESIDE, Cue.BORNE, Cue.BORNE_LOOSE) is Cue.BORNE


def test_what_stays_behind_is_told_by_another_cue(tmp_path: Path) -> None:
    stays, goes = (shot(tmp_path, along) for along in (0.0, 1.0))
    assert coupling.cue(stays, BESIDE, Cue.BORNE, Cue.BORNE_LOOSE) is Cue.BORNE_LOOSE
    assert coupling.cue(goes, BESIDE, Cue.BORNE, Cue.BORNE_LOOSE) is Cue.BORNE
