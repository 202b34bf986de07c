"""A clip of several shots: each stage asks scene by scene, and nothing crosses a cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openvoid import by_scene
from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Fill, RemovalRequest, Run
from openvoid.core.selection import Point, Selection
from openvoid.core.track import Track
from openvoid.plate.engine import PlateEngine
from openvoid.unmixing import Lent, Still

HEIGHT, WIDTH, LENGTH = 72, 128, 32
Frames = NDArray[np.float32]


def plate(seed: int) -> Frames:
    noise = np.random.default_rng(seed).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return (smooth - smooth.min()) / np.ptp(smooth) * 200 + 20


ONE, OTHER = plate(1), plate(2)


def way_of(kind: str, index: int) -> Frames:
    """The pictures behind the object, as `cases/field` has them."""
    if kind == "cut":
        return ONE if index < LENGTH // 2 else OTHER
    if kind == "dissolve":
        way = np.clip((index - 8) / 16, 0, 1)
        return ONE * (1 - way) + OTHER * way
    if kind == "fade":
        return ONE * np.clip(abs(index - LENGTH / 2) / 8, 0, 1)
    if kind == "flash":
        return np.clip(ONE * (2.2 if index in (10, 20) else 1), 0, 255)
    return ONE


@dataclass
class Case:
    """A block crosses the picture; `truth` is without it."""

    clip: Clip
    truth: NDArray[np.uint8]
    mask: Quadmask

    @classmethod
    def of(cls, kind: str) -> Case:
        truth = np.stack([np.rint(way_of(kind, index)) for index in range(LENGTH)])
        truth = truth.astype(np.uint8)
        shown, labels = truth.copy(), np.full((LENGTH, HEIGHT, WIDTH), Region.KEEP, np.uint8)
        for index in range(LENGTH):
            left = 8 + 3 * index
            shown[index, 28:48, left : left + 16] = 250, 30, 30
            labels[index, 26:50, left - 2 : left + 18] = Region.PRIMARY
        return cls(clip_of(list(shown)), truth, Quadmask.from_labels(labels))

    def request(self, **changed: Any) -> RemovalRequest:
        return replace(RemovalRequest(self.clip, self.mask, soft_edge_px=4), **changed)

    def db(self, fills: list[Fill]) -> list[float]:
        """PSNR in the mask, frame by frame."""
        return [self._db(fill) for fill in fills]

    def _db(self, fill: Fill) -> float:
        made = self.truth[fill.frame].astype(float)
        made[fill.box.slices] = fill.rgb
        hole = self.mask[fill.frame] != Region.KEEP
        off = np.square(made - self.truth[fill.frame])[hole].mean()
        return float(10 * np.log10(255**2 / max(off, 1e-9)))


def filled(case: Case, tmp_path: Path, **changed: Any) -> tuple[list[Fill], Run]:
    run = Run(tmp_path)
    engine = PlateEngine(PlateEngine.Options())
    cuts = changed.pop("cuts", by_scene.AUTO)
    return list(by_scene.fills(engine, case.request(**changed), run, cuts)), run


def test_a_clip_of_one_scene_is_filled_as_ever(tmp_path: Path) -> None:
    case = Case.of("still")
    found, run = filled(case, tmp_path)
    (tmp_path / "alone").mkdir()
    alone = list(PlateEngine(PlateEngine.Options()).fill(case.request(), Run(tmp_path / "alone")))
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(found, alone, strict=True))
    assert "scenes" not in run.notes


def test_a_flash_parts_nothing(tmp_path: Path) -> None:
    assert "scenes" not in filled(Case.of("flash"), tmp_path)[1].notes


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


# --- marks, tracks and effects ------------------------------------------------------------------


@dataclass
class Discs:
    """A segmenter: a disc at each click, in every frame of what it is given."""

    name: str = "discs"
    asked: list[tuple[int, Selection]] = field(default_factory=list)

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        self.asked.append((clip.length, selection))
        mask = np.zeros(clip.size, np.uint8)
        for point in selection.points:
            cv2.circle(mask, (int(point.x), int(point.y)), 5, 1, -1)
        if not mask.any():
            raise OpenVoidError("nothing was found")
        run.note("discs", len(selection.points))
        return Track.of("disc", [mask > 0] * clip.length)


@dataclass
class Shadows:
    """A reasoner: one shadow in the first frame of what it is given."""

    name: str = "shadows"

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        place = Place(0, ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)))
        run.warn(f"{clip.length} frames")
        return Effects((Effect("s", EffectKind.ARTEFACT, Relation.CASTS, now=(place,)),))


def seen(track: Track) -> list[int]:
    return list(track.seen)


def test_a_track_ends_at_a_cut(tmp_path: Path) -> None:
    run, clip = Run(tmp_path), Case.of("cut").clip
    track = by_scene.track(Discs(), clip, Selection((Point(3, 20, 20),)), run, by_scene.AUTO)
    assert seen(track) == list(range(16))
    assert ["frames 16 to 31" in warning for warning in run.warnings] == [True]
    assert run.notes["scenes"][0]["discs"] == 1


def test_marked_again_it_goes_on_in_the_next_scene(tmp_path: Path) -> None:
    run, discs = Run(tmp_path), Discs()
    marks = Selection((Point(3, 20, 20), Point(20, 60, 40)))
    track = by_scene.track(discs, Case.of("cut").clip, marks, run, by_scene.AUTO)
    assert seen(track) == list(range(LENGTH))
    assert [bool(track[frame][20, 20]) for frame in (15, 16)] == [True, False]
    assert track[16][40, 60]
    assert [(length, part.points[0].frame) for length, part in discs.asked] == [(16, 3), (16, 4)]
    assert run.warnings == []


def test_through_a_dissolve_both_scenes_are_followed(tmp_path: Path) -> None:
    marks = Selection((Point(3, 20, 20), Point(30, 60, 40)))
    clip = Case.of("dissolve").clip
    track = by_scene.track(Discs(), clip, marks, Run(tmp_path), by_scene.AUTO)
    assert [bool(track[frame][20, 20]) for frame in (8, 9, 23, 24)] == [True, True, True, False]
    assert [bool(track[frame][40, 60]) for frame in (8, 9, 23, 24)] == [False, True, True, True]


def test_of_one_scene_the_segmenter_gets_what_was_given(tmp_path: Path) -> None:
    case, discs, marks = Case.of("still"), Discs(), Selection((Point(3, 20, 20),))
    by_scene.track(discs, case.clip, marks, Run(tmp_path), by_scene.AUTO)
    assert discs.asked == [(LENGTH, marks)]


def test_effects_are_told_at_the_frames_of_the_whole_clip(tmp_path: Path) -> None:
    run, masks = Run(tmp_path), np.zeros((LENGTH, HEIGHT, WIDTH), bool)
    masks[:, 5:9, 5:9] = True
    clip = Case.of("cut").clip
    parts = by_scene.explain(Shadows(), clip, Track.of("x", masks), run, by_scene.AUTO)
    assert [effects.affected[0].now[0].frame for effects in parts] == [0, 16]
    assert run.warnings == ["frames 0 to 15: 16 frames", "frames 16 to 31: 16 frames"]
    masks[16:] = False
    alone = by_scene.explain(Shadows(), clip, Track.of("x", masks), run, by_scene.AUTO)
    assert len(alone) == 1
