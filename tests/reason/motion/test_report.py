"""Plain words, and findings as effects."""

from __future__ import annotations

import pytest

from openvoid.core.effects import EffectKind, Place, Relation
from openvoid.reason.motion.confidence import ConfidenceLimits, Cue, Sign
from openvoid.reason.motion.report import (
    ColourLimits,
    Finding,
    colour_name,
    effects,
    frames_name,
    where_name,
)


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0.9, 0.1, 0.1), "red"),
        ((0.1, 0.2, 0.9), "blue"),
        ((0.4, 0.25, 0.1), "brown"),
        ((0.5, 0.5, 0.5), "gray"),
        ((0.02, 0.02, 0.02), "black"),
        ((1.0, 1.0, 1.0), "white"),
        ((0.9, 0.85, 0.1), "yellow"),
    ],
)
def test_colours_have_plain_names(colour: tuple[float, float, float], name: str) -> None:
    assert colour_name(colour, ColourLimits()) == name


def test_places_and_frames_have_plain_names() -> None:
    assert where_name(0.5, 0.5) == "middle"
    assert where_name(0.9, 0.1) == "top right"
    assert frames_name([4]) == "frame 4"
    assert frames_name([7, 3, 5]) == "frames 3 to 7"


def test_findings_are_effects_and_without_paths_nobody_says_where_a_thing_goes() -> None:
    square = Place(2, ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)))
    found = Finding(
        EffectKind.PHYSICAL,
        Relation.STOPS,
        "ball",
        "it stops it",
        (square,),
        (square,),
        Sign(Cue.STOPPED),
    )
    limits = ConfidenceLimits(fewest=1, rows=((Cue.STOPPED, ((0.0, 8, 6),)),))
    (told,), (straight,) = effects([found], limits), effects([found], limits, paths=False)
    assert (told.noun, told.kind, told.cause, told.why) == (
        "ball",
        "physical",
        "stops",
        "it stops it",
    )
    assert (told.now, told.goes, told.confidence, told.source) == (
        (square,),
        (square,),
        0.7,
        "motion",
    )
    assert (straight.now, straight.goes) == ((square,), ())
