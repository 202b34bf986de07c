"""What the documentation says is so: the tree, the help pages, every command, link and snippet."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.main import get_command

from openvoid.cli.main import build, main
from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask
from openvoid.core.selection import Point, Selection
from openvoid.core.track import Track
from openvoid.media.tracks import write_track

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
NAMES = [page.name for page in PAGES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(page.read_text()) if name == language]


# --- the tree ---------------------------------------------------------------------------------


def joined(fences: list[str]) -> str:
    """The lines of all fences; one that ends with a backslash goes on in the next."""
    return "\n".join(fences).replace("\\\n", " ")


def drawn_tree() -> set[str]:
    """Paths in the README's tree; two spaces of indentation a level."""
    (tree,) = [text for text in blocks(ROOT / "README.md", "text") if "src/openvoid/" in text]
    paths: set[str] = set()
    parents: list[str] = []
    for line in tree.splitlines():
        name, depth = line.split()[0], (len(line) - len(line.lstrip())) // 2
        parents[depth:] = [name]
        paths.add("".join(parents))
    return paths


def test_everything_in_the_readmes_tree_exists() -> None:
    for path in drawn_tree():
        assert (ROOT / path).is_dir() == path.endswith("/"), path
        assert (ROOT / path).exists(), path


def test_everything_of_note_is_in_the_readmes_tree() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [Path(line) for line in listed.stdout.splitlines()]
    package = Path("src/openvoid")
    inside = [path.relative_to(package) for path in files if package in path.parents]
    there = {str(package / path.parts[0]) for path in inside}
    there |= {str(package / Path(*path.parts[:2])) for path in inside if len(path.parts) > 2}
    there = {f"{name}/" if (ROOT / name).is_dir() else name for name in there}
    there |= {
        f"{path.parts[0]}/" for path in files if len(path.parts) > 1 and path.parts[0] != "src"
    }
    there |= {str(path) for path in files if len(path.parts) == 1}
    untold = {"src/openvoid/py.typed", ".gitignore", "README.md"}
    assert there - untold - drawn_tree() == set(), "is there, and not drawn"
    assert drawn_tree() - there - {"src/openvoid/"} == set(), "is drawn, and not there"


# --- the help pages ---------------------------------------------------------------------------


def test_the_help_pages_are_the_commands_own() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "openvoid.cli.reference"], capture_output=True, text=True, check=True
    )
    assert made.stdout == (ROOT / "docs" / "cli.md").read_text(), (
        "docs/cli.md is stale: python -m openvoid.cli.reference > docs/cli.md"
    )


def test_no_verb_is_without_its_page() -> None:
    told = set(re.findall(r"^## openvoid (\w+)", (ROOT / "docs" / "cli.md").read_text(), re.M))
    app = build()
    assert told == {each.name for each in (*app.registered_commands, *app.registered_groups)}


