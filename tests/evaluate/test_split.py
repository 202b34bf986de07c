"""The standard sets: which worlds, and proof that they are the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.split import DIGITS, SPLITS, Split, check, digest, shot_folder

FAMILIES = ("collide", "support", "stack", "press", "water", "light")


def told(family: str, seed: int) -> str:
    return json.dumps({"family": family, "seed": seed, "mass_kg": 1 / 3})


def small() -> Split:
    worlds = [("collide", 3), ("collide", 9), ("light", 1)]
    return Split("small", {world: digest(told(*world)) for world in worlds})


def test_a_set_can_be_reduced_by_family_and_number() -> None:
    split = small()
    assert split.reduced([], None) == [("collide", 3), ("collide", 9), ("light", 1)]
    assert split.reduced([], 1) == [("collide", 3), ("light", 1)]
    assert split.reduced(["light"], 5) == [("light", 1)]
    with pytest.raises(OpenVoidError, match=r"no 'water' in small \(one of: collide, light\)"):
        split.reduced(["water"], None)


def test_the_same_descriptions_pass() -> None:
    asked: list[tuple[str, int]] = []

    def heard(family: str, seed: int) -> str:
        asked.append((family, seed))
        return told(family, seed)

    check(small(), small().reduced([], None), heard)
    assert asked == [("collide", 3), ("collide", 9), ("light", 1)], "one was not looked at"


def test_another_description_is_told() -> None:
    def other(family: str, seed: int) -> str:
        return told(family, seed + (seed == 9))

    check(small(), [("collide", 3)], other)
    with pytest.raises(OpenVoidError, match="1 of 3 worlds are not those of small: collide 9"):
        check(small(), small().reduced([], None), other)


def test_the_digest_bears_the_last_bit_of_another_processor_and_nothing_more() -> None:
    one = digest('{"a": [0.1, 1, -0.0], "b": "x"}')
    assert one == digest('{"b": "x", "a": [0.10000000000000002, 1.0, 0]}')
    assert one != digest('{"a": [0.10001, 1, 0], "b": "x"}')
    assert one != digest('{"a": [0.1, 1, 0], "b": "y"}')
    assert re.fullmatch(rf"[0-9a-f]{{{DIGITS}}}", one)


def test_worlds_1_holds_ten_worlds_of_each_family() -> None:
    split = SPLITS["worlds-1"]
    if not split.worlds:
        pytest.skip("the table of worlds-1 is not written yet")
    for family in FAMILIES:
        assert len(split.reduced([family], None)) == 10
    assert len(split.worlds) == 60
    assert split.size == (384, 672)
    assert split.frames == 60


def test_shots_lie_by_family_and_seed() -> None:
    assert shot_folder(Path("worlds"), "light", 7) == Path("worlds/light-00007")
