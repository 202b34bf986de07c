"""Weights of SAM: where they lie, what is wrong with them, how they are fetched; offline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("huggingface_hub")

from openvoid.core import plugins
from openvoid.core.removal import silent
from openvoid.media import hub
from openvoid.select.sam import weights
from tests.media.hub_server import Fault, Hub
from tests.refusal import told

REPO = weights.RELEASED["sam2"].repo


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tiny_sam: Mapping[str, Path], tmp_path: Path) -> Path:
    """A copy of tiny SAM 2 that may be damaged."""
    return shutil.copytree(tiny_sam["sam2"], tmp_path / "weights")


def test_missing_weights_are_one_line_with_the_command_that_fetches_them() -> None:
    line = told(lambda: plugins.construct("segmenter", "sam2"))
    assert "the weights of sam2 are not here yet" in line
    assert "openvoid weights pull sam2" in line
    line = told(lambda: plugins.construct("segmenter", "sam2", {"size": "tiny"}))
    assert "openvoid weights pull sam2-tiny" in line
    line = told(lambda: plugins.construct("segmenter", "sam3"))
    assert "openvoid weights pull sam3; gated: ask first" in line


def test_a_folder_is_searched_under_all_its_usual_names(folder: Path, tmp_path: Path) -> None:
    assert weights.locate("sam2", str(folder)) == folder
    for inside in (REPO.rpartition("/")[2], REPO):
        root = tmp_path / inside.replace("/", "-")
        shutil.copytree(folder, root / inside)
        assert weights.locate("sam2", str(root)) == root / inside


def test_a_folder_that_is_none_or_empty_is_named(tmp_path: Path) -> None:
    assert "there is no such folder" in told(lambda: weights.locate("sam2", "nowhere"))
    line = told(lambda: weights.locate("sam2", str(tmp_path)))
    assert "lacks config.json" in line
    assert f"openvoid weights pull sam2 --to {tmp_path}" in line


def test_the_weights_of_another_model_are_named(tiny_sam: Mapping[str, Path]) -> None:
    line = told(lambda: weights.locate("sam3", str(tiny_sam["sam2"])))
    assert "holds a model of kind 'sam2_video', not 'sam3_video'" in line


def test_weights_cut_short_are_named(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-1000])
    assert f"is damaged: {len(data) - 1000} bytes, {len(data)} expected" in told(
        lambda: weights.locate("sam2", str(folder))
    )
    path.write_bytes(b"<html>no such page</html>")
    assert "is not a safetensors file" in told(lambda: weights.locate("sam2", str(folder)))
    path.unlink()
    assert "lacks model.safetensors" in told(lambda: weights.locate("sam2", str(folder)))


def test_a_shard_that_is_missing_is_named(folder: Path) -> None:
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    (folder / weights.INDEX).write_text(json.dumps(index))
    assert "lacks model-2.safetensors" in told(lambda: weights.locate("sam2", str(folder)))


@pytest.mark.parametrize("name", [["model.safetensors"], {}, None, 7, "x" * 70_000])
def test_an_index_that_names_no_files_is_told(folder: Path, name: Any) -> None:
    (folder / weights.INDEX).write_text(json.dumps({"weight_map": {"a": name}}))
    assert "weight_map.a is " in told(lambda: weights.locate("sam2", str(folder)))


def test_weights_that_do_not_fit_the_model_are_named(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["memory_attention_num_layers"] = 2
    (folder / "config.json").write_text(json.dumps(config))
    line = told(lambda: plugins.construct("segmenter", "sam2", {"weights": str(folder)}))
    assert "weights are missing or do not fit: memory_attention.layers.1" in line


@pytest.mark.parametrize("value", [float("nan"), -float("inf")])
def test_weights_that_are_not_finite_are_named(folder: Path, value: float) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(folder / "model.safetensors")
    name = max(name for name, each in state.items() if each.is_floating_point() and each.dim() > 1)
    state[name].view(-1)[-1] = value
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    line = told(lambda: plugins.construct("segmenter", "sam2", {"weights": str(folder)}))
    assert line.startswith(str(folder))
    assert "holds numbers that are not finite" in line


def test_a_damaged_config_is_named(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "sam2_video", "image_size": "large"}')
    line = told(lambda: plugins.construct("segmenter", "sam2", {"weights": str(folder)}))
    assert "cannot be read" in line
    (folder / "config.json").write_text("{")
    assert "cannot be read" in told(lambda: weights.locate("sam2", str(folder)))


def test_a_device_that_does_not_exist_is_named(folder: Path) -> None:
    given = {"weights": str(folder), "device": "toaster"}
    assert "--device toaster" in told(lambda: plugins.construct("segmenter", "sam2", given))


def test_hashes_are_told_for_the_record(folder: Path) -> None:
    plugin = plugins.find("segmenter", "sam2")
    found = plugins.weights_of(plugin, plugin.Options(weights=str(folder)), silent)
    assert [len(each) for each in found.values()] == [64]
    assert list(found) == ["model.safetensors"]


def test_they_are_fetched_like_all_weights_and_found_in_the_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sam2.pt").write_bytes(b"the same again, as a pickle")
    with Hub({REPO: folder}, {REPO: {"license": "apache-2.0"}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        (offer,) = weights.offers("sam2")
        assert offer.licence == "apache-2.0"
        assert "sam2.pt" not in {each.path for each in offer.files}
        hub.pull((offer,))
        assert hub.missing(offer) == []
    assert weights.held("sam2")
    assert plugins.construct("segmenter", "sam2").name == "sam2"


def test_gated_weights_are_one_line_that_says_whom_to_ask(
    tiny_sam: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = weights.RELEASED["sam3"].repo
    with Hub({repo: tiny_sam["sam3"]}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        offered = weights.offers("sam3")
        for each in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            server.faults[each] = Fault(status=403, code="GatedRepo")
        line = told(lambda: hub.pull(offered))
    assert "is gated" in line
    assert f"ask them at {server.url}/{repo}, then: hf auth login" in line
