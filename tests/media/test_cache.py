"""The cache: one folder, where the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvoid.media.cache import cache_folder


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENVOID_CACHE", "/a/b")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert cache_folder() == Path("/a/b")
    monkeypatch.delenv("OPENVOID_CACHE")
    assert cache_folder() == Path("/c/openvoid")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "openvoid"
