"""Whatever JSON of any kind holds, the answer is a result or an `OpenVoidError`, soon."""

from __future__ import annotations

import contextlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvoid.cli.marks import read_marks
from openvoid.core.clip import clip_of
from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.evaluate import scores, study
from openvoid.evaluate.shots import Shot, read_moved
from openvoid.media.shotdir import read_shot
from openvoid.media.tracks import facts_path, open_track
from openvoid.reason.vlm.reasoner import VlmOptions, VlmReasoner
from openvoid.workspace.shelf import Shelf, read_effects
from tests.evaluate.tiny_truths import save_shot, scene
from tests.faults.hostile import spoiled
from tests.reason.vlm.spoken import ANSWER, disc, shot

EXAMPLES = int(os.environ.get("OPENVOID_HOSTILE_EXAMPLES", "25"))  # of each kind
CORNERS = ((0.1, 0.2), (0.5, 0.2), (0.5, 0.9))
EFFECTS = Effects(
    (Effect("ball", EffectKind.PHYSICAL, Relation.STOPS, "why", (Place(1, CORNERS),)),),
    "a table",
    {"motion": {"model": [1, {"a": 2.5}]}},
    (Belonging("hat", (Place(0, CORNERS),), "vlm"),),
).to_json()
OLDER_EFFECTS = json.loads(json.dumps(EFFECTS)) | {"schema": "openvoid.effects/1"}
OLDER_EFFECTS["affected"][0]["cause"] = "frightens"
SELECTION = Selection(
    (Point(2, 10.5, 3.0, positive=False),),
    (BoxMark(0, 1.0, 2.0, 3.0, 4.0),),
    (Stroke(5, ((1.0, 2.0), (3.0, 4.0)), 6.0),),
    "the cup",
    (Matte(9, "cup.png"),),
).to_json()
CLICKS = {"points_by_frame": {"0": [[1, 2]]}, "primary_points_by_frame": {"4": [[5, 6], [7, 8]]}}
LEGACY = {
    "grid_rows": 8,
    "grid_cols": 14,
    "primary_subject": {"noun": "disc"},
    "integral_belongings": [{"noun": "hat", "position": [[1, 1]]}],
    "affected_subjects": [{"noun": "box", "current_position": [[2, 2]], "will_move": True}],
    "confidence": 0.5,
}
SCORE = scores.Score("plate", "one", "collide", 3, "", 1.5, 20.0, 8, {"psnr": 31.5}, ("slow",))
BODIES = [{"name": "post", "moved": False}, {"name": "ball", "moved": True}]
RESULT = {"contestant": "plate", "shot": "one", "error": ""}
ANSWERS = [{"shot": "one", "order": ["a", "b"], "choice": "a"}]


@dataclass(frozen=True)
class Kind:
    """A file of JSON that is read, what is sound in it, and what reads it."""

    file: str
    sound: Any
    read: Callable[[Path], object]
    absent: bool = False  # a damaged one counts as none: nothing may be raised


def saved_answer(path: Path) -> object:
    track = disc()
    reasoner = VlmReasoner(VlmOptions(vlm_answer=str(path)))
    return reasoner.explain(shot(track), track, Run(path.parent))


def world(path: Path) -> object:
    described = Shot("one", path.parent)
    return described.family.encode(), described.seed


def score(path: Path) -> object:
    found = scores.read_score(path.parent)
    return found and scores.digest(scores.plain(found[0].values))


