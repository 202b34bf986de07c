"""What the transformer is told: polarity, levels, the little noise."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.core.quadmask import LEVELS, Region  # noqa: E402
from openvoid.void.model.condition import (  # noqa: E402
    area_labels,
    area_resized,
    mask_tensor,
    mask_values,
    noised,
    video_tensor,
)

ALL = np.array([[Region.PRIMARY, Region.OVERLAP, Region.AFFECTED, Region.KEEP]], np.uint8)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (4, [0, 63 / 255, 128 / 255, 1]),
        (3, [0, 0, 128 / 255, 1]),
        (2, [0, 0, 0, 1]),
    ],
)
def test_removed_is_0_and_kept_is_1(levels: int, expected: list[float]) -> None:
    assert mask_values(ALL, levels)[0] == pytest.approx(expected)


def test_another_number_of_levels_is_refused() -> None:
    with pytest.raises(OpenVoidError, match="5 levels"):
        mask_values(ALL, 5)


def test_tensors_are_batch_channel_time_height_width() -> None:
    frames = np.random.default_rng(0).random((5, 4, 6, 3)).astype(np.float32)
    video = video_tensor(frames)
    assert video.shape == (1, 3, 5, 4, 6)
    assert float(video[0, 1, 2, 3, 4]) == pytest.approx(2 * frames[2, 3, 4, 1] - 1)
    mask = mask_tensor(np.full((5, 4, 6), Region.KEEP, np.uint8))
    assert mask.shape == (1, 3, 5, 4, 6)
    assert bool((mask == 1).all())


def test_noise_is_seeded_of_its_sigma_and_spares_pixels_that_are_black() -> None:
    video = torch.zeros(1, 3, 5, 32, 32)
    video[..., :16] = -1
    first = noised(video, 0.0563, torch.Generator().manual_seed(3))
    again = noised(video, 0.0563, torch.Generator().manual_seed(3))
    other = noised(video, 0.0563, torch.Generator().manual_seed(4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert bool((first[..., :16] == -1).all())
    assert float(first[..., 16:].std()) == pytest.approx(0.0563, rel=0.05)
    assert torch.equal(noised(video, 0.0, torch.Generator()), video)


def test_area_means_over_whole_pixels() -> None:
    frames = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    assert area_resized(frames, (2, 2))[0, ..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_a_mask_resized_as_a_picture_gets_a_false_fringe() -> None:
    """Why ours is resized label by label: half remove, half keep comes out as affected."""
    values = np.full((1, 4, 4), Region.KEEP, np.uint8)
    values[0, :, :1] = Region.PRIMARY
    assert area_labels(values, (2, 2))[0].tolist() == [[Region.AFFECTED, Region.KEEP]] * 2
    assert area_labels(values, (4, 4)).tolist() == values.tolist()
    assert set(LEVELS) == set(np.unique(ALL))
