"""Three hundred damaged inputs of all kinds; and that a trial sees what is bad."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.mutations import mutated, mutated_json, mutated_word
from tests.fuzz.trial import MOST_MIB, _changes, _verdict

ROOT = Path(__file__).resolve().parents[2]


def test_three_hundred_damaged_inputs(tmp_path: Path) -> None:
    """In a process of its own: this one has threads, and is no place to fork from."""
    words = [sys.executable, str(ROOT / "benchmarks" / "fuzz.py"), "--count", "300", "--seed", "7"]
    environment = {**os.environ, "OPENVOID_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    row = next(line for line in ran.stdout.splitlines() if line.startswith("| all"))
    tried, refused, done, bad = (int(word) for word in row.split("|")[2:6])
    assert (tried, bad) == (300, 0)
    assert refused > 100  # else nothing was damaged
    assert done > 10  # else nothing was read


GOOD = "openvoid: error: no"
BAD = {
    "a defect": (1, "Traceback ...", 0, "exit code 1"),
    "a crash": (-11, "", 0, "SIGSEGV"),
    "waits for ever": (-9, "", 0, "a hang"),
    "works for ever": (-24, "", 0, "a hang"),
    "two lines": (2, f"libpng: no\n{GOOD}\n", 0, "2 lines"),
    "a line of another": (2, "no such file\n", 0, "1 lines"),
    "refused without a word": (2, "", 0, "0 lines"),
    "done, with a warning": (0, "RuntimeWarning: overflow\n", 0, "though done"),
    "large": (2, f"{GOOD}\n", MOST_MIB + 1, "MiB"),
}


@pytest.mark.parametrize("how", BAD)
def test_what_is_bad_is_seen(how: str) -> None:
    code, said, mib, wanted = BAD[how]
    (bad,) = _verdict(code, said, 1.0, mib)
    assert wanted in bad


def test_what_is_right_is_not_bad() -> None:
    assert _verdict(0, "", 1, 10) == _verdict(2, f"{GOOD}\n", 1, 10) == []


def test_files_that_are_left_or_changed_are_seen() -> None:
    before = {"clip.mkv": 1, "out.mkv": 2}
    assert _changes(before, before, 2) == []
    assert _changes(before, {**before, "out.mkv": 3, "out.json": 4}, 0) == []
    assert _changes(before, {**before, "out.mkv": 3}, 2) == ["changed out.mkv"]
    assert _changes(before, {**before, "out.json": 3}, 2) == ["left out.json"]
    assert _changes(before, {**before, ".out.mkv.partial": 3}, 0) == ["left .out.mkv.partial"]
    assert _changes(before, {**before, "clip.mkv": 3}, 0) == ["changed clip.mkv"]
    assert _changes(before, {"out.mkv": 2}, 0) == ["changed clip.mkv"]


def test_a_child_that_works_for_ever_is_ended(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom tests.fuzz.trial import _in_child\n"
        "def work():\n    while True: pass\n"
        "def large():\n    return len(b'x' * (100 << 20)) & 1\n"
        "print(_in_child(work, Path('said'), 1)[0])\n"
        "print(_in_child(large, Path('said'), 9)[2] - _in_child(lambda: 0, Path('said'), 9)[2])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])}
    words = [sys.executable, "-c", code]
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    ended, mib = ran.stdout.split()
    assert int(ended) in (-9, -24)
    assert 50 < float(mib) < 200


def test_the_same_seed_damages_alike_and_another_does_not() -> None:
    data = bytes(range(256)) * 4
    for change in (mutated, lambda data, rng: mutated_json(b'{"a": [1, {"b": 2}]}', rng)):
        made = [change(data, np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4)]
        assert made[0] == made[1]
        assert len(set(made)) > 2
    words = {mutated_word("20,18@0", np.random.default_rng(seed)) for seed in range(200)}
    assert len(words) > 60
