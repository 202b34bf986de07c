"""No built-in plug-in, and none of its optional members, is kept from mypy."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

pytest.importorskip("torch")

from openvoid.core import plugins
from tests.conformance.promises import BESIDES, OF_KIND


@pytest.mark.parametrize("kind", plugins.GROUPS)
def test_every_plugin_of_ours_stands_beside_its_protocol(kind: str) -> None:
    ours = [
        entry.value
        for entry in entry_points(group=plugins.GROUPS[kind][0])
        if entry.value.startswith("openvoid.")
    ]
    listed = [f"{made.__module__}:{made.__name__}" for made in OF_KIND[kind]]
    assert sorted(listed) == sorted(set(ours))


@pytest.mark.parametrize("member", BESIDES)
def test_who_has_an_optional_member_stands_beside_its_protocol(member: str) -> None:
    every = [made for makes in OF_KIND.values() for made in makes]
    having = [made.__name__ for made in every if getattr(made, member, None)]
    assert having == [made.__name__ for made in BESIDES[member]]
