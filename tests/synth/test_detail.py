"""What only some bodies and worlds have: told or not, in the order of the telling."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail, WorldDetail
from openvoid.synth.world import Body, World
from tests.synth.test_world import POOL, a_world

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_what_was_told_is_kept_in_its_order_and_what_was_not_has_its_usual_value() -> None:
    shut = BodyDetail(collides=False, noun="door")
    assert shut.told() == {"collides": False, "noun": "door"}
    assert list(shut.told()) == ["collides", "noun"]
    assert (shut.rolling, shut.alpha, shut.path) == (0.002, 1.0, ())


def test_more_is_told_behind_and_what_is_told_anew_keeps_its_place() -> None:
    first = BodyDetail(noun="ball", rolling=0.1)
    assert list(first.but(held=True, noun="red ball").told().items()) == [
        ("noun", "red ball"),
        ("rolling", 0.1),
        ("held", True),
    ]
    assert first.told() == {"noun": "ball", "rolling": 0.1}


def test_a_value_told_as_it_usually_is_is_told_all_the_same() -> None:
    assert BodyDetail(puff=0.0) == BodyDetail()
    assert BodyDetail(puff=0.0).told() == {"puff": 0.0}


def test_copies_and_pickles_remember_what_was_told() -> None:
    told = BodyDetail(rolling=0.0, noun="floor")
    for again in (copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert again == told
        assert list(again.told()) == ["rolling", "noun"]


def test_a_file_holds_what_was_told_and_nothing_else() -> None:
    floor = Body("floor", "plane", (0.0, 0.0), (0, 0, 0), detail=BodyDetail(rolling=0.0, noun="x"))
    world = a_world(bodies=(floor, *a_world().bodies[1:]), detail=WorldDetail(water=POOL))
    read = json.loads(world.to_json())
    assert list(read["bodies"][0]["detail"].items()) == [("rolling", 0.0), ("noun", "x")]
    assert read["bodies"][2]["detail"] == {}
    assert list(read["detail"]) == ["water"]
    assert World.from_json(world.to_json()).to_json() == world.to_json()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/world.json")), ids=lambda p: p.parent.name)
def test_a_file_of_an_earlier_version_is_saved_as_it_was(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert World.from_json(text).to_json() == text


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({"nuon": "ball"}, "world.bodies.detail has no field nuon"),
        ({"said": []}, "world.bodies.detail has no field said"),
        ({"drops": "many"}, "world.bodies.detail.drops is 'many'"),
        ({"count": [3.5, 2]}, "world.bodies.detail.count is 3.5"),
        ([], r"world.bodies.detail is \[\]"),
    ],
)
def test_a_wrong_detail_is_told_in_one_line(detail: object, told: str) -> None:
    read = json.loads(a_world().to_json())
    read["bodies"][0]["detail"] = detail
    with pytest.raises(OpenVoidError, match=told):
        World.from_json(json.dumps(read))
