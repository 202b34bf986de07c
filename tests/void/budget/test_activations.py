"""What passes hold: grows as it must with sizes, branches and types."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from openvoid.void.budget import activations  # noqa: E402
from openvoid.void.model.parts import FULL_SIZE, GIB  # noqa: E402
from tests.void import shapes  # noqa: E402

BF16 = "bfloat16"


def test_a_full_size_block_holds_thirteen_hidden_states() -> None:
    for work in (shapes.SHORT, shapes.LONG):
        held = activations.transformer_bytes(
            FULL_SIZE.transformer_config, BF16, work.latents, work.text_tokens, 1
        )
        hidden = (work.latent_frames // 2 * 24 * 42 + 226) * 3072 * 2
        assert held / hidden == pytest.approx(13.1, abs=0.2)


def test_two_branches_hold_twice_as_much_and_more_blocks_no_more() -> None:
    config = shapes.TINY.transformer_config
    one, two = (activations.transformer_bytes(config, BF16, (6, 24, 40), 7, n) for n in (1, 2))
    assert two == pytest.approx(2 * one, rel=0.05)
    deep = {**config, "num_layers": 9}
    assert activations.transformer_bytes(deep, BF16, (6, 24, 40), 7, 1) == one


def test_the_vae_holds_by_area_what_it_holds_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    config = shapes.TINY.vae_config
    ways = (activations.encode_bytes, activations.decode_bytes)
    shares = [held(config, BF16, 48, 48) for held in ways]
    caches = activations.cache_bytes(config, BF16, "decode", 48, 48)
    activations._vae_bytes.cache_clear()
    activations._cache_bytes.cache_clear()
    monkeypatch.setattr(activations, "MEASURED_SIDE", 48)
    assert [held(config, BF16, 48, 48) for held in ways] == pytest.approx(shares, rel=0.01)
    assert activations.cache_bytes(config, BF16, "decode", 48, 48) == pytest.approx(
        caches, rel=0.01
    )
    activations._vae_bytes.cache_clear()
    activations._cache_bytes.cache_clear()


def test_wider_types_hold_more_and_caches_are_a_part() -> None:
    config = shapes.TINY.vae_config
    for held in (activations.encode_bytes, activations.decode_bytes):
        assert held(config, "float32", 16, 24) == pytest.approx(
            2 * held(config, BF16, 16, 24), rel=0.01
        )
    whole = activations.decode_bytes(config, BF16, 16, 24)
    assert 0 < activations.cache_bytes(config, BF16, "decode", 16, 24) < whole / 2


def test_the_decoder_at_full_size_needs_some_nine_gib() -> None:
    held = activations.decode_bytes(FULL_SIZE.vae_config, BF16, 48, 84) / GIB
    # 256 channels x 8 frames x 384 x 672 in bf16 are 0.98 GiB
    assert 7 < held < 11


def test_the_text_encoder_holds_little() -> None:
    assert activations.text_bytes(FULL_SIZE.text_config, BF16, 226) < 0.2 * GIB
