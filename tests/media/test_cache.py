"""The cache: one folder, where the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import cache_folder


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENVOID_CACHE", "/a/b")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert cache_folder() == Path("/a/b")
    monkeypatch.delenv("OPENVOID_CACHE")
    assert cache_folder() == Path("/c/openvoid")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "openvoid"


@pytest.mark.parametrize("name", ["OPENVOID_CACHE", "XDG_CACHE_HOME"])
def test_a_home_that_is_not_there_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENVOID_CACHE", raising=False)
    monkeypatch.setenv(name, "~nobody-of-this-name/x")
    with pytest.raises(OpenVoidError, match=rf"^{name}: no home folder for '~nobody") as caught:
        cache_folder()
    assert "OPENVOID_CACHE to a folder" in caught.value.mend
