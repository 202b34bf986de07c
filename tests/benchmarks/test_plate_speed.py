"""The speed benchmark's own parts: it measures the real command, and fails where that fails."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import plate_speed
import pytest

from openvoid.core.errors import OpenVoidError


def test_there_and_back_never_jumps() -> None:
    order = list(plate_speed.there_and_back(5, 12))
    assert order == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]
    assert list(plate_speed.there_and_back(1, 3)) == [0, 0, 0]


def test_a_clip_is_written_in_the_order_asked_for(tmp_path: Path) -> None:
    source, looped = tmp_path / "source.mp4", tmp_path / "looped.mp4"
    levels = [40, 90, 140, 190]
    pictures = (np.full((96, 128, 3), level, np.uint8) for level in levels)
    plate_speed._encode(source, pictures, {"crf": "8"})
    order = list(plate_speed.there_and_back(4, 9))
    plate_speed.write_clip(looped, source, order, (48, 64))
    with av.open(str(looped)) as container:
        read = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [frame.shape for frame in read] == [(48, 64, 3)] * 9
    assert [round(float(frame.mean()), -1) for frame in read] == [levels[i] for i in order]
    assert not list(tmp_path.glob("*intra*"))


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(OpenVoidError, match="no-such-clip"):
        plate_speed.watched(["remove", "no-such-clip.mp4", "-m", "m.mkv", "-o", "o.mp4"])


def test_a_command_that_works_is_timed_and_weighed() -> None:
    seconds, peak_gib = plate_speed.watched(["--version"])
    assert 0.05 < seconds < 60
    assert 0.005 < peak_gib < 1.0


def test_missed_targets_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench = plate_speed.Bench(tmp_path, "plate")
    size = (1080, 1920)
    bench.runs = {
        (size, 49): plate_speed.Measured(*size, 49, 4.9, 1.0),
        (size, 98): plate_speed.Measured(*size, 98, 9.8, 1.1),
        (size, 197): plate_speed.Measured(*size, 197, 39.4, 2.0),
    }
    plan = plate_speed.Plan()
    assert not plate_speed.speed(bench, plan)[0].met  # 5 fps
    *_, slower, larger = plate_speed.linear(bench, plan)
    assert (slower.value, slower.met) == ("2.00", False)
    assert (larger.value, larger.met) == ("2.00", False)
