"""Latents on disk: they go on from the last finished window, whatever happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from openvoid.void.sampling.latents import Latents  # noqa: E402
from openvoid.void.sampling.windows import Window, layout  # noqa: E402

SHAPE = (2, 3)
WINDOWS = layout(10, 6, 4)


def noise(count: int = 10) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((16, *SHAPE), np.float32) for _ in range(count)]


def predictions(seed: int = 1) -> list[Any]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 16, 6, *SHAPE, generator=generator) for _ in WINDOWS]


def halved(x_t: Any, x0: Any) -> Any:
    return 0.5 * x_t + 0.5 * x0


def test_they_begin_as_the_noise_they_were_given(tmp_path: Path) -> None:
    latents = Latents(tmp_path, WINDOWS, SHAPE)
    assert not latents.begun
    given = noise()
    latents.begin(given)
    assert latents.begun
    assert np.array_equal(latents.all()[0].numpy(), np.stack(given, axis=1))
    assert torch.equal(latents.noisy(WINDOWS[1]), latents.all()[:, :, 2:8])


def test_one_window_is_stepped_as_it_is(tmp_path: Path) -> None:
    windows = layout(6, 6)
    latents = Latents(tmp_path, windows, SHAPE)
    latents.begin(noise(6))
    before, x0 = latents.noisy(windows[0]), predictions()[0]
    latents.put([x0])
    latents.advance(halved, fade_stepped=False)
    assert torch.allclose(latents.all(), halved(before, x0))


def test_fading_predictions_or_stepped_latents_is_the_same_for_a_linear_step(
    tmp_path: Path,
) -> None:
    results = []
    for stepped in (False, True):
        latents = Latents(tmp_path / str(stepped), WINDOWS, SHAPE)
        latents.begin(noise())
        latents.put(predictions())
        latents.advance(halved, fade_stepped=stepped)
        results.append(latents.all().clone())
    assert torch.allclose(*results, atol=1e-6)
    curved = Latents(tmp_path / "curved", WINDOWS, SHAPE)
    curved.begin(noise())
    curved.put(predictions())
    curved.advance(lambda x_t, x0: x_t * x0 * x0, fade_stepped=True)
    other = Latents(tmp_path / "other", WINDOWS, SHAPE)
    other.begin(noise())
    other.put(predictions())
    other.advance(lambda x_t, x0: x_t * x0 * x0, fade_stepped=False)
    assert not torch.allclose(curved.all(), other.all(), atol=1e-3)


def test_predictions_that_agree_are_not_changed_by_fading(tmp_path: Path) -> None:
    latents = Latents(tmp_path, WINDOWS, SHAPE)
    latents.begin(noise())
    whole = torch.randn(1, 16, 10, *SHAPE, generator=torch.Generator().manual_seed(5))
    latents.put([whole[:, :, window.slice] for window in WINDOWS])
    latents.advance(lambda x_t, x0: x0, fade_stepped=False)
    assert torch.allclose(latents.all(), whole, atol=1e-6)


def test_opened_again_they_stand_where_they_stood(tmp_path: Path) -> None:
    one = Latents(tmp_path, WINDOWS, SHAPE)
    one.begin(noise())
    one.put(predictions()[:2])
    two = Latents(tmp_path, WINDOWS, SHAPE)
    assert (two.step, two.window) == (0, 2)
    two.put(predictions()[2:])
    two.advance(halved, fade_stepped=False)
    three = Latents(tmp_path, WINDOWS, SHAPE)
    assert (three.step, three.window) == (1, 0)
    straight = Latents(tmp_path / "straight", WINDOWS, SHAPE)
    straight.begin(noise())
    straight.put(predictions())
    straight.advance(halved, fade_stepped=False)
    assert torch.equal(three.all(), straight.all())


def test_a_step_cut_off_half_way_is_taken_again(tmp_path: Path) -> None:
    latents = Latents(tmp_path, WINDOWS, SHAPE)
    latents.begin(noise())
    latents.put(predictions())
    before = latents.all().clone()

    def broken(x_t: Any, x0: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        latents.advance(broken, fade_stepped=False)
    again = Latents(tmp_path, WINDOWS, SHAPE)
    assert (again.step, again.window) == (0, len(WINDOWS))
    assert torch.equal(again.all(), before)
    again.advance(halved, fade_stepped=False)
    assert again.step == 1


def test_a_copy_stands_at_the_same_point_and_goes_its_own_way(tmp_path: Path) -> None:
    latents = Latents(tmp_path / "a", WINDOWS, SHAPE)
    latents.begin(noise())
    latents.put(predictions())
    latents.advance(halved, fade_stepped=False)
    latents.put(predictions(2)[:1])
    twin = latents.copied(tmp_path / "b")
    assert (twin.step, twin.window) == (1, 1)
    assert torch.equal(twin.all(), latents.all())
    assert torch.equal(twin.predicted(0), latents.predicted(0))
    twin.put(predictions(3)[1:])
    twin.advance(halved, fade_stepped=False)
    assert (latents.step, latents.window) == (1, 1)


def test_short_windows_are_read_back_at_their_length(tmp_path: Path) -> None:
    windows = (Window(0, 6, 0, 4), Window(2, 6, 4, 0))
    latents = Latents(tmp_path, windows, SHAPE)
    latents.begin(noise(6))
    latents.put([predictions()[0], predictions()[1][:, :, :4]])
    assert latents.predicted(1).shape == (1, 16, 4, *SHAPE)
    assert np.array_equal(latents.predicted_at(5), latents.predicted(0)[0, :, 5].numpy())
    with pytest.raises(IndexError):
        latents.predicted_at(6)
