"""A program that answers as `blender_script.py` does, without Blender: flat pictures, at once.

    fake_blender.py MANNER [Blender's words] -- FOLDER

Body i is a column of pixels, its number in `ids` and its number in metres in depth, where it is
shown. MANNER is how it behaves: well, or wrong in one of the ways that the tests ask for.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import cv2
import numpy as np


def main(manner: str, words: list[str]) -> int:
    if "--version" in words:
        print("Blender 9.9.9" if manner == "well" else "something else")
        return 0
    folder = Path(words[words.index("--") + 1])
    if manner == "dies at the start":
        print("cannot open the display", file=sys.stderr)
        return 7
    scene = json.loads((folder / "scene.json").read_text())
    (folder / "pid.txt").write_text(str(os.getpid()))
    say(folder, "start", {"version": "9.9.9"})
    for count, line in enumerate(sys.stdin):
        if manner == "dies" and count == 1:
            print("out of memory\n", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if manner == "hangs":
            time.sleep(600)
        draw(folder, line.strip(), scene, manner)
    return 0


def draw(folder: Path, number: str, scene: dict, manner: str) -> None:
    height, width = scene["size"] if manner != "draws another size" else (3, 5)
    with np.load(folder / f"{number}.npz") as order:
        shown, poses = order["shown"], order["poses"]
    picture = np.full((height, width, 3), 40, np.uint8)
    plain = np.zeros((height, width, 2), np.float32)
    for index in np.flatnonzero(shown):
        picture[:, index] = 200 + round(float(poses[index, 0]))  # where it is along x, in metres
        plain[:, index] = index + 1
    if manner != "draws no picture":
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    np.save(folder / f"{number}.npy", plain)
    if manner == "talks nonsense":
        (folder / f"{number}.json").write_text("Saved: 1.png")
    elif manner == "meets a mistake":
        say(folder, number, {"error": "RuntimeError: no node called Foo"})
    else:
        say(folder, number, {"seconds": 0.0})


def say(folder: Path, number: str, told: dict) -> None:
    part = folder / "part"
    part.write_text(json.dumps(told))
    part.replace(folder / f"{number}.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
