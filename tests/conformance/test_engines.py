"""What every engine promises, for every engine that is installed: the built-in, a third party's.

Run for one engine alone with `-k`: `pytest tests/conformance -k plate`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.plugins import Engine
from openvoid.core.removal import Fill, RemovalRequest, Run
from openvoid.deliver.composite import Compositor

ENGINES = sorted({*plugins.names("engine"), "mean"})
pytestmark = pytest.mark.usefixtures("third_party", "cache")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, third_party: None) -> Engine:
    made: Engine = plugins.construct("engine", request.param, options_of(request))
    return made


def options_of(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What an engine has to be told before it can run at all, or quickly."""
    if request.param != "void":
        return {}
    weights = str(request.getfixturevalue("tiny_weights"))
    return {"weights": weights, "size": "48x64", "window": 13, "steps": 1, "passes": "2"}


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Any]:
    """Fresh scratch folders, one a call."""
    count = iter(range(100))

    def fresh() -> Path:
        folder = tmp_path / f"scratch{next(count)}"
        folder.mkdir()
        return folder

    return fresh  # type: ignore[return-value]


def content(fill: Fill) -> tuple[Any, ...]:
    """What a fill puts into the picture: colours that alpha hides do not count."""
    shown = fill.rgb[fill.alpha > 0]
    return fill.frame, fill.box, shown.tobytes(), fill.alpha.tobytes(), fill.origin.tobytes()


def contents(engine: Engine, request: RemovalRequest, folder: Path) -> list[tuple[Any, ...]]:
    return [content(fill) for fill in engine.fill(request, Run(folder))]


def test_every_frame_is_filled_lawfully(engine: Engine, case: Any, scratch: Any) -> None:
    request, run = case.request(), Run(scratch())
    compositor = Compositor(request.clip, request.quadmask, request.soft_edge_px, engine.name)
    frames = []
    for fill in engine.fill(request, run):
        compositor.check(fill)
        frames.append(fill.frame)
    assert frames == list(range(request.clip.length))
    json.dumps({"notes": run.notes, "warnings": run.warnings}, allow_nan=False)


def test_the_same_request_gives_the_same_bytes_whatever_the_start(
    engine: Engine, case: Any, scratch: Any
) -> None:
    used = scratch()
    whole = contents(engine, case.request(), used)
    assert contents(engine, case.request(), scratch()) == whole
    for start in {1, case.length // 2, case.length - 1} - {0, case.length}:
        request = dataclasses.replace(case.request(), start=start)
        assert contents(engine, request, scratch()) == whole[start:], "from an empty scratch"
        assert contents(engine, request, used) == whole[start:], "from the scratch of the first try"


def test_an_engine_stopped_half_way_goes_on_from_its_scratch(
    engine: Engine, case: Any, scratch: Any
) -> None:
    whole = contents(engine, case.request(), scratch())
    folder = scratch()
    fills = engine.fill(case.request(), Run(folder))
    assert content(next(fills)) == whole[0]
    fills.close()  # type: ignore[attr-defined]  # as Ctrl-C does
    request = dataclasses.replace(case.request(), start=min(1, case.length - 1))
    assert contents(engine, request, folder) == whole[request.start :]


def test_the_clip_is_left_as_it_was(engine: Engine, case: Any, scratch: Any) -> None:
    request = case.request()
    before = [frame.copy() for frame in request.clip.frames()]
    for fill in engine.fill(request, Run(scratch())):
        fill.rgb[...] = 0  # what was given away is the receiver's
    for old, new in zip(before, request.clip.frames(), strict=True):
        assert np.array_equal(old, new)


def test_progress_only_grows_and_ends_whole(engine: Engine, case: Any, scratch: Any) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    run = Run(
        scratch(), lambda stage, done, total: told.setdefault(stage, []).append((done, total))
    )
    list(engine.fill(case.request(), run))
    assert told, "nobody was told anything"
    for stage, steps in told.items():
        done = [step for step, _ in steps]
        assert done == sorted(done), stage
        assert all(0 <= step <= total for step, total in steps), stage
        assert steps[-1][0] == steps[-1][1], stage
    assert set(run.timings_s) <= set(told)


# --- writes -------------------------------------------------------------------------------------

_written: list[str] = []
_watching = False
_HOOKED = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    changes = event in {"os.mkdir", "os.rename", "os.remove", "os.symlink", "os.truncate"}
    if _watching and (changes or (event == "open" and _writes(*arguments))):
        _written.append(str(arguments[0]))


def _writes(path: Any, mode: str | None, flags: int) -> bool:
    named = isinstance(path, str | bytes)
    return named and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def test_nothing_is_written_outside_the_scratch_folder_and_the_cache(
    engine: Engine,
    case: Any,
    scratch: Any,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    global _watching, _HOOKED
    if not _HOOKED:
        sys.addaudithook(_watch)
        _HOOKED = True
    here, folder = tmp_path / "here", scratch()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(here))
    _written.clear()
    _watching = True
    try:
        list(engine.fill(case.request(), Run(folder)))
    finally:
        _watching = False
    paths = [Path(path).resolve() for path in _written]
    homes = folder.resolve(), cache.resolve()
    outside = [path for path in paths if not any(path.is_relative_to(home) for home in homes)]
    outside = [str(path) for path in outside if "__pycache__" not in path.parts]
    outside = [path for path in outside if path != "/dev/null"]
    assert outside == []
    assert list(here.iterdir()) == []


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_the_class_says_what_it_is_and_takes(name: str, third_party: None) -> None:
    plugin = plugins.find("engine", name)
    assert plugin.name == name
    assert dataclasses.is_dataclass(plugin.Options)
    assert plugin.Options.__dataclass_params__.frozen
    assert plugin.__doc__
    for field in dataclasses.fields(plugin.Options):
        assert field.metadata["help"], f"{field.name} does not say what it does"
        plugins.check_options(plugin, {field.name: field.default})
