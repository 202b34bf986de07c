"""The parts' shapes: read off the modules themselves."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from openvoid.void.model.parts import DTYPES, FULL_SIZE, build, part_bytes  # noqa: E402
from tests.void import shapes  # noqa: E402

GB = 10**9


def test_the_full_size_parts_weigh_what_is_published() -> None:
    transformer = part_bytes("transformer", FULL_SIZE.transformer_config, "bfloat16")
    assert transformer.whole / GB == pytest.approx(11.1, abs=0.1)
    assert transformer.blocks == 42
    assert transformer.whole == pytest.approx(42 * transformer.block + transformer.outside)
    assert transformer.leaf == 2 * (3072 + 1) * 12288
    assert part_bytes("text", FULL_SIZE.text_config, "bfloat16").parameters / GB == pytest.approx(
        4.76, abs=0.01
    )
    assert part_bytes("vae", FULL_SIZE.vae_config, "bfloat16").parameters / GB == pytest.approx(
        0.216, abs=0.001
    )


def test_fp8_halves_the_linear_layers_and_nothing_else() -> None:
    config = FULL_SIZE.transformer_config
    wide, narrow = (part_bytes("transformer", config, "bfloat16", s) for s in ("", "float8"))
    model = build("transformer", config, "bfloat16", layers=1)
    block = model.transformer_blocks[0]
    stored = sum(
        tensor.numel()
        for name, tensor in block.named_parameters()
        if "norm" not in name  # attention and feed-forward
    )
    assert wide.block - narrow.block == stored
    assert wide.leaf == narrow.leaf
    assert narrow.parameters == wide.parameters


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_bytes_are_those_of_the_real_modules(dtype: str) -> None:
    for part, real, config in (
        ("transformer", shapes.transformer(), shapes.TINY.transformer_config),
        ("text", shapes.text_encoder(), shapes.TINY.text_config),
        ("vae", shapes.vae(), shapes.TINY.vae_config),
    ):
        found = part_bytes(part, config, dtype)
        count = sum(tensor.numel() for tensor in real.parameters())
        assert found.parameters == count
        assert found.whole == count * DTYPES[dtype].itemsize
        assert set(build(part, config, dtype).state_dict()) == set(real.state_dict())


def test_what_a_published_configuration_holds_beyond_the_class_is_left_out() -> None:
    config = {**shapes.TINY.transformer_config, "_class_name": "x", "add_noise_in_inpaint_model": 1}
    assert part_bytes("transformer", config, "float32").blocks == 3
