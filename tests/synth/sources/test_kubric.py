"""Kubric's and GSO's assets: both layouts, archives, and what is refused in one line."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.sources.kubric import read_asset, worlds
from openvoid.synth.world import World
from tests.synth.sources.asset_files import asset, packed

SMALL = {"size": (48, 84), "frames": 8}


@pytest.mark.parametrize("old", [False, True])
def test_both_layouts_of_an_asset_are_read(tmp_path: Path, old: bool) -> None:
    read = read_asset(asset(tmp_path / "Red_Toy_Box_7", old=old), tmp_path / "into")
    assert read.name == "Red_Toy_Box_7"
    assert read.noun == "red toy box"
    assert (read.mass_kg, read.friction) == (0.5, 0.4)
    assert read.texture is not None
    assert read.solid.high.tolist() == [0.1, 0.08, 0.12]


@pytest.mark.parametrize("inside", [".", "Box"])
def test_archives_of_either_kind_are_unpacked_once(tmp_path: Path, inside: str) -> None:
    archive = packed(asset(tmp_path / "made" / "Box"), tmp_path / "Box.tar.gz", inside)
    first = read_asset(archive, tmp_path / "into")
    archive.write_bytes(b"gone")
    assert read_asset(archive, tmp_path / "into").mesh == first.mesh


def test_the_mass_is_taken_from_the_urdf_where_the_facts_have_none(tmp_path: Path) -> None:
    folder = asset(tmp_path / "Box", mass=None)
    robot = '<robot name="b"><link name="base"><inertial><mass value="1.5"/></inertial></link>'
    (folder / "object.urdf").write_text(robot + "</robot>")
    assert read_asset(folder, tmp_path).mass_kg == 1.5
    (folder / "object.urdf").write_text('<!DOCTYPE x [<!ENTITY a "b">]><robot/>')
    with pytest.raises(OpenVoidError, match="document type"):
        read_asset(folder, tmp_path)


def test_worlds_are_the_same_for_the_same_seed_and_go_through_json(tmp_path: Path) -> None:
    for name in ("Box", "Crate", "Carton"):
        asset(tmp_path / "gso" / name)
    first, second = (list(worlds(tmp_path / "gso", tmp_path, count=2, **SMALL)) for _ in range(2))
    assert first == second
    assert first[0] != first[1]
    assert World.from_json(first[0].to_json()) == first[0]
    assert first[0].removed == ("launched",)
    assert 30 <= len(first[0].caption.split()) <= 52
    assert len(first[0].short.split()) < 12


def test_what_is_hit_moves_and_stays_when_nothing_is_launched(tmp_path: Path) -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    from openvoid.synth.physics.simulation import simulate

    for name in ("Box", "Crate", "Carton"):
        asset(tmp_path / "gso" / name)
    world = next(worlds(tmp_path / "gso", tmp_path, size=(48, 84), frames=24))
    alone = simulate(world, frozenset(world.removed)).path("target")
    struck = simulate(world).path("target")
    assert abs(alone - alone[0]).max() < 0.003
    assert abs(struck - alone).max() > 0.01


def test_an_asset_that_cannot_be_used_costs_only_itself(tmp_path: Path) -> None:
    for name in ("Box", "Crate"):
        asset(tmp_path / "gso" / name)
    (tmp_path / "gso" / "Broken.tar.gz").write_bytes(b"not an archive")
    passed_over: dict[Path, OpenVoidError] = {}
    made = list(worlds(tmp_path / "gso", tmp_path / "into", count=3, passed_over=passed_over,
                       **SMALL))  # fmt: skip
    assert len(made) == 3
    assert [path.name for path in passed_over] == ["Broken.tar.gz"]


def test_bad_assets_are_refused_in_one_line_each(tmp_path: Path) -> None:
    leaky = asset(tmp_path / "Leaky", faces=5)
    missing = asset(tmp_path / "Missing")
    (missing / "visual_geometry.obj").unlink()
    no_json = asset(tmp_path / "NoJson")
    (no_json / "data.json").write_text("{")
    outside = asset(tmp_path / "Outside")
    facts = json.loads((outside / "data.json").read_text())
    facts["kwargs"]["render_filename"] = "../Leaky/visual_geometry.obj"
    (outside / "data.json").write_text(json.dumps(facts))
    empty = packed(box_free(tmp_path), tmp_path / "Empty.tar.gz")
    for path, told in (
        (leaky, "not a closed mesh: 4 of its edges"),
        (missing, "mesh cannot be read: No such file"),
        (no_json, "not JSON"),
        (outside, "lies outside the asset"),
        (empty, "holds no data.json"),
    ):
        with pytest.raises(OpenVoidError, match=told) as caught:
            read_asset(path, tmp_path / "into")
        assert "\n" not in str(caught.value)
    with pytest.raises(OpenVoidError, match="holds no Kubric assets"):
        next(worlds(box_free(tmp_path), tmp_path))


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    archive = tmp_path / "Sly.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        entry = tarfile.TarInfo("../../escaped.txt")
        entry.size = 2
        made.addfile(entry, io.BytesIO(b"hi"))
    with pytest.raises(OpenVoidError, match="not a readable archive"):
        read_asset(archive, tmp_path / "a" / "b")
    assert not list(tmp_path.rglob("escaped.txt"))


def box_free(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir(exist_ok=True)
    return folder
