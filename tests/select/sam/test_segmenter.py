"""The segmenters `sam2` and `sam3` with tiny random weights: what holds whatever they say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.core.track import Track
from openvoid.marking import find_track
from openvoid.select.sam.picture import shrunk
from openvoid.select.sam.segmenter import joined
from openvoid.vision.display import Display
from tests.select.moving_shapes import World, world

LENGTH = 10
ON_SIX = Selection(points=(Point(6, 80, 60),))


@pytest.fixture(scope="module")
def scene() -> World:
    return world(lambda index: (40 + 6 * index, 60), LENGTH, (121, 175))


@pytest.fixture(scope="module")
def made(tiny_sam: Mapping[str, Path]) -> Mapping[str, Any]:
    given = {name: {"weights": str(path)} for name, path in tiny_sam.items()}
    return {name: plugins.construct("segmenter", name, each) for name, each in given.items()}


@pytest.fixture(params=["sam2", "sam3"])
def segmenter(request: pytest.FixtureRequest, made: Mapping[str, Any]) -> Any:
    return made[request.param]


def test_clicks_mark_frames_before_and_after_them(
    segmenter: Any, scene: World, tmp_path: Path
) -> None:
    track: Track = segmenter.track(scene.clip, ON_SIX, Run(tmp_path))
    assert (len(track), track.height, track.width) == (LENGTH, 121, 175)
    assert {frame < 6 for frame in track.seen if frame != 6} == {True, False}
    other = segmenter.track(scene.clip, Selection(points=(Point(6, 20, 20),)), Run(tmp_path))
    assert any(not np.array_equal(track[frame], other[frame]) for frame in range(6))
    assert any(not np.array_equal(track[frame], other[frame]) for frame in range(7, LENGTH))


def test_the_same_marks_give_the_same_track(segmenter: Any, scene: World, tmp_path: Path) -> None:
    marks = Selection(points=(Point(2, 52, 60), Point(8, 88, 60), Point(5, 3, 3, False)))
    first = segmenter.track(scene.clip, marks, Run(tmp_path))
    assert first == segmenter.track(scene.clip, marks, Run(tmp_path))


def test_every_frame_has_a_confidence_from_the_models_score(
    segmenter: Any, scene: World, tmp_path: Path
) -> None:
    track = segmenter.track(scene.clip, ON_SIX, Run(tmp_path))
    assert all(0.5 <= each <= 1 for each in track.confidence)
    assert len(set(track.confidence)) > LENGTH // 2


@pytest.mark.parametrize("kind", ["box", "stroke", "matte", "all"])
def test_every_kind_of_mark_is_taken_and_obeyed(
    segmenter: Any, scene: World, tmp_path: Path, kind: str
) -> None:
    cv2.imwrite(str(tmp_path / "matte.png"), scene.truth[4].astype(np.uint8) * 255)
    box = BoxMark(2, 30, 40, 80, 90)
    stroke = Stroke(7, ((70.0, 60.0), (90.0, 62.0)), 3.0)
    matte = Matte(4, str(tmp_path / "matte.png"))
    marks = {
        "box": Selection(boxes=(box,)),
        "stroke": Selection(strokes=(stroke,)),
        "matte": Selection(mattes=(matte,)),
        "all": Selection(
            (Point(9, 94, 60), Point(5, 2, 2, False)), (box,), (stroke,), "", (matte,)
        ),
    }[kind]
    track = segmenter.track(scene.clip, marks, Run(tmp_path))
    if kind in ("matte", "all"):
        assert np.array_equal(track[4], scene.truth[4])
    if kind in ("stroke", "all"):
        assert track[7][60, 70]
        assert track[7][62, 90]
    if kind == "all":
        assert track[9][60, 94]
        assert not track[5][2, 2]


def test_words_find_frames_and_the_memory_fills_between(
    scene: World, tiny_sam: Mapping[str, Path], tmp_path: Path
) -> None:
    given = {"weights": str(tiny_sam["sam3"]), "every": 4, "sure": 0.2}
    segmenter = plugins.construct("segmenter", "sam3", given)
    heard: list[str] = []
    run = Run(tmp_path, lambda stage, done, total: heard.append(stage))
    track = segmenter.track(scene.clip, Selection(words="a red ball"), run)
    assert track.seen
    assert {"words", "follow", "refine"} <= set(heard)
    assert track == segmenter.track(scene.clip, Selection(words="a red ball"), Run(tmp_path))


def test_words_reach_the_detector(made: Mapping[str, Any], scene: World) -> None:
    model = made["sam3"]._model
    small = shrunk(scene.frames[0], model.size, Display(255.0))
    ball, zebra = ([sure for _, sure in model.named(each, small)] for each in ("ball", "zebra"))
    assert ball == sorted(ball, reverse=True)
    assert ball != zebra
    assert ball == [sure for _, sure in model.named("ball", small)]


def test_words_that_name_nothing_are_one_line(
    scene: World, tiny_sam: Mapping[str, Path], tmp_path: Path
) -> None:
    given = {"weights": str(tiny_sam["sam3"]), "sure": 1.0}
    segmenter = plugins.construct("segmenter", "sam3", given)
    with pytest.raises(OpenVoidError, match="nothing in the clip is found for the words 'zebra'"):
        segmenter.track(scene.clip, Selection(words="zebra"), Run(tmp_path))
    with_marks = Selection(points=(Point(0, 40, 60),), words="zebra")
    assert segmenter.track(scene.clip, with_marks, Run(tmp_path))[0][60, 40]


def test_words_given_to_sam2_are_one_line(
    scene: World, tiny_sam: Mapping[str, Path], cache: Path
) -> None:
    with pytest.raises(OpenVoidError, match="are not understood here"):
        find_track(
            scene.clip,
            Selection(words="the ball"),
            segmenter="sam2",
            options={"weights": str(tiny_sam["sam2"])},
        )


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_the_precision_works(
    scene: World, tiny_sam: Mapping[str, Path], tmp_path: Path, precision: str
) -> None:
    for name, path in tiny_sam.items():
        given = {"weights": str(path), "precision": precision}
        track = plugins.construct("segmenter", name, given).track(scene.clip, ON_SIX, Run(tmp_path))
        assert track[6][60, 80]


def test_the_weights_go_into_the_record(segmenter: Any, scene: World, tmp_path: Path) -> None:
    run = Run(tmp_path)
    segmenter.track(scene.clip, ON_SIX, run)
    assert list(run.notes[segmenter.name]["weights"]) == ["model.safetensors"]


def test_two_opinions_become_one_by_how_sure_they_are() -> None:
    here, there = np.full((4, 4), 6, np.float32), np.full((4, 4), 2, np.float32)
    gone = np.full((4, 4), -16, np.float32)
    logits, score = joined((here, 4.0), (there, 0.1))
    assert 4 < logits.mean() < 6
    assert 0.1 < score < 4
    assert joined((here, 4.0), (gone, -1.0))[1] == 4.0
    assert joined((here, 1.0), (gone, -4.0))[1] == -4.0
    one, other = joined((here, 4.0), (there, 0.1)), joined((there, 0.1), (here, 4.0))
    np.testing.assert_allclose(one[0], other[0], rtol=1e-6)
