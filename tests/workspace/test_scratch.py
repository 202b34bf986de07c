"""Scratch: kept after a failure, gone after success, one process at a time, swept when old."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.workspace.scratch import scratch, sweep


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENVOID_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "removals"


def interrupted(key: str) -> None:
    """A removal that wrote something and was stopped."""

    def work() -> None:
        with scratch(key) as folder:
            (folder / "journal").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def test_it_is_kept_after_a_failure_and_gone_after_success(root: Path) -> None:
    interrupted("key")
    with scratch("key") as folder:
        assert (folder / "journal").read_text() == "half"
    assert list(root.iterdir()) == []


def test_an_empty_one_is_not_kept(root: Path) -> None:
    def work() -> None:
        with scratch("key") as folder:
            (folder / "engine").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert list(root.iterdir()) == []


def test_starting_over_finds_nothing() -> None:
    interrupted("key")
    with scratch("key", resume=False) as folder:
        assert list(folder.iterdir()) == []


HOLD = """
import sys, time
from openvoid.workspace.scratch import scratch
with scratch("key") as folder:
    (folder / "journal").write_text("from the other")
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_processes_do_not_share_it_and_a_dead_one_s_is_taken_over() -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OpenVoidError, match=rf"another process \(process {other.pid} on "):
            scratch("key").__enter__()
        with scratch("another"):
            pass
        other.kill()
        other.wait()
    with scratch("key") as folder:
        assert (folder / "journal").read_text() == "from the other"


def test_what_was_forgotten_is_swept_and_what_is_in_use_is_not(root: Path) -> None:
    for name, age_days in (("old", 15), ("young", 13), ("touched", 15)):
        (root / name).mkdir(parents=True)
        (root / name / "journal").write_text("x")
        then = time.time() - age_days * 86400
        os.utime(root / name / "journal", (then, then))
        os.utime(root / name, (then, then))
    os.utime(root / "touched" / "journal")
    with scratch("now"):
        assert {path.name for path in root.iterdir() if path.is_dir()} == {
            "young",
            "touched",
            "now",
        }
        sweep(root, kept_days=-1)  # everything is old now, but "now" is held
        assert {path.name for path in root.iterdir() if path.is_dir()} == {"now"}


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OpenVoidError, match=r"cache cannot be written.*OPENVOID_CACHE"):
        scratch("key").__enter__()
