"""Fingerprints: what is in the files counts; their names, places and times do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core import plugins
from openvoid.core.quadmask import Quadmask, Region
from openvoid.workspace.fingerprint import (
    code_hash,
    mask_hash,
    request_key,
    versions,
)


def test_masks_differ_by_every_pixel_and_the_frame_it_is_in() -> None:
    labels = np.full((3, 5, 5), Region.KEEP, np.uint8)
    seen = set()
    for frame in range(3):
        for level in (Region.PRIMARY, Region.AFFECTED):
            changed = labels.copy()
            changed[frame, 2, 2] = level
            seen.add(mask_hash(Quadmask.from_labels(changed)))
    assert len(seen) == 6


def test_keys_do_not_mind_the_order_of_settings() -> None:
    assert request_key({"a": 1, "b": [2]}) == request_key({"b": [2], "a": 1})
    assert request_key({"a": 1}) != request_key({"a": 2})


def test_other_source_is_another_engine(third_party: Path) -> None:
    plugin = plugins.find("engine", "mean")
    first = code_hash(plugin)
    assert code_hash(plugin) == first
    source = third_party / "mean_engine.py"
    source.write_text(source.read_text() + "\n# changed\n")
    assert code_hash(plugin) != first


def test_versions_name_what_makes_the_pixels() -> None:
    assert set(versions()) == {"openvoid", "python", "numpy", "opencv", "av"}
    assert "unknown" not in versions().values()
