"""Where renderers work in tests."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from openvoid.core.removal import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where shared folders are made in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path