def test_the_help_pages_do_not_depend_on_the_terminal() -> None:
    environment = os.environ | {"COLUMNS": "37", "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    made = subprocess.run(
        [sys.executable, "-m", "openvoid.cli.reference"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert made.stdout == (ROOT / "docs" / "cli.md").read_text()


# --- commands ---------------------------------------------------------------------------------


def commands() -> list[str]:
    """Every `openvoid ...` line of a shell block, and the examples on the help pages."""
    found: list[str] = []
    for page in PAGES:
        text = joined(blocks(page, "text" if page.name == "cli.md" else "sh"))
        found += re.findall(r"^\s*(openvoid .*?)\s*(?:#.*)?$", text, re.MULTILINE)
    return sorted(set(found))


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds, tiny, every file that the pages name."""
    from openvoid.media.encode import open_writer
    from openvoid.media.masks import write_quadmask
    from openvoid.workspace.shelf import Shelf
    from tests.shot_folders import write_shot

    folder = tmp_path_factory.mktemp("footage")
    rng = np.random.default_rng(3)
    scene = cv2.GaussianBlur(rng.uniform(0, 255, (64, 108, 3)).astype(np.float32), (9, 9), 2)
    frames = np.stack([scene[:, step : step + 96] for step in range(12)]).astype(np.uint8)
    removed = np.zeros((12, 64, 96), bool)
    for step in range(12):
        removed[step, 20:36, 10 + 5 * step : 24 + 5 * step] = True
    clip, quadmask = clip_of(frames), Quadmask.from_removed(removed, np.roll(removed, 6, axis=1))
    for name in ("shot.mov", "shot.mp4", "clean.mov", "clean.mkv", "truth.mkv", "lime.mkv"):
        codec = {".mov": "prores-hq", ".mp4": "h264", ".mkv": "ffv1"}[Path(name).suffix]
        write(folder / name, clip, codec, open_writer)
    write(folder / "shot.%04d.exr", clip, "exr", open_writer)
    for name in ("quadmask.mkv", "quadmask.mp4", "quadmask_0.mp4", "mask"):
        write_quadmask(quadmask, folder / name, clip.rate)
    for name in ("matte.mov", "man.mkv", "shadow.mkv"):
        white = np.repeat(removed[..., None] * np.uint8(255), 3, axis=3)
        codec = "ffv1" if name.endswith(".mkv") else "prores-hq"
        write(folder / name, clip_of(white), codec, open_writer)
    cv2.imwrite(str(folder / "roto.png"), removed[4].astype(np.uint8) * 255)
    marks = Selection(points=(Point(0, 17, 28),))
    (folder / "marks.json").write_text(json.dumps(marks.to_json()))
    disc = Track.of("disc", list(removed))
    told = Effects((Effect("shadow", EffectKind.ARTEFACT, Relation.CASTS, source="person"),))
    for name in ("track.mkv", "roto.mkv"):
        write_track(disc, folder / name, clip.rate)
    for name in ("mine.json", "effects.json"):
        (folder / name).write_text(json.dumps(told.to_json()))
    (folder / "fates.json").write_text(json.dumps(Fates().to_json()))
    shelf = Shelf(folder / "clean.mov.marks")
    shelf.put_track(disc, "an earlier request", clip.rate)
    shelf.put_effects(told, "an earlier request")
    (folder / "shots").mkdir()
    write_shot(folder / "shots" / "lime", folder / "shot.mp4", quadmask, "a table")
    return folder


def write(out: Path, clip: Clip, codec: str, open_writer: Any) -> None:
    with open_writer(out, clip, codec) as writer:
        for picture in clip.pictures():
            writer.write(picture)


def test_there_are_commands_in_the_pages() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_pages_runs(
    line: str, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied as it stands, on tiny files of those names; the demo alone is left to `make demo`."""
    if line.startswith("openvoid demo"):
        pytest.skip("make demo runs it")
    if re.search("vlm|--segmenter sam", line):
        parse(shlex.split(line)[1:])
        pytest.skip("needs a server, or weights: it is read, not run")
    folder = tmp_path / "here"
    shutil.copytree(footage, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OPENVOID_CACHE", str(tmp_path / "cache"))
    words = shlex.split(line)[1:]
    for option, value in pairwise(words):
        if option in ("--out", "-o", "--effects-out"):
            Path(value).unlink(missing_ok=True)
    assert main(words) == 0


def parse(words: list[str]) -> list[str]:
    """The verbs of a command line, read as it would be, and not run. What is wrong raises."""
    command: Any = get_command(build(words))
    name, rest, parent = "openvoid", words, None
    read: list[str] = []
    while True:
        read.append(name)
        parent = command.make_context(name, list(rest), parent=parent)
        if not hasattr(command, "resolve_command"):
            return read[1:]
        rest = [*parent._protected_args, *parent.args]
        name, command, rest = command.resolve_command(parent, rest)


@pytest.mark.parametrize(
    "line",
    sorted(
        {
            line
            for page in PAGES
            if page.name != "cli.md"
            for line in re.findall(
                r"^\s*(openvoid .*?)\s*(?:#.*)?$", joined(blocks(page, "text")), re.MULTILINE
            )
        }
    ),
)
def test_commands_that_take_long_are_at_least_read(line: str) -> None:
    words = shlex.split(line)[1:]
    assert parse(words)[0] == words[0]


def test_every_verb_in_the_text_is_one() -> None:
    for page in PAGES:
        for line in re.findall(r"`(openvoid [a-z][^`]*)`", FENCE.sub("", page.read_text())):
            verbs = [word for word in line.split()[1:] if re.fullmatch("[a-z]+", word)]
            assert main([*verbs[:2], "--help"]) == 0, line


# --- links and snippets -----------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+://", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_paths_named_in_the_text_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    for name in re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|md|toml|txt))`", text):
        places = (ROOT, ROOT / "src" / "openvoid", page.parent)
        assert any((place / name).exists() for place in places), name


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_snippets_run(page: Path, footage: Path, tmp_path: Path) -> None:
    shutil.copytree(footage, tmp_path / "here")
    for text in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", text],
            cwd=tmp_path / "here",
            env=os.environ | {"OPENVOID_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
