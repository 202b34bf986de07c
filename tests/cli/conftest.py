"""A command line to call, a third party's quick engine, and a tiny shot to remove from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from openvoid.cli.main import main
from tests.cli.tiny_shots import ENGINE, Done, Tiny, spawn, tiny_shot


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs the command line in this process."""

    def run(*words: str | Path) -> Done:
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Unfinished work goes here, never to the person's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("OPENVOID_CACHE", str(folder))
    return folder


@pytest.fixture
def flat(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine `flat`, installed as pip would lay it out; gives the folder for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("third")
    info = folder / "flat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: flat\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[openvoid.engines]\nflat = flat_engine:Flat\n")
    (folder / "flat_engine.py").write_text(dedent(ENGINE))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "flat_engine", raising=False)  # another test's may be broken
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *_python_path()]))
    return folder


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


@pytest.fixture
def shell() -> Callable[..., Done]:
    """Runs the command line in a process of its own, to its end."""

    def run(*words: str | Path) -> Done:
        process = spawn(*words)
        out, err = process.communicate(timeout=300)
        return Done(process.returncode, out, err)

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return tiny_shot(tmp_path / "shot")
