"""What deforms, at rest: meshes that close, weights that add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail
from openvoid.synth.physics.deform import embed, grid, mesh, rest, thicken, top_m
from openvoid.synth.sources.meshes import Solid, open_edges
from openvoid.synth.world import Body

CUSHION = Body(
    "c", "soft", (0.4, 0.3, 0.1), (0, 0, 0.1), mass_kg=2.0,
    detail=BodyDetail(count=(6, 5, 3), puff=0.5, young_pa=6e3, pinned="below"),
)  # fmt: skip
CLOTH = Body("b", "cloth", (0.5, 0.4), (0, 0, 0.4), mass_kg=0.5, detail=BodyDetail(count=(6, 5)))


@pytest.mark.parametrize("puff", [0.0, 0.3, 0.6])
def test_cushions_and_cloth_are_closed_and_face_outward(puff: float) -> None:
    cushion = Body("c", "soft", (0.4, 0.3, 0.1), (0, 0, 0),
                   detail=BodyDetail(count=(6, 5, 3), puff=puff))  # fmt: skip
    for body in (cushion, CLOTH):
        drawn = mesh(body)
        solid = Solid(drawn.vertices, drawn.triangles)
        assert open_edges(solid) == 0
        assert solid.volume > 0
        assert len(drawn.uv) == len(drawn.vertices)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.integers(3, 7)] * 2), st.integers(2, 4))
def test_weights_of_a_grid_add_up_and_carry_what_is_linear(
    count: tuple[int, int], layers: int
) -> None:
    body = Body("s", "soft", (0.4, 0.3, 0.1), (0, 0, 0), detail=BodyDetail(count=(*count, layers)))
    weights = embed(body)
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.allclose(weights @ grid(body), mesh(body).vertices)
    tilt = grid(body) @ np.array([[1.0, 0.2, 0], [0, 1, 0], [0.3, 0, 1]])
    assert np.allclose(
        weights @ tilt, mesh(body).vertices @ [[1.0, 0.2, 0], [0, 1, 0], [0.3, 0, 1]]
    )


def test_a_pillow_is_thickest_in_the_middle_and_its_top_is_told() -> None:
    heights = [top_m(CUSHION, x, 0.0) for x in (0.0, 0.2, 0.3, 0.38)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == pytest.approx(0.2, abs=1e-6)
    assert rest(CUSHION)[:, 2].max() == pytest.approx(heights[0], abs=5e-3)


def test_cloth_has_its_thickness() -> None:
    flat = np.zeros((16 * 13, 3))
    flat[:, :2] = np.stack(np.meshgrid(np.arange(16.0), np.arange(13.0), indexing="ij"), -1
                           ).reshape(-1, 2)  # fmt: skip
    shell = thicken(CLOTH, flat)
    assert np.allclose(np.abs(shell[:, 2]), 0.006)


def test_a_wrong_count_is_told() -> None:
    with pytest.raises(OpenVoidError, match="without a right `count`"):
        mesh(Body("s", "soft", (1, 1, 1), (0, 0, 0)))
