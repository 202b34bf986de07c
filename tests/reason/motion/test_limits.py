"""Every number by which a phenomenon is told has a source, and may be chosen."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason import motion
from openvoid.reason.motion.covariation import CovariationLimits
from openvoid.reason.motion.limits import Limits, limit
from openvoid.reason.motion.reasoner import MotionReasoner
from openvoid.reason.motion.water import WaterLimits
from tests.reason.motion.shots import box, evidence_of, ground
from tests.reason.motion.test_reasoner import sliding

MODULES = [
    importlib.import_module(f"{motion.__name__}.{each.name}")
    for each in pkgutil.iter_modules(motion.__path__)
]
LATER = {"scene"}  # its numbers are those of the working copy; each has its reason beside it
PATHS = [Path(str(each.__file__)) for each in MODULES if each.__name__.split(".")[-1] not in LATER]
KINDS = sorted(
    {
        each
        for module in MODULES
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Limits) and each is not Limits
    },
    key=lambda kind: kind.__name__,
)


def unsourced(kind: type[Limits]) -> list[str]:
    return [
        field.name
        for field in dataclasses.fields(kind)
        if not field.metadata.get("source") or not field.metadata.get("help")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_limit_says_what_it_is_of_and_where_it_comes_from(kind: type[Limits]) -> None:
    assert dataclasses.fields(kind)
    assert not unsourced(kind)
    assert kind() == kind()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kind(), dataclasses.fields(kind)[0].name, 1)


def numbers_in(source: str) -> list[str]:
    """Constants of a module that are numbers, or made of numbers."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            inside = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
            if any(isinstance(each, int | float) and each is not True for each in inside):
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_number_stands_outside_of_limits(path: Path) -> None:
    assert not numbers_in(path.read_text())


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("LEAST = 0.3", 1),
        ("LEAST, MOST = 0.3, 2", 1),
        ("TABLE: dict[str, float] = {'a': -1.0}", 1),
        ("NAME = 'word'", 0),
        ("def f():\n    least = 0.3", 0),
        ("class A:\n    least: float = 0.3", 0),
    ],
)
def test_the_reader_of_numbers_sees_them(source: str, count: int) -> None:
    assert len(numbers_in(source)) == count


def test_a_number_without_a_source_is_seen() -> None:
    @dataclass(frozen=True)
    class Bare(Limits):
        least: float = limit(0.3, "of the picture", "")
        most: float = limit(0.3, "of the picture", "a paper")
        other: float = 2.0

    assert unsourced(Bare) == ["least", "other"]


def test_chosen_limits_count_instead_of_the_usual_ones(tmp_path: Path) -> None:
    evidence = evidence_of([ground()], [box(0, 0, 9, 9)], tmp_path)
    chosen = replace(evidence, chosen=(WaterLimits(ring=0.5),))
    assert evidence.limits(WaterLimits) == WaterLimits()
    assert chosen.limits(WaterLimits).ring == 0.5
    assert chosen.limits(CovariationLimits) == CovariationLimits()


def test_a_shadow_is_not_told_where_the_limits_say_so(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=True)
    track, deaf = Track.of("box", masks), CovariationLimits(least=0.9)
    usual = MotionReasoner().explain(clip, track, Run(tmp_path))
    assert [each.cause for each in usual.affected] == ["casts"]
    told = MotionReasoner(limits=[deaf]).explain(clip, track, Run(tmp_path)).affected
    assert "casts" not in {each.cause for each in told}
    with pytest.raises(OpenVoidError, match="one phenomenon"):
        MotionReasoner(limits=[deaf, CovariationLimits()])
