"""OBJ files: what is read, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.synth.sources.meshes import Solid, open_edges, read_solid
from tests.synth.sources.asset_files import box_obj


def test_a_box_is_read_with_its_volume(tmp_path: Path) -> None:
    solid = read_solid(box_obj(tmp_path / "box.obj", (1.0, 2.0, 3.0)))
    assert solid.volume == pytest.approx(48.0)
    assert solid.low.tolist() == [-1, -2, -3]
    assert solid.high.tolist() == [1, 2, 3]
    assert len(solid.triangles) == 12


@given(st.sets(st.integers(0, 11), min_size=1, max_size=11))
def test_a_box_that_lacks_any_triangle_is_open(gone: set[int]) -> None:
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    whole = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    assert open_edges(Solid(corners, np.array(whole))) == 0
    left = [each for number, each in enumerate(whole) if number not in gone]
    assert open_edges(Solid(corners, np.array(left))) > 0


def test_corners_in_one_place_are_one(tmp_path: Path) -> None:
    solid = read_solid(box_obj(tmp_path / "box.obj", (1, 1, 1)))
    apart = Solid(solid.vertices[solid.triangles].reshape(-1, 3), np.arange(36).reshape(-1, 3))
    assert open_edges(apart) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("v 0 0\n", "line 1 is not OBJ"),
        ("v 0 0 0\nf 1 2 x\n", "line 2 is not OBJ"),
        ("v 0 0 0\n", "without triangles"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "corners it does not have"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not a closed mesh: 3 of its edges"),
    ],
)
def test_what_is_no_closed_mesh_is_refused_in_one_line(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "bad.obj"
    path.write_text(text)
    with pytest.raises(OpenVoidError, match=told) as caught:
        read_solid(path)
    assert "bad.obj" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mesh_turned_inside_out_and_one_that_is_missing_are_refused(tmp_path: Path) -> None:
    inside_out = box_obj(tmp_path / "in.obj", (1, 1, 1), inside_out=True)
    with pytest.raises(OpenVoidError, match="inside out"):
        read_solid(inside_out)
    with pytest.raises(OpenVoidError, match="cannot be read"):
        read_solid(tmp_path / "none.obj")


def test_an_open_mesh_may_be_only_looked_at(tmp_path: Path) -> None:
    path = box_obj(tmp_path / "open.obj", (1, 1, 1), faces=5)
    assert len(read_solid(path, closed=False).triangles) == 10
