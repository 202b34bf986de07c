"""HUMOTO sequences, from a copy of the user's, as worlds: somebody handles things, and is removed.

Enters: a folder of sequences, each a folder NAME with NAME.pkl (poses of the bones and of the
objects, frame by frame, as HUMOTO's own tools extract them), NAME.yaml (title, objects, scales),
and the objects' meshes, OBJECT/OBJECT.obj. Leaves: worlds in which a figure and the things follow
the recording; without the figure the things that it held fall. Knows no simulation.

The .pkl is {"armature": [{bone: [w x y z, x y z]} a frame], "objects": {name: [[w x y z, x y z] a
frame]}}, z up, metres, 30 frames a second. Bones are told against their rest pose ("up_bone"
layout: all of them upright), so the figure is one of ours with Mixamo's usual lengths; a
skeleton.json of {bone: {"parent", "offset": [x, y, z]}} beside the sequences replaces it.

Which things fall and which never move is told by `static` and `falling` (lists of names) in the
sequence's own yaml or in a roles.json of {sequence: {"static": [...], "falling": [...]}}; what
neither names falls if it moved at all while it was recorded.

A pickle can run any code when it is loaded. This one may hold plain containers, numbers, texts and
numpy arrays, nothing else.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
from openvoid.synth.families.things import COLORS, Thing, capital, listing, pick
from openvoid.synth.meshes import Solid, read_solid
from openvoid.synth.rig import SKELETON, Bone, limbs
from openvoid.synth.world import Body, Material, World

RATE = Fraction(30)  # frames a second, of the recordings
MOVED_M = 0.03
DENSITY = 250.0  # kg / m^3 of an object's box
MOST_BYTES = 1 << 30
_PLAIN = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
    ("collections", "OrderedDict"),
}


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


class _Plain(pickle.Unpickler):
    """Loads arrays and plain containers only."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # how old protocols write bytes
            return _latin1
        if (module, name) not in _PLAIN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def _latin1(text: str, _: str = "") -> bytes:
    return text.encode("latin1")


def find_sequences(folder: Path) -> list[Path]:
    """The sequences below a folder (or the folder itself), by name.

    Raises:
        OpenVoidError: there is no such folder, or no sequence in it.
    """
    if not folder.is_dir():
        raise OpenVoidError("no such folder", where=str(folder))
    found = [
        each
        for each in (folder, *sorted(folder.iterdir()))
        if (each / f"{each.name}.pkl").is_file()
    ]
    if not found:
        mend = "folders NAME with a NAME.pkl are looked for; HUMOTO's own tools extract them"
        raise OpenVoidError("holds no HUMOTO sequences", where=str(folder), mend=mend)
    return found


def read_sequence(folder: Path) -> Recording:
    """The recording in a folder.

    Raises:
        OpenVoidError: a file is missing, unreadable, or holds what it must not.
    """
    path = folder / f"{folder.name}.pkl"
    read = load_plain(path)
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
    return Recording(
        folder.name,
        bones,
        objects,
        {name: _scale(told, name) for name in objects},
        frozenset(map(str, roles.get("static") or ())),
        frozenset(map(str, roles.get("falling") or ())),
        str(told.get("title") or told.get("short_script") or folder.name.replace("_", " ")),
    )


def worlds(
    folder: Path,
    into: Path,
    *,
    count: int = 1,
    first: int = 0,
    seed: int = 0,
    size: tuple[int, int] = (384, 672),
    frames: int = 60,
    rate: Fraction = Fraction(12),
    objects: Path | None = None,
) -> Iterator[World]:
    """So many worlds of the sequences in a folder in turn, from number `first` on.

    Args:
        into: not used; recordings are read where they are.
        objects: where the meshes are; else a folder whose name has "objects", in `folder` or
            beside it, or `folder` itself.

    Raises:
        OpenVoidError: a sequence or a mesh cannot be used.
    """
    found = find_sequences(folder)
    meshes = objects or _objects_folder(folder)
    for index in range(first, first + count):
        rng = np.random.default_rng([seed + index, *b"humoto"])
        sequence = read_sequence(found[index % len(found)])
        frame = Frame("humoto", seed + index, size, frames, rate)
        yield handled(rng, sequence, meshes, _skeleton(folder), frame)


