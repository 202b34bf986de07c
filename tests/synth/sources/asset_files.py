"""Small files in the formats of Kubric's assets and of HUMOTO's sequences."""

from __future__ import annotations

import json
import math
import pickle
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_QUADS = ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))


def box_obj(
    path: Path, half: tuple[float, float, float], *, faces: int = 6, inside_out: bool = False
) -> Path:
    """A box as an OBJ file, with texture coordinates; fewer than six faces leave it open."""
    x, y, z = half
    lines = [f"v {a * x} {b * y} {c * z}" for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    lines += ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1"]
    for quad in _QUADS[:faces]:
        corners = [f"{corner}/{number + 1}" for number, corner in enumerate(quad)]
        lines.append("f " + " ".join(reversed(corners) if inside_out else corners))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def asset(folder: Path, *, old: bool = False, faces: int = 6, **facts: Any) -> Path:
    """An asset's folder, in the newer layout of data.json or the older one."""
    half = (0.1, 0.08, 0.12)
    box_obj(folder / "visual_geometry.obj", half, faces=faces)
    box_obj(folder / "collision_geometry.obj", half, faces=faces)
    cv2.imwrite(str(folder / "texture.png"), np.full((8, 8, 3), (20, 30, 200), np.uint8))
    told = {"mass": 0.5, "friction": 0.4, "bounds": [[-x for x in half], list(half)], **facts}
    if old:
        paths = {"visual_geometry": ["visual_geometry.obj"], "urdf": ["object.urdf"]}
        read: dict[str, Any] = {"id": folder.name, "paths": paths, **told}
    else:
        told["render_filename"] = "{asset_dir}/visual_geometry.obj"
        read = {"id": folder.name, "asset_type": "FileBasedObject", "kwargs": told}
    (folder / "data.json").write_text(json.dumps(read))
    return folder


def packed(folder: Path, archive: Path, inside: str = ".") -> Path:
    """That folder as a .tar.gz, its files below `inside`."""
    with tarfile.open(archive, "w:gz") as made:
        made.add(folder, arcname=inside)
    return archive


def sequence(root: Path, name: str = "carrying_a_box", frames: int = 90, **told: Any) -> Path:
    """A recording of somebody who lifts a box beside a table."""
    folder = root / name
    folder.mkdir(parents=True)
    swing = [math.cos(0.65), 0.0, math.sin(0.65), 0.0]
    armature = [
        {
            "mixamorig:Hips": [1.0, 0, 0, 0, 0, 0.001 * frame, 0],
            "mixamorig:LeftArm": [swing[0], 0, -swing[2], 0, 0, 0, 0],
            "mixamorig:RightArm": [*swing, 0, 0, 0],
        }
        for frame in range(frames)
    ]
    box = np.array([[1, 0, 0, 0, 0, -0.62, 1.3 + 0.001 * t] for t in range(frames)], np.float32)
    table = [[1, 0, 0, 0, 0.9, -0.3, 0.36]] * frames
    read = {"armature": armature, "objects": {"box": box, "table.001": table}}
    (folder / f"{name}.pkl").write_bytes(pickle.dumps(read))
    if told:
        (folder / f"{name}.yaml").write_text(json.dumps(told))  # JSON is YAML
    box_obj(root / "humoto_objects" / "box" / "box.obj", (0.2, 0.16, 0.14))
    box_obj(root / "humoto_objects" / "table" / "table.obj", (0.3, 0.3, 0.35))
    return folder
