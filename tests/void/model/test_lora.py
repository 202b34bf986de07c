"""Adapters: three ways of naming, alpha, strength; what is unknown is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import checkpoint as weights
from openvoid.void.model import lora
from tests.void.tiny import make_checkpoint

RANK = 4
NAMES = ("transformer_blocks.0.attn1.to_q", "transformer_blocks.1.attn1.to_out.0")
TEXT_NAME = "encoder.block.0.layer.0.SelfAttention.q"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("made"), passes=(1,))


def halves(side: int, seed: int) -> tuple[Any, Any]:
    """(down [rank, side], up [side, rank])"""
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(RANK, side, generator=rng), torch.randn(side, RANK, generator=rng)


def named(style: str, name: str, side: int = 64, seed: int = 0) -> dict[str, Any]:
    """One adapted weight in the given way of naming."""
    down, up = halves(side, seed)
    flat = name.replace(".", "_")
    down_key, up_key = {
        "diffusers": (f"transformer.{name}.lora_A.weight", f"transformer.{name}.lora_B.weight"),
        "peft": (
            f"base_model.model.{name}.lora_A.weight",
            f"base_model.model.{name}.lora_B.weight",
        ),
        "peft in training": (f"{name}.lora_A.default.weight", f"{name}.lora_B.default.weight"),
        "older diffusers": (
            f"transformer.{name}.lora.down.weight",
            f"transformer.{name}.lora.up.weight",
        ),
        "kohya": (f"lora_unet_{flat}.lora_down.weight", f"lora_unet_{flat}.lora_up.weight"),
        "cogvideox-fun": (
            f"lora_unet__{flat}.lora_down.weight",
            f"lora_unet__{flat}.lora_up.weight",
        ),
    }[style]
    return {down_key: down, up_key: up}


def loaded(made: Path, path: Path, strength: str = "") -> dict[str, Any]:
    found = weights.locate(str(made), [f"{path}{strength}"])
    weights.check(found, (1,))
    model = weights.load_transformer(found, 1, torch.float32)
    return dict(model.state_dict())


def refusal(made: Path, path: Path) -> str:
    found = weights.locate(str(made), [str(path)])
    lines = []
    for work in (
        lambda: weights.check(found, (1,)),
        lambda: weights.load_transformer(found, 1, torch.float32),
    ):
        with pytest.raises(OpenVoidError) as caught:
            work()
        lines.append(caught.value.line())
    assert lines[0] == lines[1]
    return lines[0]


@pytest.mark.parametrize(
    "style",
    ["diffusers", "peft", "peft in training", "older diffusers", "kohya", "cogvideox-fun"],
)
@pytest.mark.parametrize("strength", ["", ":0.5", ":-1"])
def test_every_naming_adds_the_same(made: Path, tmp_path: Path, style: str, strength: str) -> None:
    path = tmp_path / "style.safetensors"
    save_file(named(style, NAMES[0]) | named(style, NAMES[1], seed=1), path)
    plain, changed = load_file(made / "void_pass1.safetensors"), loaded(made, path, strength)
    factor = float(strength.removeprefix(":") or 1)
    for seed, name in enumerate(NAMES):
        down, up = halves(64, seed)
        torch.testing.assert_close(
            changed[f"{name}.weight"] - plain[f"{name}.weight"],
            factor * up @ down,
            atol=1e-5,
            rtol=0,
        )
    touched = {f"{name}.weight" for name in NAMES}
    assert all(torch.equal(plain[key], changed[key]) for key in plain if key not in touched)


def test_alpha_over_rank_scales_as_it_was_trained(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "style.safetensors"
    flat = NAMES[0].replace(".", "_")
    alpha = {f"lora_unet__{flat}.alpha": torch.tensor(1.0)}
    save_file(named("cogvideox-fun", NAMES[0]) | alpha, path)
    down, up = halves(64, 0)
    plain = load_file(made / "void_pass1.safetensors")[f"{NAMES[0]}.weight"]
    added = loaded(made, path)[f"{NAMES[0]}.weight"] - plain
    torch.testing.assert_close(added, up @ down / RANK, atol=1e-5, rtol=0)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(("more", "scale"), [({}, 2.0), ({"use_rslora": True}, 4.0)])
def test_pefts_settings_are_read_from_the_file_or_beside_it(
    made: Path, tmp_path: Path, beside: bool, more: dict[str, Any], scale: float
) -> None:
    settings = {"lora_alpha": 8, "r": RANK} | more
    path, metadata = tmp_path / "adapter_model.safetensors", {}
    if beside:
        (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    else:
        inside = {f"transformer.{key}": value for key, value in settings.items()}
        metadata = {"lora_adapter_metadata": json.dumps(inside)}
    save_file(named("peft", NAMES[0]), path, metadata)
    down, up = halves(64, 0)
    plain = load_file(made / "void_pass1.safetensors")[f"{NAMES[0]}.weight"]
    added = loaded(made, tmp_path)[f"{NAMES[0]}.weight"] - plain  # the folder stands for its file
    torch.testing.assert_close(added, scale * up @ down, atol=1e-4, rtol=0)


def test_an_adapter_for_the_text_encoder_reaches_it(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.safetensors"
    text = {
        key.replace("lora_unet_", "lora_te_"): value
        for key, value in named("kohya", TEXT_NAME, 24).items()
    }
    save_file(text | named("kohya", NAMES[0]), path)
    found = weights.locate(str(made), [str(path)])
    weights.check(found, (1,))
    _, plain = weights.load_text_encoder(weights.locate(str(made)), torch.float32)
    _, changed = weights.load_text_encoder(found, torch.float32)
    down, up = halves(24, 0)
    key = f"{TEXT_NAME}.weight"
    added = changed.state_dict()[key] - plain.state_dict()[key]
    torch.testing.assert_close(added, up @ down, atol=1e-5, rtol=0)


def test_two_adapters_add_up(made: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for seed, path in enumerate(paths):
        save_file(named("diffusers", NAMES[0], seed=seed), path)
    found = weights.locate(str(made), [f"{paths[0]}:0.5", f"{paths[1]}:2"])
    changed = weights.load_transformer(found, 1, torch.float32).state_dict()[f"{NAMES[0]}.weight"]
    plain = load_file(made / "void_pass1.safetensors")[f"{NAMES[0]}.weight"]
    (down_a, up_a), (down_b, up_b) = halves(64, 0), halves(64, 1)
    wanted = plain + 0.5 * up_a @ down_a + 2 * up_b @ down_b
    torch.testing.assert_close(changed, wanted, atol=1e-4, rtol=0)
    assert {"lora/a.safetensors:0.5", "lora/b.safetensors:2"} <= set(weights.hashes(found, (1,)))


def test_unknown_keys_are_named(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "wan.safetensors"
    save_file(
        named("diffusers", NAMES[0])
        | {
            "blocks.0.self_attn.q.lora_A.weight": torch.zeros(RANK, 64),
            "blocks.0.self_attn.q.lora_B.weight": torch.zeros(64, RANK),
            f"transformer.{NAMES[1]}.lora_magnitude_vector": torch.zeros(64),
        },
        path,
    )
    line = refusal(made, path)
    assert "3 of 5 keys are unknown" in line
    assert "blocks.0.self_attn.q.lora_A.weight" in line
    assert "lora_magnitude_vector" in line


def test_an_adapter_for_another_width_is_refused(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.safetensors"
    save_file(named("diffusers", NAMES[0], side=96), path)
    line = refusal(made, path)
    assert f"{NAMES[0]}.weight (up [96, 4], down [4, 96], weight [64, 64])" in line.replace(
        f"{NAMES[0]} (", f"{NAMES[0]}.weight ("
    )


def test_a_half_adapter_is_refused(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    pair = named("diffusers", NAMES[0])
    save_file({key: value for key, value in pair.items() if "lora_A" in key}, path)
    assert "1 weights have only one half" in refusal(made, path)


def test_a_damaged_adapter_is_refused(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    save_file(named("diffusers", NAMES[0]), path)
    path.write_bytes(path.read_bytes()[:-5])
    assert "is cut short" in refusal(made, path)


def test_a_low_strength_on_bfloat16_weights_is_added_in_float32(tmp_path: Path) -> None:
    home = make_checkpoint(tmp_path, passes=(1,), dtype="bfloat16")
    path = tmp_path / "style.safetensors"
    save_file(named("diffusers", NAMES[0]), path)
    key = f"{NAMES[0]}.weight"
    plain = load_file(home / "void_pass1.safetensors")[key]
    found = weights.locate(str(home), [f"{path}:0.1"])
    changed = weights.load_transformer(found, 1, torch.bfloat16).state_dict()[key]
    down, up = halves(64, 0)
    assert torch.equal(changed, (plain.float() + 0.1 * (up @ down)).to(torch.bfloat16))


@given(st.floats(-10, 10))
def test_the_strength_stands_behind_the_last_colon(
    tmp_path_factory: pytest.TempPathFactory, strength: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "C:drive:style.safetensors"
    path.touch()
    assert lora.parse(f"{path}:{strength!r}") == (path, strength)
    assert lora.parse(str(path)) == (path, 1.0)


@pytest.mark.parametrize("text", ["none.safetensors", "none.safetensors:0.8", "none:nan"])
def test_an_adapter_that_is_not_there_is_told(text: str) -> None:
    with pytest.raises(OpenVoidError) as caught:
        lora.parse(text)
    assert "none" in caught.value.line()


def test_a_strength_out_of_all_bounds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.touch()
    with pytest.raises(OpenVoidError, match="80 is no strength"):
        lora.parse(f"{path}:80")


def test_a_folder_with_several_files_is_no_adapter(tmp_path: Path) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        save_file({"x": torch.zeros(1)}, tmp_path / name)
    with pytest.raises(OpenVoidError, match="holds 2 safetensors files"):
        lora.parse(str(tmp_path))
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("nothing", "not JSON"),
        ("[1]", "it is a list of 1"),
        ('{"lora_alpha": "8"}', "lora_alpha is '8' (a number"),
        ('{"lora_alpha": 1e38}', "lora_alpha is 1e+38 (a number"),
        ('{"lora_alpha": NaN}', "lora_alpha is NaN"),
        ("[" * 100_000, "nested deeper"),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_settings_that_cannot_be_meant_are_told_by_the_check_and_by_loading(
    made: Path, tmp_path: Path, beside: bool, settings: str, said: str
) -> None:
    path = tmp_path / "adapter_model.safetensors"
    save_file(named("peft", NAMES[0]), path, {} if beside else {"lora_adapter_metadata": settings})
    if beside:
        (tmp_path / "adapter_config.json").write_text(settings)
    found = weights.locate(str(made), (str(path),))
    for work in (
        lambda: weights.check(found, (1,)),
        lambda: weights.load_transformer(found, 1, torch.float32),
    ):
        with pytest.raises(OpenVoidError) as caught:
            work()
        assert said in caught.value.line()
        assert ("adapter_config.json" if beside else "lora_adapter_metadata") in caught.value.where


@pytest.mark.parametrize("style", ["diffusers", "kohya"])
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(
    made: Path, tmp_path: Path, style: str, half: int, value: float
) -> None:
    path, pair = tmp_path / "style.safetensors", named(style, NAMES[0])
    key = list(pair)[half]
    pair[key][1, 2] = value
    save_file(pair, path)
    assert refusal(made, path) == (
        f"{path}: {key} holds numbers that are not finite (fetch it again)"
    )


@pytest.mark.parametrize("factor", [1e37, 1e6])
def test_numbers_that_no_training_left_are_refused(
    made: Path, tmp_path: Path, factor: float
) -> None:
    path, pair = tmp_path / "style.safetensors", named("diffusers", NAMES[0])
    up_key = next(key for key in pair if "lora_B" in key)
    pair[up_key] *= factor
    save_file(pair, path)
    line = refusal(made, path)
    assert line.startswith(f"{path}: {up_key} may add ")
    assert "at most 65504; is it damaged, or its strength too high?" in line


@pytest.mark.parametrize("alpha", [1e38, float("inf"), float("nan"), -1e6])
def test_a_scale_that_no_training_left_is_refused(made: Path, tmp_path: Path, alpha: float) -> None:
    path, flat = tmp_path / "style.safetensors", NAMES[0].replace(".", "_")
    key = f"lora_unet__{flat}.alpha"
    save_file(named("cogvideox-fun", NAMES[0]) | {key: torch.tensor(alpha)}, path)
    line = refusal(made, path)
    assert f"{path}: {key} " in line
    assert f"is {alpha:g} (at most 100000" in line or "not finite" in line


@pytest.mark.parametrize(
    "change",
    [
        {"lora_down": torch.zeros(0, 64), "lora_up": torch.zeros(64, 0)},
        {"alpha": torch.zeros(2)},
    ],
    ids=["no rank", "two alphas"],
)
def test_a_rank_and_an_alpha_are_one_number_each(
    made: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    path, flat = tmp_path / "style.safetensors", NAMES[0].replace(".", "_")
    state = named("cogvideox-fun", NAMES[0]) | {f"lora_unet__{flat}.alpha": torch.tensor(4.0)}
    for key in state:
        state[key] = next((new for part, new in change.items() if part in key), state[key])
    save_file(state, path)
    assert "1 weights have another shape" in refusal(made, path)


def test_an_adapter_for_the_text_encoder_is_looked_at_too(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.safetensors"
    text = {
        key.replace("lora_unet_", "lora_te_"): value * 1e10
        for key, value in named("kohya", TEXT_NAME, 24).items()
    }
    save_file(text | named("kohya", NAMES[0]), path)
    found = weights.locate(str(made), [str(path)])
    for work in (
        lambda: weights.check(found, (1,)),
        lambda: weights.load_text_encoder(found, torch.float32),
    ):
        with pytest.raises(OpenVoidError, match=r"lora_te_.* may add"):
            work()
