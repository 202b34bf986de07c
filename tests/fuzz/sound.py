"""A folder of files in which nothing is wrong yet: one of every sort that the command reads.

Enters: an empty folder. Leaves: it filled; every command of `kinds.KINDS` ends well there. Clips
have 64x48 pixels and 6 frames, weights a few hundred thousand numbers.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import OLDER
from openvoid.core.quadmask import Quadmask
from openvoid.core.track import Track
from openvoid.media.encode import open_writer
from openvoid.media.masks import write_quadmask
from openvoid.media.tracks import write_track
from tests.cli.tiny_shots import tiny_shot
from tests.evaluate.tiny_truths import save_clip, save_shot, scene
from tests.reason.vlm import spoken
from tests.reason.vlm.test_reference_answer import OLD
from tests.synth.sources.asset_files import asset, packed, sequence

FRAMES = 6
POINT = "20,18@0"


def make(folder: Path) -> None:
    """All of it. What needs torch is made where torch is."""
    shot = tiny_shot(folder / "tiny", FRAMES)
    clip, quadmask = clip_of(shot.frames), Quadmask.from_labels(shot.labels)
    for name, codec in (("clip.mkv", "ffv1"), ("clip.mp4", "h264"), ("clip.mov", "prores-hq")):
        _save(folder / name, clip, codec)
    for name in ("mask.mkv", "mask.mp4"):
        write_quadmask(quadmask, folder / name, clip.rate)
    write_track(Track.of("box", list(shot.labels < 100)), folder / "track.mkv", clip.rate)
    shutil.move(folder / "tiny" / "clip", folder / "png")
    shutil.move(folder / "tiny" / "mask", folder / "masks")
    (folder / "tiny").rmdir()
    _pictures(folder, shot.frames)
    _marks(folder)
    _effects(folder)
    _spoken(folder)
    (folder / "shot").mkdir()
    shutil.copy(folder / "clip.mkv", folder / "shot" / "input_video.mkv")
    shutil.copy(folder / "mask.mkv", folder / "shot" / "quadmask_0.mkv")
    _write(folder / "shot" / "prompt.json", {"bg": "an empty street"})
    _pointed(folder)
    _evaluated(folder)
    sequence(folder / "hum", frames=8, title="somebody lifts a box")
    _assets(folder)
    _write(folder / "hum" / "roles.json", {"carrying_a_box": {"static": ["table.001"]}})
    if find_spec("torch"):
        _weights(folder)


def _save(path: Path, clip: Clip, codec: str) -> None:
    with open_writer(path, clip, codec) as writer:
        for picture in clip.pictures():
            writer.write(picture)


def _write(path: Path, tree: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree, indent=1))


def _pictures(folder: Path, frames: Any) -> None:
    """The clip as files of every sort, where OpenImageIO writes them."""
    oiio: Any = None
    with suppress(ImportError):
        import OpenImageIO as oiio
    for name, kind in (("exr", "HALF"), ("dpx", "UINT16"), ("tif", "UINT16"), ("jpg", "UINT8")):
        if oiio is None:
            continue
        (folder / name).mkdir()
        for index, frame in enumerate(frames):
            height, width, _ = frame.shape
            output = oiio.ImageOutput.create(f"a.{name}")
            path = folder / name / f"{index:04}.{name}"
            assert output.open(str(path), oiio.ImageSpec(width, height, 3, getattr(oiio, kind)))
            assert output.write_image(frame.astype(np.float32) / 255)
            output.close()


def _marks(folder: Path) -> None:
    click = {"frame": 0, "x": 20, "y": 18, "positive": True}
    _write(
        folder / "marks.json",
        {
            "schema": "openvoid.selection/2",
            "points": [click, {"frame": 3, "x": 4, "y": 40, "positive": False}],
            "boxes": [{"frame": 0, "left": 6, "top": 8, "right": 40, "bottom": 34}],
            "strokes": [
                {"frame": 1, "path": [[18, 16], [22, 20]], "width_px": 2, "positive": True}
            ],
            "mattes": [],
            "words": "",
        },
    )
    _write(
        folder / "segmentation_info.json",
        {"primary_points_by_frame": {}, "points_by_frame": {"0": [[20, 18], [18, 16]]}},
    )


def _effects(folder: Path) -> None:
    corners = [[0.3, 0.4], [0.6, 0.4], [0.6, 0.7], [0.3, 0.7]]
    places = [{"frame": frame, "corners": corners} for frame in range(3)]
    shadow = {
        "noun": "shadow",
        "kind": "artefact",
        "cause": "casts",
        "why": "it is in the light's way",
        "now": places,
        "goes": [],
        "confidence": 0.8,
        "source": "person",
    }
    ball = {**shadow, "noun": "ball", "kind": "physical", "cause": "stops", "goes": places[:1]}
    ball["before"] = places[:1]
    told = {
        "schema": "openvoid.effects/5",
        "affected": [shadow, ball],
        "background": "an empty street",
        "extra": {"a": 1},
        "belongings": [{"noun": "hat", "places": places[:1], "source": "person"}],
    }
    _write(folder / "effects.json", told)
    _write(
        folder / "effects_old.json",
        {**told, "schema": OLDER[0], "affected": [{**ball, "cause": "blocks"}]},
    )


def _spoken(folder: Path) -> None:
    track = spoken.disc()
    _save(folder / "disc.mkv", spoken.shot(track), "ffv1")
    write_track(track, folder / "disc_track.mkv", spoken.shot(track).rate)
    _write(folder / "answer.json", spoken.ANSWER)
    _write(folder / "answer_old.json", OLD)


def _pointed(folder: Path) -> None:
    """A folder of marks beside a result, as `remove --point` leaves them."""
    from openvoid.cli.main import main

    words = ["remove", str(folder / "clip.mkv"), "--point", POINT, "--quiet"]
    assert main([*words, "--out", str(folder / "out.mkv")]) == 0


def _evaluated(folder: Path) -> None:
    """A shot with a truth, two results made elsewhere, their evaluation, and a study's answers."""
    from openvoid.cli.main import main
    from openvoid.evaluate.study import Entry

    made = scene()
    save_shot(folder / "shots" / "one", made)
    for name, frames in (("good", made.truth), ("poor", made.source)):
        (folder / name).mkdir()
        save_clip(folder / name / "one.mkv", frames)
    results = folder / "out_results"
    words = ["evaluate", str(folder / "shots"), "--engine", "", "--metric", "psnr,trajectory", "-q"]
    for name in ("good", "poor"):
        words += ["--made", f"{name}={folder / name}"]
    assert main([*words, "--out", str(results)]) == 0
    for name in ("good", "poor"):
        shutil.copy(folder / name / "one.mkv", results / "runs" / name / "one" / "result.mkv")
    hidden = [Entry("one", name, results).hidden for name in ("good", "poor")]
    given = [{"shot": "one", "order": hidden, "choice": hidden[0]}]
    told = {"schema": "openvoid.answers/1", "reviewer": "anna", "answers": given}
    _write(folder / "answers.json", told)


def _assets(folder: Path) -> None:
    made = asset(folder / "assets" / "a")
    told = json.loads((made / "data.json").read_text())
    del told["kwargs"]["mass"]  # then the URDF tells it
    _write(made / "data.json", told)
    urdf = '<robot><link><inertial><mass value="0.4"/></inertial></link></robot>'
    (made / "object.urdf").write_text(urdf)
    packed(made, folder / "assets" / "b.tar.gz")


def _weights(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from tests.void.tiny import make_checkpoint

    make_checkpoint(folder / "weights", passes=(1,))
    name = "transformer.transformer_blocks.0.attn1.to_q"
    halves = {
        f"{name}.lora_A.weight": torch.ones(4, 64) / 8,
        f"{name}.lora_B.weight": torch.ones(64, 4) / 8,
    }
    about = {"lora_adapter_metadata": json.dumps({"transformer.r": 4, "transformer.lora_alpha": 8})}
    save_file(halves, folder / "lora.safetensors", metadata=about)
    (folder / "adapter").mkdir()
    save_file(halves, folder / "adapter" / "pytorch_lora_weights.safetensors")
    _write(folder / "adapter" / "adapter_config.json", {"r": 4, "lora_alpha": 8})
