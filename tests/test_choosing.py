"""`auto`: the first segmenter that lacks nothing, and how a better one comes."""

from __future__ import annotations

import pytest

from openvoid.choosing import MEASURED, Choice, choose
from openvoid.core import plugins


@pytest.mark.parametrize(
    ("lacking", "taken", "better"),
    [
        ((), "sam2", ""),
        (("sam2",), "isnet", "sam2"),
        (("sam2", "isnet"), "classical", "isnet"),
    ],
)
def test_auto_is_the_first_that_lacks_nothing_and_tells_how_a_better_one_comes(
    monkeypatch: pytest.MonkeyPatch, lacking: tuple[str, ...], taken: str, better: str
) -> None:
    for name in ("sam2", "isnet"):
        needs = f"fetch {name} (9 GB)" if name in lacking else ""
        plugin = plugins.find("segmenter", name)
        monkeypatch.setattr(plugin, "needs", classmethod(lambda cls, options, told=needs: told))
    choice = choose()
    assert (choice.name, choice.better) == (taken, better)
    assert (f"fetch {better} (9 GB)" in choice.line()) is bool(better)
    assert choose("still") == Choice("still")
    assert list(MEASURED) == ["sam2", "isnet", "classical"]
