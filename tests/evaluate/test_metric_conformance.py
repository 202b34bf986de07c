"""What every metric keeps to, ours and a third party's alike."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from tests.evaluate.tiny_truths import Scene

OURS = ("flicker", "lpips", "psnr", "ssim", "trajectory", "vmaf")
WAYS = {"higher", "lower", "one"}


def usable(name: str) -> Any:
    try:
        return plugins.construct("metric", name)
    except OpenVoidError as error:
        pytest.skip(error.line())


def test_ours_are_all_there() -> None:
    assert set(OURS) <= set(plugins.names("metric"))


@pytest.mark.parametrize("name", OURS)
def test_a_metric_tells_its_name_options_and_which_way_is_better(name: str) -> None:
    kind = plugins.find("metric", name)
    assert kind.name == name
    assert kind.__doc__
    assert is_dataclass(kind.Options)
    assert all(field.metadata.get("help") for field in fields(kind.Options))
    assert all(number.split(".")[0] == name for number in kind.better)
    assert set(kind.better.values()) <= WAYS


@pytest.mark.parametrize("name", OURS)
def test_a_metric_gives_its_numbers_changes_nothing_and_leaves_nothing(
    name: str, made: Scene, tmp_path: Path
) -> None:
    metric = usable(name)
    result = made.source.copy()
    judged = made.judged(result)
    first, second = (metric.measure(judged, Run(tmp_path)) for _ in range(2))
    assert set(first) == set(metric.better)
    assert all(isinstance(value, float) for value in first.values())
    for number, value in first.items():
        assert value == second[number] or (math.isnan(value) and math.isnan(second[number]))
    np.testing.assert_array_equal(result, made.source)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", OURS)
def test_the_truth_is_never_worse_than_doing_nothing(
    name: str, made: Scene, tmp_path: Path
) -> None:
    metric = usable(name)
    best, nothing = (
        metric.measure(made.judged(frames), Run(tmp_path)) for frames in (made.truth, made.source)
    )
    for number, way in metric.better.items():
        pair = (best[number], nothing[number])
        if not any(math.isnan(value) for value in pair):
            off = {
                "higher": [-value for value in pair],
                "lower": list(pair),
                "one": [abs(value - 1) for value in pair],
            }[way]
            assert off[0] <= off[1] + 1e-6, number


THIRD = """
    from dataclasses import dataclass

    import numpy as np


    class Brightness:
        '''Mean difference of brightness.'''

        name = "brightness"
        better = {"brightness.whole": "lower"}

        @dataclass(frozen=True)
        class Options:
            pass

        def __init__(self, options):
            pass

        def measure(self, judged, run):
            pairs = zip(judged.result.frames(), judged.truth.frames(), strict=True)
            off = [abs(a.mean() - b.mean()) for a, b in pairs]
            return {"brightness.whole": float(np.mean(off))}
"""


def test_a_third_partys_metric_is_found_as_ours_are(
    made: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "brightness-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: brightness\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[openvoid.metrics]\nbrightness = brightness_metric:Brightness\n"
    )
    (tmp_path / "brightness_metric.py").write_text(dedent(THIRD))
    monkeypatch.syspath_prepend(str(tmp_path))
    metric = plugins.construct("metric", "brightness")
    assert metric.measure(made.judged(made.truth), Run(tmp_path)) == {"brightness.whole": 0.0}
