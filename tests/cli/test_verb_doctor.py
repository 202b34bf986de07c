"""`openvoid doctor` and `openvoid engines`: true here, useful when something lacks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from openvoid.cli import doctor


def test_needs_are_read_from_the_packages_own_metadata() -> None:
    needs = doctor.requirements()
    assert {"av", "numpy", "opencv-python-headless", "rich", "typer"} == set(needs[""])
    assert needs["void"][0] == "torch"
    assert "OpenImageIO" in needs["dev"]  # through openvoid[vfx]
    assert "openvoid" not in needs["all"]
    assert {"torch", "OpenImageIO", "mujoco"} <= set(needs["all"])


def test_a_sound_installation_is_told_and_exits_0(command: Callable[..., Any]) -> None:
    done = command("doctor", "--json")
    facts = done.json
    assert done.code == 0
    assert facts["sound"]
    assert facts["core"]["numpy"]["version"] == metadata.version("numpy")
    assert all(codec["found"] for codec in facts["codecs"].values())
    assert facts["machine"]["scratch_free_gib"] > 0
    assert "plate" in facts["engines"]
    assert sys.executable in command("doctor").out


def test_a_missing_extra_comes_with_its_command_and_exits_0(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = metadata.version

    def version(name: str) -> str:
        if name == "mujoco":
            raise metadata.PackageNotFoundError(name)
        return asked(name)

    monkeypatch.setattr(metadata, "version", version)
    done = command("doctor", "--json")
    assert done.code == 0
    synth = done.json["extras"]["synth"]
    assert "mujoco" in synth["missing"]
    assert synth["mend"].startswith(f"{sys.executable} -m pip install")
    assert "openvoid[synth]" in synth["mend"] or synth["mend"].endswith("[synth]'")


def test_a_broken_core_package_exits_1_and_is_named(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = doctor.importlib.import_module

    def broken(name: str, *more: Any) -> Any:
        if name == "av":
            raise ImportError("libavcodec.so: cannot open shared object file")
        return real(name, *more)

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    done = command("doctor")
    assert done.code == 1
    assert "BROKEN: ImportError: libavcodec.so" in done.out
    assert "pip install" in done.out


def test_engines_are_listed_with_their_options(command: Callable[..., Any], flat: Path) -> None:
    facts = command("engines", "--json").json["engines"]
    assert {"flat", "plate"} <= set(facts)
    assert facts["flat"]["summary"] == "Fills with one gray: quick, and easy to recognise."
    takes = {option["flag"]: option["takes"] for option in facts["flat"]["options"]}
    assert takes["level"] == "0 to 255; default 77"
    assert takes["mood"] == "calm|wild; default calm"
    assert "--share" in command("engines").out


def test_an_engine_that_cannot_be_loaded_is_told_not_hidden(
    command: Callable[..., Any], flat: Path
) -> None:
    (flat / "flat_engine.py").write_text("import a_package_nobody_has")
    sys.modules.pop("flat_engine", None)
    facts = command("engines", "--json").json["engines"]["flat"]
    assert not facts["usable"]
    assert "a_package_nobody_has" in facts["summary"]


def test_other_kinds_of_plug_ins_are_asked_for_by_name(command: Callable[..., Any]) -> None:
    assert "psnr" in command("engines", "--kind", "metric").out
    assert {"blender", "mujoco"} <= set(
        command("engines", "--kind", "renderer", "--json").json["renderers"]
    )
    assert "is no kind of plug-in" in command("engines", "--kind", "spoon").error


def test_a_renderer_that_cannot_draw_comes_with_its_command(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENVOID_BLENDER", "/nowhere/blender")
    done = command("doctor", "--json")
    assert done.code == 0
    blender = done.json["renderers"]["blender"]
    assert not blender["works"]
    assert "/nowhere/blender" in blender["why"]
    assert "blender" in blender["mend"]
    assert "cannot draw" in command("doctor").out
