"""The detector of morphing: a clear case on each side, and what must never trigger it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Region
from openvoid.vision.flow import make_flow
from openvoid.void.native.morphing import Morphing, detect

SIZE, FRAMES = (240, 320), 13
Change = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def texture(seed: int) -> np.ndarray:
    """[H, W, 3] smooth spots of two sizes."""
    rng = np.random.default_rng(seed)
    fine, coarse = (
        cv2.resize(rng.uniform(0, 1, (side, side, 3)).astype(np.float32), SIZE[::-1])
        for side in (40, 12)
    )
    return np.clip(0.5 + 0.4 * (fine + coarse - 1), 0, 1).astype(np.float32)


def scene(
    change: Change | None = None, gain: float = 0.0, grain: float = 0.0, speed: float = 1.5
) -> Morphing:
    """A textured disc of 60 pixels passes before a still ground; the changed region is about it."""
    ground, look = texture(1), texture(2)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    rng = np.random.default_rng(3)
    frames, labels = [], []
    for time in range(FRAMES):
        u, v = x - 120 - speed * time, y - 120
        labels.append(np.where(np.hypot(u, v) < 100, Region.AFFECTED, Region.KEEP).astype(np.uint8))
        if change is not None:
            u, v = change(u, v, time)
        disc = np.clip(60.5 - np.hypot(u, v), 0, 1)[..., None]
        shown = cv2.remap(look, (u + 160).astype(np.float32), (v + 120).astype(np.float32), 1)
        shown = shown * (1 + gain * (-1) ** time)
        frame = ground * (1 - disc) + shown * disc
        frames.append((frame + rng.normal(0, grain, frame.shape)).astype(np.float32))
    return detect(frames, labels, make_flow())


def turning(u: np.ndarray, v: np.ndarray, time: int) -> tuple[np.ndarray, np.ndarray]:
    angle = 0.02 * time
    return u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)


def wobbling(u: np.ndarray, v: np.ndarray, time: int) -> tuple[np.ndarray, np.ndarray]:
    grown = 1 + 0.25 * np.cos(3 * np.arctan2(v, u)) * np.sin(0.5 * time)
    return u / grown, v / grown


def swimming(u: np.ndarray, v: np.ndarray, time: int) -> tuple[np.ndarray, np.ndarray]:
    return u + 8 * np.sin(v / 9 + 0.7 * time), v + 8 * np.sin(u / 8 - 0.6 * time)


@pytest.mark.parametrize("change", [None, turning])
def test_what_keeps_its_shape_passes(change: Change | None) -> None:
    found = scene(change)
    assert not found.needed


@pytest.mark.parametrize("change", [wobbling, swimming])
def test_what_changes_its_shape_is_found_and_named(change: Change) -> None:
    found = scene(change)
    assert found.needed
    assert found.measures["shape"] == found.score > 1.2
    assert "shape" in found.why


def test_flicker_is_found_and_named() -> None:
    found = scene(gain=0.15, speed=0.5)
    assert found.needed
    assert found.measures["flicker"] == found.score > 1.2
    assert "flicker" in found.why


def test_grain_does_not_call_for_pass_2() -> None:
    assert not scene(turning, grain=0.04).needed


def test_compression_does_not_call_for_pass_2() -> None:
    ground = np.rint(texture(1) * 255).astype(np.uint8)
    labels = np.full(SIZE, Region.KEEP, np.uint8)
    labels[40:150, 60:200] = Region.AFFECTED
    frames = []
    for time in range(FRAMES):
        _, data = cv2.imencode(".jpg", np.roll(ground, 3 * time, 1), [cv2.IMWRITE_JPEG_QUALITY, 30])
        read = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32) / 255
        frames.append(np.roll(read, -3 * time, 1))  # its blocks move, the picture does not
    assert any(np.abs(one - other).max() > 0.05 for one, other in pairwise(frames))
    assert not detect(frames, [labels] * FRAMES, make_flow()).needed


def test_the_kept_region_sets_the_level() -> None:
    """The same change all over the picture, as shaking of the codec's would be, is no morphing."""

    def swim(inside_only: bool) -> Morphing:
        ground = texture(1)
        y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
        labels = np.full(SIZE, Region.KEEP, np.uint8)
        labels[40:150, 80:180] = Region.AFFECTED
        where = (labels != Region.KEEP) if inside_only else np.ones(SIZE, bool)
        frames = []
        for time in range(FRAMES):
            u, v = swimming(x, y, time)
            u, v = np.where(where, u, x), np.where(where, v, y)
            frames.append(cv2.remap(ground, u.astype(np.float32), v.astype(np.float32), 1))
        return detect(frames, [labels] * FRAMES, make_flow())

    everywhere, inside = swim(False), swim(True)
    assert inside.needed
    assert everywhere.score < 0.6 * inside.score


def test_frames_are_taken_one_by_one_and_their_numbers_are_told() -> None:
    taken = []

    def frames() -> object:
        for time in range(FRAMES):
            taken.append(time)
            yield texture(1)

    labels = np.full(SIZE, Region.KEEP, np.uint8)
    labels[40:150, 60:200] = Region.AFFECTED
    found = detect(frames(), (labels for _ in range(FRAMES)), make_flow())  # type: ignore[arg-type]
    assert taken == list(range(FRAMES))
    assert list(found.per_frame) == [4, 6, 8]
    assert found.score == 0.0


def test_nothing_changed_or_too_few_frames_say_nothing() -> None:
    kept = np.full(SIZE, Region.KEEP, np.uint8)
    still = [texture(1)] * FRAMES
    for found in (
        detect(still, [kept] * FRAMES, make_flow()),
        detect(still[:3], [kept] * 3, make_flow()),
        detect([], [], make_flow()),
    ):
        assert found == Morphing(0.0, {"shape": 0.0, "flicker": 0.0}, {}, found.why)
        assert not found.needed
        assert "too little" in found.why


def test_labels_of_another_size_are_refused() -> None:
    with pytest.raises(OpenVoidError, match="their labels"):
        detect([texture(1)], [np.full((4, 4), Region.KEEP, np.uint8)], make_flow())
