"""A tiny scene, a folder of tiny shots, and contestants that need no process of Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluate.tiny_truths import Scene, save_shot, scene


@pytest.fixture(scope="session")
def made() -> Scene:
    return scene()


@pytest.fixture
def shots(tmp_path: Path, made: Scene) -> Path:
    """Two shots, of two families."""
    folder = tmp_path / "shots"
    save_shot(folder / "one", made, "collide", 1)
    save_shot(folder / "two", made, "light", 2)
    return folder
