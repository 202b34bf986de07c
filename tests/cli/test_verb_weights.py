"""`openvoid weights`, against a hub of our own: real HTTP, real processes, tiny weights."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub")
pytest.importorskip("torch")

from openvoid.media import hub
from openvoid.select.sam import weights
from openvoid.void.model import released
from tests.cli.tiny_shots import Done, spawn
from tests.media.hub_server import Fault, Hub
from tests.void.tiny import BASE, make_checkpoint

LONG = 24_000_000  # bytes: the hub's client writes pieces of 10 MiB


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint, laid out as the two repositories."""
    home = tmp_path_factory.mktemp("remote")
    made = make_checkpoint(home, dtype="bfloat16")
    (made / BASE / "LICENSE").write_text("the licence")
    (home / "void").mkdir()
    for number in (1, 2):
        (made / released.void_file(number)).rename(home / "void" / released.void_file(number))
    return home


@pytest.fixture
def server(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    cards = {
        released.BASE_REPO: {
            "license": "other",
            "license_name": "cogvideox",
            "license_link": "LICENSE",
        },
        released.VOID_REPO: {"license": "apache-2.0"},
    }
    repos = {released.BASE_REPO: remote / BASE, released.VOID_REPO: remote / "void"}
    with Hub(repos, cards) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def one_line(done: Done) -> str:
    assert done.code == 2, done
    assert done.err.startswith("openvoid: error: ")
    assert done.err.count("\n") == 1
    return done.err


def test_pull_then_list_then_check(
    server: Hub, shell: Callable[..., Done], command: Callable[..., Done]
) -> None:
    before = command("weights", "list")
    assert before.code == 0
    assert "to fetch what is missing: openvoid weights pull void" in before.out

    pulled = shell("weights", "pull", "void")
    assert pulled.code == 0, pulled.err
    assert f"{released.BASE_REPO}  licence cogvideox, {server.url}" in pulled.out
    assert "licence apache-2.0" in pulled.out
    assert "to fetch" in pulled.out
    assert "fetched and verified" in pulled.out

    after = command("weights", "list", "--json")
    assert [each["state"] for each in json.loads(after.out)["weights"]][:3] == ["yes"] * 3
    checked = command("weights", "check")
    assert checked.code == 0, checked.err
    assert checked.out.endswith("all fit\n")
    again = command("weights", "pull", "void")
    assert "nothing: all is here" in again.out


def test_one_pass_into_a_folder_of_ones_own(
    server: Hub, command: Callable[..., Done], tmp_path: Path
) -> None:
    to = tmp_path / "weights"
    pulled = command("weights", "pull", "void", "--pass", "1", "--to", to, "--json")
    assert pulled.code == 0, pulled.err
    facts = json.loads(pulled.out)
    assert facts["sources"][0]["licence"] == "cogvideox"
    assert released.void_file(1) in {file["path"] for file in facts["sources"][1]["files"]}
    checked = command("weights", "check", to, "--hashes", "--json")
    told: dict[str, Any] = json.loads(checked.out)
    assert [part["name"] for part in told["parts"]] == ["pass 1", "vae", "text_encoder"]
    assert len(told["hashes"][released.void_file(1)]) == 64
    line = one_line(command("weights", "check", to, "--pass", "2"))
    assert "needs the VOID file void_pass2.safetensors" in line


def test_a_file_of_isnet_is_added_checked_and_listed(
    server: Hub, command: Callable[..., Done], tiny_isnet: Mapping[str, Path], cache: Path
) -> None:
    assert "openvoid weights pull isnet" in one_line(command("weights", "check", "isnet"))
    added = command("weights", "add", "isnet", tiny_isnet["isnet"], "--json")
    assert added.code == 0, added.err
    told = json.loads(added.out)
    assert (told["known"], told["source"]) == (False, "added from tiny.onnx")
    assert told["of_a_disc"] > 0.9 > 0.1 > told["of_its_ground"]
    assert command("weights", "check", "isnet").out.endswith("all fit\n")
    listed = json.loads(command("weights", "list", "--json").out)["weights"]
    row = next(each for each in listed if each["what"] == "isnet")
    assert (row["state"], row["repository"]) == ("yes", "added from tiny.onnx")


def test_what_is_no_network_of_that_kind_is_not_added(
    command: Callable[..., Done], tmp_path: Path, cache: Path
) -> None:
    pytest.importorskip("onnxruntime")
    page = tmp_path / "page.onnx"
    page.write_text("<html>no such page</html>")
    assert "is no ONNX file" in one_line(command("weights", "add", "isnet", page))
    assert "no such file" in one_line(command("weights", "add", "isnet", tmp_path / "none.onnx"))
    assert "weights pull NAME" in one_line(command("weights", "add", "sam2", page))
    assert not list(cache.rglob("*.onnx"))


def test_isnet_is_pulled_from_the_repository_that_is_named(
    server: Hub,
    command: Callable[..., Done],
    tiny_isnet: Mapping[str, Path],
    tmp_path: Path,
    cache: Path,
) -> None:
    (tmp_path / "remote").mkdir()
    (tmp_path / "remote" / "small.onnx").write_bytes(tiny_isnet["isnet"].read_bytes())
    server.repos, server.cards = {"some/where": tmp_path / "remote"}, {}
    named = ("--repo", "some/where", "--file", "small.onnx")
    pulled = command("weights", "pull", "isnet", *named)
    assert pulled.code == 0, pulled.err
    assert "next: openvoid weights check isnet" in pulled.out
    assert "some/where@" in command("weights", "check", "isnet").out


def test_the_weights_of_a_segmenter_are_pulled_listed_and_checked_alike(
    server: Hub, command: Callable[..., Done], tiny_sam: Mapping[str, Path], tmp_path: Path
) -> None:
    repo = weights.RELEASED["sam2-tiny"].repo
    server.repos, server.cards = {repo: tiny_sam["sam2"]}, {repo: {"license": "apache-2.0"}}
    assert "openvoid weights pull sam2" in one_line(command("weights", "check", "sam2"))
    pulled = command("weights", "pull", "sam2-tiny")
    assert pulled.code == 0, pulled.err
    assert f"{repo}  licence apache-2.0, {server.url}" in pulled.out
    assert "next: openvoid weights check sam2-tiny" in pulled.out
    states = {
        each["what"]: each["state"]
        for each in json.loads(command("weights", "list", "--json").out)["weights"]
    }
    assert (states["sam2"], states["sam2-tiny"], states["sam3"]) == ("no", "yes", "no")
    assert command("weights", "check", "sam2-tiny").out.endswith("all fit\n")
    to = tmp_path / "own"
    pulled = command("weights", "pull", "sam2-tiny", "--to", to)
    assert f"next: openvoid weights check {to}" in pulled.out
    checked = command("weights", "check", to / "sam2.1-hiera-tiny", "--hashes", "--json")
    assert list(json.loads(checked.out)["hashes"]) == ["model.safetensors"]


def test_ctrl_c_keeps_what_arrived_and_the_same_command_goes_on(
    server: Hub, shell: Callable[..., Done], command: Callable[..., Done], tmp_path: Path
) -> None:
    name = released.void_file(1)
    source = tmp_path / "slow"
    source.mkdir()
    (source / name).write_bytes(os.urandom(LONG))
    server.repos = dict(server.repos) | {released.VOID_REPO: source}
    server.faults[name] = Fault(slow_s=0.01)
    process = spawn("weights", "pull", "void", "--pass", "1")
    blobs = hub.storage(released.VOID_REPO) / "blobs"
    for _ in range(3000):
        if any(path.stat().st_size for path in blobs.glob("*.incomplete")):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the same command continues it" in err
    assert "Traceback" not in err
    (partial,) = blobs.glob("*.incomplete")
    states = [
        each["state"] for each in json.loads(command("weights", "list", "--json").out)["weights"]
    ]
    assert states == ["yes", "begun", "begun"] + ["no"] * 6
    had = partial.stat().st_size
    assert 0 < had < LONG

    server.faults.clear()
    server.sent.clear()
    done = shell("weights", "pull", "void", "--pass", "1")
    assert done.code == 0, done.err
    assert server.sent[name] == LONG - had
    snapshot = hub.snapshot(released.VOID_REPO)
    assert snapshot is not None
    assert (snapshot / name).read_bytes() == (source / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pull", "wan"), "no weights are called 'wan'"),
        (("pull", "void", "--pass", "3"), "--pass: '3' is no choice of passes"),
        (("check", "nowhere"), "nowhere: there is no such folder"),
        (("check",), "the weights are not here yet (openvoid weights pull void)"),
        (("check", ".", "--lora", "none.safetensors:0.8"), "holds no base model"),
    ],
)
def test_a_mistake_is_one_line(
    words: tuple[str, ...],
    told: str,
    server: Hub,
    command: Callable[..., Done],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in one_line(command("weights", *words))


def test_an_unreachable_hub_is_one_line(
    shell: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert "cannot be reached" in one_line(shell("weights", "pull", "void"))


def test_too_little_space_is_told_before_anything_is_fetched(
    server: Hub, command: Callable[..., Done]
) -> None:
    server.faults[released.void_file(2)] = Fault(claims=10**16)
    line = one_line(command("weights", "pull", "void"))
    assert "are needed" in line
    assert "are free" in line
    assert server.sent == {}
