"""A ball's outline is fitted to what shows of it, to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.vision.discs import Disc, ball, discs, refined

HEIGHT, WIDTH, FAR = 120, 160, 1e6
NOTHING = np.zeros((HEIGHT, WIDTH), bool)


def picture(x: float, y: float, radius: float, shadow: float = 0.0) -> np.ndarray:
    """A dark disc on a bright ground, with a shadow at its foot."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    ground = np.full((HEIGHT, WIDTH, 3), (0.6, 0.5, 0.4), np.float32)
    under = np.hypot((columns - x) / 1.4, (rows - y - radius) / 0.4) < radius
    ground[under] *= 1 - shadow
    alpha = np.clip(0.5 - (np.hypot(columns - x, rows - y) - radius), 0, 1)[..., None]
    return (ground * (1 - alpha) + np.array([0.15, 0.1, 0.2]) * alpha).astype(np.float32)


@pytest.mark.parametrize(("x", "shadow"), [(70.3, 0.0), (70.3, 0.4), (148.2, 0.0), (8.0, 0.4)])
def test_what_the_edge_or_a_shadow_takes_is_left_over(x: float, shadow: float) -> None:
    found = refined(picture(x, 60.7, 20, shadow), NOTHING, Disc(x + 4, 57, 22, 0.0), FAR)
    assert found is not None
    assert (found.x, found.y) == pytest.approx((x, 60.7), abs=0.5)
    assert found.radius == pytest.approx(20, abs=0.5)


def test_where_there_is_no_outline_none_is_found() -> None:
    ground = picture(-500, 0, 20)
    assert refined(ground, NOTHING, Disc(70, 60, 20, 0.0), FAR) is None
    assert list(discs(np.zeros((HEIGHT, WIDTH), np.float32), 0.1, NOTHING, 50)) == []


def test_what_hides_it_is_no_outline() -> None:
    hidden = NOTHING.copy()
    hidden[:, 75:] = True
    painted = picture(70, 60, 20)
    painted[hidden] = 1
    found = refined(painted, hidden, Disc(67, 62, 21, 0.0), FAR)
    assert found is not None
    assert (found.x, found.y, found.radius) == pytest.approx((70, 60, 20), abs=0.6)


def test_a_rough_circle_for_each_part() -> None:
    differs = np.zeros((HEIGHT, WIDTH), np.float32)
    for disc in (Disc(40, 50, 15, 1), Disc(120, 70, 25, 1)):
        differs[disc.mask(HEIGHT, WIDTH)] = 1
    found = sorted(discs(differs, 0.5, NOTHING, 60), key=lambda disc: disc.x)
    assert [each.radius for each in found] == pytest.approx([15, 25], abs=1)


def test_a_ball_far_from_the_axis_is_longer_towards_the_middle() -> None:
    seen = ball(Disc(140, 60, 10, 1), 80.0, HEIGHT, WIDTH)
    assert seen.longer == pytest.approx(1.25)
    corners = seen.corners()
    assert np.ptp(corners[:, 0]) == pytest.approx(25, abs=0.2)
    assert np.ptp(corners[:, 1]) == pytest.approx(20, abs=0.2)
    assert seen.mask(HEIGHT, WIDTH).sum() == pytest.approx(seen.area_px, rel=0.03)
    assert np.hypot(*(seen.rounded(corners) - (140, 60)).T) == pytest.approx(10)
