"""A removal in a clip of several shots: donors cross no cut, dissolves are made of both sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid import filling
from openvoid.by_scene import AUTO
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Region
from openvoid.core.removal import Fill, Run
from openvoid.plate.engine import PlateEngine
from openvoid.unmixing import Lent, Still
from tests.several_scenes import LENGTH, Case


def filled(case: Case, tmp_path: Path, **changed: Any) -> tuple[list[Fill], Run]:
    run = Run(tmp_path)
    engine = PlateEngine(PlateEngine.Options())
    cuts = changed.pop("cuts", AUTO)
    return list(filling.fills(engine, case.request(**changed), run, cuts)), run


def test_a_clip_of_one_scene_is_filled_as_ever(tmp_path: Path) -> None:
    case = Case.of("still")
    found, run = filled(case, tmp_path)
    (tmp_path / "alone").mkdir()
    alone = list(PlateEngine(PlateEngine.Options()).fill(case.request(), Run(tmp_path / "alone")))
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(found, alone, strict=True))
    assert "scenes" not in run.notes


def test_a_flash_parts_nothing_and_lights_what_is_filled(tmp_path: Path) -> None:
    case = Case.of("flash")
    found, run = filled(case, tmp_path)
    assert "scenes" not in run.notes
    assert min(case.db(found)) > 50  # 23 where the fill is lit by an offset alone


def test_donors_come_from_the_same_side_of_a_cut(tmp_path: Path) -> None:
    case = Case.of("cut")
    found, run = filled(case, tmp_path)
    assert [fill.frame for fill in found] == list(range(LENGTH))
    assert min(case.db(found)) > 100
    rows = run.notes["scenes"]
    assert [(row["first"], row["last"], row["kind"]) for row in rows] == [
        (0, 15, "scene"),
        (16, 31, "scene"),
    ]
    assert all(row["camera"]["model"] == "locked" for row in rows)
    assert run.warnings == []


def test_told_that_there_is_no_cut_it_is_one_scene(tmp_path: Path) -> None:
    assert "scenes" not in filled(Case.of("cut"), tmp_path, cuts="none")[1].notes


@pytest.mark.parametrize("kind", ["dissolve", "fade"])
def test_a_dissolve_lends_what_its_scenes_hide(kind: str, tmp_path: Path) -> None:
    case = Case.of(kind)
    assert min(case.db(filled(case, tmp_path)[0])) > 38  # 26 from each scene's own frames


def test_a_dissolve_with_a_shaking_camera_lends_nothing(tmp_path: Path) -> None:
    case = Case.of("dissolve")
    shown = np.stack(list(case.clip.frames()))
    shown[9:24] = np.roll(shown[9:24], 5, axis=1)
    request = replace(case, clip=clip_of(list(shown))).request()
    lent = Lent.of(request, range(9, 24), Still.of(request, 8), Still.of(request, 24))
    assert not lent.ways


@pytest.mark.parametrize("kind", ["dissolve", "fade"])
def test_what_lies_between_is_made_of_both_sides_and_told(kind: str, tmp_path: Path) -> None:
    case = Case.of(kind)
    found, run = filled(case, tmp_path)
    assert min(case.db(found)[9:24]) > 50
    assert run.warnings
    assert all("as the mixture of both sides" in warning for warning in run.warnings)


def test_a_dissolve_that_is_no_mixture_is_told_as_such(tmp_path: Path) -> None:
    case = Case.of("dissolve")
    shown = np.stack(list(case.clip.frames()))
    shown[9:24] = np.roll(shown[9:24], 5, axis=1)  # the camera shakes in it
    moved = replace(case, clip=clip_of(list(shown)))
    run = filled(moved, tmp_path, cuts="9-23")[1]
    assert any("from its own frames" in warning for warning in run.warnings)


@pytest.mark.parametrize("kind", ["cut", "dissolve", "fade"])
def test_it_goes_on_from_any_frame_with_the_same_fills(kind: str, tmp_path: Path) -> None:
    case = Case.of(kind)
    whole, _ = filled(case, tmp_path)
    for start in (8, 14, 16, 20, 25):
        later = tmp_path / str(start)
        later.mkdir()
        rest, _ = filled(case, later, start=start)
        assert [fill.frame for fill in rest] == list(range(start, LENGTH))
        assert all(
            np.array_equal(a.rgb * (a.alpha > 0)[..., None], b.rgb * (b.alpha > 0)[..., None])
            for a, b in zip(whole[start:], rest, strict=True)
        )


def test_a_scene_without_a_mask_asks_no_engine(tmp_path: Path) -> None:
    case = Case.of("cut")
    empty = case.mask.mapped(
        lambda index, labels: labels if index < 16 else np.full_like(labels, Region.KEEP)
    )
    found, run = filled(replace(case, mask=empty), tmp_path)
    assert all(fill.box.empty for fill in found[16:])
    assert "camera" not in run.notes["scenes"][1]


def test_a_scene_that_is_covered_wholly_is_refused_before_the_work(tmp_path: Path) -> None:
    case = Case.of("cut")
    covered = case.mask.mapped(
        lambda index, labels: labels if index < 16 else np.zeros_like(labels)
    )
    with pytest.raises(OpenVoidError, match="everything in frames 16 to 31"):
        filled(replace(case, mask=covered), tmp_path)
