"""Pairs of every family: what is kept agrees, what is affected differs, thing by thing.

All families by a few seeds, small; with OPENVOID_SLOW=1 fifty seeds each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Region, split
from openvoid.core.removal import Run
from openvoid.synth.families import FAMILIES, describe
from openvoid.synth.flow import flow
from openvoid.synth.pair import Pair, film, verdict
from openvoid.synth.physics.simulation import simulate
from openvoid.synth.render.mujoco_renderer import MujocoRenderer
from openvoid.synth.take import takes
from openvoid.synth.tracks import instances, owners, tracks
from openvoid.synth.world import World

SEEDS = range(50) if os.environ.get("OPENVOID_SLOW") else range(1)
SMALL: dict[str, Any] = {"size": (96, 168), "frames": 8}
pytestmark = pytest.mark.usefixtures("drawing")


@pytest.fixture(scope="module")
def renderer(drawing: None) -> Iterator[MujocoRenderer]:
    made = MujocoRenderer(MujocoRenderer.Options())
    yield made
    made.close()


@pytest.fixture(scope="module", params=[(f, s) for f in FAMILIES for s in SEEDS], ids=str)
def pair(request: pytest.FixtureRequest, renderer: MujocoRenderer) -> Pair:
    return film(describe(*request.param, **SMALL), renderer, Run(Path()))


@pytest.fixture(scope="module")
def collision(renderer: MujocoRenderer) -> Pair:
    return film(describe("collide", 3, **SMALL), renderer, Run(Path()))


def test_what_is_kept_is_the_same_in_both_clips(pair: Pair) -> None:
    kept = agreed = 0
    for labels, full, removed in zip(pair.quadmask, pair.full, pair.removed, strict=True):
        apart = cv2.absdiff(full.rgb, removed.rgb).max(axis=2)[labels == Region.KEEP]
        kept += apart.size
        agreed += int((apart <= pair.threshold.strong).sum())
    assert agreed >= 0.999 * kept


def test_every_affected_region_holds_a_real_difference(pair: Pair) -> None:
    for index, labels in enumerate(pair.quadmask):
        removed, affected = split(labels)
        change = cv2.absdiff(pair.removed[index].rgb, pair.acting[index].rgb).max(axis=2)
        visual = cv2.absdiff(pair.removed[index].rgb, pair.full[index].rgb).max(axis=2)
        visual[removed] = 0
        real = np.maximum(change, visual) > pair.threshold.strong
        _, parts = cv2.connectedComponents(affected.astype(np.uint8), connectivity=8)
        assert set(np.unique(parts[real])) >= set(range(1, int(parts.max()) + 1))


def test_what_is_removed_is_in_no_take_but_the_first(pair: Pair) -> None:
    numbers = [index + 1 for index, name in enumerate(pair.world.names) if name in pair.gone]
    for frames in (pair.removed, pair.acting):
        assert not any(np.isin(drawn.ids, numbers).any() for drawn in frames)


def test_things_that_move_are_told_and_found_in_the_picture(collision: Pair) -> None:
    told = tracks(collision).bodies
    assert [body.name for body in told] == list(collision.world.names)
    moved = [index for index, body in enumerate(told) if body.moved]
    assert moved
    assert not any(body.moved and (body.removed or body.part_of) for body in told)
    frames = list(instances(collision.world, collision.removed))
    for index in moved:
        seen = told[index].without_object
        for number, frame in enumerate(frames):
            rows, columns = np.nonzero(frame == index + 1)
            assert rows.size == seen.visible_px[number]
            if rows.size > 60 and columns.min() > 0 and columns.max() < 167:
                x, y = seen.center_px[number]
                assert columns.min() - 3 <= x <= columns.max() + 3
                assert rows.min() - 3 <= y <= rows.max() + 3


def test_a_part_has_the_number_of_what_it_is_part_of(collision: Pair) -> None:
    table = owners(collision.world)
    for index, body in enumerate(collision.world.bodies):
        if not body.parent:
            assert table[index + 1] == index + 1
        elif body.joint is None:
            assert table[index + 1] == table[collision.world.names.index(body.parent) + 1]


def test_flow_leads_to_the_same_surface_in_the_next_frame(collision: Pair) -> None:
    take = takes(collision.world, collision.with_object, collision.without_object)["full"]
    found = flow(take, collision.full)
    assert found.shape == (7, 96, 168, 2)
    rows, columns = np.mgrid[0:96, 0:168]
    for frame, way in enumerate(found):
        now, after = collision.full[frame].ids, collision.full[frame + 1].ids
        x = np.rint(columns + way[..., 0]).astype(int)
        y = np.rint(rows + way[..., 1]).astype(int)
        inside = (x >= 0) & (x < 168) & (y >= 0) & (y < 96)
        same = now[inside] == after[y[inside], x[inside]]
        assert same.mean() > 0.93  # all but what gets covered


def test_the_same_world_gives_the_same_pictures_whatever_was_drawn_before(
    renderer: MujocoRenderer, collision: Pair
) -> None:
    film(describe("collide", 4, **SMALL), renderer, Run(Path()))
    again = film(collision.world, renderer, Run(Path()))
    for one, other in zip(collision.full, again.full, strict=True):
        assert np.array_equal(one.rgb, other.rgb)
        assert np.array_equal(one.depth, other.depth)
    assert again.quadmask == collision.quadmask


def test_a_sky_that_nothing_leaves_to_be_seen_is_not_drawn_and_not_missed(
    renderer: MujocoRenderer, collision: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = collision.world
    up = tuple((x, y, z + 4) for x, y, z in hidden.camera.targets)
    bare = tuple(body for body in hidden.bodies if body.shape == "plane" or not body.fixed)
    open_air = replace(hidden, bodies=bare, camera=replace(hidden.camera, targets=up))
    assert [_sky_drawn(renderer, world) for world in (hidden, open_air)] == [False, True]
    quick = [_first_picture(renderer, world) for world in (hidden, open_air)]
    monkeypatch.setattr("openvoid.synth.render.mujoco_renderer._Set._sky_seen", lambda *_: True)
    slow = [_first_picture(renderer, world) for world in (hidden, open_air)]
    for one, other in zip(quick, slow, strict=True):
        np.testing.assert_array_equal(one, other)


def _first_picture(renderer: MujocoRenderer, world: World) -> Any:
    renderer.close()
    motion = simulate(world)
    return next(renderer.render(takes(world, motion, motion)["full"], Run(Path()))).rgb


def _sky_drawn(renderer: MujocoRenderer, world: World) -> bool:
    _first_picture(renderer, world)
    assert renderer._set is not None
    return bool(renderer._set.sky[1])


def test_a_pair_in_which_nothing_changes_is_turned_down(collision: Pair) -> None:
    assert verdict(collision) == ""
    alone = replace(collision, acting=collision.removed)
    assert verdict(alone) == "nothing that is seen goes another way"
    same = replace(collision, quadmask=collision.quadmask.mapped(lambda _, x: np.full_like(x, 255)))
    assert verdict(same) == "the object is hardly seen"
    everything = collision.quadmask.mapped(
        lambda _, labels: np.where(labels == Region.KEEP, Region.AFFECTED, labels).astype(np.uint8)
    )
    assert verdict(replace(collision, quadmask=everything)).endswith("changes nearly everything")
    sunk = replace(collision.with_object, sunk_m=np.array([0.0, 0.5], np.float32))
    assert "sinks" in verdict(replace(collision, with_object=sunk))


def test_a_motion_of_another_world_is_told(renderer: MujocoRenderer, collision: Pair) -> None:
    other = describe("light", 0, **SMALL)
    take = replace(
        takes(collision.world, collision.with_object, collision.without_object)["full"], world=other
    )
    with pytest.raises(OpenVoidError, match="the motion has"):
        list(renderer.render(take, Run(Path())))
