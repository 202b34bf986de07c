"""A clip of several shots: each stage asks scene by scene, and nothing crosses a cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from openvoid import by_scene
from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.core.track import Track
from openvoid.select.classical.segmenter import ClassicalSegmenter
from tests.several_scenes import HEIGHT, LENGTH, WIDTH, Case


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


def test_what_a_mark_may_mean_is_asked_of_its_own_scene(tmp_path: Path) -> None:
    clip, at = Case.of("cut").clip, LENGTH // 2 + 1
    segmenter = ClassicalSegmenter(ClassicalSegmenter.Options())
    marks = Selection(points=(Point(at, 16 + 3 * at, 38),))
    found = by_scene.candidates(segmenter, clip, marks, Run(tmp_path), by_scene.AUTO)
    told = by_scene.candidates(segmenter, clip, marks, Run(tmp_path), str(LENGTH // 2))
    scene = clip.trimmed(LENGTH // 2, LENGTH)
    alone = segmenter.candidates(
        scene, marks.within(lambda _: True, LENGTH // 2), Run(tmp_path / "alone")
    )
    assert [each.frame for each in found] == [at] * len(alone)
    for one, other, again in zip(found, alone, told, strict=True):
        assert np.array_equal(one.silhouette, other.silhouette)
        assert np.array_equal(again.silhouette, other.silhouette)
        assert (one.score, one.cues) == (other.score, other.cues)


def test_a_candidate_begins_where_the_track_does(tmp_path: Path) -> None:
    clip = Case.of("cut").clip
    segmenter = ClassicalSegmenter(ClassicalSegmenter.Options())
    both = Selection(
        points=(Point(2, 22, 38), Point(20, 76, 38), Point(20, 80, 34), Point(20, 70, 40))
    )
    found = by_scene.candidates(segmenter, clip, both, Run(tmp_path), by_scene.AUTO)
    assert {each.frame for each in found} == {2}
