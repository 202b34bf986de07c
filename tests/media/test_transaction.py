"""Transactions: all outputs change together; whatever happens between, the old ones are whole."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import new_folder, partial_file, partial_folder
from openvoid.media.transaction import Transaction, record_path, recover

NAMES = ("out.mkv", "matte.mkv", "report.json")


def before(folder: Path) -> None:
    for name in NAMES:
        (folder / name).write_text("old")
    (folder / "frames").mkdir()
    (folder / "frames" / "1.png").write_text("old")
    for number in (1, 2):
        (folder / f"y.{number:04}.png").write_text("old")


def deliver(folder: Path, outs: tuple[str, ...] = NAMES) -> None:
    """Files, a folder and a pattern's files, in one transaction."""
    with Transaction(folder / outs[0]) as together, ExitStack() as stack:
        for name in outs:
            stack.enter_context(partial_file(folder / name, together)).write_text("new")
        (stack.enter_context(partial_folder(folder / "frames", together)) / "1.png").write_text(
            "new"
        )
        scratch = stack.enter_context(new_folder(folder / "y.%04d.png"))
        for number in (1, 2, 3):
            (scratch / f"y.{number:04}.png").write_text("new")
            together.add(scratch / f"y.{number:04}.png", folder / f"y.{number:04}.png")
        together.adopt(scratch)


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def everywhere(word: str) -> dict[str, str]:
    names = [*NAMES, "frames/1.png", "y.0001.png", "y.0002.png"]
    return dict.fromkeys(names + (["y.0003.png"] if word == "new" else []), word)


@pytest.mark.parametrize("overwriting", [False, True])
def test_all_appears_and_nothing_else(tmp_path: Path, overwriting: bool) -> None:
    if overwriting:
        before(tmp_path)
    deliver(tmp_path)
    assert contents(tmp_path) == everywhere("new")


def test_a_failure_of_the_work_leaves_what_was(tmp_path: Path) -> None:
    before(tmp_path)

    def fail() -> None:
        with Transaction(tmp_path / "out.mkv") as together:
            with partial_file(tmp_path / "out.mkv", together) as partial:
                partial.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(tmp_path) == everywhere("old")


def test_what_is_asked_before_the_commit_may_refuse_it(tmp_path: Path) -> None:
    before(tmp_path)

    def refuse() -> None:
        raise OpenVoidError("taken over")

    with (
        pytest.raises(OpenVoidError, match="taken over"),
        Transaction(tmp_path / "out.mkv", refuse) as together,
        partial_file(tmp_path / "out.mkv", together) as partial,
    ):
        partial.write_text("new")
    assert contents(tmp_path) == everywhere("old")


COUNTS = {"rename": 2, "replace": 9, "link": 5, "fsync": 12}
FAULTS = [(call, number) for call, most in COUNTS.items() for number in range(1, most + 1)]


@pytest.mark.parametrize(("call", "number"), FAULTS)
@pytest.mark.parametrize("overwriting", [False, True])
def test_a_fault_at_any_point_undoes_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, overwriting: bool
) -> None:
    if overwriting:
        before(tmp_path)
    count, real = 0, getattr(os, call)

    def faulty(*arguments: object, **named: object) -> object:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(errno.EIO, "Input/output error")
        return real(*arguments, **named)

    monkeypatch.setattr(os, call, faulty)
    try:
        deliver(tmp_path)
        done = True
    except OpenVoidError:
        done = False
    assert contents(tmp_path) == (
        everywhere("new") if done else everywhere("old") if overwriting else {}
    )
    monkeypatch.undo()
    deliver(tmp_path)
    assert contents(tmp_path) == everywhere("new")


KILL = """
import os, sys
from pathlib import Path
from tests.media.test_transaction import deliver
call, number, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
count, real = 0, getattr(os, call)
def fatal(*arguments, **named):
    global count
    count += 1
    if count == number:
        os.kill(os.getpid(), 9)
    return real(*arguments, **named)
setattr(os, call, fatal)
deliver(folder)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("call", ["replace", "unlink"])
def test_after_a_kill_at_any_point_the_next_owner_finds_all_old_or_all_new(
    tmp_path: Path, call: str
) -> None:
    for number in range(1, 30):
        folder = tmp_path / str(number)
        folder.mkdir()
        before(folder)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        words = [sys.executable, "-c", KILL, call, str(number), str(folder)]
        ended = subprocess.run(words, env=environment, check=False).returncode
        for name in NAMES:
            assert (folder / name).read_text() in ("old", "new")  # a file is never missing or torn
        recover([folder / name for name in (*NAMES, "frames", "y.%04d.png")])
        found = contents(folder)
        assert found in (everywhere("old"), everywhere("new"))
        assert not any(path.name.startswith(".") for path in folder.iterdir())
        if ended == 0:
            assert number > 3
            return
    raise AssertionError("never came to an end")


def test_a_record_of_somebody_else_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "precious").write_text("mine")
    move = '{"new": "../x", "out": "out", "old": "../precious", "had": true, "mark": [1, 1]}'
    text = f'{{"schema": "openvoid.transaction/1", "moves": [{move}]}}'
    record_path(tmp_path / "a" / "out").write_text(text)
    recover([tmp_path / "a" / "out"])
    assert (tmp_path / "precious").read_text() == "mine"
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b"{", b"[]", b'{"moves": 1}', b"\xff", b"[" * 10**5])
def test_a_torn_record_is_swept_up(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "out").write_text("old")
    record_path(tmp_path / "out").write_bytes(torn)
    recover([tmp_path / "out"])
    assert contents(tmp_path) == {"out": "old"}


def test_what_another_program_put_there_since_is_not_undone(tmp_path: Path) -> None:
    before(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    words = [sys.executable, "-c", KILL, "replace", "4", str(tmp_path)]
    subprocess.run(words, env=environment, check=False)
    (tmp_path / "out.mkv").unlink()
    (tmp_path / "out.mkv").write_text("by hand")
    recover([tmp_path / "out.mkv"])
    assert (tmp_path / "out.mkv").read_text() == "by hand"
