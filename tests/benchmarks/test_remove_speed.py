"""The harness that measures removals by a click counts what the command decodes."""

from __future__ import annotations

from pathlib import Path

import pytest
import remove_speed

from tests.vision.test_working import shot

TREE = Path(remove_speed.__file__).resolve().parents[1]


def test_decodes_and_costs_of_a_run(tmp_path: Path) -> None:
    clip = shot(tmp_path / "shot.mp4")
    (tmp_path / "work").mkdir()
    first = remove_speed._run(TREE, clip, ["--point", "30,50@0"], tmp_path / "work")
    again = remove_speed._run(TREE, clip, ["--point", "30,50@0"], tmp_path / "work")
    assert (first.decodes, again.decodes) == (2, 1)
    assert first.result == again.result
    assert 0.01 < first.peak_gib < 4
    assert first.wall_s > sum(first.stages_s[stage] for stage in ("read", "refine"))


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="failed"):
        remove_speed._run(TREE, tmp_path / "none.mp4", ["--point", "3,5@0"], tmp_path)
