"""HUMOTO's sequences: poses, roles, a safe pickle, and what falls when nobody holds it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.sources.humoto import worlds
from openvoid.synth.sources.recordings import read_sequence
from openvoid.synth.world import World
from tests.synth.sources.asset_files import box_obj, sequence

SMALL: dict[str, Any] = {"size": (48, 84), "frames": 18}


def test_who_falls_is_told_by_movement_by_the_yaml_or_by_roles(tmp_path: Path) -> None:
    sequence(tmp_path)
    moved = next(worlds(tmp_path, tmp_path, **SMALL))
    assert moved.body("box").mass_kg > 0
    assert moved.body("table.001").fixed
    roles = {"carrying_a_box": {"static": ["box"], "falling": ["table.001"]}}
    (tmp_path / "roles.json").write_text(json.dumps(roles))
    told = next(worlds(tmp_path, tmp_path, **SMALL))
    assert told.body("box").fixed
    assert told.body("table.001").mass_kg > 0


def test_what_was_held_falls_without_the_person_and_follows_the_recording_with(
    tmp_path: Path,
) -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    from openvoid.synth.physics.simulation import simulate

    sequence(tmp_path)
    world = next(worlds(tmp_path, tmp_path, **SMALL))
    assert World.from_json(world.to_json()) == world
    held, free = simulate(world), simulate(world, frozenset(world.removed))
    path = np.array(world.body("box").detail.path)
    assert np.abs(held.path("box") - path[:, :3]).max() < 2e-3
    assert free.path("box")[0, 2] == pytest.approx(path[0, 2], abs=1e-5)
    assert free.path("box")[-1, 2] == pytest.approx(0.14, abs=0.02)
    assert not any(name.startswith("person") for name in free.names)


def test_bad_sequences_are_refused_in_one_line_each(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    path = folder / f"{folder.name}.pkl"
    for content, told in (
        (b"junk", "not a safe pickle"),
        (pickle.dumps([1, 2]), "not a HUMOTO sequence"),
        (pickle.dumps({"armature": [{"Hips": [1, 0, 0]}], "objects": {}}), "seven numbers"),
        (
            pickle.dumps({"armature": [{"Hips": [1, 0, 0, 0, 0, 0, 0]}], "objects": {"a": []}}),
            "differ in length|not a HUMOTO sequence",
        ),
    ):
        path.write_bytes(content)
        with pytest.raises(OpenVoidError, match=told) as caught:
            read_sequence(folder)
        assert "\n" not in str(caught.value)
    with pytest.raises(OpenVoidError, match="holds no HUMOTO sequences"):
        next(worlds(tmp_path / "humoto_objects", tmp_path))


def test_a_mesh_that_is_missing_or_open_is_named(tmp_path: Path) -> None:
    sequence(tmp_path)
    path = tmp_path / "humoto_objects" / "box" / "box.obj"
    box_obj(path, (0.2, 0.2, 0.2), faces=5)
    with pytest.raises(OpenVoidError, match=r"box\.obj: not a closed mesh"):
        next(worlds(tmp_path, tmp_path, **SMALL))
    path.unlink()
    with pytest.raises(OpenVoidError, match=r"box\.obj: mesh cannot be read"):
        next(worlds(tmp_path, tmp_path, **SMALL))
