"""What every reasoner promises, for every one that is installed."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import EffectKind, Effects, Relation
from openvoid.core.plugins import Reasoner
from openvoid.core.quadmask import split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.compose import compose

REASONERS = plugins.names("reasoner")
NEEDS_URL = {"vlm"}
HEIGHT, WIDTH = 60, 80
MOST_SHARE = 0.5  # of the picture; object and neighbour together cover 8 %


@pytest.fixture(params=REASONERS)
def reasoner(request: pytest.FixtureRequest) -> Reasoner:
    if request.param in NEEDS_URL and not os.environ.get("OPENVOID_VLM_URL"):
        pytest.skip("needs a model behind a URL: its own tests run against a local server")
    made: Reasoner = plugins.construct("reasoner", request.param)
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Run]:
    """Runs with scratch folders of their own."""
    count = iter(range(100))

    def make() -> Run:
        folder = tmp_path / f"scratch{next(count)}"
        folder.mkdir()
        return Run(folder)

    return make


def shot(length: int = 8, dtype: Any = np.uint8, *, moves: bool = True) -> tuple[Clip, Track]:
    """A square on a ground of noise; it pushes another one, or stays."""
    rng = np.random.default_rng(5)
    ground = rng.uniform(0.3, 0.7, (HEIGHT, WIDTH, 3))
    frames, masks = [], []
    for index in range(length):
        step = 4 * index if moves else 0
        picture, mask = ground.copy(), np.zeros((HEIGHT, WIDTH), bool)
        mask[20:36, 4 + step : 20 + step] = True
        other = max(32, 21 + step)
        picture[22:34, other : other + 12] = 0.1, 0.2, 0.9
        picture[mask] = 0.9, 0.1, 0.1
        white = 1.0 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
        frames.append((picture * white).astype(dtype))
        masks.append(mask)
    return clip_of(frames), Track.of("square", masks)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_effects_of_any_depth_are_json_and_compose(
    reasoner: Reasoner, fresh: Callable[[], Run], dtype: Any
) -> None:
    clip, track = shot(dtype=dtype)
    run = fresh()
    effects = reasoner.explain(clip, track, run)
    assert Effects.from_json(json.loads(json.dumps(effects.to_json()))) == effects
    json.dumps({"notes": run.notes, "warnings": run.warnings}, allow_nan=False)
    mask = compose(track, effects)
    assert len(mask) == clip.length


def test_every_effect_says_what_why_where_and_how_sure(
    reasoner: Reasoner, fresh: Callable[[], Run]
) -> None:
    clip, track = shot()
    check_told(reasoner.explain(clip, track, fresh()), clip)


def check_told(effects: Effects, clip: Clip) -> None:
    for effect in effects.affected:
        assert effect.noun
        assert isinstance(effect.cause, Relation)
        assert effect.why
        assert effect.source
        assert 0 <= effect.confidence <= 1
        for place in (*effect.now, *effect.goes):
            assert 0 <= place.frame < clip.length
            assert len(place.corners) >= 3
            assert all(-1 <= share <= 2 for corner in place.corners for share in corner)


def check_composed(track: Track, effects: Effects) -> None:
    """The object is removed as it was followed, and most of the picture stays."""
    mask = compose(track, effects)
    assert len(mask) == len(track)
    for index, labels in enumerate(mask):
        removed, affected = split(labels)
        assert removed[track[index]].all()
        assert not removed[~track[index]].any() or effects.belongings
        assert affected.mean() < MOST_SHARE


def test_the_same_clip_and_track_give_the_same_effects(
    reasoner: Reasoner, fresh: Callable[[], Run]
) -> None:
    clip, track = shot()
    assert reasoner.explain(clip, track, fresh()) == reasoner.explain(clip, track, fresh())


@pytest.mark.parametrize("length", [1, 2])
def test_the_shortest_clips_are_explained(
    reasoner: Reasoner, fresh: Callable[[], Run], length: int
) -> None:
    clip, track = shot(length)
    effects = reasoner.explain(clip, track, fresh())
    check_told(effects, clip)
    check_composed(track, effects)


def test_an_object_that_never_moves_is_explained(
    reasoner: Reasoner, fresh: Callable[[], Run]
) -> None:
    clip, track = shot(moves=False)
    effects = reasoner.explain(clip, track, fresh())
    check_told(effects, clip)
    check_composed(track, effects)
    physical = [each for each in effects.affected if each.kind is EffectKind.PHYSICAL]
    assert not physical, "the other square lies apart on the ground, and nothing ever moves"


@pytest.mark.parametrize("name", REASONERS)
def test_the_class_says_what_it_is_and_what_may_be_set(name: str) -> None:
    plugin = plugins.find("reasoner", name)
    assert plugin.name == name
    assert plugin.__doc__
    for field in dataclasses.fields(plugin.Options):
        assert field.metadata["help"], f"{field.name} does not say what it does"
        plugins.check_options(plugin, {field.name: field.default})
