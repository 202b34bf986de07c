"""Finding Blender."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.synth.render import blender_program
from openvoid.synth.render.blender_program import SCRIPT, find_program
from tests.synth.render.small_world import (
    write_fake,
)


def test_a_missing_blender_comes_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENVOID_BLENDER", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(blender_program.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OpenVoidError, match="no Blender") as caught:
        plugins.construct("renderer", "blender")
    assert "OPENVOID_BLENDER" in caught.value.mend
    with pytest.raises(OpenVoidError, match="no program nowhere"):
        find_program("nowhere")


def test_the_option_goes_before_the_variable_before_the_path(
    rooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = rooms / "one", rooms / "other"
    for folder in (one, other):
        folder.mkdir()
        write_fake(folder, "well")
    monkeypatch.setenv("PATH", str(one), prepend=os.pathsep)
    monkeypatch.delenv("OPENVOID_BLENDER", raising=False)
    assert find_program()[0] == str(one / "blender")
    monkeypatch.setenv("OPENVOID_BLENDER", str(other / "blender"))
    assert find_program()[0] == str(other / "blender")
    assert find_program(str(one / "blender"))[0] == str(one / "blender")
    assert find_program(sys.executable) == [sys.executable, str(SCRIPT), "--"]
