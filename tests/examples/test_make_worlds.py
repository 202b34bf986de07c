"""The three example worlds: small, whole, true to their masks, and what their descriptions say."""

from __future__ import annotations

import json
from pathlib import Path

import make_worlds
import numpy as np
import pytest

from openvoid.core.quadmask import Region
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from openvoid.synth.families import describe
from openvoid.synth.world import World

EXAMPLES = Path(make_worlds.__file__).parent
STRONG = 10  # levels; see synth.regions


@pytest.mark.parametrize("name", make_worlds.WORLDS)
def test_an_example_is_small_and_agrees_with_its_truth_where_it_is_kept(name: str) -> None:
    folder = EXAMPLES / name
    assert {path.name for path in folder.iterdir()} == set(make_worlds.KEPT)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000
    shot = read_shot(folder)
    quadmask = open_quadmask(shot.quadmask)
    assert 20 <= len(shot.prompt.split()) <= 60
    clips = open_clip(shot.clip).frames(), open_clip(folder / "truth.mp4").frames()
    apart, kept, changed = 0, 0, 0
    for labels, given, truth in zip(quadmask, *clips, strict=True):
        differs = np.abs(given.astype(int) - truth).max(axis=-1) > STRONG
        keep = labels == Region.KEEP
        apart += int((differs & keep).sum())
        kept += int(keep.sum())
        changed += int((differs & ~keep).sum())
    assert apart <= 0.001 * kept
    assert changed > 10_000


@pytest.mark.parametrize(("name", "world"), make_worlds.WORLDS.items())
def test_an_example_is_the_world_it_says(name: str, world: tuple[str, int]) -> None:
    kept = World.from_json((EXAMPLES / name / "world.json").read_text())
    assert (kept.family, kept.seed) == world
    again = describe(*world)
    assert (again.removed, again.caption, again.names) == (kept.removed, kept.caption, kept.names)
    assert json.loads((EXAMPLES / name / "prompt.json").read_text())["bg"] == kept.caption