def handled(
    rng: np.random.Generator,
    sequence: Recording,
    meshes: Path,
    skeleton: Mapping[str, Bone],
    frame: Frame,
) -> World:
    """A stretch of a recording as a world; the figure is the one to be removed."""
    length = len(next(iter(sequence.bones.values())))
    wanted = int((frame.frames - 1) * RATE / frame.rate) + 1
    first = int(rng.integers(max(1, length - wanted + 1)))
    at = np.minimum(first + np.rint(np.arange(frame.frames) * float(RATE / frame.rate)), length - 1)
    picked = at.astype(int)
    paths = limbs({name: poses[picked] for name, poses in sequence.bones.items()}, skeleton)
    hips = next(iter(paths.values())).path[0, :2]
    figure = _figure(rng, paths, hips)
    things = [
        _thing(rng, sequence, name, poses, picked, meshes, figure[0].name, hips)
        for name, poses in sequence.objects.items()
    ]
    falls = [each.noun for each in things if each.mass_kg > 0]
    reach = max([1.1, *(math.hypot(*each.position[:2]) for each in things)])
    place = stage(rng, max(3.0, 2.2 * reach), setting="room")
    after = f"{capital(listing([each.noun for each in things]) or 'nothing')} " + (
        "is left to itself" if len(things) == 1 else "are left to themselves"
    )
    after += ": what nobody holds falls and comes to rest." if falls else ", and nothing moves."
    return tell(
        frame,
        place,
        camera(rng, frame, max(3.9, 2.4 * reach), centre=(0.0, 0.0, 0.85), pitch_deg=(4.0, 14.0)),
        things=[Thing((each,), each.noun, (0.3, 0.3, 0.3)) for each in things],
        bodies=figure,
        removed=[body.name for body in figure],
        why=f"the person holds {listing(falls)}" if falls else "the person casts a shadow",
        after=after,
        short=f"{listing([each.noun for each in things][:2]) or 'a room'}, nobody there",
        detail={"settle_s": 0.0, "settle": "apart", "title": sequence.title},
    )


def _figure(rng: np.random.Generator, paths: Mapping[str, Any], middle: np.ndarray) -> list[Body]:
    """Limbs that follow their bones; the first one is the trunk's."""
    cloth, trousers = (COLORS[pick(rng, list(COLORS))] for _ in range(2))
    skin = (0.55, 0.33, 0.23)
    made = []
    for name, limb in paths.items():
        color = {"skin": skin, "cloth": cloth, "trousers": trousers}[limb.covered]
        path = limb.path - np.array([*middle, 0, 0, 0, 0, 0])
        made.append(
            Body(
                f"person {name}",
                limb.shape,
                limb.size,
                _triple(path[0, :3]),
                _quadruple(path[0, 3:]),
                material=Material("plain", (color,), roughness=0.8),
                detail={"noun": "person", "path": path.tolist(), "collides": False},
            )
        )
    return made


def _thing(
    rng: np.random.Generator,
    sequence: Recording,
    name: str,
    poses: np.ndarray,
    picked: np.ndarray,
    meshes: Path,
    carrier: str,
    middle: np.ndarray,
) -> Body:
    """An object with its mesh; it follows the recording while the figure is there, then is free."""
    kind = name.split(".")[0]  # chair.001 is another chair
    path = meshes / kind / f"{kind}.obj"
    solid = read_solid(path)
    scale = sequence.scales[name]
    moved = float(np.ptp(poses[:, 4:], axis=0).max()) > MOVED_M
    falls = name in sequence.falling or (name not in sequence.static and moved)
    way = poses[picked][:, [4, 5, 6, 0, 1, 2, 3]] - np.array([*middle, 0, 0, 0, 0, 0])
    detail: dict[str, Any] = {"noun": kind.replace("_", " ")}
    if falls:
        detail |= {"path": way.tolist(), "carried_by": carrier}
    return Body(
        name,
        "mesh",
        (scale, scale, scale),
        _triple(way[0, :3]),
        _quadruple(way[0, 3:]),
        mass_kg=_mass(solid, scale) if falls else 0.0,
        friction=0.6,
        bounce=0.2,
        material=Material("plain", (COLORS[pick(rng, list(COLORS))],), roughness=0.6),
        mesh=str(path.resolve()),
        detail=detail,
    )


def _mass(solid: Solid, scale: float) -> float:
    box = float(np.prod((solid.high - solid.low) * scale))
    return min(max(DENSITY * min(box, 4 * solid.volume * scale**3), 0.05), 40.0)


# --- files --------------------------------------------------------------------------------------


def load_plain(path: Path) -> Any:
    """What a pickle holds, if it is arrays and plain containers only.

    Raises:
        OpenVoidError: it cannot be read, or asks for anything else.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OpenVoidError("a pickle of more than 1 GB", where=str(path))
        return _Plain(io.BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise OpenVoidError(
            f"cannot be read: {error.strerror or error}", where=str(path)
        ) from error
    except OpenVoidError:
        raise
    except Exception as error:  # a broken pickle raises nearly anything
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
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise OpenVoidError(f"not readable as yaml: {line}", where=str(path)) from error
    return read if isinstance(read, dict) else {}


def _roles(folder: Path, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who is static and who falls: of roles.json in or beside the sequence, else its yaml."""
    for path in (folder / "roles.json", folder.parent / "roles.json"):
        if path.is_file():
            try:
                read = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise OpenVoidError(f"not readable: {error}", where=str(path)) from error
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


def _skeleton(folder: Path) -> Mapping[str, Bone]:
    path = folder / "skeleton.json"
    if not path.is_file():
        return SKELETON
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Bone(str(told.get("parent", "")), _triple(told["offset"]))
            for name, told in read.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpenVoidError(f"not a skeleton: {error}", where=str(path)) from error


def _objects_folder(folder: Path) -> Path:
    for home in (folder, folder.parent):
        for each in sorted(home.iterdir()):
            if each.is_dir() and "objects" in each.name:
                return each
    return folder


def _triple(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return (x, y, z)


def _quadruple(values: Sequence[float] | np.ndarray) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in values)
    return (w, x, y, z)
