"""Flow: finds known motion, says where it can be trusted, and never falls back in silence."""

from __future__ import annotations

import sys
import types

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.vision import flow

SIZE = (96, 128)


def texture(seed: int = 0, height: int = 160, width: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0, 1, (height // 4, width // 4, 3)).astype(np.float32)
    return np.clip(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def window(left: int, top: int) -> np.ndarray:
    return texture()[top : top + SIZE[0], left : left + SIZE[1]]


@pytest.mark.parametrize("preset", ["fast", "medium"])
def test_dis_finds_a_known_translation(preset: str) -> None:
    found = flow.make_flow("dis", preset=preset).between(window(20, 20), window(16, 23))
    assert found.shape == (*SIZE, 2)
    assert found.dtype == np.float32
    inner = found[12:-12, 12:-12].reshape(-1, 2)
    np.testing.assert_allclose(np.median(inner, axis=0), (4, -3), atol=0.2)


def test_dis_takes_frames_smaller_than_its_patches_and_values_out_of_range() -> None:
    small = (texture()[:5, :7] * 3 - 1).astype(np.float32)
    found = flow.make_flow().between(small, small)
    assert found.shape == (5, 7, 2)
    assert np.abs(found).max() < 0.5


def shifted(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two gray pictures; the second shows the first moved by one pixel to the right."""
    wide = (255 * texture(1, height + 8, width + 9)[:height, : width + 1, 0]).astype(np.uint8)
    return wide[:, 1:], wide[:, :-1]


@pytest.mark.parametrize("preset", ["fast", "medium"])
@pytest.mark.parametrize(
    "size",
    [
        *((1, 1), (1, 2), (2, 320), (320, 2), (8, 8), (11, 12), (15, 15), (16, 16), (17, 13)),
        *((8, 40), (15, 200), (16, 91), (20, 320), (24, 320), (31, 128), (31, 3200), (200, 9)),
    ],
)
def test_every_size_has_a_flow(preset: str, size: tuple[int, int]) -> None:
    found = flow.Dis(preset).between_gray(*shifted(*size))
    assert found.shape == (*size, 2)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= max(16, 0.3 * max(size))
    if min(size) >= 16:
        np.testing.assert_allclose(np.median(found.reshape(-1, 2), axis=0), (1, 0), atol=0.3)


def test_what_rests_beside_what_moves_is_found_by_either_start() -> None:
    before = (255 * texture()[..., 0]).astype(np.uint8)
    after = before.copy()
    after[40:80, 56:106] = before[40:80, 50:100]
    plain = flow.Dis().between_gray(before, after)
    or_rests = flow.Dis().between_gray(before, after, or_rests=True)
    for found in (plain, or_rests):
        np.testing.assert_allclose(np.median(found[50:70, 60:90, 0]), 6, atol=0.2)
        assert np.abs(found[120:]).max() < 0.1
    assert not np.array_equal(plain, or_rests)


@pytest.mark.parametrize("preset", ["fast", "medium"])
def test_a_small_picture_leaves_no_trace_in_the_flow_of_the_next(preset: str) -> None:
    used, large = flow.Dis(preset), shifted(96, 128)
    used.between_gray(*shifted(20, 24))
    fresh = flow.Dis(preset).between_gray(*large)
    np.testing.assert_array_equal(used.between_gray(*large), fresh)


def test_the_same_frames_give_the_same_flow() -> None:
    dis = flow.make_flow()
    first = dis.between(window(20, 20), window(16, 23))
    dis.between(window(3, 3), window(9, 1))  # what was asked before leaves no trace
    np.testing.assert_array_equal(first, dis.between(window(20, 20), window(16, 23)))


def test_motions_go_both_ways_and_are_one_fewer_than_frames() -> None:
    frames = [window(20 + 3 * index, 20) for index in range(4)]
    found = list(flow.motions(flow.make_flow(), iter(frames)))
    assert len(found) == 3
    for motion in found:
        inner = (slice(12, -12), slice(12, -12))
        assert np.median(motion.forward[inner][..., 0]) == pytest.approx(-3, abs=0.2)
        assert np.median(motion.backward[inner][..., 0]) == pytest.approx(3, abs=0.2)


def test_what_is_covered_and_what_leaves_is_not_followed() -> None:
    motion = flow.Motion(np.zeros((*SIZE, 2), np.float32), np.zeros((*SIZE, 2), np.float32))
    motion.forward[30:60, 20:50, 0], motion.backward[30:60, 40:70, 0] = 20, -20
    motion.forward[:, -10:, 0] = 30
    seen = flow.followed(motion)
    assert seen[30:60, 20:50].all()  # the thing itself
    assert not seen[30:60, 52:69].any()  # what it covers in the next frame
    assert not seen[:, -10:].any()  # what leaves
    assert seen[:25, :100].all()


@given(
    x=st.floats(-20, 150),
    y=st.floats(-20, 120),
    slope=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
)
@settings(max_examples=50, deadline=None)
def test_sampling_a_linear_field_gives_its_value_and_beyond_the_edge_the_edge_s(
    x: float, y: float, slope: tuple[float, float]
) -> None:
    column, row = flow.pixel_grid(*SIZE)
    field = (slope[0] * column + slope[1] * row).astype(np.float32)
    inside = slope[0] * np.clip(x, 0, SIZE[1] - 1) + slope[1] * np.clip(y, 0, SIZE[0] - 1)
    found = flow.sample(field, np.array([x, x]), np.array([y, y]))
    np.testing.assert_allclose(found, inside, atol=0.13)  # 1/32 pixel, twice


def test_more_points_than_a_picture_has_columns_can_be_sampled() -> None:
    field = np.ones((4, 5, 2), np.float32)
    assert flow.sample(field, np.zeros(70_000), np.zeros(70_000)).shape == (70_000, 2)
    assert flow.sample(field, np.zeros(0), np.zeros(0)).shape == (0, 2)


def test_a_map_is_sampled_the_same_in_one_piece_and_folded() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-5, 135, (2, 60, 700)).astype(np.float32)
    for field in (
        rng.random((96, 128, 3)).astype(np.float32),
        rng.integers(0, 256, (96, 128), np.uint8),
    ):
        whole = flow.sample(field, x, y)
        assert whole.dtype == field.dtype
        assert whole.shape == (60, 700, *field.shape[2:])
        np.testing.assert_array_equal(
            whole.reshape(-1, *field.shape[2:]), flow.sample(field, x.ravel(), y.ravel())
        )


def test_a_map_longer_than_opencv_takes_is_sampled() -> None:
    x = np.linspace(0, 7, 40_000, dtype=np.float32)[None]
    found = flow.sample(np.arange(8, dtype=np.float32)[None].repeat(3, 0), x, np.zeros_like(x))
    np.testing.assert_allclose(found, x, atol=1 / 32)


def test_a_picture_is_fetched_along_a_displacement() -> None:
    picture = (255 * texture()).astype(np.uint8)
    displacement = np.zeros((*SIZE, 2), np.float32)
    displacement[...] = 20, 17
    np.testing.assert_array_equal(
        flow.fetched(picture, displacement), picture[17 : 17 + SIZE[0], 20 : 20 + SIZE[1]]
    )


def test_unknown_names_and_unlike_frames_are_refused() -> None:
    with pytest.raises(OpenVoidError, match="known: dis, raft"):
        flow.make_flow("magic")
    with pytest.raises(OpenVoidError, match="known: fast, medium"):
        flow.make_flow(preset="slow")
    with pytest.raises(OpenVoidError, match="alike"):
        flow.make_flow().between(window(0, 0), window(0, 0)[1:])


def test_raft_without_torchvision_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(OpenVoidError, match="pip install torchvision"):
        flow.make_flow("raft")


def test_raft_gets_padded_frames_in_its_range_and_gives_displacements(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch")

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Checks what RAFT would refuse; its flow is (the first frame's red, 7)."""

        def forward(self, first: object, second: object) -> list[object]:
            assert first.shape == second.shape == (1, 3, 136, 128)  # type: ignore[attr-defined]
            assert -1 <= first.min() <= first.max() <= 1  # type: ignore[attr-defined]
            red = first[:, :1]  # type: ignore[index]
            return [torch.zeros(1), torch.cat([red, torch.full_like(red, 7.0)], 1)]

    fake = types.ModuleType("torchvision.models.optical_flow")
    fake.raft_large = lambda weights: Model()  # type: ignore[attr-defined]
    fake.Raft_Large_Weights = types.SimpleNamespace(DEFAULT=0)  # type: ignore[attr-defined]
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    frame = np.full((130, 90, 3), 0.75, np.float32)
    found = flow.make_flow("raft").between(frame, frame)
    assert found.shape == (130, 90, 2)
    np.testing.assert_allclose(found, np.broadcast_to([0.5, 7.0], found.shape))
