"""Faults that were found by trying to break it, each through the command line alone.

Nothing of ours is imported here, so that these run on any tree: on one from before a fault was
mended, its test fails. Those of `test_outputs`, `test_boundary`, `test_damaged_cache`,
`test_streams`, `plate/test_not_finite` and `faults/test_points` are of the same kind.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tiny_shots import Tiny, spawn
from tests.conftest import write_video
from tests.reason.vlm.chat_server import ChatServer, Say, failing
from tests.synth.sources.asset_files import sequence

KEY = "sk-SECRETKEY-abcdef123456"
ECHOES = {
    "an error": Say(body={"error": {"message": f"bad key {KEY}"}}),
    "an error's status": failing(401, f"bad key {KEY}"),
    "a refusal": Say(refusal=f"not with {KEY}"),
    "prose": Say(text=f"I will not say {KEY}"),
    "an answer": Say(text=json.dumps({"object": KEY, "affected": [], "belongings": []})),
}


def asking(place: Path, server: ChatServer, *more: str) -> list[str | Path]:
    """What has a model asked about a box in a small clip."""
    clip = write_video(place / "c.mp4", frames=4, size=(48, 64))
    words = ["reason", clip, "--box", "20,16,36,32@0", "-o", place / "m.mkv", "--reasoner", "vlm"]
    return [*words, "--vlm-url", server.url, "--vlm-model", "tiny", "--vlm-tries", "1", *more]


def test_a_header_that_comes_a_byte_at_a_time_is_waited_for_no_longer_than_was_asked(
    tmp_path: Path,
) -> None:
    with ChatServer([Say(drips=b"HTTP/1.1 200 OK\r\nX-Slow: x")]) as server:
        done = spawn(*asking(tmp_path, server, "--vlm-timeout-s", "1"))
        with done:
            within(60, lambda: done.poll() is not None)
            done.kill()
            said = done.stderr.read() if done.stderr else ""
    assert done.returncode == 2, said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("how", ECHOES)
def test_a_key_that_the_server_repeats_is_written_nowhere(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENVOID_VLM_KEY", KEY)
    monkeypatch.setenv("OPENVOID_CACHE", str(tmp_path / "cache"))
    with ChatServer([ECHOES[how]]) as server:
        done = spawn(*asking(tmp_path, server, "--json"))
        told = "".join(done.communicate(timeout=120))
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert KEY not in told
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]


def test_weights_that_are_no_numbers_are_refused(
    tiny: Tiny, tiny_weights: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "spoilt"))
    file = folder / "void_pass1.safetensors"
    held = file.read_bytes()
    start = 8 + int.from_bytes(held[:8], "little")
    file.write_bytes(held[:start] + b"\xff" * (len(held) - start))
    words = ("remove", tiny.clip, "-m", tiny.mask, "-o", tmp_path / "o.mkv", "--engine", "void")
    done = command(*words, "--weights", folder, "--passes", "1", "--steps", "1", "-q")
    assert done.code == 2
    assert "not finite" in done.error
    assert not (tmp_path / "o.mkv").exists()


def test_a_pickle_that_points_into_memory_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    folder = sequence(tmp_path / "hum", "seq", frames=12)
    (folder / "seq.pkl").write_bytes(objects_behind_flags())
    words = ("synth", "import", "humoto", tmp_path / "hum", "--out", tmp_path / "out")
    done = spawn(*words, "--count", "1", "--size", "64x64", "--frames", "4")
    _, said = done.communicate(timeout=120)
    assert done.returncode in (0, 1, 2), said
    assert "Traceback" not in said


def objects_behind_flags() -> bytes:
    """An array of structures with an object in them, whose flags say that there is none."""

    def called(name: str, *given: Any) -> bytes:
        module, _, function = name.rpartition(".")
        return f"c{module}\n{function}\n".encode() + inner(given) + b"R"

    def inner(value: Any) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    deep = called("numpy.dtype", "O8", False, True)
    deep += inner((3, "|", None, None, None, -1, -1, 63)) + b"b"
    kind = called("numpy.dtype", "V8", False, True) + b"(" + inner(3) + inner("|") + b"N"
    kind += inner(("armature",)) + b"(" + inner("armature") + b"(" + deep + inner(0) + b"td"
    kind += inner(8) + inner(1) + inner(0) + b"tb"
    made = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + inner((0,)) + inner("b")
    made += b"tR(" + inner(1) + inner((1,)) + kind + b"\x89U\x08" + b"A" * 8 + b"tb"
    return b"\x80\x02" + made + b"."


def test_the_hash_of_a_clip_is_the_files_own(tmp_path: Path, tiny: Tiny, shell: Any) -> None:
    clip = write_video(tmp_path / "c.mp4", frames=4, size=(48, 64))
    assert shell("remove", clip, "-m", tiny.mask, "-o", tmp_path / "o.mkv", "-q").code == 0
    report = json.loads((tmp_path / "o.mkv.report.json").read_text())
    assert hashlib.sha256(clip.read_bytes()).hexdigest() in json.dumps(report)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_what_an_evaluation_started_ends_with_it(tmp_path: Path, number: int) -> None:
    from tests.evaluate.tiny_truths import save_shot, scene

    save_shot(tmp_path / "known" / "one", scene(), "collide", 1)
    told = tmp_path / "told"
    sleeps = f'{sys.executable} -c \'import os, sys, time; open(sys.argv[1], "w").write(str('
    sleeps += f"os.getpid())); time.sleep(600)' {told} {{out}}"
    words = ("evaluate", "run", tmp_path / "known", "--engine", "", "--command", f"slow={sleeps}")
    parent = spawn(*words, "--metric", "psnr", "-o", tmp_path / "res")
    child = int(within(60, lambda: told.read_text() if told.exists() else ""))
    try:
        parent.send_signal(number)
        parent.wait(30)
        assert within(10, lambda: not alive(child)), "its program runs on"
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)
        parent.kill()
        parent.communicate()


def within(most_s: float, found: Callable[[], Any]) -> Any:
    """What is found in that time."""
    end = time.monotonic() + most_s
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
