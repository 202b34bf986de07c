"""A reel gives back what was written, or nothing; and its folder stays within bounds."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from openvoid.media import reel as module
from openvoid.media.reel import DAY_S, Arrays, Torn, covering, opened, place, recording, tidy


def frames(count: int = 3, seed: int = 0) -> list[Arrays]:
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(0, 256, (4, 6), np.uint8), rng.random((2, 3)).astype(np.float32))
        for _ in range(count)
    ]


def record(path: Path, pictures: list[Arrays]) -> None:
    with recording(path) as recorder:
        for picture in pictures:
            recorder.append(picture)
    assert recorder.error is None


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    record(tmp_path / "a.reel", frames())
    reel = opened(tmp_path / "a.reel")
    assert reel is not None
    assert len(reel) == 3
    assert reel.whole()
    for number in (2, 0, 1):
        for was, now in zip(frames()[number], reel[number], strict=True):
            assert was.dtype == now.dtype
            assert np.array_equal(was, now)
    (tmp_path / "a.reel").unlink()
    assert np.array_equal(reel[1][0], frames()[1][0]), "what is open can be read to the end"


def test_frames_of_one_array_are_seen_as_one(tmp_path: Path) -> None:
    pictures = [frame[0] for frame in frames(5)]
    record(tmp_path / "a.reel", [(picture,) for picture in pictures])
    reel = opened(tmp_path / "a.reel")
    assert reel is not None
    assert np.array_equal(reel.mapped(), np.stack(pictures))


def test_nothing_appears_where_the_writer_was_stopped(tmp_path: Path) -> None:
    def stopped() -> None:
        with recording(tmp_path / "a.reel") as recorder:
            recorder.append(frames()[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 30, 100, 10**9])
def test_a_cut_file_is_none(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.reel"
    record(path, frames())
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    assert opened(path) is None


def test_every_byte_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.reel"
    record(path, frames(2))
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        reel = opened(path)
        assert reel is None or not reel.whole(), at


def test_a_damaged_frame_is_told_and_the_reel_discarded(tmp_path: Path) -> None:
    path = tmp_path / "a.reel"
    record(path, frames())
    data = bytearray(path.read_bytes())
    data[50] ^= 1  # in the second frame
    path.write_bytes(bytes(data))
    reel = opened(path)
    assert reel is not None
    assert np.array_equal(reel[0][0], frames()[0][0])
    with pytest.raises(Torn):
        reel[1]
    reel.discard()
    assert opened(path) is None


def test_a_full_disk_leaves_no_reel_and_no_exception(tmp_path: Path) -> None:
    class Full:
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with recording(tmp_path / "a.reel") as recorder:
        recorder.append(frames()[0])
        recorder._file = Full()  # type: ignore[assignment]
        recorder.append(frames()[1])
        recorder.append(frames()[2])
    assert recorder.error is not None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with recording(tmp_path / "file" / "a.reel") as recorder:
        recorder.append(frames()[0])
    assert isinstance(recorder.error, OSError)


def test_two_writers_at_once_leave_one_whole_reel(tmp_path: Path) -> None:
    path = tmp_path / "a.reel"
    with recording(path) as one:
        one.append(frames()[0])
        child = os.fork()
        if child == 0:  # pragma: no cover
            try:
                record(path, frames())
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert opened(path) is not None
        for frame in frames()[1:]:
            one.append(frame)
    reel = opened(path)
    assert reel is not None
    assert reel.whole()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.reel"]


def test_a_part_of_the_clip_is_found_in_the_whole(cache: Path) -> None:
    record(place("clip", "planes", 10, 13), frames())
    assert covering("clip", "planes", 9, 12) is None
    assert covering("clip", "planes", 11, 14) is None
    assert covering("clip", "values", 11, 12) is None
    assert covering("cli", "planes", 11, 12) is None
    found = covering("clip", "planes", 11, 13)
    assert found is not None
    assert found[1] == 10


def test_the_longest_unused_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, name in enumerate("abcd"):
        record(tmp_path / f"{name}.reel", frames())
        then = time.time() - 100 * (age + 1)
        os.utime(tmp_path / f"{name}.reel", (then, then))
    size = (tmp_path / "a.reel").stat().st_size
    assert opened(tmp_path / "d.reel") is not None  # used: now the newest
    monkeypatch.setattr(module, "MOST_BYTES", 2 * size)
    tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.reel", "d.reel"]
    monkeypatch.setattr(module, "MOST_BYTES", size // 2)
    tidy(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["d.reel"], "the newest is in use"


def test_what_nobody_used_for_long_goes(tmp_path: Path) -> None:
    now = time.time()
    for name, days in {"a.reel": 13, "b.reel": 15, ".c.reel.7.partial": 2}.items():
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (now - days * DAY_S,) * 2)
    (tmp_path / ".d.reel.8.partial").write_bytes(b"x")  # being written
    tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".d.reel.8.partial", "a.reel"]


def test_what_is_being_written_is_never_tidied_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    path = tmp_path / "a.reel"
    with recording(path) as one:
        one.append(frames()[0])
        record(path, frames())  # the same, by another thread
        then = time.time() - 100
        for partial in tmp_path.glob(".*.partial"):
            os.utime(partial, (then, then))
        tidy(tmp_path)
        assert len(list(tmp_path.glob(".*.partial"))) == 1
    reel = opened(path)
    assert reel is not None
    assert len(reel) == 1, "the last to end stays"
