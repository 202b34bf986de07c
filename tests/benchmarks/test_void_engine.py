"""The memory benchmark, where there is no GPU: says so, and holds the plans against the goals."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import void_engine as bench  # noqa: E402


@pytest.mark.skipif(torch.cuda.is_available(), reason="would run at full size")
def test_without_a_gpu_plans_are_checked_by_arithmetic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["--only", "85", "--table", str(tmp_path / "table.md")]) == 0
    said = capsys.readouterr().out
    assert "No GPU here: nothing was run" in said
    assert "| transformer | 5.57 G | 10.38 GiB | 5.95 GiB |" in said
    assert said.count("pass") == 4
    assert "FAIL" not in said
    assert "| 85 | 8 GiB | bfloat16 blocks" in (tmp_path / "table.md").read_text()


def test_a_missed_goal_is_seen() -> None:
    def row(budget: float, peak: float, seconds: float) -> object:
        return bench.Row(85, budget, "", 1.0, peak, seconds, True)

    met = bench.goals([row(8, 7.9, 19.0), row(24, 20.0, 10.5), row(80, 40.0, 10.0)])
    assert [finding.met for finding in met] == [True] * 4
    missed = bench.goals([row(8, 8.1, 21.0), row(24, 25.0, 11.5), row(80, 40.0, 10.0)])
    assert [finding.met for finding in missed] == [False] * 4


def test_random_weights_fill_every_parameter() -> None:
    for part, config in bench._parts(bench.TINY):
        made = bench.filled(bench.build(part, config, "float32"))
        for name, tensor in made.named_parameters():
            assert tensor.device.type == "cpu", name
            assert tensor.isfinite().all(), name
            assert tensor.abs().max() > 0, name