KINDS = {
    "selection": Kind("marks.json", SELECTION, read_marks),
    "clicks": Kind("segmentation_info.json", CLICKS, read_marks),
    "effects": Kind("effects.json", EFFECTS, lambda path: read_effects(path).to_json()),
    "older effects": Kind("effects.json", OLDER_EFFECTS, read_effects),
    "track": Kind(
        "track.json",
        {"schema": "openvoid.track/1", "label": "cup", "confidence": [1.0, 0.5]},
        lambda path: open_track(path.with_suffix("")),
    ),
    "prompt": Kind("prompt.json", {"bg": "a room"}, lambda path: read_shot(path.parent).prompt),
    "made_by": Kind(
        "made_by.json",
        {"track": "k", "effects": "k", "effects_sha256": "0"},
        lambda path: (Shelf(path.parent).effects("other"), Shelf(path.parent).corrected),
        absent=True,
    ),
    "answer": Kind("answer.json", ANSWER, saved_answer),
    "older answer": Kind("answer.json", LEGACY, saved_answer),
    "scores": Kind("scores.json", {}, score, absent=True),
    "tracks": Kind(
        "tracks.json",
        {"bodies": BODIES},
        lambda path: read_moved(path.parent, clip_of(scene().truth)),
    ),
    "world": Kind("world.json", {"family": "collide", "seed": 3}, world, absent=True),
    "results": Kind(
        "results.json",
        {"schema": "openvoid.evaluation/1", "scores": [RESULT]},
        lambda path: study.entries([path.parent]),
    ),
    "answers": Kind(
        "anna.json",
        {"schema": "openvoid.answers/1", "reviewer": "x", "answers": ANSWERS},
        lambda path: study.tally([path.parent / "kept"], [path]),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of them are looked for: a shot, a track, an evaluation, marks."""
    folder = save_shot(tmp_path_factory.mktemp("hostile") / "one", scene())
    (folder / "track").mkdir()
    for index in range(2):
        cv2.imwrite(str(folder / "track" / f"{index:04}.png"), np.full((8, 8), 255, np.uint8))
    kept = folder / "kept"
    kept.mkdir()
    (kept / "results.json").write_text('{"schema": "openvoid.evaluation/1", "scores": []}')
    scores.write_score(folder, SCORE, scores.Keys("a", "b"))
    return folder


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=10_000,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_hostile_json_is_read_or_refused_in_one_line(
    name: str, folder: Path, data: st.DataObject
) -> None:
    kind = KINDS[name]
    path = folder / kind.file
    sound = kind.sound or json.loads(_kept(path))
    path.write_bytes(data.draw(spoiled(sound)))
    try:
        refused = refusal(lambda: kind.read(path))
        if refused is not None:
            assert not kind.absent, refused.line()
            assert refused.where, refused.line()
            assert len(refused.line()) < 700
    finally:
        path.write_text(json.dumps(sound))


def refusal(read: Callable[[], object]) -> OpenVoidError | None:
    """What it says; anything else that is raised is a failure."""
    try:
        read()
    except OpenVoidError as error:
        return error
    return None


_SOUND: dict[Path, str] = {}


def _kept(path: Path) -> str:
    return _SOUND.setdefault(path, path.read_text() if path.exists() else "{}")


def test_what_is_sound_is_read(folder: Path) -> None:
    """Else the table above would prove nothing."""
    for name, kind in KINDS.items():
        if kind.sound and name not in ("answers", "results"):
            (folder / kind.file).write_text(json.dumps(kind.sound))
            kind.read(folder / kind.file)
    assert facts_path(folder / "track") == folder / "track.json"


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=10_000, derandomize=True, database=None)
def test_hostile_headers_of_weights_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from openvoid.void.model.header import read_header, read_metadata

    entry = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}
    text = data.draw(spoiled({"__metadata__": {"format": "pt"}, "w": entry}))
    path = tmp_path_factory.getbasetemp() / "hostile.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 12)
    with contextlib.suppress(OpenVoidError):
        read_header(path)
        read_metadata(path)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=20_000, derandomize=True, database=None)
def test_hostile_configs_of_weights_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    pytest.importorskip("torch")
    from openvoid.void.model import layout
    from tests.void.tiny import TRANSFORMER, VAE

    part, sound = data.draw(
        st.sampled_from([("transformer", TRANSFORMER | {"in_channels": 48}), ("vae", VAE)])
    )
    path = tmp_path_factory.getbasetemp() / "config.json"
    path.write_bytes(data.draw(spoiled(sound)))
    with contextlib.suppress(OpenVoidError):
        config = layout.read_config(path)
        layout.check_config(part, config, path)
        layout.expected(part, config)
