"""Standard streams that are closed, full or poor in letters: the work is done all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny_shots import Tiny

OPENVOID = f"{sys.executable} -m openvoid.cli.main"


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run(line, shell=True, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full", "2>&- >&-"])
@pytest.mark.usefixtures("flat")
def test_a_removal_does_not_need_anybody_to_listen(tiny: Tiny, stream: str, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    words = f"remove {tiny.clip} --mask {tiny.mask} --engine flat --out {out}"
    ended = shell(f"{OPENVOID} {words} {stream}")
    assert ended.returncode == 0
    assert out.exists()


def test_what_a_machine_asked_for_and_did_not_get_is_no_success() -> None:
    ended = shell(f"{OPENVOID} engines --json > /dev/full")
    assert ended.returncode == 2
    assert "no space left" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_has_heard_enough_is_no_failure() -> None:
    ended = shell(f"{OPENVOID} engines | head -n 1")
    assert ended.stderr == ""


def test_a_mistake_is_told_also_where_there_are_few_letters() -> None:
    ended = shell(f"{OPENVOID} remove gööd.mkv --out x.mkv", LC_ALL="C", PYTHONUTF8="0")
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
