"""What goes with an object that moves stands out from chance; what is only near it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openvoid.reason.motion import covariation
from openvoid.reason.motion.confidence import ConfidenceLimits
from openvoid.reason.motion.covariation import CovariationLimits, along, ratio
from openvoid.reason.motion.evidence import Evidence
from tests.reason.motion.shots import HEIGHT, WIDTH, box, locked, pattern

LENGTH = 20
Scenery = Callable[[np.ndarray, int], None]


def walk(index: int) -> tuple[int, int]:
    """The object's top and left."""
    return 60, 20 + 9 * index


def shot(folder: Path, effect: Scenery, seed: int = 5) -> Evidence:
    rng = np.random.default_rng(seed)
    ground, pictures, masks = pattern(), [], []
    for index in range(LENGTH):
        picture = ground + 0.004 * rng.standard_normal((HEIGHT, WIDTH, 3)).astype(np.float32)
        effect(picture, index)
        top, left = walk(index)
        masks.append(box(top, left, top + 30, left + 14))
        picture[masks[-1]] = 0.8, 0.3, 0.2
        pictures.append(picture)
    return locked(pictures, masks, folder)


def shadow_at(index: int) -> np.ndarray:
    top, left = walk(index)
    return box(top + 24, left + 16, top + 30, left + 42)


def shadow(picture: np.ndarray, index: int) -> None:
    picture[shadow_at(index)] *= np.float32(0.6)


def waves(picture: np.ndarray, index: int) -> None:
    rows = np.arange(HEIGHT)[:, None] + 3 * index
    picture *= (1 + 0.15 * np.sin(rows / 5 + np.arange(WIDTH) / 9))[..., None].astype(np.float32)


def passer_by(picture: np.ndarray, index: int) -> None:
    picture[box(50, WIDTH - 30 - 9 * index, 95, WIDTH - 14 - 9 * index)] = 0.2, 0.2, 0.5


def vignette(picture: np.ndarray, index: int) -> None:
    """A view that is panned with the object: its edge is darker all over, not beside a thing."""
    left = walk(index)[1] + 20
    picture[:, left : left + 60] *= np.float32(0.8)


def nothing(picture: np.ndarray, index: int) -> None:
    pass


def test_a_shadow_is_found_as_far_as_it_goes(tmp_path: Path) -> None:
    evidence = shot(tmp_path, shadow)
    found = along(evidence)
    assert [each.sign for each in found.regions] == [-1]
    assert found.regions[0].contrast > 20
    limits = CovariationLimits()
    for index in range(3, LENGTH, 4):
        mask = found.mask(evidence.scene, ratio(evidence, index), index, limits)
        truth = shadow_at(index)
        assert mask[truth].mean() > 0.95
        assert (mask & ~truth).sum() < 0.6 * truth.sum()


@pytest.mark.parametrize("around", [nothing, waves, passer_by, vignette])
def test_what_moves_by_itself_is_no_effect(tmp_path: Path, around: Scenery) -> None:
    assert along(shot(tmp_path, around)).regions == ()


def test_a_shadow_among_waves_is_told_from_them(tmp_path: Path) -> None:
    def both(picture: np.ndarray, index: int) -> None:
        rows = np.arange(60)[:, None] + 3 * index
        swell = 1 + 0.15 * np.sin(rows / 5 + np.arange(WIDTH) / 9)
        picture[:60] *= swell[..., None].astype(np.float32)
        shadow(picture, index)

    found = along(shot(tmp_path, both)).regions
    assert [each.sign for each in found] == [-1]


def test_the_rest_of_the_clip_says_how_sure_it_is() -> None:
    size = np.ones((4, 4), np.float32)
    plain = [covariation.Region(size, -1, 10.0, 1.0, null).contrast for null in (0.0, 2.0, 8.0)]
    assert plain == [ConfidenceLimits().most, 5.0, 1.25]


def test_a_lower_limit_claims_more(tmp_path: Path) -> None:
    evidence = shot(tmp_path, shadow)
    deaf = Evidence(evidence.scene, evidence.rate, evidence.run, (CovariationLimits(least=0.9),))
    assert along(deaf).regions == ()
