"""A shot in which a disc carries a box over a floor, and what a model says about it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from openvoid.core.clip import Clip, clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track

HEIGHT, WIDTH, LENGTH = 64, 112, 24

ANSWER: dict[str, Any] = {
    "grid": {"rows": 8, "columns": 14},
    "object": "disc",
    "belongings": [
        {"noun": "hat", "why": "worn", "sightings": [{"frame": 0, "cells": [[1, 1], [1, 2]]}]}
    ],
    "affected": [
        {
            "noun": "shadow of the disc",
            "category": "artefact",
            "relation": "casts",
            "why": "the disc is in the light's way",
            "affected_from": 0,
            "sightings": [
                {"frame": 0, "cells": [[6, 1], [6, 2]]},
                {"frame": 23, "cells": [[6, 10], [6, 11], [6, 12]]},
            ],
            "moving": True,
            "should_have_stayed": False,
            "original_cells": [],
            "will_move": False,
            "size": {"rows": 1, "columns": 2},
            "path": [],
            "confidence": 0.9,
        },
        {
            "noun": "box",
            "category": "physical",
            "relation": "holds",
            "why": "the disc carries it",
            "affected_from": 4,
            "sightings": [
                {"frame": 0, "cells": [[2, 3]]},
                {"frame": 23, "cells": [[2, 12]]},
            ],
            "moving": True,
            "should_have_stayed": False,
            "original_cells": [],
            "will_move": True,
            "size": {"rows": 1, "columns": 1},
            "path": [
                {"frame": 4, "row": 2.5, "column": 3.5},
                {"frame": 10, "row": 6.5, "column": 3.5},
            ],
            "confidence": 0.8,
        },
        {
            "noun": "cup",
            "category": "physical",
            "relation": "pushes",
            "why": "the disc drags it along",
            "affected_from": 12,
            "sightings": [
                {"frame": 0, "cells": [[5, 6]]},
                {"frame": 23, "cells": [[5, 13]]},
            ],
            "moving": True,
            "should_have_stayed": True,
            "original_cells": [[5, 6]],
            "will_move": False,
            "size": {"rows": 1, "columns": 1},
            "path": [],
            "confidence": 0.7,
        },
    ],
    "scene_description": "An empty floor with a cup on it.",
    "camera": "static",
    "confidence": 0.85,
}


def answer(**changed: Any) -> dict[str, Any]:
    """The answer, with some of its fields changed."""
    return {**copy.deepcopy(ANSWER), **changed}


def said(**changed: Any) -> str:
    return json.dumps(answer(**changed))


def disc(length: int = LENGTH, first: int = 0, last: int | None = None) -> Track:
    """Moving to the right, seen from `first` to `last`."""
    masks = []
    for index in range(length):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if first <= index <= (length - 1 if last is None else last):
            cv2.circle(mask, (16 + 3 * index, 26), 9, 1, -1)
        masks.append(mask > 0)
    return Track.of("disc", masks)


def shot(track: Track) -> Clip:
    rng = np.random.default_rng(5)
    floor = rng.integers(80, 140, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    frames = []
    for mask in track:
        frame = floor.copy()
        frame[mask] = (30, 90, 200)
        frames.append(frame)
    return clip_of(frames)


def a_run(folder: Path) -> Run:
    return Run(folder)
