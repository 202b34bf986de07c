"""Weights of IS-Net: added, pulled, found again, changed, missing; offline."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from openvoid.core import plugins
from openvoid.core.removal import silent
from openvoid.media import hub
from openvoid.select.isnet import weights
from tests.refusal import told
from tests.select.isnet.tiny_isnet import make_isnet


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_isnet(tmp_path / "mine.onnx")


def needs(**options: str) -> str:
    plugin = plugins.find("segmenter", "isnet")
    assert issubclass(plugin, plugins.HasNeeds)
    return plugin.needs(plugin.Options(**options))


def test_missing_weights_are_one_line_with_the_command_that_fetches_them() -> None:
    assert "openvoid weights pull isnet" in told(weights.locate)
    assert "openvoid weights pull isnet (88 MB)" in needs()
    assert "there is no such file" in needs(weights="nowhere.onnx")


def test_an_added_file_is_found_from_then_on_with_what_is_known_of_it(file: Path) -> None:
    added = weights.add(file)
    assert added.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert not added.known
    assert added.source == "added from mine.onnx"
    file.unlink()  # a copy is kept
    assert weights.held() == added
    plugin = plugins.find("segmenter", "isnet")
    found = plugins.weights_of(plugin, plugin.Options(), silent)
    assert found == {added.path.name: added.sha256}


def test_a_released_file_is_known_by_its_hash(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setitem(weights.KNOWN, sha256, ("a page", "MIT"))
    added = weights.add(file)
    assert (added.known, added.source, added.licence) == (True, "a page", "MIT")


def test_what_changed_since_it_came_is_told(file: Path) -> None:
    added = weights.add(file)
    added.path.write_bytes(added.path.read_bytes() + b"more")
    assert "was changed since it came" in told(weights.held)


def test_a_file_or_its_folder_may_be_named(file: Path, tmp_path: Path) -> None:
    assert weights.locate(str(file)) == file
    laid = tmp_path / "pulled" / weights.FILE
    laid.parent.mkdir(parents=True)
    laid.write_bytes(file.read_bytes())
    assert weights.locate(str(tmp_path / "pulled")) == laid
    assert "there is no such file" in told(lambda: weights.locate(str(tmp_path)))


@pytest.mark.parametrize("record", ["{", "[]", '{"path": 7}', '{"path": "/gone.onnx"}'])
def test_a_record_that_tells_nothing_counts_as_none(record: str) -> None:
    weights.record().parent.mkdir(parents=True, exist_ok=True)
    weights.record().write_text(record)
    assert "are not here yet" in told(weights.locate)


@pytest.mark.parametrize("own", [False, True])
def test_they_are_fetched_like_all_weights_from_any_repository(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    pytest.importorskip("huggingface_hub")
    from tests.media.hub_server import Hub

    (tmp_path / "remote" / "onnx").mkdir(parents=True)
    (tmp_path / "remote" / "onnx" / "small.onnx").write_bytes(file.read_bytes())
    (tmp_path / "remote" / "onnx" / "large.onnx").write_bytes(b"not asked for")
    with Hub({"some/where": tmp_path / "remote"}, {"some/where": {"license": "mit"}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        (offer,) = weights.offers("some/where", "onnx/small.onnx")
        assert {each.path for each in offer.files} == {"onnx/small.onnx"}
        to = tmp_path / "kept" if own else None
        hub.pull((offer,), to)
        held = weights.pulled(offer, "onnx/small.onnx", to)
        assert "has no onnx/none.onnx" in told(
            lambda: weights.offers("some/where", "onnx/none.onnx")
        )
    assert held.licence == "mit"
    assert held.source.startswith("some/where@")
    assert json.loads(weights.record().read_text())["sha256"] == held.sha256
    assert weights.held() == held
