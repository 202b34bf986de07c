"""Points inside bodies."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.synth.physics.buoyancy import inside
from openvoid.synth.world import Body


@pytest.mark.parametrize(
    ("shape", "size", "volume"),
    [
        ("box", (0.1, 0.2, 0.3), 0.048),
        ("sphere", (0.1,), 0.0041888),
        ("ellipsoid", (0.1, 0.2, 0.3), 0.0251327),
        ("cylinder", (0.1, 0.2), 0.0125664),
        ("capsule", (0.1, 0.2), 0.0167552),
    ],
)
def test_points_inside_stand_for_the_whole_volume(
    shape: str, size: tuple[float, ...], volume: float
) -> None:
    points, share, spacing, half = inside(Body("b", shape, size, (0, 0, 0)))
    assert len(points) * share == pytest.approx(volume, rel=1e-4)
    assert spacing > 0
    assert half > 0
    assert np.abs(points).max() <= 0.3
