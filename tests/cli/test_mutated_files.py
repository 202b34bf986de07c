"""Mutated files: whatever lies in them, the answer is a result or one clear line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.media.encode import open_writer
from openvoid.media.masks import write_quadmask
from tests.cli.tiny_shots import listing, tiny_shot
from tests.fuzz.mutations import mutated

SEEDS = range(15)
KINDS = ("clip.mkv", "clip.mp4", "clip.mov", "mask.mkv", "mask.mp4", "pictures/0002.png")


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in which nothing is wrong yet."""
    folder = tmp_path_factory.mktemp("sound")
    tiny = tiny_shot(folder / "shot", 6)
    clip = clip_of(tiny.frames)
    for name, codec in (("clip.mkv", "ffv1"), ("clip.mp4", "h264"), ("clip.mov", "prores-hq")):
        with open_writer(folder / name, clip, codec) as writer:
            for picture in clip.pictures():
                writer.write(picture)
    for name in ("mask.mkv", "mask.mp4"):
        write_quadmask(Quadmask.from_labels(tiny.labels), folder / name, clip.rate)
    shutil.copytree(tiny.clip, folder / "pictures")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_give_a_result_or_one_clear_line(
    kind: str, sound: Path, command: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "fuzz"
    shutil.copytree(sound, folder)
    for seed in SEEDS:
        data = (sound / kind).read_bytes()
        (folder / kind).write_bytes(mutated(data, np.random.default_rng([seed, len(data)])))
        before = listing(folder)
        if kind.startswith("mask"):
            done = command("mask", "inspect", folder / kind)
        else:
            whole = folder / kind.split("/")[0]
            done = command("compare", whole, whole, "--quiet")
        assert done.code in (0, 2), f"seed {seed}: {done.err}"
        if done.code == 2:
            assert done.err.splitlines()[-1].startswith("openvoid: error: "), done.err
        assert listing(folder) == before
