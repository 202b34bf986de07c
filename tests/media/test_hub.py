"""Fetching from a real HTTP server that speaks the hub's protocol; nothing leaves the machine."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

from openvoid.media import digest, hub
from openvoid.media.lease import leased
from openvoid.void.model import released
from tests.media.hub_server import COMMIT, Fault, Hub
from tests.refusal import told

MARKS = bytes(range(256)) * 4
LONG = 24_000_000  # bytes: the hub's client writes pieces of 10 MiB
PASS_1, PASS_2 = released.void_file(1), released.void_file(2)


def write(path: Path, size: int, salt: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((MARKS[salt:] * (size // 512 + 1))[:size])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The two repositories with files of plausible names; the cache is empty."""
    base, void = tmp_path / "remote" / "base", tmp_path / "remote" / "void"
    for salt, (name, size) in enumerate(
        {
            "LICENSE": 900,
            "README.md": 1200,
            "model_index.json": 40,
            "assets/1.jpg": 9000,
            "scheduler/scheduler_config.json": 400,
            "tokenizer/spiece.model": 20_000,
            "text_encoder/config.json": 700,
            "text_encoder/model-00001-of-00002.safetensors": 200_000,
            "text_encoder/model-00002-of-00002.safetensors": 150_000,
            "text_encoder/model.safetensors.index.json": 900,
            "transformer/config.json": 800,
            "transformer/diffusion_pytorch_model.safetensors": 300_000,
            "vae/config.json": 800,
            "vae/diffusion_pytorch_model.safetensors": 90_000,
        }.items()
    ):
        write(base / name, size, salt)
    for salt, name in enumerate((PASS_1, PASS_2, "README.md")):
        write(void / name, 3_000_000, 30 + salt)
    cards = {
        released.BASE_REPO: {
            "license": "other",
            "license_name": "cogvideox",
            "license_link": "LICENSE",
        },
        released.VOID_REPO: {"license": "apache-2.0"},
    }
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    with Hub({released.BASE_REPO: base, released.VOID_REPO: void}, cards) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_an_offer_tells_sizes_hashes_and_licences(server: Hub) -> None:
    base, void = released.offers((1,))
    assert (base.licence, void.licence) == ("cogvideox", "apache-2.0")
    assert base.licence_link == f"{server.url}/{released.BASE_REPO}/blob/main/LICENSE"
    names = {file.path: file for file in base.files}
    assert "transformer/diffusion_pytorch_model.safetensors" not in names
    assert "assets/1.jpg" not in names
    assert names["vae/diffusion_pytorch_model.safetensors"].size == 90_000
    assert len(names["vae/diffusion_pytorch_model.safetensors"].sha256) == 64
    assert {file.path for file in void.files} == {PASS_1, "README.md"}


def test_the_bases_own_transformer_comes_when_it_is_asked_for(server: Hub) -> None:
    base, _ = released.offers((1,), whole_base=True)
    assert "transformer/diffusion_pytorch_model.safetensors" in {file.path for file in base.files}


def test_what_was_pulled_lies_in_the_hubs_own_cache(server: Hub) -> None:
    from huggingface_hub import try_to_load_from_cache

    hub.pull(released.offers())
    for repo, name in ((released.VOID_REPO, PASS_2), (released.BASE_REPO, "vae/config.json")):
        found = try_to_load_from_cache(repo, name, cache_dir=hub.cache_home())
        assert isinstance(found, str)
        assert Path(found).read_bytes() == (server.repos[repo] / name).read_bytes()
    snapshot = hub.snapshot(released.VOID_REPO)
    assert snapshot is not None
    assert snapshot.name == COMMIT
    assert not list(hub.cache_home().rglob("*.incomplete*"))


def test_pulling_twice_fetches_nothing_again(server: Hub) -> None:
    hub.pull(released.offers())
    server.sent.clear()
    hub.pull(released.offers())
    assert server.sent == {}


def test_a_folder_of_ones_own_gets_the_same_files_and_nothing_else(
    server: Hub, tmp_path: Path
) -> None:
    to = tmp_path / "weights"
    hub.pull(released.offers((2,)), to)
    assert f"{released.VOID_NAME}/{PASS_2}" in files_of(to)
    assert f"{released.VOID_NAME}/{PASS_1}" not in files_of(to)
    assert f"{released.BASE_NAME}/text_encoder/model-00002-of-00002.safetensors" in files_of(to)
    assert not [name for name in files_of(to) if "partial" in name or "lock" in name]
    assert not hub.cache_home().exists()


