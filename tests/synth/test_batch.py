"""Batches: the same bytes twice, after a stop, and by any number of workers."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import silent
from openvoid.evaluate.shots import Shot, open_known, read_ids
from openvoid.media.masks import open_quadmask
from openvoid.media.shotdir import read_shot
from openvoid.synth import batch, dataset
from openvoid.synth.batch import Order, Slot, fill
from openvoid.synth.crew import Died, Mistake, together
from openvoid.synth.dataset import Recipe, Studio

RECIPE = Recipe(size=(96, 168), frames=6)
FAMILIES = ("collide", "light")


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too -> a digest of its bytes."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def order(out: Path, **changes: Any) -> Order:
    wanted: dict[str, Any] = {"families": FAMILIES, "count": 3, "seed": 7, "recipe": RECIPE}
    return Order(out=out, **{**wanted, **changes})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, drawing: None) -> Path:
    out = tmp_path_factory.mktemp("made") / "shots"
    tally = fill(order(out), silent)
    assert (tally.made, tally.there, tally.failed) == (3, 0, {})
    return out


def test_two_workers_make_the_same_bytes_as_one(made: Path, tmp_path: Path) -> None:
    fill(order(tmp_path / "two", workers=2), silent)
    assert contents(tmp_path / "two") == contents(made)


def test_a_stopped_batch_goes_on_to_the_same_bytes(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, write = tmp_path / "stopped", dataset.write_quadmask

    def stopping(mask: Any, path: Path, rate: Any) -> None:
        if "collide-00001" in str(path):
            raise KeyboardInterrupt
        write(mask, path, rate)

    monkeypatch.setattr(dataset, "write_quadmask", stopping)
    with pytest.raises(KeyboardInterrupt):
        fill(order(out), silent)
    assert sorted(each.name for each in out.iterdir() if each.is_dir()) == [
        "collide-00000",
        "light-00000",
    ]
    monkeypatch.undo()
    tally = fill(order(out), silent)
    assert (tally.made, tally.there) == (1, 2)
    assert contents(out) == contents(made)


def test_a_shot_does_not_depend_on_the_other_families(made: Path, tmp_path: Path) -> None:
    fill(order(tmp_path / "light", families=("light",), count=1), silent)
    assert contents(tmp_path / "light" / "light-00000") == contents(made / "light-00000")


def test_a_shot_folder_is_read_as_any_other(made: Path) -> None:
    folder = made / "collide-00000"
    shot = read_shot(folder)
    assert shot.clip.name == "input_video.mp4"
    assert len(shot.prompt.split()) > 20
    known = open_known(Shot("shot", folder))
    assert (known.source.length, known.source.size, known.source.rate) == (6, (96, 168), 12)
    assert known.moved
    ids = read_ids(folder / "ids.mkv")
    bodies = json.loads((folder / "tracks.json").read_text())["bodies"]
    assert max(frame.max() for frame in ids) <= len(bodies)
    for name, other in dataset.ALSO.items():
        assert (folder / name).read_bytes() == (folder / other).read_bytes()


def test_what_is_kept_agrees_in_the_files_too(made: Path) -> None:
    for folder in (made / "collide-00000", made / "light-00000"):
        known = open_known(Shot("shot", folder))
        pairs = zip(known.source.frames(), known.truth.frames(), known.quadmask, strict=True)
        for one, other, labels in pairs:
            apart = np.abs(one.astype(int) - other.astype(int)).max(axis=2)[labels == 255]
            assert (apart <= 12).mean() >= 0.999


def test_the_snapped_mask_fills_whole_cells(made: Path) -> None:
    exact = open_quadmask(made / "collide-00000" / "quadmask_0.mp4")
    assert open_quadmask(made / "collide-00000" / "quadmask_1.mp4") == exact.grid_snapped(8)


def test_the_manifest_is_as_the_training_reads_it(made: Path) -> None:
    listed = json.loads((made / "manifest.json").read_text())
    assert [each["file_path"] for each in listed] == [
        "collide-00000",
        "collide-00001",
        "light-00000",
    ]
    for each in listed:
        assert each["type"] == "video_mask_tuple"
        assert each["text"]
        for name in ("rgb_full.mp4", "rgb_removed.mp4", "mask.mp4", "metadata.json"):
            assert (made / each["file_path"] / name).is_file()


def test_all_truth_is_stored_when_asked_for(tmp_path: Path, drawing: None) -> None:
    recipe = Recipe(size=(64, 96), frames=3, truth_all=True)
    with Studio(recipe) as studio:
        assert studio.make("light", Slot("light", 0, 7, tmp_path).seeds()[0], tmp_path / "s") == ""
    with np.load(tmp_path / "s" / "depth.npz") as depth:
        assert depth["full"].shape == (3, 64, 96)
    with np.load(tmp_path / "s" / "flow.npz") as way:
        assert way["removed"].shape == (2, 64, 96, 2)
    with np.load(tmp_path / "s" / "poses.npz") as poses:
        assert poses["removed"].shape == (3, len(poses["removed_names"]), 7)


# --- what goes wrong ------------------------------------------------------------------------------


class Fussy:
    """Stands for a studio: keeps even seeds only, and stumbles over some."""

    def make(self, family: str, seed: int, folder: Path, passed_over: Sequence[Any] = ()) -> str:
        if family == "light":
            raise ZeroDivisionError("by nothing")
        if seed % 2:
            return "it is odd"
        folder.mkdir()
        (folder / "world.json").touch()
        facts = {"caption": "c", "short": "s", "family": family, "seed": seed}
        text = json.dumps(facts | {"passed_over": [list(each) for each in passed_over]})
        (folder / "metadata.json").write_text(text)
        return ""


def test_rejects_are_counted_and_failures_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "Studio", lambda recipe: Fussy())
    wanted = order(tmp_path / "out", count=8)
    tally = fill(wanted, silent)
    odd = sum(
        next(at for at, seed in enumerate(slot.seeds()) if seed % 2 == 0)
        for slot in wanted.slots()
        if slot.family == "collide"
    )
    assert tally.made == 4
    assert tally.rejected == {"it is odd": odd}
    assert tally.failed == {
        f"light-{n:05}": "defect: ZeroDivisionError: by nothing" for n in range(4)
    }
    assert fill(wanted, silent).rejected == tally.rejected  # told again, from what was stored


def test_a_failing_world_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawing: None
) -> None:
    def failing(world: Any, renderer: Any, run: Any, *, depth: bool) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(dataset, "film", failing)
    with Studio(RECIPE) as studio:
        assert studio.make("collide", 1, tmp_path / "s") == "defect: RuntimeError: a defect"


def test_a_folder_of_other_shots_is_left_alone(made: Path) -> None:
    with pytest.raises(OpenVoidError, match="another frames, seed"):
        fill(order(made, seed=8, recipe=Recipe(size=(96, 168), frames=7)), silent)
    with pytest.raises(OpenVoidError, match="unknown family"):
        fill(order(made, families=("colide",)), silent)


def begin() -> str:
    return "made"


def stumble(made: str, task: int) -> int:
    """Work for other processes: some of it fails, some of it kills its process."""
    assert made == "made"
    if task == 1:
        os._exit(9)
    if task == 2:
        raise OpenVoidError("no", where="here", mend="so")
    if task == 3:
        raise KeyError("defect")
    time.sleep(0.01)
    return task * task


def test_a_process_that_dies_takes_one_task_with_it() -> None:
    found = dict(together(begin, stumble, range(7), 2))
    assert found[1] == Died(9)
    assert isinstance(found[2], Mistake)
    assert (found[2].what, found[2].where, found[2].mend) == ("no", "here", "so")
    assert "KeyError" in found[3].what
    assert [found[task] for task in (0, 4, 5, 6)] == [0, 16, 25, 36]
