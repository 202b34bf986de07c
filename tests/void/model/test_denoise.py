"""The normal form D(x_t, t, cond) -> x0, guidance, sampler, feature cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.void.model.checkpoint import load_transformer, locate  # noqa: E402
from openvoid.void.model.denoise import SAMPLERS, Denoiser, Sampler, Text, cached  # noqa: E402


@pytest.fixture(scope="module")
def folder(tiny_weights: Path) -> Any:
    return locate(str(tiny_weights))


def made(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def window() -> dict[str, Any]:
    width = 24
    return {
        "x_t": made(1, 16, 4, 4, 6),
        "condition": made(1, 32, 4, 4, 6, seed=1),
        "text": Text(made(1, 7, width, seed=2), made(1, 7, width, seed=3)),
    }


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_perfect_prediction_is_where_sampling_ends(name: str) -> None:
    sampler, x0 = Sampler(name, 5), made(1, 16, 2, 4, 4)
    x_t = made(1, 16, 2, 4, 4, seed=1)
    for time in sampler.times:
        x_t = sampler.step(x_t, time, x0)
    assert torch.allclose(x_t, x0, atol=1e-5)


def test_the_first_step_starts_from_noise_alone() -> None:
    sampler = Sampler("ddim", 30)
    assert len(sampler.times) == 30
    assert sampler.times[0] == 999
    assert float(sampler.alpha(999)) == pytest.approx(0, abs=1e-6)


def test_the_schedulers_agree() -> None:
    first, second = (Sampler(name, 4) for name in SAMPLERS)
    assert first.times == second.times
    x_t, x0 = made(1, 16, 2, 4, 4), made(1, 16, 2, 4, 4, seed=1)
    for time in first.times:
        ours, theirs = first.step(x_t, time, x0), second.step(x_t, time, x0)
        assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("name", "steps"), [("euler", 4), ("ddim", 0), ("ddim", 1001)])
def test_what_cannot_be_sampled_is_refused(name: str, steps: int) -> None:
    with pytest.raises(OpenVoidError):
        Sampler(name, steps)


def test_branches_in_one_batch_or_in_turn_are_the_same(folder: Any, window: dict[str, Any]) -> None:
    transformer = load_transformer(folder, 2, torch.float32)
    results = [
        Denoiser(transformer, Sampler("ddim", 4), guidance=6.0, batched=batched)(
            window["x_t"], 749, window["condition"], window["text"]
        )
        for batched in (True, False)
    ]
    assert torch.allclose(*results, atol=1e-5)


def test_guidance_1_hears_the_prompt_alone_and_more_goes_beyond_it(
    folder: Any, window: dict[str, Any]
) -> None:
    transformer = load_transformer(folder, 1, torch.float32)
    x_t, condition, text = window["x_t"], window["condition"], window["text"]
    sampler = Sampler("ddim", 4)
    plain = Denoiser(transformer, sampler)
    assert plain.branches == 1
    given = plain(x_t, 749, condition, text)
    without = plain(x_t, 749, condition, Text(text.negative))
    six = Denoiser(transformer, sampler, guidance=6.0)(x_t, 749, condition, text)
    assert torch.allclose(six, without + 6 * (given - without), atol=1e-4)
    assert not torch.allclose(given, without, atol=1e-3)


def test_a_feature_cache_skips_blocks_and_keeps_windows_apart(
    folder: Any, window: dict[str, Any]
) -> None:
    transformer = load_transformer(folder, 1, torch.float32)
    calls: list[int] = []
    transformer.transformer_blocks[-1].norm1.register_forward_hook(lambda *_: calls.append(1))
    cached(transformer, 1e9)
    denoiser = Denoiser(transformer, Sampler("ddim", 4))
    given = window["x_t"], 749, window["condition"], window["text"]
    first = denoiser(*given, name="0")
    assert len(calls) == 1
    again = denoiser(*given, name="0")
    assert len(calls) == 1, "the last block was computed though nothing changed"
    assert torch.allclose(first, again, atol=1e-5)
    denoiser(*given, name="1")
    assert len(calls) == 2, "another window used this one's features"


def test_without_a_threshold_nothing_is_cached(folder: Any) -> None:
    transformer = load_transformer(folder, 1, torch.float32)
    cached(transformer, 0.0)
    assert not transformer.is_cache_enabled
