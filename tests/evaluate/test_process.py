"""Programs, run to their end: what they take, how they fail, how they are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from openvoid.core.errors import Interrupted, OpenVoidError
from openvoid.evaluate import process
from openvoid.evaluate.process import can_measure_memory, last_line, run


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def spent(tmp_path: Path, words: list[str], timeout_s: float = 60) -> process.Spent:
    return run(words, tmp_path / "log.txt", timeout_s, threading.Event())


def test_seconds_and_memory_are_those_of_the_program_and_its_children(tmp_path: Path) -> None:
    hold = "import time; held = bytearray(b'x') * (150 << 20); time.sleep(0.5)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    found = spent(tmp_path, python(child))
    assert found.seconds >= 0.5
    if can_measure_memory():
        assert 150 < found.peak_mib < 400


def test_what_a_program_says_goes_to_its_log(tmp_path: Path) -> None:
    spent(tmp_path, python("print('one'); import sys; print('two', file=sys.stderr)"))
    assert sorted((tmp_path / "log.txt").read_text().split()) == ["one", "two"]


def test_the_last_line_is_short_and_one(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"first\n  torn \xff " + b"x" * 500 + b"\n\n  \n")
    assert len(last_line(log)) == 200
    log.write_text("")
    assert last_line(log) == "it said nothing"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_a_program_that_takes_too_long_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what will not be asked."""
    monkeypatch.setattr(process, "PATIENCE_S", 0.2)
    pids = tmp_path / "pids"
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    text = (
        f"import os, subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {deaf!r}]);"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{c.pid}}'); import time; time.sleep(60)"
    )
    with pytest.raises(OpenVoidError, match="took longer than 2 s"):
        spent(tmp_path, python(text), timeout_s=2)
    deadline = time.monotonic() + 5
    both = [int(pid) for pid in pids.read_text().split()]
    while any(alive(pid) for pid in both) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in both)


def test_a_program_that_is_stopped_may_tidy_up(tmp_path: Path) -> None:
    stop, begun, tidy = threading.Event(), tmp_path / "begun", tmp_path / "tidy"
    text = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(tidy)!r}, 'w').close(); sys.exit()\n"
        f"signal.signal({signal.SIGTERM}, end)\n"
        f"open({str(begun)!r}, 'w').close()\ntime.sleep(60)\n"
    )

    def wait() -> None:
        while not begun.exists():
            time.sleep(0.02)
        stop.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    with pytest.raises(Interrupted):
        run(python(text), tmp_path / "log.txt", 60, stop)
    waiter.join()
    assert tidy.exists()


def ended(pid: int, patience_s: float = 30) -> bool:
    until = time.monotonic() + patience_s
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


LEAVES = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "300"], start_new_session={own})
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(1)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("own", [False, True])
def test_what_a_program_that_ended_well_left_running_is_ended(tmp_path: Path, own: bool) -> None:
    if own and not can_measure_memory():
        pytest.skip("sessions of its own are found by psutil")
    spent(tmp_path, [*python(LEAVES.format(own=own)), str(tmp_path / "pid")])
    assert ended(int((tmp_path / "pid").read_text()))


RUNS = """
import sys, threading
from pathlib import Path
from openvoid.evaluate.process import run
words = ["sh", "-c", "echo $$ > {pid}.part; mv {pid}.part {pid}; sleep 300"]
run(words, Path(sys.argv[1]), 300, threading.Event())
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_a_program_does_not_outlive_the_process_that_runs_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    words = [*python(RUNS.format(pid=pid)), str(tmp_path / "log.txt")]
    with subprocess.Popen(words) as parent:
        until = time.monotonic() + 60
        while not pid.exists() and time.monotonic() < until:
            time.sleep(0.05)
        program = int(pid.read_text())
        assert alive(program)
        parent.kill()
    assert ended(program)
