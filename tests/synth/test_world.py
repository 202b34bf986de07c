from __future__ import annotations

import json
from fractions import Fraction

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail, Water, WorldDetail
from openvoid.synth.world import Body, Camera, Joint, Light, Material, Weld, World

POOL = Water(
    surface="floor", drops="floor", patches="floor", centre=(0.0, 0.0), half=(1.0, 1.0),
    level_m=0.4, depth_m=0.3, rim_m=0.5, wall_m=0.1, ground_m=0.0,
)  # fmt: skip


def a_world(**changes: object) -> World:
    fields: dict = {
        "family": "collide",
        "seed": 3,
        "size": (64, 96),
        "frames": 2,
        "rate": Fraction(24000, 1001),
        "bodies": (
            Body("floor", "plane", (0.0, 0.0), (0, 0, 0)),
            Body(
                "ball",
                "sphere",
                (0.1,),
                (0, 0, 0.1),
                mass_kg=1 / 3,
                detail=BodyDetail(noun="red ball"),
            ),
            Body("arm", "capsule", (0.05, 0.2), (1, 0, 1), joint=Joint(drive=((0.0, 0.1),))),
        ),
        "welds": (Weld("arm", "ball"), Weld("arm", "floor", 0.7)),
        "lights": (Light("sun"), Light("lamp", body="ball")),
        "camera": Camera("locked", ((2.0, 0.0, 1.0),) * 2, ((0.0, 0.0, 0.0),) * 2),
        "removed": ("arm",),
        "why": "it holds the ball",
        "caption": "A ball falls.",
        "short": "ball",
        "detail": WorldDetail(water=POOL),
    }
    return World(**{**fields, **changes})


def test_a_world_survives_json_to_the_last_bit() -> None:
    world = a_world()
    again = World.from_json(world.to_json())
    assert again == world
    assert again.to_json() == world.to_json()
    assert again.rate == Fraction(24000, 1001)
    assert again.welds[0].until_s == float("inf")
    assert again.body("ball").mass_kg == 1 / 3


def test_a_body_tells_its_noun_and_whether_it_can_move() -> None:
    world = a_world()
    assert world.body("ball").noun == "red ball"
    assert [body.fixed for body in world.bodies] == [True, False, False]
    assert world.duration_s == pytest.approx(1001 / 24000)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("schema",), "openvoid.world/9", "schema"),
        (("seed",), "three", "world.seed is 'three'"),
        (("bodies", 0, "size"), 4, "world.bodies.size is 4"),
        (("bodies", 0, "colour"), 4, "no field colour"),
        (("bodies", 0, "shape"), "cone", "unknown shape 'cone'"),
        (("removed",), ["nobody"], "no body is called nobody"),
        (("bodies", 1, "name"), "floor", "two bodies"),
        (("bodies", 1, "parent"), "arm", "does not come before"),
        (("frames",), 5, "a camera of other than 5 frames"),
        (("camera",), [], "world.camera is []"),
    ],
)
def test_a_wrong_description_is_told_in_one_line(path: tuple, value: object, told: str) -> None:
    read = json.loads(a_world().to_json())
    place = read
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(OpenVoidError) as caught:
        World.from_json(json.dumps(read), "some/world.json")
    assert told in caught.value.line()
    assert caught.value.line().startswith("some/world.json: ")
    assert "\n" not in caught.value.line()


def test_what_is_not_json_is_told() -> None:
    with pytest.raises(OpenVoidError, match="not JSON"):
        World.from_json("{")


def test_materials_of_unknown_kinds_are_refused() -> None:
    body = Body("ball", "sphere", (0.1,), (0, 0, 0.1), material=Material("velvet"))
    with pytest.raises(OpenVoidError, match="unknown material"):
        a_world(bodies=(body,), removed=("ball",), welds=(), lights=())
