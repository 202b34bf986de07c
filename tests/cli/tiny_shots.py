"""What the tests of the command line share: tiny shots, a third party's engine, processes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ENGINE = """
    import os
    import time
    from dataclasses import dataclass

    import numpy as np

    from openvoid.core.plugins import option
    from openvoid.core.quadmask import Region
    from openvoid.core.removal import Fill, Origin


    class Flat:
        '''Fills with one gray: quick, and easy to recognise.'''

        name = "flat"

        @dataclass(frozen=True)
        class Options:
            level: int = option(77, "the gray", low=0, high=255)
            share: float = option(0.5, "no matter", low=0.0)
            mood: str = option("calm", "no matter", choices=("calm", "wild"))
            proud: bool = option(False, "no matter [either]")
            seed: int = option(3, "its own seed")

        def __init__(self, options):
            self.options = options

        def fill(self, request, run):
            clip, quadmask = request.clip, request.quadmask
            indices = range(request.start, clip.length)
            run.note("began_at", request.start)
            for index in run.track("fill", indices, clip.length, request.start):
                time.sleep(float(os.environ.get("FLAT_PAUSE_S", "0")))
                box = quadmask.box(index)
                if box.empty:
                    yield Fill.nothing(index, clip.dtype)
                    continue
                shape = (box.height, box.width)
                rgb = np.full((*shape, 3), self.options.level * clip.white / 255, clip.dtype)
                gone = quadmask.labels_in(index, box) != Region.KEEP
                origin = np.where(gone, np.uint8(Origin.SYNTHESISED), np.uint8(Origin.KEPT))
                yield Fill(index, box, rgb, gone.astype(np.float32), origin)
"""


@dataclass(frozen=True)
class Done:
    """What a command left on the console."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of a mistake; anything more is a failure."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("openvoid: error: ")
        return lines[0].removeprefix("openvoid: error: ")


def spawn(*words: str | Path, **more: Any) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "openvoid.cli.main", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        **more,
    )


@dataclass(frozen=True)
class Tiny:
    """A folder of pictures and its quadmask."""

    clip: Path
    mask: Path
    frames: np.ndarray[Any, Any]  # [T, H, W, 3]
    labels: np.ndarray[Any, Any]  # [T, H, W]


def tiny_shot(folder: Path, frames: int = 4, height: int = 48, width: int = 64) -> Tiny:
    """A textured pan as PNG, with a box that walks through it and its shadow."""
    rng = np.random.default_rng(5)
    noise = rng.uniform(0, 256, (height, width + frames, 3)).astype(np.float32)
    wide = cv2.GaussianBlur(noise, (5, 5), 1.5)
    pictures = np.stack([wide[:, index : index + width] for index in range(frames)])
    labels = np.full((frames, height, width), 255, np.uint8)
    for index in range(frames):
        left = 10 + 4 * index % (width - 34)
        labels[index, 12:24, left : left + 12] = 0
        labels[index, 20:28, left + 6 : left + 20] = 127
        labels[index, 20:24, left + 6 : left + 12] = 63
    pictures = pictures.astype(np.uint8)
    save_pictures(folder / "clip", pictures[..., ::-1])
    save_pictures(folder / "mask", labels)
    return Tiny(folder / "clip", folder / "mask", pictures, labels)


def save_pictures(folder: Path, pictures: Any) -> None:
    """`folder`/0000.png and on."""
    folder.mkdir(parents=True)
    for index, picture in enumerate(pictures):
        assert cv2.imwrite(str(folder / f"{index:04}.png"), picture)


def listing(folder: Path) -> dict[str, int]:
    """Every file and folder below, with its size: to see that nothing was left behind."""
    return {
        str(path.relative_to(folder)): path.stat().st_size if path.is_file() else -1
        for path in sorted(folder.rglob("*"))
    }
