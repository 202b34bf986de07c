"""Leases: one owner, told to others; the dead are succeeded, the sleeping lose what they had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.media import lease
from openvoid.media.lease import STALE_S, Owner, lease_path, leased, still_held

HOLD = """
import sys, time
from pathlib import Path
from openvoid.media.lease import leased
with leased([Path(sys.argv[1])], what="this shot"):
    print("held", flush=True)
    time.sleep(60)
"""


def left_behind(out: Path, owner: Owner, quiet_s: float = 0.0) -> None:
    """A lease that somebody has or had."""
    path = lease_path(out)
    path.write_text(json.dumps(asdict(owner)))
    then = time.time() - quiet_s
    os.utime(path, (then, then))


def elsewhere() -> Owner:
    return replace(Owner.here(), host="farm-7", space="another boot pid:[1]", process=1)


def test_nothing_is_left_and_it_can_be_had_again(tmp_path: Path) -> None:
    for _ in range(2):
        with leased([tmp_path / "out.mkv", tmp_path / "matte.mkv"]) as leases:
            assert len(list(tmp_path.iterdir())) == 2
            assert all(each.held() for each in leases)
        assert list(tmp_path.iterdir()) == []


def test_the_draft_of_one_who_died_while_it_asked_is_swept_up(tmp_path: Path) -> None:
    (tmp_path / ".res.lease.0123abcd").write_bytes(b"")
    (tmp_path / ".other.lease.0123abcd").write_bytes(b"")
    with leased([tmp_path / "res"]):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".other.lease.0123abcd"]


def test_a_second_comer_is_told_who_has_it_and_the_dead_are_succeeded(tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    words = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OpenVoidError, match=rf"this shot.*\(process {other.pid} on ") as raised:
            leased([out], what="this shot").__enter__()
        assert "\n" not in raised.value.line()
        assert raised.value.mend
        with leased([tmp_path / "another.mkv"]):
            pass
        other.kill()
        other.wait()
    with leased([out]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_of_several_none_is_kept_if_one_cannot_be_had(tmp_path: Path) -> None:
    left_behind(tmp_path / "b", elsewhere())
    with pytest.raises(OpenVoidError, match="farm-7"):
        leased([tmp_path / "a", tmp_path / "b"]).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == [".b.lease"]


def test_an_owner_on_another_host_is_believed_as_long_as_its_heart_beats(tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    left_behind(out, elsewhere(), quiet_s=STALE_S - 20)
    with pytest.raises(OpenVoidError, match="farm-7"):
        leased([out]).__enter__()
    left_behind(out, elsewhere(), quiet_s=STALE_S + 20)
    with leased([out]) as leases:
        assert leases[0].held()
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_another_process_has_by_now_is_a_dead_owner(tmp_path: Path) -> None:
    left_behind(tmp_path / "out", replace(Owner.here(), began="1"))
    with leased([tmp_path / "out"]):
        pass


@pytest.mark.parametrize("torn", [b"", b'{"host": "a', b"[]", b"\xff\xfe", b"[" * 5000])
def test_a_torn_lease_is_waited_for_and_then_taken(tmp_path: Path, torn: bytes) -> None:
    path = lease_path(tmp_path / "out")
    path.write_bytes(torn)
    with pytest.raises(OpenVoidError, match="cannot be read yet"):
        leased([tmp_path / "out"]).__enter__()
    os.utime(path, (time.time() - 2 * STALE_S,) * 2)
    with leased([tmp_path / "out"]):
        pass


def test_its_owner_touches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_S", 0.02)
    path = lease_path(tmp_path / "out")
    with leased([tmp_path / "out"]):
        os.utime(path, (1.0, 1.0))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime == 1.0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime > 1.0


def test_one_that_was_taken_for_dead_may_not_commit_nor_take_the_lease_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with leased([out]) as leases:
        still_held(leases, out)
        left_behind(out, elsewhere())
        with pytest.raises(OpenVoidError, match="taken this output over"):
            still_held(leases, out)
    assert Owner.read(lease_path(out)) is not None


def test_without_links_it_holds_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    with leased([tmp_path / "out"]) as leases:
        assert leases[0].held()
        with pytest.raises(OpenVoidError, match="another process"):
            leased([tmp_path / "out"]).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_many_who_want_it_at_once_have_it_one_after_another(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom openvoid.media.lease import leased\n"
        "from openvoid.core.errors import OpenVoidError\n"
        "out, log = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "had = 0\n"
        "while had < 5:\n"
        "    try:\n"
        "        with leased([out]):\n"
        "            n = int(log.read_text()); log.write_text(str(n + 1)); had += 1\n"
        "    except OpenVoidError:\n"
        "        time.sleep(0.02)\n"
    )
    log = tmp_path / "log"
    log.write_text("0")
    words = [sys.executable, "-c", code, str(tmp_path / "out"), str(log)]
    processes = [subprocess.Popen(words) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0] * 3
    assert log.read_text() == "15"
