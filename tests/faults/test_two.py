"""Two processes at once, on one output, one cache, one folder of marks, of shots, of an evaluation.

Both are the real command line. One succeeds, or both do; who is refused is told so in a line; what
is left is what one of them leaves alone, whole, and nothing beside it. Each case is tried with the
second starting once so much of the first one's time has passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evaluate.tiny_truths import save_shot, scene
from tests.faults.test_points import BOX, TIMED, small_shot

Files = dict[str, bytes]
MASKED = ("remove", "clip.mp4", "-m", "mask.mkv", "-q", "--overwrite")
BOXED = ("remove", "clip.mp4", "-q", "--overwrite", "--marks-folder", "marks")
MADE = ("synth", "make", "--family", "collide", "--count", "2", "--frames", "4", "-q")
MADE += ("--size", "64x64", "--out", "shots")
JUDGED = ("evaluate", "run", "known", "--engine", "", "--baseline", "copy", "--metric", "psnr")
JUDGED += ("-o", "res", "-q")
CASES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "out": ((*MASKED, "-o", "x.mkv"), (*MASKED, "-o", "x.mkv", "--grow", "2")),
    "cache": ((*MASKED, "-o", "x.mkv"), (*MASKED, "-o", "y.mkv")),
    "marks": (
        (*BOXED, *BOX, "-o", "x.mkv"),
        (*BOXED, "--box", "4,4,20,20@0", "-o", "y.mkv"),
    ),
    "shots": ((*MADE, "--seed", "1"), (*MADE, "--seed", "2")),
    "evaluation": (JUDGED, JUDGED),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str
    spent_s: float = 0.0


@pytest.fixture
def start(tmp_path: Path) -> Path:
    folder = small_shot(tmp_path / "start")
    save_shot(folder / "known" / "one", scene(), "collide", 1)
    return folder


def begun(words: Sequence[str], place: Path) -> subprocess.Popen[str]:
    more = {"OPENVOID_CACHE": str(place / "cache"), "MUJOCO_GL": "osmesa", "OPENVOID_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "openvoid.cli.main", *words],
        cwd=place,
        env={**os.environ, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def alone(words: Sequence[str], start: Path, place: Path) -> tuple[Ended, Files]:
    shutil.copytree(start, place)
    at = time.perf_counter()
    process = begun(words, place)
    said = process.communicate(timeout=300)[1]
    return Ended(process.returncode, said, time.perf_counter() - at), files(place)


def together(
    one: Sequence[str], other: Sequence[str], after_s: float, start: Path, place: Path
) -> tuple[list[Ended], Files]:
    shutil.copytree(start, place)
    processes = [begun(one, place)]
    time.sleep(after_s)
    processes.append(begun(other, place))
    said = [process.communicate(timeout=300)[1] for process in processes]
    codes = [process.returncode for process in processes]
    return [Ended(*each) for each in zip(codes, said, strict=True)], files(place)


def files(place: Path) -> Files:
    """All that lies there but what is kept in the cache, and what tells of times."""
    paths = [path for path in place.rglob("*") if path.is_file() and not path.name.endswith(TIMED)]
    inside = [path for path in paths if place / "cache" not in path.parents]
    return {str(path.relative_to(place)): path.read_bytes() for path in inside}


def judge(ended: list[Ended], left: Files, single: list[Files]) -> None:
    """One succeeded or both did, and nothing of the other is in it."""
    told = "; ".join(f"{each.code}: {each.said.strip()[-400:]}" for each in ended)
    assert {each.code for each in ended} in ({0}, {0, 2}), told
    for each in ended:
        assert len(each.said.strip().splitlines()) == (0 if each.code == 0 else 1), told
    made = [mine for each, mine in zip(ended, single, strict=True) if each.code == 0]
    assert set(left) <= {name for mine in made for name in mine}, told
    for mine in made:
        assert set(mine) <= set(left), told
    for name, data in left.items():
        owners = [mine for mine in made if name in mine]
        assert data in [mine[name] for mine in owners], f"{name}: {told}"
    shared = [
        name
        for name in left
        if len({mine.get(name) for mine in made}) > 1 and all(name in mine for mine in made)
    ]
    assert not shared or any(all(left[n] == mine[n] for n in shared) for mine in made), (
        f"mixed: {told}"
    )


def check(case: str, start: Path, tmp_path: Path, shares: Sequence[float]) -> None:
    words = CASES[case]
    pairs = [alone(each, start, tmp_path / f"alone{at}") for at, each in enumerate(words)]
    for ended, _ in pairs:
        assert ended.code == 0, ended.said
    for share in shares:
        after_s = share * pairs[0][0].spent_s
        place = tmp_path / f"both{share}"
        ended, left = together(*words, after_s, start, place)
        print(f"{case}, {share:.1f}: {ended}")
        judge(ended, left, [mine for _, mine in pairs])
        shutil.rmtree(place)


@pytest.mark.parametrize("case", CASES)
def test_two_at_once(case: str, start: Path, tmp_path: Path) -> None:
    check(case, start, tmp_path, [0.1])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_at_once_at_ten_offsets(case: str, start: Path, tmp_path: Path) -> None:
    check(case, start, tmp_path, [turn / 15 for turn in range(10)])
