"""Depth is found in other pictures, and how it moves pixels is learned and made better."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.plate.sweep import (
    Other,
    Way,
    learned,
    measured_depth,
    polished,
    searched_range,
    swept,
)
from openvoid.vision.fitting import Image
from openvoid.vision.flow import fetched
from tests.plate.worlds import texture

SIZE = 90, 130


def way(*, per_depth: float, shift: float = 0.0) -> Way:
    numbers = np.zeros((7, 2), np.float32)
    numbers[0, 0], numbers[3, 0] = shift, per_depth
    return Way(numbers)


def scene() -> tuple[Image, Image]:
    """Gray 0..1, and the depth of a raised square before a flat ground."""
    gray = cv2.cvtColor(texture(*SIZE), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    depth = np.zeros(SIZE, np.float32)
    depth[30:60, 45:85] = 6.0
    return gray, depth


def other(gray: Image, depth: Image, moves: Way, *, after: bool) -> Other:
    """A picture that shows the scene moved, and the true motion to it."""
    flow = moves.moved(depth)
    seen = fetched(gray, -flow)
    kept = np.ones(SIZE, bool)
    kept[22:68, 30:100] = False  # about the square's edge this simple picture is not right
    kept[33:57, 48:82] = True
    return Other(seen, np.ones(SIZE, bool), after, flow, kept)


def test_a_way_is_learned_from_a_flow_with_errors() -> None:
    _, depth = scene()
    truth = way(per_depth=0.8, shift=1.5)
    flow = truth.moved(depth)
    flow[:10] += 9.0
    found = learned(flow, depth, np.ones(SIZE, bool))
    assert found is not None
    assert np.abs(found.moved(depth) - truth.moved(depth)).max() < 0.1
    assert learned(flow, depth, np.zeros(SIZE, bool)) is None


def test_depth_is_found_between_the_pictures_before_and_after() -> None:
    gray, depth = scene()
    ways = [way(per_depth=size) for size in (-0.5, -1.0, 0.5, 1.0)]
    pairs = [(other(gray, depth, each, after=number > 1), each) for number, each in enumerate(ways)]
    first = measured_depth([each for each, _ in pairs])
    assert first is not None
    between = searched_range(pairs, depth, np.ones(SIZE, bool))
    assert between[0] < 0
    assert between[1] > 6
    found, cost = swept(gray, pairs, between)
    assert np.abs(found[36:54, 51:79] - 6).mean() < 0.4
    assert np.abs(found[10:20, 15:-15]).mean() < 0.4
    assert cost[36:54, 51:79].mean() < 0.01


def test_a_way_is_polished_by_the_pictures() -> None:
    gray, depth = scene()
    truth = way(per_depth=0.8, shift=0.7)
    made = other(gray, depth, truth, after=True)
    start = way(per_depth=0.6)
    found = polished(gray, made.gray, made.clear, depth, start, made.kept)
    away = np.abs(found.moved(depth) - truth.moved(depth))[made.kept].mean()
    assert away < 0.1 < np.abs(start.moved(depth) - truth.moved(depth))[made.kept].mean()
