"""The resolver: what is installed is found, what is wrong is said, nothing is put in its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError

SOURCE = """
from dataclasses import dataclass
from openvoid.core.plugins import option

@dataclass(frozen=True)
class Options:
    reach_px: int = option(5, "how far", low=1, high=9)
    share: float = option(0.5, "how much", low=0.0, high=1.0)
    mode: str = option("soft", "which way", choices=("soft", "hard"))
    strict: bool = option(False, "whether")

class Good:
    name = "good"
    Options = Options
    def __init__(self, options):
        self.options = options
    def fill(self, request, run):
        yield from ()

class NoFill:
    name, Options = "nofill", Options

class NeedsExtra(Good):
    def __init__(self, options):
        import a_package_nobody_has
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a distribution with the given engines, as pip would lay it out."""

    def install(engines: dict[str, str], distribution: str = "third", source: str = SOURCE) -> None:
        folder = tmp_path / distribution
        info = folder / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in engines.items()]
        (info / "entry_points.txt").write_text("[openvoid.engines]\n" + "\n".join(lines) + "\n")
        (folder / f"{distribution}_engines.py").write_text(dedent(source))
        monkeypatch.syspath_prepend(str(folder))

    return install


def test_the_built_in_engine_is_found_by_its_entry_point() -> None:
    assert "plate" in plugins.names("engine")


def test_a_third_party_engine_is_found_and_made_in_the_same_way(installed: Any) -> None:
    installed({"good": "third_engines:Good"})
    assert {"good", "plate"} <= set(plugins.names("engine"))
    engine = plugins.construct("engine", "good", {"reach_px": 7})
    assert engine.options.reach_px == 7
    assert engine.options.mode == "soft"


def test_an_unknown_name_lists_the_known_ones(installed: Any) -> None:
    installed({"good": "third_engines:Good"})
    with pytest.raises(OpenVoidError, match=r"unknown engine 'plat' \(known: good.*plate"):
        plugins.find("engine", "plat")


def test_one_name_in_two_packages_is_refused_not_chosen(installed: Any) -> None:
    installed({"good": "third_engines:Good"})
    installed({"good": "fourth_engines:Good"}, "fourth")
    with pytest.raises(OpenVoidError, match="claimed by fourth_engines:Good and third_engines"):
        plugins.find("engine", "good")
    assert "good" in plugins.names("engine")


def test_a_class_without_the_protocol_s_method_is_refused(installed: Any) -> None:
    installed({"nofill": "third_engines:NoFill"})
    with pytest.raises(OpenVoidError, match="has no `fill`"):
        plugins.find("engine", "nofill")


def test_a_missing_extra_gives_the_install_line(installed: Any) -> None:
    installed({"heavy": "third_engines:NeedsExtra", "light": "nowhere_to_be_found:Light"})
    with pytest.raises(
        OpenVoidError, match=r"a_package_nobody_has.*pip install 'openvoid\[heavy\]"
    ):
        plugins.construct("engine", "heavy")
    with pytest.raises(
        OpenVoidError, match=r"nowhere_to_be_found.*pip install 'openvoid\[light\]'"
    ):
        plugins.find("engine", "light")


@pytest.mark.parametrize(
    "values",
    [
        {"reach_px": 1, "share": 0.0, "mode": "hard", "strict": True},
        {"reach_px": 9, "share": 1},
        {},
    ],
)
def test_values_in_range_are_taken(installed: Any, values: dict[str, Any]) -> None:
    installed({"good": "third_engines:Good"})
    options = plugins.construct("engine", "good", values).options
    assert {name: getattr(options, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reach_px": 10}, "option reach_px is 10 (from 1 to 9)"),
        ({"reach_px": 0}, "from 1 to 9"),
        ({"reach_px": "7"}, "a int is expected"),
        ({"reach_px": True}, "a int is expected"),
        ({"reach_px": 2.0}, "a int is expected"),
        ({"share": 1.01}, "from 0.0 to 1.0"),
        ({"share": float("nan")}, "a float is expected"),
        ({"mode": "medium"}, "one of: soft, hard"),
        ({"strict": 1}, "a bool is expected"),
        ({"reach": 3}, "has no option 'reach' (it has: reach_px, share, mode, strict)"),
    ],
)
def test_values_out_of_range_are_refused(installed: Any, values: dict[str, Any], said: str) -> None:
    installed({"good": "third_engines:Good"})
    with pytest.raises(OpenVoidError) as raised:
        plugins.construct("engine", "good", values)
    assert said in raised.value.line()
