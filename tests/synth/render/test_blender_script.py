"""The script that runs inside Blender."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openvoid.synth.render.blender_program import SCRIPT

NODES = SCRIPT.with_name("blender_nodes.py")


def test_the_script_stands_alone() -> None:
    """It runs inside a program under the GPL: nothing of ours is imported into it.

    But what stands beside it, and alone as well.
    """
    found = set()
    for file in (SCRIPT, NODES):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    assert found - {"bpy", "numpy", NODES.stem} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("by", ["python", "blender"])
def test_the_script_finds_what_stands_beside_it(by: str, tmp_path: Path) -> None:
    """Blender runs it by its file's name, from another folder, and does not look beside it."""
    (tmp_path / "bpy.py").write_text("")
    (tmp_path / "scene.json").write_text('{"schema": "openvoid.blender/9"}')
    as_blender = ["-c", "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"]
    words = [*(as_blender if by == "blender" else []), str(SCRIPT), "--", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    told = json.loads((tmp_path / "start.json").read_text())
    assert told == {
        "error": "ValueError: schema 'openvoid.blender/9', 'openvoid.blender/1' is expected"
    }
