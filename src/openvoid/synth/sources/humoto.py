"""HUMOTO sequences, from a copy of the user's, as worlds: somebody handles things, and is removed.

Enters: a folder of sequences, each a folder NAME with NAME.pkl (poses of the bones and of the
objects, frame by frame, as HUMOTO's own tools extract them), NAME.yaml (title, objects, scales),
and the objects' meshes, OBJECT/OBJECT.obj. Leaves: worlds in which a figure and the things follow
the recording; without the figure the things that it held fall. `recordings` reads the files and
tells their format. Knows no simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail, WorldDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import Plot, tell
from openvoid.synth.families.things import COLORS, Thing, capital, listing, pick
from openvoid.synth.sources.folder import find_in
from openvoid.synth.sources.meshes import Solid, read_solid
from openvoid.synth.sources.recordings import Recording, is_sequence, read_sequence
from openvoid.synth.sources.rig import SKELETON, Bone, limbs
from openvoid.synth.world import Body, Material, World

RATE = Fraction(30)  # frames a second, of the recordings
MOVED_M = 0.03
DENSITY = 250.0  # kg / m^3 of an object's box


def find(folder: Path) -> list[Path]:
    """The sequences in a folder, or the folder itself; by name.

    Raises:
        OpenVoidError: there is no such folder, or no sequence in it.
    """
    mend = "folders NAME with a NAME.pkl are looked for; HUMOTO's own tools extract them"
    return find_in(folder, is_sequence, what="HUMOTO sequences", mend=mend, itself=True)


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
    found = find(folder)
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
    across, pitch_deg = max(3.9, 2.4 * reach), (4.0, 14.0)
    view = camera(rng, frame, across, centre=(0.0, 0.0, 0.85), pitch_deg=pitch_deg)
    plot = Plot(
        bodies=tuple(figure),
        things=tuple(Thing((each,), each.noun, (0.3, 0.3, 0.3)) for each in things),
        removed=tuple(body.name for body in figure),
        why=f"the person holds {listing(falls)}" if falls else "the person casts a shadow",
        after=after,
        short=f"{listing([each.noun for each in things][:2]) or 'a room'}, nobody there",
        detail=WorldDetail(settle_s=0.0, settle="apart", title=sequence.title),
    )
    return tell(frame, place, view, plot)


def _figure(rng: np.random.Generator, paths: Mapping[str, Any], middle: np.ndarray) -> list[Body]:
    """Limbs that follow their bones; the first one is the trunk's."""
    cloth, trousers = (COLORS[pick(rng, list(COLORS))] for _ in range(2))
    skin = (0.55, 0.33, 0.23)
    made = []
    for name, limb in paths.items():
        color = {"skin": skin, "cloth": cloth, "trousers": trousers}[limb.covered]
        path = limb.path - np.array([*middle, 0, 0, 0, 0, 0])
        detail = BodyDetail(noun="person", path=_rows(path), collides=False)
        made.append(
            Body(
                f"person {name}",
                limb.shape,
                limb.size,
                _triple(path[0, :3]),
                _quadruple(path[0, 3:]),
                material=Material("plain", (color,), roughness=0.8),
                detail=detail,
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
    detail = BodyDetail(noun=kind.replace("_", " "))
    if falls:
        detail = detail.but(path=_rows(way), carried_by=carrier)
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


def _skeleton(folder: Path) -> Mapping[str, Bone]:
    path = folder / "skeleton.json"
    if not path.is_file():
        return SKELETON
    try:
        read = facts.read(path).fields()
        return {
            name: Bone(
                told.at("parent", "").text(),
                _triple([each.number(-1e6, 1e6) for each in told.at("offset").rows(3, 3)]),
            )
            for name, told in read.items()
        }
    except OpenVoidError as error:
        what = f"not a skeleton: {error.what}"
        raise OpenVoidError(what, where=str(path), mend=error.mend) from error


def _objects_folder(folder: Path) -> Path:
    for home in (folder, folder.parent):
        for each in sorted(home.iterdir()):
            if each.is_dir() and "objects" in each.name:
                return each
    return folder


def _rows(path: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in path.tolist())


def _triple(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return (x, y, z)


def _quadruple(values: Sequence[float] | np.ndarray) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in values)
    return (w, x, y, z)
