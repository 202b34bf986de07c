"""What an object comes down on."""

from __future__ import annotations

from pathlib import Path

from openvoid.core.effects import Relation
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from tests.reason.motion.rooms import explained, room
from tests.reason.motion.shots import LENGTH, box


def test_a_surface_that_stops_a_fall_is_affected_from_then_on(tmp_path: Path) -> None:
    cushion, cup = box(100, 60, 140, 190), box(104, 150, 112, 158)
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = room()
        picture[cushion], picture[cup] = (0.2, 0.3, 0.8), (0.9, 0.9, 0.2)
        mask = box(*(t := (10 + 13 * min(index, 7)), 100), t + 24, 124)
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    effects = explained(pictures, masks, tmp_path)
    (found,) = (each for each in effects.affected if each.cause == Relation.DEFORMS)
    frames = {place.frame for place in found.now}
    assert min(frames) in (7, 8, 9)
    assert max(frames) == LENGTH - 1
    labels = compose(Track.of("pillar", masks), effects)[LENGTH - 1]
    assert (labels[cup] < 255).all()