@pytest.mark.parametrize("own_folder", [False, True])
def test_a_download_that_was_cut_off_goes_on_where_it_stopped(
    server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_folder: bool
) -> None:
    to = tmp_path / "weights" if own_folder else None
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the client's own tries
    write(server.repos[released.VOID_REPO] / PASS_1, LONG, 7)
    server.faults[PASS_1] = Fault(cut_after=LONG * 2 // 3, times=1)
    server.faults[PASS_1].then = 503
    line = told(lambda: hub.pull(released.offers((1,)), to))
    assert "goes on where it stopped" in line
    _, void = released.offers((1,))
    whole = next(file for file in void.files if file.path == PASS_1)
    left = hub.left(void, whole, to)
    assert 0 < left < whole.size

    del server.faults[PASS_1]
    server.sent.clear()
    steps: list[tuple[int, int]] = []
    hub.pull(released.offers((1,)), to, lambda stage, done, total: steps.append((done, total)))
    assert server.sent[PASS_1] == left
    assert steps[-1][0] == steps[-1][1] > 20
    where = to / released.VOID_NAME if to else hub.snapshot(released.VOID_REPO)
    assert where is not None
    assert (where / PASS_1).read_bytes() == (server.repos[released.VOID_REPO] / PASS_1).read_bytes()


def test_a_connection_that_breaks_once_is_taken_up_by_itself(
    server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    write(server.repos[released.VOID_REPO] / PASS_1, LONG, 7)
    server.faults[PASS_1] = Fault(cut_after=LONG * 2 // 3, times=1)
    hub.pull(released.offers((1,)))
    assert {asked for _, path, asked in server.asked if PASS_1 in path and asked}
    assert hub.missing(released.offers((1,))[1]) == []


def test_what_was_damaged_on_the_way_is_not_kept(server: Hub) -> None:
    server.faults[PASS_1] = Fault(damage=True)
    line = told(lambda: hub.pull(released.offers((1,))))
    assert line.startswith(f"{PASS_1}: what arrived is not what the hub announced")
    assert not list(hub.storage(released.VOID_REPO).rglob("*incomplete"))
    del server.faults[PASS_1]
    hub.pull(released.offers((1,)))
    assert hub.missing(released.offers((1,))[1]) == []


def test_a_small_file_is_verified_too(server: Hub) -> None:
    server.faults["vae/config.json"] = Fault(damage=True)
    assert "vae/config.json" in told(lambda: hub.pull(released.offers((1,))))


def test_space_is_checked_before_the_first_byte(server: Hub) -> None:
    server.faults[PASS_1] = Fault(claims=10**16)
    line = told(lambda: hub.pull(released.offers((1,))))
    assert "10000000" in line
    assert "are free" in line
    assert "--to DIR" in line
    assert server.sent == {}


def test_a_missing_file_is_named(server: Hub) -> None:
    (server.repos[released.VOID_REPO] / PASS_2).unlink()
    assert f"{released.VOID_REPO}: has no {PASS_2}" in told(released.offers)


def test_a_file_that_vanishes_between_listing_and_fetching_is_named(server: Hub) -> None:
    offered = released.offers((1,))
    (server.repos[released.VOID_REPO] / PASS_1).unlink()
    assert f"{PASS_1}: there is no such file" in told(lambda: hub.pull(offered))


def test_an_unknown_repository_is_one_line(server: Hub) -> None:
    server.repos = {}
    assert "there is no such repository" in told(released.offers)


def test_a_hub_in_trouble_is_one_line(server: Hub) -> None:
    server.faults[PASS_1] = Fault(status=500)
    assert "the hub answered 500" in told(lambda: hub.pull(released.offers((1,))))


def test_an_unreachable_server_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    line = told(released.offers)
    assert "http://127.0.0.1:9" in line
    assert "cannot be reached" in line


def test_offline_means_offline(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in told(released.offers)
    assert server.asked == []


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("own", [False, True])
def test_what_was_verified_as_it_came_is_not_read_again_for_its_hash(
    server: Hub, tmp_path: Path, own: bool
) -> None:
    to = tmp_path / "weights" if own else None
    _, void = released.offers((1,))
    hub.pull([void], to)
    place = to / released.VOID_NAME if to else hub.snapshot(released.VOID_REPO)
    assert place is not None
    told: list[str] = []
    found = digest.sha256(place / PASS_1, lambda stage, done, total: told.append(stage))
    assert found == hashlib.sha256((place / PASS_1).read_bytes()).hexdigest()
    assert told == []
    (place / PASS_1).resolve().write_bytes(b"changed later")
    assert digest.sha256(place / PASS_1) == hashlib.sha256(b"changed later").hexdigest()


def test_two_do_not_fetch_the_same_file_at_once(server: Hub) -> None:
    _, void = released.offers((1,))
    blob = next(file.blob for file in void.files if file.path == PASS_1)
    blobs = hub.storage(released.VOID_REPO) / "blobs"
    blobs.mkdir(parents=True)
    with leased([blobs / f"{blob}.openvoid.incomplete"]):
        assert "this file is being made by another process" in told(lambda: hub.pull([void]))


def test_the_cache_is_where_the_hubs_client_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert hub.cache_home() == Path("/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/h")
    assert hub.cache_home() == Path("/h/hub")
    monkeypatch.setenv("HF_HUB_CACHE", "/c")
    assert hub.cache_home() == Path("/c")


def test_the_snapshot_is_the_one_that_main_names(tmp_path: Path) -> None:
    home = hub.storage("a/b", tmp_path)
    assert home.name == "models--a--b"
    assert hub.snapshot("a/b", tmp_path) is None
    for commit in ("1" * 40, "2" * 40):
        (home / "snapshots" / commit).mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("1" * 40)
    assert hub.snapshot("a/b", tmp_path) == home / "snapshots" / ("1" * 40)
    shutil.rmtree(home / "snapshots" / ("1" * 40))
    assert hub.snapshot("a/b", tmp_path) == home / "snapshots" / ("2" * 40)
