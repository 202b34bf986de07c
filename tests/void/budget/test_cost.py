"""Operations are counted as PyTorch counts them; times are said in words."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from openvoid.void.budget import cost  # noqa: E402
from openvoid.void.budget.cost import Seconds, Speed  # noqa: E402
from openvoid.void.model.parts import FULL_SIZE, build  # noqa: E402
from tests.void import shapes  # noqa: E402


def plain() -> Any:
    """Attention as two products, which are counted; the fused kernel of the CPU is not."""
    return torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)


def test_the_transformers_operations_are_those_pytorch_counts() -> None:
    model, words = shapes.transformer(), shapes.given()
    with FlopCounterMode(display=False) as counter, plain(), torch.no_grad():
        model(**words)
    counted = counter.get_total_flops() / 2  # two branches
    config = shapes.TINY.transformer_config
    # timestep and modulation are left out: they do not grow with tokens
    assert cost.transformer_flops(config, (6, 12, 20), 7) == pytest.approx(counted, rel=0.03)


def test_the_text_encoders_operations_are_those_pytorch_counts() -> None:
    model = shapes.text_encoder()
    with FlopCounterMode(display=False) as counter, plain(), torch.no_grad():
        model(torch.arange(20)[None])
    expected = pytest.approx(counter.get_total_flops(), rel=0.01)
    assert cost.text_flops(shapes.TINY.text_config, 20) == expected


def test_the_vaes_operations_grow_with_the_window() -> None:
    config = shapes.TINY.vae_config
    vae = build("vae", config, "float32")
    chunk = torch.empty((1, 16, 2, 12, 20), device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        vae.decoder(chunk)
    found = cost.decode_flops(config, (2, 12, 20))
    assert found == pytest.approx(counter.get_total_flops(), rel=0.02)
    assert cost.encode_flops(config, (6, 12, 20)) == 4 * cost.encode_flops(config, (6, 6, 10))


def test_a_full_size_step_takes_what_the_published_run_took() -> None:
    # 134 s of which 70 are start-up, for 30 steps, encoding and decoding, on an A100
    config, work = FULL_SIZE.transformer_config, shapes.SHORT
    step = cost.transformer_flops(config, work.latents, work.text_tokens)
    steps_s = 30 * step / (cost.TRANSFORMER_SHARE * cost.NOMINAL.flops)
    assert 30 < steps_s < 64


def test_attention_grows_with_the_square_of_tokens() -> None:
    config = FULL_SIZE.transformer_config
    short, long = (cost.transformer_flops(config, (n, 48, 84), 0) for n in (22, 44))
    tokens, wide = 11 * 24 * 42, 3072
    assert long - 2 * short == pytest.approx(42 * 4 * 2 * tokens**2 * wide, rel=1e-6)


def test_tokens_of_a_window() -> None:
    assert cost.tokens_of(FULL_SIZE.transformer_config, (22, 48, 84)) == 11 * 24 * 42
    assert cost.tokens_of({"patch_size": 2}, (3, 4, 4)) == 12


def test_a_device_has_a_speed() -> None:
    speed = cost.measure("cpu", "float32")
    assert isinstance(speed, Speed)
    assert speed.flops > 1e7
    assert speed.memory > 1e7


@pytest.mark.parametrize(
    ("likely", "words"),
    [
        (0.4, "about 0.4 s (0.2 to 0.7)"),
        (100, "about 1.7 min (1.0 to 2.8)"),
        (1800, "about 30 min (18 to 51)"),
        (7200, "about 2.0 h (1.2 to 3.4)"),
        (1e6, "about 12 days (6.8 to 20)"),
    ],
)
def test_times_are_said_in_the_largest_fitting_unit(likely: float, words: str) -> None:
    assert Seconds(likely).words() == words
