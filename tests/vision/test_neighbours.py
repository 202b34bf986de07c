"""The nearest sample: as comparing all with all finds it."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.vision.neighbours import nearest


@pytest.mark.parametrize(("spots", "samples", "numbers"), [(400, 90, 4), (1, 1, 2), (30, 7, 3)])
def test_the_nearest_one_is_found(spots: int, samples: int, numbers: int) -> None:
    rng = np.random.default_rng(spots)
    mine = rng.normal(0, 20, (spots, numbers)).astype(np.float32)
    its = rng.normal(0, 20, (samples, numbers)).astype(np.float32)
    all_ = np.linalg.norm(mine[:, None] - its[None], axis=-1)
    far, which = nearest(mine, its)
    assert far == pytest.approx(all_.min(axis=1), abs=1e-3)
    assert (which == all_.argmin(axis=1)).all()


def test_no_spots_have_no_neighbours() -> None:
    far, which = nearest(np.zeros((0, 3), np.float32), np.ones((5, 3), np.float32))
    assert len(far) == len(which) == 0


def test_alike_samples_do_not_matter() -> None:
    same = np.ones((50, 4), np.float32)
    far, _ = nearest(same[:3] * 3, same)
    assert far == pytest.approx(4.0)
