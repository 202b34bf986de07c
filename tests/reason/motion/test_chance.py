"""The object put elsewhere: what goes on there as well is no evidence of contact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.reason.motion import chance, contact
from openvoid.reason.motion.confidence import ConfidenceLimits
from openvoid.reason.motion.evidence import Evidence
from tests.reason.motion.shots import HEIGHT, LENGTH, WIDTH, box, locked, pattern


def crossing(tmp_path: Path, *, waves: bool, pushes: bool) -> Evidence:
    """An object crosses; before it a block that it may push, or below it waves, farther on."""
    rng = np.random.default_rng(3)
    pictures, masks = [], []
    for index in range(LENGTH):
        picture, left = pattern(), 10 + 10 * index
        ahead = max(0, index - 6) if pushes else 0
        if waves:
            for column in range(96, WIDTH, 16):
                top = 104 + int(rng.integers(0, 6))
                picture[box(top, column, top + 14, column + 14)] = rng.uniform(0.2, 0.9, 3)
        else:
            picture[box(64, 100 + 10 * ahead, 96, 116 + 10 * ahead)] = 0.1, 0.2, 0.8
        masks.append(box(60, left, 103, left + 30))
        picture[masks[-1]] = 0.9, 0.1, 0.1
        pictures.append(picture)
    return locked(pictures, masks, tmp_path)


def test_other_places_are_in_view_and_not_where_the_object_is(tmp_path: Path) -> None:
    evidence = crossing(tmp_path, waves=False, pushes=False)
    places = chance.elsewhere(evidence)
    assert 0 < len(places) <= chance.ChanceLimits().places
    for track in places:
        assert len(track) == LENGTH
        for index in range(LENGTH):
            assert not (track[index] & evidence.scene.object[index]).any()
            assert track[index].sum() <= evidence.scene.object[index].sum()


def test_an_object_too_large_has_no_other_place_and_nothing_stands_out(tmp_path: Path) -> None:
    whole = box(2, 2, HEIGHT - 2, WIDTH - 2)
    evidence = locked([pattern()] * 6, [whole] * 6, tmp_path)
    assert chance.elsewhere(evidence) == ()
    assert chance.contrast(100.0, (), 0.34) == 1.0
    assert chance.against(evidence, lambda _: whole) == 1.0


def test_ahead_of_itself_it_is_where_it_comes_to_later(tmp_path: Path) -> None:
    evidence = crossing(tmp_path, waves=False, pushes=False)
    track = chance.ahead(evidence)
    assert track is not None
    lead = next(n for n in range(1, LENGTH) if not (track[0] & ~evidence.scene.object[n]).any())
    assert lead > 1
    still = locked([pattern()] * 6, [box(60, 10, 100, 40)] * 6, tmp_path)
    assert chance.ahead(still) is None


@pytest.mark.parametrize(
    ("found", "times"),
    [((0, 0, 0), ConfidenceLimits().most), ((60, 25, 10), 4.0), ((50, 10), 2.0), ((10,), 10.0)],
)
def test_the_contrast_is_to_what_most_other_places_show(
    found: tuple[float, ...], times: float
) -> None:
    assert chance.contrast(100.0, found, 0.34) == pytest.approx(times)


def test_the_shot_is_seen_as_if_the_object_were_there(tmp_path: Path) -> None:
    evidence = crossing(tmp_path, waves=False, pushes=True)
    for other in chance.moved(evidence):
        assert other.scene.object is not evidence.scene.object
        assert other.path != evidence.path


def test_a_push_stands_out_and_waves_that_go_on_anyway_do_not(tmp_path: Path) -> None:
    for name in ("push", "waves"):
        (tmp_path / name).mkdir()
    push = crossing(tmp_path / "push", waves=False, pushes=True)
    assert [each.sign.contrast > 3 for each in contact.find(push)] == [True]
    sea = crossing(tmp_path / "waves", waves=True, pushes=False)
    assert all(each.sign.contrast < 1.85 for each in contact.find(sea))
