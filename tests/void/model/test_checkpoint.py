"""Finding, checking and loading checkpoints, on tiny random ones in the released layout."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file, save_file

from openvoid.media import hub
from openvoid.void.model import checkpoint as weights
from openvoid.void.model import layout, released
from tests.refusal import told
from tests.void.tiny import BASE, TRANSFORMER, make_checkpoint

PASS_1 = released.void_file(1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that may be spoilt."""
    monkeypatch.setenv("OPENVOID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-such-cache"))
    return Path(shutil.copytree(made, tmp_path / "weights"))


def change_config(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_weights(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    state = load_file(path)
    change(state)
    save_file(state, path)


# --- where it is ------------------------------------------------------------------------------


def test_a_folder_with_base_and_void_files_is_found(folder: Path) -> None:
    found = weights.locate(str(folder))
    assert found.base == folder / BASE
    assert found.passes == {
        1: folder / "void_pass1.safetensors",
        2: folder / "void_pass2.safetensors",
    }
    assert found.adds_noise
    assert found.transformer_config["in_channels"] == 33


@pytest.mark.parametrize("named", ["", BASE])
@pytest.mark.parametrize("where", ["", "void-model", "netflix/void-model", BASE])
def test_the_usual_arrangements_are_found(folder: Path, where: str, named: str) -> None:
    for number in (1, 2):
        target = folder / where / released.void_file(number)
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / released.void_file(number)).rename(target)
    found = weights.locate(str(folder / named))
    assert found.base == folder / BASE
    assert set(found.passes) == {1, 2}


def test_a_base_of_any_name_is_found_where_it_is_the_only_one(folder: Path) -> None:
    (folder / BASE).rename(folder / "mine")
    assert weights.locate(str(folder)).base == folder / "mine"
    shutil.copytree(folder / "mine", folder / "other")
    assert "several models: mine, other" in told(lambda: weights.locate(str(folder)))


def test_base_and_void_files_may_share_one_folder(tmp_path: Path) -> None:
    home = make_checkpoint(tmp_path, base="", passes=(1,))
    found = weights.locate(str(home))
    assert found.base == home
    assert set(found.passes) == {1}


def test_the_hubs_cache_is_used_where_no_folder_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HF_HOME", str(home))
    assert told(weights.locate) == "the weights are not here yet (openvoid weights pull void)"
    for repo, source in ((released.BASE_REPO, folder / BASE), (released.VOID_REPO, folder)):
        place = hub.storage(repo) / "snapshots" / ("a" * 40)
        ignore = shutil.ignore_patterns(BASE)
        shutil.copytree(source, place, ignore=ignore)
    found = weights.locate()
    assert set(found.passes) == {1, 2}
    assert found.from_hub
    assert weights.locate(str(home / "hub")).base == found.base  # the cache, named as a folder


def test_a_folder_that_is_not_there_or_holds_nothing_is_told(folder: Path, tmp_path: Path) -> None:
    assert "no such folder" in told(lambda: weights.locate(str(tmp_path / "nowhere")))
    file = folder / "void_pass1.safetensors"
    assert "is a file, not a folder" in told(lambda: weights.locate(str(file)))
    (tmp_path / "empty").mkdir()
    assert "holds no base model" in told(lambda: weights.locate(str(tmp_path / "empty")))


# --- whether it is right ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_right_checkpoint_passes(tmp_path: Path, dtype: str) -> None:
    found = weights.locate(str(make_checkpoint(tmp_path, dtype=dtype)))
    parts = {part.name: part for part in weights.check(found)}
    assert set(parts) == {"pass 1", "pass 2", "vae", "text_encoder"}
    assert parts["pass 1"].stored == {"float32": "F32", "bfloat16": "BF16"}[dtype]
    assert parts["vae"].parameters > 1000
    assert weights.notes(found) == []


def test_the_base_alone_needs_the_void_file(folder: Path) -> None:
    (folder / "void_pass2.safetensors").unlink()
    found = weights.locate(str(folder))
    weights.check(found, (1,))
    for work in (
        lambda: weights.check(found),
        lambda: weights.load_transformer(found, 2, torch.float32),
        lambda: weights.hashes(found),
    ):
        line = told(work)
        assert "needs the VOID file void_pass2.safetensors" in line
        assert "33 input channels" in line
        assert "openvoid weights pull void --pass 2 --to" in line


def test_the_bases_transformer_is_no_void_file(folder: Path) -> None:
    own = folder / BASE / "transformer" / "diffusion_pytorch_model.safetensors"
    shutil.copy(own, folder / "void_pass1.safetensors")
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert "33 input channels" in line
    assert "48" in line


def test_the_bases_own_transformer_is_not_needed(folder: Path) -> None:
    (folder / BASE / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    found = weights.locate(str(folder))
    weights.check(found)
    loaded = weights.load_transformer(found, 1, torch.float32).state_dict()
    stored = load_file(folder / "void_pass1.safetensors")
    assert loaded.keys() == stored.keys()
    assert all(torch.equal(loaded[name], stored[name].float()) for name in stored)


def test_missing_odd_and_unknown_weights_are_named_and_counted(folder: Path) -> None:
    def spoil(state: dict[str, Any]) -> None:
        del state["proj_out.bias"]
        del state["norm_out.linear.weight"]
        state["transformer_blocks.1.ff.net.2.bias"] = torch.zeros(7)
        state["intruder"] = torch.zeros(1)

    path = folder / "void_pass1.safetensors"
    change_weights(path, spoil)
    found = weights.locate(str(folder))
    line = told(lambda: weights.check(found))
    assert line.startswith(f"{path}: 4 of 64 weights do not fit")
    assert "proj_out.bias is missing" in line
    assert "norm_out.linear.weight is missing" in line
    assert "transformer_blocks.1.ff.net.2.bias is [7], expected [64]" in line
    assert line.endswith("and 1 more")
    assert told(lambda: weights.load_transformer(found, 1, torch.float32)) == line
    weights.check(found, (2,))


@pytest.mark.parametrize(
    ("part", "file"),
    [
        ("vae", "diffusion_pytorch_model.safetensors"),
        ("text_encoder", "model-00002-of-00002.safetensors"),
    ],
)
def test_every_part_is_checked(folder: Path, part: str, file: str) -> None:
    path = folder / BASE / part / file
    change_weights(path, lambda state: state.__delitem__(min(state)))
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert part in line
    assert "1 of" in line
    assert "is missing" in line


@pytest.mark.parametrize(
    ("path", "told_as"),
    [
        ("vae/diffusion_pytorch_model.safetensors", "lacks diffusion_pytorch_model.safetensors"),
        ("text_encoder/model-00001-of-00002.safetensors", "lacks model-00001-of-00002.safetensors"),
        ("text_encoder/model.safetensors.index.json", "lacks model.safetensors"),
        ("tokenizer/spiece.model", "lacks spiece.model"),
        ("vae/config.json", "lacks vae/config.json (openvoid weights pull void --to"),
        ("scheduler/scheduler_config.json", "lacks scheduler/scheduler_config.json"),
    ],
)
def test_a_missing_file_is_named(folder: Path, path: str, told_as: str) -> None:
    (folder / BASE / path).unlink()
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert told_as in line
    assert path.split("/")[0] in line


def test_another_family_is_told_by_its_keys(folder: Path) -> None:
    keys = ("blocks.0.self_attn.q.weight", "patch_embedding.weight", "head.head.weight")
    save_file({key: torch.zeros(2, 2) for key in keys}, folder / "void_pass1.safetensors")
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert "another architecture: its keys begin with blocks, head, patch_embedding" in line
    assert "CogVideoXTransformer3DModel" in line


def test_another_width_is_told_in_numbers(folder: Path, tmp_path: Path) -> None:
    other = make_checkpoint(
        tmp_path / "2b", transformer={"num_attention_heads": 3, "num_layers": 3}
    )
    shutil.copy(other / "void_pass1.safetensors", folder / "void_pass1.safetensors")
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert "3 layers of width 96 and 48 input channels" in line
    assert "expected 2 layers of width 64 and 48 input channels" in line


def test_a_base_of_another_class_is_told(folder: Path) -> None:
    change_config(
        folder / BASE / "transformer" / "config.json", _class_name="WanTransformer3DModel"
    )
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert "WanTransformer3DModel, expected CogVideoXTransformer3DModel" in line


def test_a_text_encoder_of_another_width_is_told(folder: Path) -> None:
    change_config(folder / BASE / "transformer" / "config.json", text_embed_dim=32)
    line = told(lambda: weights.check(weights.locate(str(folder))))
    assert "the text encoder's width is 24, the transformer wants 32" in line


def test_a_damaged_file_is_told_before_it_is_loaded(folder: Path) -> None:
    path = folder / "void_pass1.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    found = weights.locate(str(folder))
    for work in (
        lambda: weights.check(found),
        lambda: weights.load_transformer(found, 1, torch.float32),
    ):
        assert "is cut short: 1000 of" in told(work)


def test_a_damaged_config_is_told(folder: Path) -> None:
    (folder / BASE / "vae" / "config.json").write_text("{")
    assert "vae/config.json: cannot be read: it is not JSON" in told(
        lambda: weights.locate(str(folder))
    )


def test_a_damaged_tokenizer_is_told(folder: Path) -> None:
    (folder / BASE / "tokenizer" / "spiece.model").write_bytes(b"nothing of the kind")
    found = weights.locate(str(folder))
    assert "tokenizer: cannot be read" in told(
        lambda: weights.load_text_encoder(found, torch.float32)
    )


LOADS: dict[str, Callable[[weights.Checkpoint, torch.dtype], object]] = {
    "void_pass2.safetensors": lambda found, dtype: weights.load_transformer(found, 2, dtype),
    f"{BASE}/vae/diffusion_pytorch_model.safetensors": weights.load_vae,
    f"{BASE}/text_encoder/model-00002-of-00002.safetensors": weights.load_text_encoder,
}


@pytest.mark.parametrize("file", LOADS)
@pytest.mark.parametrize("value", [float("nan"), -float("inf")])
def test_weights_that_are_not_finite_are_refused_by_the_check_and_by_loading(
    folder: Path, file: str, value: float
) -> None:
    path, spoilt = folder / file, list[str]()

    def spoil(state: dict[str, Any]) -> None:
        spoilt.append(max(state))
        state[max(state)].view(-1)[-1] = value

    found = weights.locate(str(folder))
    weights.check(found)
    change_weights(path, spoil)
    lines = [
        told(lambda: weights.check(found)),
        told(lambda: weights.check(found)),  # and nothing remembers it as right
        told(lambda: LOADS[file](found, torch.float32)),
        told(lambda: LOADS[file](found, torch.bfloat16)),
    ]
    said = f"{path}: {spoilt[0]} holds numbers that are not finite (fetch it again)"
    assert lines == [said] * 4


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_data_of_all_ones_are_refused(tmp_path: Path, dtype: str) -> None:
    folder = make_checkpoint(tmp_path, dtype=dtype)
    path = folder / PASS_1
    held = path.read_bytes()
    start = 8 + int.from_bytes(held[:8], "little")
    path.write_bytes(held[:start] + b"\xff" * (len(held) - start))
    found = weights.locate(str(folder))
    line = told(lambda: weights.check(found))
    assert "void_pass1.safetensors" in line
    assert "holds numbers that are not finite" in line
    assert told(lambda: weights.load_transformer(found, 1, torch.bfloat16)) == line


def test_weights_beyond_the_type_they_are_loaded_in_are_refused(folder: Path) -> None:
    change_weights(folder / PASS_1, lambda state: state["proj_out.bias"].fill_(7e4))
    found = weights.locate(str(folder))
    weights.load_transformer(found, 1, torch.float32)
    line = told(lambda: weights.load_transformer(found, 1, torch.float16))
    assert "proj_out.bias holds numbers that are too large for float16" in line


@pytest.mark.parametrize("held", [b"", b"nothing of the kind"])
def test_a_tokenizer_that_reads_nothing_is_refused_by_the_check_and_by_loading(
    folder: Path, held: bytes
) -> None:
    (folder / BASE / "tokenizer" / "spiece.model").write_bytes(held)
    found = weights.locate(str(folder))
    line = told(lambda: weights.check(found))
    assert "is empty" in line or "cannot be read" in line
    assert told(lambda: weights.load_text_encoder(found, torch.float32)) == line


def test_a_tokenizer_is_hashed_whatever_its_form(folder: Path) -> None:
    found = weights.locate(str(folder))
    (found.base / "tokenizer" / "tokenizer.json").write_text("{}")
    read = {name for name in weights.hashes(found) if name.startswith("tokenizer")}
    assert read == {"tokenizer/spiece.model", "tokenizer/tokenizer.json"}


def test_an_odd_scheduler_is_noted_not_refused(folder: Path) -> None:
    change_config(folder / BASE / "scheduler" / "scheduler_config.json", prediction_type="epsilon")
    found = weights.locate(str(folder))
    weights.check(found)
    assert weights.notes(found) == ["scheduler: prediction_type is epsilon, taken as v_prediction"]


# --- how it becomes models --------------------------------------------------------------------


def test_a_transformer_is_loaded_as_it_lies_in_the_file(folder: Path) -> None:
    for number in (1, 2):
        model = weights.load_transformer(weights.locate(str(folder)), number, torch.float32)
        stored = load_file(folder / released.void_file(number))
        assert set(stored) == set(model.state_dict())
        assert all(torch.equal(stored[name], value) for name, value in model.state_dict().items())
        assert model.config.in_channels == 48
        assert not model.training
        assert not any(each.requires_grad for each in model.parameters())


def test_weights_are_cast_to_the_wanted_type(folder: Path) -> None:
    found = weights.locate(str(folder))
    for load in (weights.load_vae, lambda c, d: weights.load_transformer(c, 1, d)):
        model = load(found, torch.bfloat16)
        assert {each.dtype for each in model.parameters()} == {torch.bfloat16}


def test_weights_of_the_wanted_type_stay_mapped_from_their_file(folder: Path) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("only Linux tells what is mapped")
    model = weights.load_transformer(weights.locate(str(folder)), 1, torch.float32)
    spans = [line.split()[0].split("-") for line in maps.read_text().splitlines() if PASS_1 in line]
    for each in model.parameters():
        assert any(int(a, 16) <= each.data_ptr() < int(b, 16) for a, b in spans)


def test_loaded_weights_can_be_changed_without_touching_the_file(folder: Path) -> None:
    path = folder / "void_pass1.safetensors"
    before = path.read_bytes()
    model = weights.load_transformer(weights.locate(str(folder)), 1, torch.float32)
    with torch.no_grad():
        model.proj_out.weight.fill_(3)
    assert path.read_bytes() == before


def test_the_text_encoder_says_what_transformers_own_loading_says(folder: Path) -> None:
    from transformers import T5EncoderModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer, model = weights.load_text_encoder(weights.locate(str(folder)), torch.float32)
    reference = T5EncoderModel.from_pretrained(folder / BASE / "text_encoder")
    words = tokenizer("a wooden table", return_tensors="pt").input_ids
    with torch.no_grad():
        assert torch.equal(model(words)[0], reference(words)[0])
    assert model.shared.weight is model.encoder.embed_tokens.weight
    assert words[0, -1] == tokenizer.eos_token_id == 1


def test_an_embedding_under_its_other_name_is_loaded(folder: Path) -> None:
    found = weights.locate(str(folder))
    _, before = weights.load_text_encoder(found, torch.float32)
    index = folder / BASE / "text_encoder" / "model.safetensors.index.json"
    places = json.loads(index.read_text())["weight_map"]
    shard = index.parent / places["shared.weight"]

    def rename(state: dict[str, Any]) -> None:
        state["encoder.embed_tokens.weight"] = state.pop("shared.weight")

    change_weights(shard, rename)
    _, after = weights.load_text_encoder(found, torch.float32)
    assert torch.equal(before.shared.weight, after.shared.weight)


@pytest.mark.parametrize("name", [["a.safetensors"], {}, None, 7, "x" * 70_000])
def test_an_index_that_names_no_files_is_told(folder: Path, name: Any) -> None:
    index = folder / BASE / "text_encoder" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": name}}))
    found = weights.locate(str(folder))
    assert "weight_map.a is " in told(lambda: weights.check(found, (1,)))


def test_a_tokenizer_with_more_words_than_the_encoder_knows_is_refused(folder: Path) -> None:
    change_config(folder / BASE / "text_encoder" / "config.json", vocab_size=50)
    found = weights.locate(str(folder))
    assert "the text encoder knows 50" in told(
        lambda: weights.load_text_encoder(found, torch.float32)
    )


def test_the_hashes_are_those_of_the_files_and_are_remembered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    found = weights.locate(str(folder))
    first = weights.hashes(found)
    for name in ("void_pass1.safetensors", "void_pass2.safetensors"):
        assert first[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert "text_encoder/model-00002-of-00002.safetensors" in first
    assert "void_pass2.safetensors" not in weights.hashes(found, (1,))
    read: list[str] = []
    assert weights.hashes(found, progress=lambda stage, done, total: read.append(stage)) == first
    assert read == []
    change_weights(folder / "void_pass1.safetensors", lambda state: state["proj_out.bias"].add_(1))
    again = weights.hashes(found)
    assert again["void_pass1.safetensors"] != first["void_pass1.safetensors"]
    assert again["void_pass2.safetensors"] == first["void_pass2.safetensors"]


def test_a_file_of_the_hubs_cache_is_known_by_what_it_holds(folder: Path, tmp_path: Path) -> None:
    import hashlib

    blob = tmp_path / "blobs" / ("ab" * 32)
    blob.parent.mkdir()
    (folder / "void_pass1.safetensors").rename(blob)
    (folder / "void_pass1.safetensors").symlink_to(blob)
    found = weights.locate(str(folder))
    right = hashlib.sha256(blob.read_bytes()).hexdigest()
    assert weights.hashes(found)["void_pass1.safetensors"] == right


# --- a base of another width, for training ----------------------------------------------------


def test_a_narrower_projection_keeps_its_edges_and_the_models_middle() -> None:
    model, other = torch.arange(3.0 * 48 * 8).reshape(3, -1), -torch.ones(3, 33 * 8)
    other[:, -1] = -2
    widened = layout.widen_patch_embed(model, other)
    assert widened.shape == (3, 48 * 8)
    assert (widened[:, : 16 * 8] == -1).all()
    assert (widened[:, -16 * 8 : -1] == -1).all()
    assert (widened[:, -1] == -2).all()
    assert torch.equal(widened[:, 16 * 8 : 32 * 8], model[:, 16 * 8 : 32 * 8])
    assert model[0, 0] == 0  # the model's own weight is left alone


def test_a_projection_of_the_same_width_is_taken_whole() -> None:
    other = torch.randn(3, 48 * 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(layout.widen_patch_embed(torch.zeros(3, 48 * 8), other), other)


@pytest.mark.parametrize("shape", [(4, 33 * 8), (3, 31 * 8)])
def test_a_projection_that_cannot_fit_is_refused(shape: tuple[int, int]) -> None:
    line = told(lambda: layout.widen_patch_embed(torch.zeros(3, 48 * 8), torch.zeros(shape)))
    assert f"{list(shape)} does not fit [3, 384]" in line


def test_the_base_gives_a_transformer_to_train_from(made: Path) -> None:
    """The released recipe: 48 channels from the base's 33, middle as initialised."""
    base = load_file(made / BASE / "transformer" / "diffusion_pytorch_model.safetensors")
    wide = load_file(made / "void_pass1.safetensors")
    name = "patch_embed.proj.weight"
    widened = layout.widen_patch_embed(wide[name], base[name])
    assert widened.shape == (TRANSFORMER["num_attention_heads"] * 32, 48 * 8)
    assert torch.equal(widened[:, :128], base[name][:, :128])
    assert torch.equal(widened[:, 256:], base[name][:, -128:])


def test_the_module_can_be_imported_without_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, openvoid.void.model.checkpoint, openvoid.media.hub, openvoid.cli.weights;"
        "print(*{'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


@pytest.mark.parametrize(
    ("part", "values", "said"),
    [
        ("transformer", {"num_layers": -1}, "num_layers is -1 (a whole number from 1 to 1024"),
        ("transformer", {"num_layers": 10**9}, "num_layers is 1000000000"),
        ("transformer", {"num_layers": "2"}, "num_layers is '2'"),
        ("transformer", {"attention_head_dim": 10**12}, "attention_head_dim"),
        ("transformer", {"_class_name": [1]}, "_class_name is a list"),
        ("text_encoder", {"architectures": {}}, "architectures is an object"),
        ("text_encoder", {"num_decoder_layers": 10**8}, "num_decoder_layers"),
        ("vae", {"block_out_channels": []}, "block_out_channels is a list of 0"),
        ("vae", {"block_out_channels": [8, "x"]}, "block_out_channels[1] is 'x'"),
        ("vae", {"layers_per_block": 10**9}, "layers_per_block"),
        ("vae", {"up_block_types": ["None of these"] * 4}, "cannot be built"),
    ],
)
def test_a_config_of_a_model_that_cannot_be_is_told_before_it_is_built(
    folder: Path, part: str, values: dict[str, Any], said: str
) -> None:
    change_config(folder / BASE / part / "config.json", **values)
    assert said in told(lambda: weights.check(weights.locate(str(folder))))
