"""What the model is given, and what it made, frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.void.shots import tiny_request

torch = pytest.importorskip("torch")

from openvoid.core.quadmask import LEVELS  # noqa: E402
from openvoid.void.native.film import Film, Made  # noqa: E402
from openvoid.void.native.view import choose_view  # noqa: E402


def film(frames: int, padded: int) -> Film:
    request = tiny_request(frames)
    view = choose_view(request.clip, request.quadmask, "whole", (48, 64))
    return Film(request, view, padded)


def test_chunks_are_the_clip_padded_back_and_forth() -> None:
    chunks = list(film(9, 21).chunks([13, 8]))
    assert [len(frames) for frames, _ in chunks] == [13, 8]
    frames = np.concatenate([frames for frames, _ in chunks])
    labels = np.concatenate([labels for _, labels in chunks])
    assert frames.shape == (21, 48, 64, 3)
    assert labels.shape == (21, 48, 64)
    assert np.array_equal(frames[9:18], frames[8::-1]), "the last frame comes twice"
    assert np.array_equal(labels[18:], labels[:3])
    assert not np.array_equal(frames[0], frames[8])


def test_frames_are_0_to_1_and_labels_are_never_a_mixture() -> None:
    ((frames, labels),) = film(5, 5).chunks([5])
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
    assert set(np.unique(labels)) <= set(LEVELS)


def test_as_the_reference_has_it_masks_are_averaged_and_quantised() -> None:
    ((_, ours),) = film(5, 5).chunks([5])
    ((frames, theirs),) = film(5, 5).chunks([5], as_reference=True)
    assert frames.max() <= 1
    assert set(np.unique(theirs)) <= set(LEVELS)
    assert not np.array_equal(ours, theirs)


def test_made_frames_come_back_in_any_order_to_16_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.random((6, 8, 3), np.float32) for _ in range(4)]
    made = Made.keep(tmp_path / "made.npy", iter(frames), 4)
    assert len(made) == 4
    for index in (2, 0, 3):
        assert np.abs(made[index] - frames[index]).max() <= 0.5 / 65535 + 1e-7
    assert np.array_equal(Made(tmp_path / "made.npy")[1], made[1])


def test_frames_cut_off_half_way_are_not_taken_for_whole(tmp_path: Path) -> None:
    def frames():  # type: ignore[no-untyped-def]
        yield np.zeros((6, 8, 3), np.float32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Made.keep(tmp_path / "made.npy", frames(), 4)
    assert not (tmp_path / "made.npy").exists()
