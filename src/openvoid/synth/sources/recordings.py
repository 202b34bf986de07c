"""HUMOTO's files: what a recorded sequence holds, and which of its things fall.

Enters: a folder NAME with NAME.pkl and NAME.yaml. Leaves: a `Recording`.

The .pkl is {"armature": [{bone: [w x y z, x y z]} a frame], "objects": {name: [[w x y z, x y z] a
frame]}}, z up, metres, 30 frames a second. Bones are told against their rest pose ("up_bone"
layout: all of them upright), so the figure is one of ours with Mixamo's usual lengths; a
skeleton.json of {bone: {"parent", "offset": [x, y, z]}} beside the sequences replaces it.

Which things fall and which never move is told by `static` and `falling` (lists of names) in the
sequence's own yaml or in a roles.json of {sequence: {"static": [...], "falling": [...]}}; what
neither names falls if it moved at all while it was recorded.

A pickle can run any code when it is loaded. This one may hold plain containers, numbers, texts and
numpy arrays, nothing else (`plain_pickle`).
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.synth.sources.plain_pickle import load_plain

MOST_BYTES = 1 << 30
MOST_YAML_BYTES = 1 << 20  # of a title and some names


@dataclass(frozen=True)
class Recording:
    """One recording."""

    name: str
    bones: Mapping[str, np.ndarray]  # float [T,7], w x y z x y z
    objects: Mapping[str, np.ndarray]  # float [T,7], w x y z x y z
    scales: Mapping[str, float]
    static: frozenset[str]
    falling: frozenset[str]
    title: str


def is_sequence(path: Path) -> bool:
    """Whether it is the folder of a sequence."""
    return (path / f"{path.name}.pkl").is_file()


def read_sequence(folder: Path) -> Recording:
    """The recording in a folder.

    Raises:
        OpenVoidError: a file is missing, unreadable, or holds what it must not.
    """
    path = folder / f"{folder.name}.pkl"
    read = read_pickle(path)
    try:
        frames = [dict(frame) for frame in read["armature"]]
        bones = {str(name): _poses([frame[name] for frame in frames]) for name in frames[0]}
        objects = {str(name): _poses(poses) for name, poses in read["objects"].items()}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise OpenVoidError(
            "not a HUMOTO sequence: `armature` and `objects`, seven numbers a pose, are expected",
            where=str(path),
        ) from error
    if {len(poses) for poses in objects.values()} - {len(frames)}:
        raise OpenVoidError("its objects and its bones differ in length", where=str(path))
    told = _yaml(folder / f"{folder.name}.yaml")
    roles = _roles(folder, told)
    titles = (told.get("title"), told.get("short_script"))
    return Recording(
        folder.name,
        bones,
        objects,
        {name: _scale(told, name) for name in objects},
        _names(roles.get("static")),
        _names(roles.get("falling")),
        next(filter(None, map(_text, titles)), folder.name.replace("_", " ")),
    )


def read_pickle(path: Path) -> Any:
    """What a pickle holds, if it is arrays and plain containers only.

    Raises:
        OpenVoidError: it cannot be read, or asks for anything else.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OpenVoidError("a pickle of more than 1 GB", where=str(path))
        return load_plain(path.read_bytes())
    except OSError as error:
        raise OpenVoidError(
            f"cannot be read: {error.strerror or error}", where=str(path)
        ) from error
    except pickle.UnpicklingError as error:
        mend = "only arrays, numbers, texts, lists and dictionaries are loaded"
        raise OpenVoidError(f"not a safe pickle: {error}", where=str(path), mend=mend) from error


def _poses(values: Any) -> np.ndarray:
    """[T,7], turned to unit quaternions."""
    poses = np.array([np.asarray(value, float).reshape(7) for value in values])
    length = np.linalg.norm(poses[:, :4], axis=1, keepdims=True)
    if not np.isfinite(poses).all() or (length < 1e-6).any():
        raise ValueError("a pose without a direction")
    poses[:, :4] /= length
    return poses


def _yaml(path: Path) -> dict[str, Any]:
    """What a sequence's yaml tells; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        yaml: Any = import_module("yaml")
    except ImportError as error:
        mend = "pip install pyyaml"
        raise OpenVoidError("yaml files need PyYAML", where=str(path), mend=mend) from error
    try:
        read = yaml.safe_load(facts.bytes_of(path, MOST_YAML_BYTES).decode("utf-8"))
    except (ValueError, RecursionError, OverflowError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())  # ValueError: dates and numbers that are none
        raise OpenVoidError(f"not readable as yaml: {line}", where=str(path)) from error
    return read if isinstance(read, dict) else {}


def _text(value: Any) -> str:
    """A text as it is; "" for what is none: a yaml's lists may grow without end when told."""
    return value if isinstance(value, str) else ""


def _names(value: Any) -> frozenset[str]:
    return frozenset(filter(None, map(_text, value if isinstance(value, list) else ())))


def _roles(folder: Path, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who is static and who falls: of roles.json in or beside the sequence, else its yaml."""
    for path in (folder / "roles.json", folder.parent / "roles.json"):
        if path.is_file():
            read = facts.read(path).value
            found = read.get(folder.name, read) if isinstance(read, dict) else {}
            if isinstance(found, dict) and {"static", "falling"} & set(found):
                return found
    return told


def _scale(told: Mapping[str, Any], name: str) -> float:
    """Of an object: `objects: {name: {scale: s}}`, or one `scale` for all; else 1."""
    objects = told.get("objects")
    own = objects.get(name) if isinstance(objects, Mapping) else None
    value = own.get("scale") if isinstance(own, Mapping) else told.get("scale")
    fine = isinstance(value, (int, float)) and math.isfinite(value) and value > 0
    return float(value) if fine and value is not None else 1.0
