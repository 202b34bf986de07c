"""Make the example shots `collision`, `support` and `reflection`, each with its truth.

    python examples/make_worlds.py [--out examples] [--sheet docs/worlds.png]

They are worlds of `openvoid synth` (families and seeds below), filmed at 672x384 for 60 frames, of
which an example keeps the clip, the truth, the quadmask, the prompt and the description. Needs the
extra `synth`. The same version gives the same pictures on one machine.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.show import panels
from openvoid.show.picture import write_picture
from openvoid.synth.dataset import Recipe, Studio

WORLDS = {
    "collision": ("collide", 7),  # a box blocks a ball; without it the ball rolls on
    "support": ("support", 1),  # somebody carries a tray; without them it falls
    "reflection": ("light", 2),  # a ball rolls by; its shadow and two mirror images go with it
}
SHOWN, WIDTH_PX = (6, 45), 240  # frames on the sheet, and how wide
KEPT = ("input_video.mp4", "truth.mp4", "quadmask_0.mp4", "prompt.json", "world.json")


def make(studio: Studio, name: str, folder: Path) -> None:
    """One example, as a shot folder."""
    family, seed = WORLDS[name]
    with TemporaryDirectory() as scratch:
        shot = Path(scratch) / name
        why_not = studio.make(family, seed, shot)
        if why_not:
            raise SystemExit(f"{family} {seed} is no example: {why_not}")
        folder.mkdir(parents=True, exist_ok=True)
        for kept in KEPT:
            shutil.copyfile(shot / kept, folder / kept)


def row(folder: Path) -> panels.Panel:
    """Two frames with the mask's outline, and the same two of the truth."""
    quadmask = open_quadmask(folder / "quadmask_0.mp4")
    drawn, captions = [], []
    for name, told in (("input_video.mp4", "with"), ("truth.mp4", "without")):
        clip = open_clip(folder / name)
        for index in SHOWN:
            (frame,) = clip.frames(index, index + 1)
            panel = panels.panel_of(clip, frame, WIDTH_PX)
            drawn.append(panels.outlined(panel, quadmask[index]) if told == "with" else panel)
            captions.append(f"{folder.name}, {told}, {index}")
    return panels.row(drawn, captions)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--sheet", type=Path, help="also draw a picture of all three")
    given = parser.parse_args()
    with Studio(Recipe()) as studio:
        for name in WORLDS:
            make(studio, name, given.out / name)
            print(given.out / name)
    if given.sheet:
        write_picture(panels.sheet([row(given.out / name) for name in WORLDS]), given.sheet)


if __name__ == "__main__":
    main()
